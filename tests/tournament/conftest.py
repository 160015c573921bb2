"""Lets the folders below this one import the players beside it."""
