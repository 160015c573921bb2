"""From predictions to numbers with intervals. Pure functions; no model, no torch."""
