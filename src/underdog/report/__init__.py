"""One page from what is on disk. Reads files only; computes nothing that is not in them."""
