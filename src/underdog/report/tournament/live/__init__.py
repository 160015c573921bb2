"""The pages of a tournament over HTTP, as they change."""
