"""The thermal challenge: what is handed in, and whether it would be accepted."""
