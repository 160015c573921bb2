"""Whether this machine is well enough to train: what was read, what was found, what to do."""
