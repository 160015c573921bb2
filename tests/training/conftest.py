"""One small base on disk for the whole room, and its run of 14 steps."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_runs import small_job

from fakes import letter_tokenizer, save_base
from underdog.adapters.base import Base, load_base
from underdog.training.record import TrainingJob


@pytest.fixture(scope="session")
def base_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random two-layer Qwen2."""
    return save_base(tmp_path_factory.mktemp("base") / "base", tokenizer=letter_tokenizer())


@pytest.fixture
def base(base_folder: Path) -> Base:
    """Loaded anew for each test: nothing leaks from one to the next."""
    return load_base(base_folder)


@pytest.fixture
def job(base_folder: Path, tmp_path: Path) -> TrainingJob:
    """The small run, into a fresh folder."""
    return small_job(base_folder, tmp_path / "train")
