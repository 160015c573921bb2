"""Ways to convolve in plain PyTorch operations, one file each, for any device and dtype."""
