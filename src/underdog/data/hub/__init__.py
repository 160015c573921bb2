"""Public question sets by name: one small module per source, from the hub or from a folder."""
