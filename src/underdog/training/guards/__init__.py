"""Judges of a running training: each takes values and gives a verdict; the loop acts on it."""
