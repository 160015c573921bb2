"""underdog: train Q&A agents on the GPU you have, know honestly whether they would win, and play.

Importing this package imports the standard library only. Rooms are imported by name, as in
``from underdog.mcq.question import Question``; `docs/map.md` says which room answers which wish.
"""

__version__ = "0.1.0"
