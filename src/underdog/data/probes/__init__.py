"""What a question set gives away without its questions being understood."""
