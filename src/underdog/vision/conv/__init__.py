"""Two-dimensional convolution without a vendor library: exact reference, candidates, choice, patch."""
