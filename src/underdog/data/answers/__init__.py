"""What an answer is: its kind, its value, its form, and when two answers say the same."""
