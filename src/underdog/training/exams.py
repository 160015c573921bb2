"""What is asked while training, and how: fixed samples of held-out and of older questions."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from underdog.data.row import Split
from underdog.errors import InputError
from underdog.mcq.prediction import Prediction
from underdog.mcq.question import Question
from underdog.training.record import TrainingJob

Ask = Callable[[Any, Sequence[Question]], Sequence[Prediction]]
"""Puts questions to a model in evaluation mode; one prediction per question, in order."""


@dataclass(frozen=True, slots=True)
class Exams:
    """What is asked, and how. `retention` holds questions that training should not cost. `best`
    adapters are kept: the first in `best/`, the others in `candidates/`.
    """

    ask: Ask
    validation: tuple[Question, ...]
    retention: tuple[Question, ...]
    every_steps: int | None
    best: int


def make_exams(job: TrainingJob, ask: Ask) -> Exams | None:
    """What is asked on the way: samples of the held-out rows and of the retention set, or None."""
    config, seed = job.config.validation, job.config.seed
    held_out = [row.question for row in job.rows if row.split is Split.VALIDATION]
    validation = sample(held_out, config.questions, seed=seed)
    if config.keep == "best" and not validation:
        raise InputError(
            "held-out questions are needed to keep the best adapter", got="none", where=job.out
        )
    retention = sample(job.retention, config.retention_questions, seed=seed)
    if not validation and not retention:
        return None
    return Exams(ask, validation, retention, config.every_steps, config.best)


def sample(questions: Sequence[Question], count: int, *, seed: int) -> tuple[Question, ...]:
    """At most `count` questions with a known key, in their order; the seed decides which."""
    known = [question for question in questions if question.answer is not None]
    if len(known) <= count:
        return tuple(known)
    chosen = random.Random(f"{seed} validation sample").sample(range(len(known)), count)
    return tuple(known[at] for at in sorted(chosen))
