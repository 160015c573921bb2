"""From raw files to a curriculum: read, check, group, rate, split, order, write. No torch."""
