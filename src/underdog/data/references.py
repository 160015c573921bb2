"""What a build is held against, beside its sources: none of it becomes a row by itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from underdog.data.conversion.convert import WrongAnswers
from underdog.mcq.prediction import Prediction


@dataclass(frozen=True, slots=True)
class References:
    """Everything is optional."""

    predictions: Mapping[str, Prediction] = field(default_factory=dict)
    """By question id: difficulty follows a model instead of the wording."""
    benchmarks: tuple[Path, ...] = ()
    """Files whose questions must not be in the set."""
    old: Path | None = None
    """A built set that grows: its rows keep their ids and splits."""
    wrong_answers: WrongAnswers | None = None
    """Distractors to try first; a pure function at the top of a module, or a value with a call."""


NO_REFERENCES = References()
