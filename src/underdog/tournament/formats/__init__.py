"""Who plays whom: pure functions of entrants, settings and results."""
