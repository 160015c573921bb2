"""Questions that training should not cost: their marks at the start and now, and what they say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from underdog.evaluation.accuracy import marks
from underdog.evaluation.forgetting import AFTER, BEFORE, Forgetting, forgetting
from underdog.evaluation.predictions import PREDICTIONS_NAME, Scored, write_scored
from underdog.mcq.prediction import Prediction
from underdog.training.exams import Exams
from underdog.training.state import LoopState

RETENTION_NAME = "retention"


@dataclass(frozen=True, slots=True)
class Kept:
    """Shares of right answers."""

    before: float
    after: float


def remember(exams: Exams, state: LoopState, predictions: Sequence[Prediction], run: Path) -> Kept:
    """Marks into the state; the answers at the start and the latest ones as files."""
    right = marks(exams.retention, predictions)
    text = "".join("01"[mark] for mark in right)
    first = state.retained is None
    state.retained = (text, text) if state.retained is None else (state.retained[0], text)
    for name in (BEFORE, AFTER) if first else (AFTER,):
        scored = [Scored(prediction, None) for prediction in predictions]
        write_scored(run / RETENTION_NAME / name / PREDICTIONS_NAME, scored)
    before = state.retained[0]
    return Kept(before.count("1") / len(before), sum(right) / len(right))


def compare_retention(exams: Exams | None, state: LoopState) -> Forgetting | None:
    """What training cost and gave on the retention set; None where there is none."""
    if exams is None or state.retained is None:
        return None
    before, after = ([mark == "1" for mark in text] for text in state.retained)
    return forgetting(exams.retention, before, after)
