"""What several members say about the same questions, as arrays: the input of every pooling rule.

In: each member's predictions, in the order of the questions. Out: a `Panel`. Never: a prediction
without probabilities; a model that only names a letter cannot be pooled.

Shapes: N questions, M members, C choices of the question that has most.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from underdog.errors import InputError
from underdog.mcq.prediction import Prediction

FLOOR_NATS = -60.0
"""Log-probabilities are cut here, e^-60 = 1e-26: a certain member must not make a sum infinite."""


@dataclass(frozen=True, slots=True)
class Panel:
    """`logs` (N, M, C) are natural log-probabilities in canonical order, 0 where `real` (N, C) is
    False: the question has fewer choices.
    """

    names: tuple[str, ...]
    logs: Any
    real: Any

    def __len__(self) -> int:
        """N."""
        return int(self.logs.shape[0])

    @property
    def choices(self) -> Any:
        """Every member's most likely choice (N, M); of equally likely ones the first."""
        masked = np.where(self.real[:, None, :], self.logs, -np.inf)
        return masked.argmax(axis=2)

    def part(self, places: Any) -> Panel:
        """The questions at some places (indices or a mask)."""
        return Panel(self.names, self.logs[places], self.real[places])

    def member(self, index: int) -> Panel:
        """One member alone."""
        return Panel((self.names[index],), self.logs[:, index : index + 1], self.real)


def make_panel(members: Mapping[str, Sequence[Prediction]]) -> Panel:
    """InputError when members answered different questions or give no probabilities."""
    if not members or not all(members.values()):
        raise InputError("at least one member and one question", got=f"{list(members)}")
    asked = {tuple(each.question_id for each in found) for found in members.values()}
    if len(asked) != 1:
        raise InputError(
            "answers of every member to the same questions, in the same order",
            got=f"{ {name: len(found) for name, found in members.items()} }",
        )
    size = max(len(each.presentation.order) for each in next(iter(members.values())))
    rows = [[_row(each, size) for each in found] for found in members.values()]
    logs = np.asarray(rows, dtype=float).transpose(1, 0, 2)
    lengths = [len(each.presentation.order) for each in next(iter(members.values()))]
    real = np.arange(size)[None, :] < np.asarray(lengths)[:, None]
    return Panel(tuple(members), np.where(real[:, None, :], logs, 0.0), real)


def _row(prediction: Prediction, size: int) -> list[float]:
    if prediction.log_probs is None:
        raise InputError(
            "probabilities of every choice", got=f"none for question {prediction.question_id}"
        )
    logs = [max(each, FLOOR_NATS) for each in prediction.log_probs]
    return logs + [0.0] * (size - len(logs))


def log_softmax(scores: Any, real: Any) -> Any:
    """Natural logs of probabilities over the real choices; 0 at the others."""
    masked = np.where(real, scores, -np.inf)
    shifted = masked - masked.max(axis=1, keepdims=True)
    logs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return np.where(real, np.maximum(logs, FLOOR_NATS), 0.0)
