"""Strangers as players: folders that are run in isolation, and URLs that are asked."""
