"""Models behind HTTP: OpenAI's interface and one for questions, batched across requests."""
