"""Where the stages run: in this process, on its cores, or on a Ray cluster. Same bytes anywhere."""
