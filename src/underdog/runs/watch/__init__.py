"""A training run seen from outside: what it says, what the machine says, and what to make of it."""
