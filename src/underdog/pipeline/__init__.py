"""The contestant's whole path, stage by stage, from a recipe."""
