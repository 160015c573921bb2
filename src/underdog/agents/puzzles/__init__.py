"""Logic puzzles drawn from worlds, with exactly one right choice each."""
