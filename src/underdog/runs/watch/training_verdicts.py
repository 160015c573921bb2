"""Verdicts on what a run says of itself: its losses, gradients and examinations.

In: a Sight. Out: the evidence as a sentence, or None. All sums are over a few dozen beats, so that
a look costs the same at step 100 and at step 100,000.
"""

from __future__ import annotations

import math
from itertools import islice, pairwise
from statistics import median

from underdog.runs.watch.pace import chunk_beats, left_s, silent_s, steps_per_s
from underdog.runs.watch.sight import Sight

WINDOW = 10
"""Beats whose median counts as the loss; fewer than half of them may be outliers."""
LEVELS = 100
"""How many such windows are looked back."""
EPOCH_WINDOW, ENTRY_WINDOW = 2, 5
"""The same where a beat is a whole epoch, or what a trainer of transformers logs, which mostly is
the mean of several steps.
"""
ENTRY_KINDS = ("transformers", "log")
ABOVE_LOWEST = 1.5
ABOVE_START = 2.0
"""How far the loss may rise above its lowest of this chunk, and above the start of training."""
NOISE = 6.0
"""A rise must also be this many standard deviations of the noise."""
DEAD_BEATS = 20
NO_NUMBER_BEATS = 10
"""So many gradients in a row that are no number: loss scaling skips single ones, and a few at the
start of training in float16."""
FALLEN, HIGH = 0.5, 0.2
"""A score below this share of the best one, which must have been at least HIGH, has collapsed."""


def diverging(sight: Sight) -> str | None:
    """The loss is no number, or ten gradients in a row are none (transformers then tells a loss of
    0); or its median over 10 beats is 1.5 times the lowest of this chunk (or
    twice that of the first beats, where there are no chunks of another difficulty), beyond the
    noise, for 20 beats.
    """
    last = next((beat for beat in reversed(sight.beats) if beat.loss is not None), None)
    if last is None or last.loss is None:
        return None
    if not math.isfinite(last.loss):
        return f"The loss of {sight.facts.unit} {last.step} is {last.loss}."
    if _no_gradient(sight):
        hidden = ", and the loss that is told as 0 is none either" if last.loss == 0 else ""
        return f"The gradient has been no number for {NO_NUMBER_BEATS} beats{hidden}."
    size = _window(sight)
    recent = chunk_beats(sight.beats[-LEVELS * size :])
    own = [beat.loss for beat in recent if beat.loss is not None]
    first = [beat.loss for beat in islice(sight.beats, size) if beat.loss is not None]
    levels = _levels(own, size)
    if len(levels) < 3 or not first:
        return None
    lowest, before, now = min(levels[:-2]), levels[-2], levels[-1]
    rising = before > ABOVE_LOWEST * lowest and now > ABOVE_LOWEST * lowest
    noise = _noise(own[-6 * size :])
    start = median(first)
    worse = recent[-1].chunk is None and before > ABOVE_START * start and now > ABOVE_START * start
    if not (rising and now - lowest > NOISE * noise) and not worse:
        return None
    than = f"from {lowest:.3g} at its lowest" if rising else f"from {start:.3g} at the start"
    return f"The loss rose {than} to {now:.3g} (median of {size} beats)."


def _no_gradient(sight: Sight) -> bool:
    norms = [beat.grad_norm for beat in sight.beats[-NO_NUMBER_BEATS:]]
    told = [norm for norm in norms if norm is not None]
    return len(told) == NO_NUMBER_BEATS and not any(map(math.isfinite, told))


def _window(sight: Sight) -> int:
    if sight.facts.unit == "epoch":
        return EPOCH_WINDOW
    return ENTRY_WINDOW if sight.facts.kind in ENTRY_KINDS else WINDOW


def _levels(losses: list[float], size: int) -> list[float]:
    """Medians of whole windows, counted from the newest beat backwards."""
    finite = [loss for loss in losses if math.isfinite(loss)]
    start = len(finite) % size
    return [median(finite[at : at + size]) for at in range(start, len(finite), size)]


def _noise(losses: list[float]) -> float:
    """Standard deviation from beat to beat, robust: differences have twice the variance."""
    steps = [abs(after - before) for before, after in pairwise(losses)]
    return 1.4826 * median(steps) / math.sqrt(2) if steps else 0.0


def collapsed(sight: Sight) -> str | None:
    """Twenty beats in a row with a loss of 0 or a gradient of 0; or two examinations in a row below
    half of the best.
    """
    recent = sight.beats[-DEAD_BEATS:]
    if len(recent) == DEAD_BEATS:
        if all(beat.loss == 0 for beat in recent):
            return f"The loss has been exactly 0 for {DEAD_BEATS} beats."
        if all(beat.grad_norm == 0 for beat in recent):
            return f"The gradient has been exactly 0 for {DEAD_BEATS} beats."
    return _fallen(sight)


def _fallen(sight: Sight) -> str | None:
    if len(sight.scores) < 3:
        return None
    name = sight.scores[-1].name
    values = [score.value for score in sight.scores if score.name == name]
    best = max(values[:-2], default=0.0)
    if best < HIGH or max(values[-2:]) >= FALLEN * best:
        return None
    return f"{name} fell from {best:.3g} to {values[-2]:.3g} and {values[-1]:.3g}."


def calm(sight: Sight) -> str:
    """What a run that nothing is wrong with is doing."""
    facts, speed, left = sight.facts, steps_per_s(sight), left_s(sight)
    if not sight.beats:
        return f"No {facts.unit} yet; starting can take minutes."
    done = f"{facts.unit} {sight.beats[-1].step:,}"
    done += f" of {facts.total:,}" if facts.total is not None else ""
    silence = silent_s(sight)
    parts = [done]
    if speed:
        parts.append(f"{speed:.3g} {facts.unit}s/s" if speed >= 1 else f"{1 / speed:.3g} s each")
    if left is not None:
        parts.append(f"{left / 60:.0f} min left")
    if silence is not None and silence > 60:
        parts.append(f"silent for {silence:.0f} s, as evaluation or a checkpoint is")
    return ", ".join(parts) + "."
