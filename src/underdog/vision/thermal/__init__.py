"""Thermal frames made by code: four classes, day and night, twelve months."""
