"""Convolution of images without a vendor library: reference, candidates, choice, patch."""
