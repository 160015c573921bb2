"""Small computations whose values are checked, each in a process of its own with a time limit."""
