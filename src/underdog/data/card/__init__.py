"""The data card of a question set, as one HTML page and as a Markdown twin."""
