"""How strong entrants are, with intervals, from the answers of a tournament."""
