"""What to make of a run: every verdict is a pure function of a Sight.

In: a Sight. Out: verdicts with their evidence and what to do, the one that matters most first. The
rule of each verdict, and after how long it is found at the latest, stands in its judge; `DELAY_S`
has the figures that tests hold it to. Never: a clock, a file, a signal to a process.

Where thresholds come from: facts of machines (critical temperature as the driver tells it), the
rules of `training/guards`, and the healthy runs of tests/runs/watch/simulated.py, none of which may
raise an alarm. They are choices, not measurements.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from underdog.runs.watch import machine_verdicts as machine
from underdog.runs.watch import training_verdicts as training
from underdog.runs.watch.sight import Sight


class Kind(Enum):
    """Names as they are printed."""

    CRASHED = "crashed"
    FINISHED = "finished"
    DIVERGING = "diverging"
    COLLAPSED = "collapsed"
    STALLED = "stalled"
    DISK_SOON_FULL = "disk soon full"
    THERMALLY_LIMITED = "thermally limited"
    MEMORY_LEAKING = "memory leaking"
    DATA_STARVED = "data-starved"
    HEALTHY = "healthy"


FINE = (Kind.HEALTHY, Kind.FINISHED)
OF_TRAINING = (Kind.DIVERGING, Kind.COLLAPSED)


@dataclass(frozen=True, slots=True)
class Verdict:
    """`evidence` is one sentence with the numbers, `advice` one that says what to do."""

    kind: Kind
    evidence: str
    advice: str

    @property
    def fine(self) -> bool:
        """Whether nobody has to do anything."""
        return self.kind in FINE

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {"verdict": self.kind.value, "evidence": self.evidence, "advice": self.advice}


JUDGES: tuple[tuple[Kind, Callable[[Sight], str | None], str], ...] = (
    (
        Kind.DIVERGING,
        training.diverging,
        "Lower the learning rate (to a third), lengthen the warm-up, go back to a checkpoint.",
    ),
    (
        Kind.COLLAPSED,
        training.collapsed,
        "Nothing is learned any more: go back to the best checkpoint, lower the learning rate.",
    ),
    (
        Kind.STALLED,
        machine.stalled,
        "See where its threads stand (py-spy dump --pid PID; train/stalls), and what dmesg says.",
    ),
    (
        Kind.DISK_SOON_FULL,
        machine.disk_soon_full,
        "Free room, or keep fewer checkpoints, before it is full.",
    ),
    (
        Kind.THERMALLY_LIMITED,
        machine.thermally_limited,
        "Better airflow, a clean fan, or a lower power cap: the card slows itself down now.",
    ),
    (
        Kind.MEMORY_LEAKING,
        machine.memory_leaking,
        "Something is kept for ever (losses with their graph, batches, workers); save often.",
    ),
    (
        Kind.DATA_STARVED,
        machine.data_starved,
        "The device waits: more loader workers, data prepared ahead, or a larger batch.",
    ),
)
"""In order of weight. `training` looks at what the run says, `machine` at what its machine does."""

DELAY_S = {
    Kind.CRASHED: 0,
    Kind.FINISHED: 0,
    Kind.STALLED: 180,
    Kind.DISK_SOON_FULL: 1200,
    Kind.THERMALLY_LIMITED: 90,
    Kind.MEMORY_LEAKING: 1200,
    Kind.DATA_STARVED: 240,
}
"""The longest from its beginning until it is found, beside the time between two looks. A stall is
for beats of at most 12 s, whose limit is two minutes: longer ones take ten beats and a minute."""
DELAY_BEATS = {Kind.DIVERGING: 40, Kind.COLLAPSED: 20}
"""The same for verdicts on the loss. A loss that is no number is found at once; fallen scores are
found with the second examination."""


def judge(sight: Sight) -> tuple[Verdict, ...]:
    """All that holds, the heaviest first; never empty. Of a run that is over, what it says of its
    training still counts: one whose loss was no number did not come to a good end.
    """
    over = _over(sight)
    found = [
        Verdict(kind, evidence, advice)
        for kind, judge_it, advice in JUDGES
        if (over is None or kind in OF_TRAINING) and (evidence := judge_it(sight)) is not None
    ]
    if over is not None:
        return (over, *found) if over.kind is Kind.CRASHED else (*found, over)
    return tuple(found) or (Verdict(Kind.HEALTHY, training.calm(sight), "Nothing to do."),)


def _over(sight: Sight) -> Verdict | None:
    facts, last = sight.facts, sight.beats[-1:]
    at = f" after {facts.unit} {last[0].step}" if last else ""
    if facts.finished:
        return Verdict(Kind.FINISHED, f"The run came to its end{at}.", "Nothing to do.")
    if facts.fault is not None and facts.alive is not True:
        advice = "underdog doctor --explain LOG names the cause of many such lines."
        return Verdict(Kind.CRASHED, f"It ended{at} with: {facts.fault.rstrip('.')}.", advice)
    if facts.alive is False:
        what = "Its process" if facts.pid is None else f"Process {facts.pid}"
        evidence = f"{what} is gone, and there is no result{at}."
        return Verdict(Kind.CRASHED, evidence, "Look at the end of its log; start it again.")
    return None
