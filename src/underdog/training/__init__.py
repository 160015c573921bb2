"""From a curriculum to an adapter: schedule, batches, the loop, checkpoints."""
