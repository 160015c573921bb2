"""Finds the point from which a model only gets better at what it has seen.

In: two readings of the same held-out questions, and the training loss up to each. Out: what has
become worse, beyond its interval, while the training loss fell. Never: a verdict from one number.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from underdog.evaluation.compare import ALPHA, mcnemar
from underdog.interval import LEVEL, normal_quantile


@dataclass(frozen=True, slots=True)
class Held:
    """How held-out questions went: `right` marks, `nats` -ln p of each right choice (empty without
    probabilities); `train_loss` is the mean loss of the steps before, None before the first.
    """

    right: Sequence[bool]
    nats: Sequence[float]
    train_loss: float | None


def judge_overfitting(best: Held, now: Held) -> str | None:
    """What is worse than at the best reading, or None. Both are about the same questions."""
    if best.train_loss is None or now.train_loss is None or now.train_loss >= best.train_loss:
        return None
    worse = [sign for sign in (_accuracy(best, now), _loss(best, now)) if sign is not None]
    if not worse:
        return None
    fell = f"while the training loss fell from {best.train_loss:.3f} to {now.train_loss:.3f}"
    return f"{' and '.join(worse)}, {fell}"


def _accuracy(best: Held, now: Held) -> str | None:
    pairs = list(zip(best.right, now.right, strict=True))
    lost, won = pairs.count((True, False)), pairs.count((False, True))
    if lost <= won or mcnemar(lost, won) >= ALPHA:
        return None
    return f"{lost} held-out answers were lost and {won} won"


def _loss(best: Held, now: Held) -> str | None:
    """The mean of the paired differences lies above zero by more than its normal interval."""
    if len(best.nats) != len(now.nats) or len(now.nats) < 2:
        return None
    rises = [after - before for before, after in zip(best.nats, now.nats, strict=True)]
    count = len(rises)
    mean = math.fsum(rises) / count
    variance = math.fsum((rise - mean) ** 2 for rise in rises) / (count - 1)
    margin = normal_quantile(0.5 + LEVEL / 2) * math.sqrt(variance / count)
    return f"the held-out loss rose by {mean:.3f} nats" if mean - margin > 0 else None
