"""Strengths from single answers: how well a team answers, and how hard its questions are.

Model: logit P(right) = theta_A(answering team) - beta_Q(asking team), Rasch's (1960) with one
difficulty for all questions of a team. In: tallies per question. Out: both strengths of every team,
with intervals. Fitted by penalised maximum likelihood (Newton); the penalty is a normal prior of
standard deviation PRIOR_SD on the distance from the mean, so that all-right and all-wrong records
stay finite. Answers to one question are not independent (it may be easy, or its key wrong): the
variance is the sandwich's of Liang and Zeger (Biometrika 73:13, 1986) with questions as clusters,
or the inverse information's where that is larger. Never: an order of tallies that shows.

Shapes: N teams; an N by N array has the answering team first, the asking team second.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from underdog.errors import InputError
from underdog.interval import LEVEL, Interval, normal_quantile
from underdog.tournament.record import HIDDEN, Tally

PRIOR_SD = 2.0
"""Logits: two teams one such deviation apart answer 50 % and 88 % of the same questions, about the
span from a guesser to a good model. With hundreds of answers per team it hardly shows."""
STEPS = 100
TOLERANCE = 1e-10
METHOD = "penalised likelihood, clustered by question"
Array = npt.NDArray[np.float64]


class Part(StrEnum):
    """Which strength."""

    ANSWERING = "answering"
    ASKING = "asking"
    OVERALL = "overall"
    """Their sum: who has more of it wins more often than not, whoever else plays."""


@dataclass(frozen=True, slots=True)
class Strength:
    """A team's strengths in logits. The mean of `asking` over teams is 0."""

    name: str
    answering: Interval
    asking: Interval
    overall: Interval


class Fit(NamedTuple):
    """All strengths, and what comparisons of them need.

    `values`: theta, then beta, in the order of `names`, (2N,), logits. `covariances`: of the same,
    the sandwich and the inverse information, each (2N, 2N). `counts`: answers per team, (N,).
    """

    names: tuple[str, ...]
    values: Array
    covariances: tuple[Array, Array]
    counts: npt.NDArray[np.int64]

    def strengths(self) -> tuple[Strength, ...]:
        """The best overall first."""
        rows = [
            Strength(name, *(self._interval(self._weights(name, part), name) for part in Part))
            for name in self.names
        ]
        return tuple(sorted(rows, key=lambda each: (-each.overall.value, each.name)))

    def lead(self, one: str, other: str, *, part: Part = Part.OVERALL) -> Interval:
        """How far `one` is ahead of `other`, in logits; n is the smaller number of answers."""
        weights = self._weights(one, part) - self._weights(other, part)
        return self._interval(weights, one, other)

    def _weights(self, name: str, part: Part) -> Array:
        size, place = len(self.names), self.names.index(name)
        weights = np.zeros(2 * size)
        weights[place] = part is not Part.ASKING
        weights[size + place] = part is not Part.ANSWERING
        return weights

    def _interval(self, weights: Array, *names: str) -> Interval:
        value = float(weights @ self.values)
        variance = max(float(weights @ each @ weights) for each in self.covariances)
        reach = normal_quantile((1 + LEVEL) / 2) * math.sqrt(variance)
        n = min(int(self.counts[self.names.index(name)]) for name in names)
        return Interval(value, value - reach, value + reach, n, METHOD)


def fit_items(tallies: Iterable[Tally]) -> Fit:
    """Rate every team that has asked or answered; InputError when nothing was answered.

    Answers to hidden questions are left out: nobody is rated for having asked them.
    """
    rows = sorted(each for each in tallies if each.asker != HIDDEN)
    if not rows:
        raise InputError("answers to rate", got="none", hint="play a game first")
    names = tuple(sorted({each.answerer for each in rows} | {each.asker for each in rows}))
    counts = _Counts.of(rows, names)
    right_NN, put_NN = counts.cells()
    size = len(names)
    parameters = np.zeros(2 * size + 1)
    for _ in range(STEPS):
        gradient, information = _slopes(parameters, right_NN, put_NN)
        step = np.linalg.solve(information, gradient)
        # A long Newton step on a logistic likelihood may overshoot; a logit at a time does not.
        parameters = parameters + step * min(1.0, 1.0 / max(np.abs(step).max(), 1e-12))
        if np.abs(step).max() < TOLERANCE:
            break
    _, information = _slopes(parameters, right_NN, put_NN)
    to_strengths = _to_strengths(size)
    bread = to_strengths @ np.linalg.inv(information)
    sandwich = bread @ counts.meat(parameters) @ bread.T
    covariances = sandwich, bread @ to_strengths.T
    answers = np.maximum(put_NN.sum(axis=1), 1).astype(np.int64)
    return Fit(names, to_strengths @ parameters, covariances, answers)


