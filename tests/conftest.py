"""Settings of every test; this file's folder is where `fakes` is found."""

from hypothesis import settings

# No deadline: the machine that runs the tests may be busy, and time is no claim of a law.
settings.register_profile("underdog", deadline=None, max_examples=60)
settings.load_profile("underdog")
