"""Whether a stranger's entry keeps to the official protocol, found by running it."""
