"""One finished run for all tests of the report, made once, and a fresh copy for those that edit."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from example_run import make_run


@pytest.fixture(scope="session")
def finished_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run folder that nobody may change."""
    return make_run(tmp_path_factory.mktemp("finished"))


@pytest.fixture
def run_copy(finished_run: Path, tmp_path: Path) -> Path:
    """A run folder of one's own."""
    return Path(shutil.copytree(finished_run, tmp_path / "run"))
