"""What a training run will need, before it runs: memory, time, disk, and whether it fits."""
