"""One module per public question set: where it is, what it holds, how a row becomes a record."""
