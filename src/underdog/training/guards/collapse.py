"""Finds a model whose answers no longer depend on the question.

In: how a fixed set of questions was answered at the start, at best and now. Out: the signs of a
collapse, as sentences; none when all is well. A sign that was there at the start is no collapse:
training did not cause it, and a lower learning rate would not mend it.

Three signs. (a) Places: the letters chosen drift away from those of the keys. Distance is the
Kullback-Leibler divergence KL(answers || keys) in nats; that it is no accident is shown by the
G-test (2 n KL is chi-square distributed with places - 1 degrees of freedom; Sokal and Rohlf,
Biometry, 1981, section 17.2). A share of constant answers above 0.9 is the extreme of it.
(b) Chance: it was above chance, and now it is not, and the two intervals do not overlap. This is
what collapse looks like where choices are scored by their text, since no letter is seen there.
(c) Certainty: the entropy over the choices is next to nothing or next to even, while the answers
are no better than chance: sure of anything, or of nothing any more.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from underdog.errors import MissingExtraError
from underdog.interval import wilson

SURE, EVEN = 0.05, 0.995
"""Mean entropies, as shares of the largest possible one, below and above which nothing is told."""
ACCIDENT = 1e-4
"""Probability below which a drift of places is no accident."""
_PRIOR = 0.5
"""Added to every count (Jeffreys), so that an empty place has a logarithm."""


@dataclass(frozen=True, slots=True)
class Answers:
    """How a set was answered. `places[p]` answers and `keys[p]` right ones stood at place p;
    `entropy` is the mean over questions of H / ln(choices), 0 to 1, or None without
    probabilities; `chance` the expected share of right guesses.
    """

    right: int
    count: int
    places: tuple[int, ...]
    keys: tuple[int, ...]
    entropy: float | None
    chance: float


def judge_collapse(
    now: Answers, start: Answers | None, best: Answers | None, *, nats: float
) -> tuple[str, ...]:
    """The signs, as parts of a sentence. `best` is the most right of earlier readings."""
    signs = (_places(now, start, nats), _fell(now, best), _entropy(now, start))
    return tuple(sign for sign in signs if sign is not None)


def divergence(places: Sequence[int], keys: Sequence[int]) -> float:
    """KL(answers || keys) in nats, at least 0; every count is raised by a half first."""
    p, q = _shares(places), _shares(keys)
    return max(0.0, math.fsum(a * math.log(a / b) for a, b in zip(p, q, strict=True)))


def _shares(counts: Sequence[int]) -> list[float]:
    total = sum(counts) + _PRIOR * len(counts)
    return [(count + _PRIOR) / total for count in counts]


def _places(now: Answers, start: Answers | None, nats: float) -> str | None:
    answered = sum(now.places)
    if len(now.places) < 2 or not answered:
        return None
    drift = divergence(now.places, now.keys)
    before = 0.0 if start is None else divergence(start.places, start.keys)
    if drift - before <= nats or _accident(2 * answered * drift, len(now.places) - 1) > ACCIDENT:
        return None
    share = max(now.places) / answered
    return f"{100 * share:.0f} % of the answers stand at one place ({drift:.2f} nats off the keys)"


def _accident(statistic: float, degrees: int) -> float:
    try:
        from scipy.special import chdtrc
    except ImportError as error:
        raise MissingExtraError.of("the collapse guard", "data") from error
    return float(chdtrc(degrees, statistic))


def _fell(now: Answers, best: Answers | None) -> str | None:
    if best is None:
        return None
    was, present = wilson(best.right, best.count), wilson(now.right, now.count)
    if was.low > best.chance and present.low <= now.chance and present.high < was.low:
        return f"{100 * was.value:.0f} % right fell to {100 * present.value:.0f} %, which is chance"
    return None


def _entropy(now: Answers, start: Answers | None) -> str | None:
    if now.entropy is None or wilson(now.right, now.count).low > now.chance:
        return None
    before = None if start is None else start.entropy
    if now.entropy < SURE and (before is None or before >= SURE):
        return "the model is sure of answers that are no better than chance"
    if now.entropy > EVEN and (before is None or before <= EVEN):
        return "all choices have become equally likely"
    return None
