"""Players: one that asks, one that answers."""
