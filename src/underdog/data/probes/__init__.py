"""What a set gives away without its questions being understood, each figure with an interval."""
