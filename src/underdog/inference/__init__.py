"""From a model and questions to predictions, by scoring: no text is generated."""
