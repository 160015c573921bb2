"""How fast a run goes and when it will be through. In: a Sight. Out: numbers. Never: a clock."""

from __future__ import annotations

from bisect import bisect_left
from itertools import pairwise
from statistics import median

from underdog.runs.watch.sight import Beat, Sight

RECENT_BEATS = 50


def gaps(beats: list[Beat]) -> list[float]:
    """Seconds between neighbours."""
    return [max(0.0, after.at_s - before.at_s) for before, after in pairwise(beats)]


def beat_s(sight: Sight) -> float | None:
    """The usual time between beats: the median of the last `RECENT_BEATS`; None before two."""
    recent = gaps(sight.beats[-RECENT_BEATS - 1 :])
    return median(recent) if recent else None


def silent_s(sight: Sight) -> float | None:
    """How long the run has written nothing; None when it is not known when it last did."""
    last = [beat.at_s for beat in sight.beats[-1:]]
    last += [] if sight.facts.beat_s is None else [sight.facts.beat_s]
    return max(0.0, sight.now_s - max(last)) if last else None


def steps_per_s(sight: Sight) -> float | None:
    """Over the last beats, pauses included, for they will come again."""
    recent = sight.beats[-RECENT_BEATS - 1 :]
    if len(recent) < 2:
        return None
    seconds = recent[-1].at_s - recent[0].at_s
    return (recent[-1].step - recent[0].step) / seconds if seconds > 0 else None


def left_s(sight: Sight) -> float | None:
    """Seconds to the end at this pace; None where the end or the pace is not known."""
    speed, total = steps_per_s(sight), sight.facts.total
    if total is None or not speed:
        return None
    return max(0, total - sight.beats[-1].step) / speed


def chunk_beats(beats: list[Beat]) -> list[Beat]:
    """Those of the chunk that is being trained; all where there are no chunks."""
    if not beats or beats[-1].chunk is None:
        return beats
    start = bisect_left(beats, beats[-1].chunk, key=lambda beat: beat.chunk or 0)
    return beats[start:]
