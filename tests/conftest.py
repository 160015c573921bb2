"""Settings of every test; this file's folder is where `fakes` is found."""

from pathlib import Path

import pytest
from hypothesis import settings

# No deadline: the machine that runs the tests may be busy, and time is no claim of a law.
settings.register_profile("underdog", deadline=None, max_examples=60)
settings.load_profile("underdog")


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No test finds what the user's commands, or another test, left in the cache folder."""
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("UNDERDOG_CACHE", str(folder))
    return folder