def _to_strengths(size: int) -> Array:
    """From (mean, a, b) to theta, then beta, (2N, 2N+1): beta = b - mean(b), theta = mean + a -
    mean(b). Only these follow from answers; a shift between the three does not.
    """
    change = np.eye(2 * size + 1)[1:]
    change[:size, 0] = 1.0
    change[:, size + 1 :] -= 1.0 / size
    return change


def _slopes(parameters: Array, right: Array, put: Array) -> tuple[Array, Array]:
    """Gradient (2N+1,) and information of the penalised log-likelihood in (mean, a, b), from counts
    by answering and asking team, (N, N).
    """
    size = len(put)
    share = _expit(_logits(parameters, size))
    left = right - put * share
    weight = put * share * (1 - share)
    rows, columns = weight.sum(axis=1), weight.sum(axis=0)
    gradient = np.concatenate([[left.sum()], left.sum(axis=1), -left.sum(axis=0)])
    information = np.zeros((2 * size + 1, 2 * size + 1))
    information[0, 0] = rows.sum()
    information[0, 1:] = information[1:, 0] = np.concatenate([rows, -columns])
    information[1:, 1:] = np.diag(np.concatenate([rows, columns]))
    information[1 : size + 1, size + 1 :] = -weight
    information[size + 1 :, 1 : size + 1] = -weight.T
    gradient[1:] -= parameters[1:] / PRIOR_SD**2
    information[1:, 1:] += np.eye(2 * size) / PRIOR_SD**2
    # The mean of all teams is nearly free: a prior of 100 logits keeps the matrix regular.
    gradient[0] -= parameters[0] / 1e4
    information[0, 0] += 1e-4
    return gradient, information


def _logits(parameters: Array, size: int) -> Array:
    logits: Array = parameters[0] + parameters[1 : size + 1, None] - parameters[None, size + 1 :]
    return logits


def _expit(logits: Array) -> Array:
    shares: Array = 0.5 * (1 + np.tanh(logits / 2))
    return shares


class _Counts(NamedTuple):
    """One entry per tally: numbers of answering team, asking team and question; counts."""

    size: int
    answerer: npt.NDArray[np.int64]
    asker: npt.NDArray[np.int64]
    question: npt.NDArray[np.int64]
    right: Array
    put: Array

    @classmethod
    def of(cls, rows: list[Tally], names: tuple[str, ...]) -> _Counts:
        place = {name: number for number, name in enumerate(names)}
        questions: dict[str, int] = {}
        for each in rows:
            questions.setdefault(each.question_id, len(questions))
        return cls(
            len(names),
            np.array([place[each.answerer] for each in rows]),
            np.array([place[each.asker] for each in rows]),
            np.array([questions[each.question_id] for each in rows]),
            np.array([each.right for each in rows], dtype=np.float64),
            np.array([each.put for each in rows], dtype=np.float64),
        )

    def cells(self) -> tuple[Array, Array]:
        """Right and put by answering and asking team, (N, N) each: enough for the likelihood."""
        flat, shape = self.answerer * self.size + self.asker, (self.size, self.size)
        right: Array = np.bincount(flat, self.right, self.size**2).astype(np.float64)
        put: Array = np.bincount(flat, self.put, self.size**2).astype(np.float64)
        return right.reshape(shape), put.reshape(shape)

    def meat(self, parameters: Array) -> Array:
        """Sum over questions of the outer products of their gradients."""
        share = _expit(_logits(parameters, self.size))[self.answerer, self.asker]
        left = self.right - self.put * share
        questions = int(self.question.max()) + 1
        gradients = np.zeros((questions, 2 * self.size + 1))
        gradients[:, 0] = np.bincount(self.question, left, questions)
        np.add.at(gradients, (self.question, 1 + self.answerer), left)
        np.add.at(gradients, (self.question, 1 + self.size + self.asker), -left)
        return np.asarray(gradients.T @ gradients * questions / max(questions - 1, 1))
