"""The same questions with their choices shown in every rotation, and answers free of letters.

In: questions and a scorer that is asked by letters. Out: predictions under every rotation, kept on
disk as they come; debiased predictions. Never: a rotation where no order is shown (choice texts).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple

from underdog.errors import InputError
from underdog.evaluation.position_bias import (
    debias,
    mean_over_rotations,
    measure_bias,
    place_priors,
    pride_places,
    rotations,
)
from underdog.evaluation.predictions import PredictionStore, Scored
from underdog.inference.score import scored_batches, shown_order
from underdog.inference.scorer import Scorer, ScoringConfig
from underdog.mcq.prediction import Prediction
from underdog.mcq.presentation import Presentation
from underdog.mcq.prompt import PromptStyle
from underdog.mcq.question import Question
from underdog.runs.progress import SILENT, Progress

ROTATIONS = "rotations"
"""Folder of the rotated answers below a model's own."""


class Debias(StrEnum):
    """How the preference for letters is taken out."""

    PRIDE = "pride"
    """The letters' own probabilities, estimated on 5 % of the questions, are divided out."""
    ROTATE = "rotate"
    """All rotations of every question are asked and averaged."""


class Debiased(NamedTuple):
    """`scored` are the answers without the bias, `report` is plain JSON about it."""

    scored: tuple[Scored, ...]
    report: dict[str, Any]


def debiased(
    questions: Sequence[Question],
    plain: Sequence[Scored],
    how: Debias,
    open_model: Callable[[], Scorer],
    *,
    folder: Path,
    config: ScoringConfig,
    groups: Sequence[str] | None = None,
    progress: Progress = SILENT,
) -> Debiased:
    """Rotate what has to be rotated and correct `plain`, the answers without rotation."""
    if config.style is not PromptStyle.LETTERS:
        raise InputError(
            "questions asked by letters: choice texts are scored without an order",
            got=f"style {config.style.value}",
            hint="--style letters, or no --debias",
        )
    places = range(len(questions)) if how is Debias.ROTATE else pride_places(questions)
    chosen = [questions[place] for place in places]
    rotated = _rotated(chosen, open_model, folder / ROTATIONS / how.value, config, progress)
    bias = measure_bias(chosen, rotated, groups=groups and [groups[place] for place in places])
    priors = place_priors(rotated)
    if how is Debias.ROTATE:
        fixed: Sequence[Prediction] = [mean_over_rotations(each) for each in rotated]
    else:
        fixed = [debias(each.prediction, priors) for each in plain]
    scored = tuple(
        Scored(prediction, each.log_mass) for prediction, each in zip(fixed, plain, strict=True)
    )
    report = {
        "how": how.value,
        **bias.to_json(),
        "log_priors": {str(size): list(prior) for size, prior in priors.items()},
    }
    return Debiased(scored, report)


def _rotated(
    questions: Sequence[Question],
    open_model: Callable[[], Scorer],
    folder: Path,
    config: ScoringConfig,
    progress: Progress,
) -> list[list[Prediction]]:
    shown = [rotations(shown_order(each, config)) for each in questions]
    asked = [question for question, orders in zip(questions, shown, strict=True) for _ in orders]
    orders: list[Presentation] = [order for each in shown for order in each]
    store = PredictionStore(folder, len(asked))
    if not store.complete:
        progress.begin("scoring rotations", len(asked))
        progress.advance(len(store.scored))
        batches = scored_batches(
            asked, open_model(), presentations=orders, done=frozenset(store.scored)
        )
        for batch in batches:
            fresh = len(batch.keys() - store.scored.keys())
            store.add(batch)
            progress.advance(fresh)
        progress.end()
    answers = iter(store.finish())
    return [[next(answers).prediction for _ in each] for each in shown]
