"""What is in images and what a detector found: folder, predictions, scores."""
