"""What players and referee say to each other, and the official competition's formats."""
