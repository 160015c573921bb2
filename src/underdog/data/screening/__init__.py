"""What makes a row unfit: one rule or family per file, each a function that finds one fault."""
