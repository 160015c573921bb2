"""Can this number be trusted? One sentence.

In: an accuracy with its interval, and the chance level. Out: a sentence. Never: a number of
questions without the margin it gives.
"""

from __future__ import annotations

from underdog.evaluation.accuracy import questions_for_margin
from underdog.interval import Interval

MARGIN = 0.03
"""What a decision between two models usually needs."""


def trust_sentence(name: str, accuracy: Interval, *, chance: float, groups: int | None) -> str:
    """How far off the accuracy may be, what that excludes, and how many questions would do."""
    half = (accuracy.high - accuracy.low) / 2
    asked = f"{accuracy.n} questions"
    if groups is not None and groups < accuracy.n:
        asked += f" of {groups} groups"
    text = (
        f"Can this be trusted? With {asked} the accuracy of {name} is known to "
        f"+-{100 * half:.1f} points ({100 * accuracy.low:.0f} to {100 * accuracy.high:.0f} %)"
    )
    if accuracy.low > chance:
        text += ": better than guessing"
    elif accuracy.high < chance:
        text += ": worse than guessing"
    else:
        text += ": not distinguishable from guessing"
    if half <= MARGIN:
        return f"{text}, and good enough to compare models that differ by {100 * MARGIN:.0f} points"
    rate = min(max(accuracy.value, 0.01), 0.99)
    # Dependent questions carry less than their number says: ask for as many times more.
    plain = questions_for_margin(rate, MARGIN)
    width = questions_for_margin(rate, min(half, 0.99))
    needed = max(round(plain * max(accuracy.n / max(width, 1), 1.0)), accuracy.n + 1)
    return f"{text}; +-{100 * MARGIN:.0f} points need about {needed} questions"
