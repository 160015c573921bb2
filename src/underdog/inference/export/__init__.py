"""A tuned model as files for other programs, and the proof that they answer alike."""
