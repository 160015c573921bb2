"""What a question is: values and pure functions. No model, no file, no network."""
