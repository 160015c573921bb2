"""Where the chosen answers stood: a model that always says B has learnt the place, not the answer.

In: questions and predictions. Out: how often each place was chosen and held the key. Never: a test
of significance; the counts are a sign to look at.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from underdog.evaluation.accuracy import check_aligned
from underdog.mcq.prediction import Prediction
from underdog.mcq.question import Question

CONSTANT_SHARE = 0.9
"""One place with a larger share of the answers is called constant."""
CONSTANT_MIN_ANSWERS = 20
"""Fewer answers are never called constant: four choices repeat by chance."""


@dataclass(frozen=True, slots=True)
class Places:
    """`counts[p]` answers and `key_counts[p]` keys were shown at place p (0 is letter A).

    `largest_share` is that of the most chosen place among all answers, 0 when there are none.
    """

    counts: tuple[int, ...]
    key_counts: tuple[int, ...]
    largest_share: float
    constant: bool

    def to_json(self) -> dict[str, Any]:
        """As a plain JSON object."""
        return {**asdict(self), "counts": [*self.counts], "key_counts": [*self.key_counts]}


def count_places(questions: Sequence[Question], predictions: Sequence[Prediction]) -> Places:
    """Count places as shown; unanswered questions count among the keys only."""
    check_aligned(questions, predictions)
    size = max((len(question.choices) for question in questions), default=0)
    chosen = _counts(((each, each.choice) for each in predictions), size)
    keys = _counts(
        ((each, question.answer) for each, question in zip(predictions, questions, strict=True)),
        size,
    )
    answered = sum(chosen)
    share = max(chosen) / answered if answered else 0.0
    constant = answered >= CONSTANT_MIN_ANSWERS and share > CONSTANT_SHARE
    return Places(chosen, keys, share, constant)


def _counts(pairs: Iterable[tuple[Prediction, int | None]], size: int) -> tuple[int, ...]:
    counts = [0] * size
    for prediction, choice in pairs:
        if choice is not None:
            counts[prediction.presentation.order.index(choice)] += 1
    return tuple(counts)
