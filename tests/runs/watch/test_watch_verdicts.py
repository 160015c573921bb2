"""Every verdict on simulated runs: found within its stated delay, and never on a healthy run."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pytest
from simulated import (
    HEALTHY,
    LOOK_S,
    Plan,
    after,
    looks,
    rising,
)

from underdog.runs.watch.sight import Facts, Sight
from underdog.runs.watch.verdicts import DELAY_BEATS, DELAY_S, Kind, judge

ONSET = 1800.0


@dataclass(frozen=True)
class Fault:
    """A run that goes wrong at ONSET, and how soon that must be seen."""

    kind: Kind
    plan: Plan
    within_s: float


def beats_s(kind: Kind, beat_s: float = 2.0) -> float:
    """A delay that is stated in beats."""
    return DELAY_BEATS[kind] * beat_s


def loss_from(step: int, then: float) -> float:
    """Calm until the beat at ONSET, then another value growing by the factor per beat."""
    at_onset = (ONSET - 60) / 2
    return 0.4 if step <= at_onset else 0.4 * then ** (step - at_onset)


SILENT = ((ONSET, math.inf),)
FAULTS = {
    "killed": Fault(
        Kind.CRASHED,
        Plan(pauses=SILENT, alive=lambda at: at < ONSET),
        DELAY_S[Kind.CRASHED],
    ),
    "a traceback in the log of an unknown process": Fault(
        Kind.CRASHED,
        Plan(
            pauses=SILENT,
            alive=lambda at: None,
            fault=lambda at: "RuntimeError: HIP out of memory" if at >= ONSET else None,
        ),
        DELAY_S[Kind.CRASHED],
    ),
    "came to its end": Fault(
        Kind.FINISHED,
        Plan(pauses=SILENT, finished=lambda at: at >= ONSET, alive=lambda at: at < ONSET),
        DELAY_S[Kind.FINISHED],
    ),
    "a deadlock: all idle": Fault(
        Kind.STALLED,
        Plan(pauses=SILENT, busy=after(ONSET, 0, 97), process=after(ONSET, 0, 105)),
        DELAY_S[Kind.STALLED],
    ),
    "a kernel that hangs: busy on little power": Fault(
        Kind.STALLED,
        Plan(pauses=SILENT, busy=after(ONSET, 100, 97), watts=after(ONSET, 90, 250)),
        DELAY_S[Kind.STALLED],
    ),
    "a deadlock without a GPU": Fault(
        Kind.STALLED,
        Plan(pauses=SILENT, gpu=False, process=after(ONSET, 0, 105)),
        DELAY_S[Kind.STALLED],
    ),
    "a loader that became slow": Fault(
        Kind.DATA_STARVED, Plan(busy=after(ONSET, 20, 97)), DELAY_S[Kind.DATA_STARVED]
    ),
    "a slow disk under a processor": Fault(
        Kind.DATA_STARVED,
        Plan(gpu=False, process=after(ONSET, 15, 190)),
        DELAY_S[Kind.DATA_STARVED],
    ),
    "a fan that stopped": Fault(
        Kind.THERMALLY_LIMITED,
        Plan(celsius=after(ONSET, 108, 80)),
        DELAY_S[Kind.THERMALLY_LIMITED],
    ),
    "a leak in main memory": Fault(
        Kind.MEMORY_LEAKING,
        Plan(hours=1.5, process_gib=rising(ONSET, 6, 20), total=200_000),
        DELAY_S[Kind.MEMORY_LEAKING],
    ),
    "a leak on the card": Fault(
        Kind.MEMORY_LEAKING,
        Plan(hours=1.5, vram_gib=rising(ONSET, 8, 6), total=200_000),
        DELAY_S[Kind.MEMORY_LEAKING],
    ),
    "a loss that is no number": Fault(
        Kind.DIVERGING, Plan(loss=lambda step: math.nan if step > 870 else 0.4), 0
    ),
    "a loss that climbs by 3 % a beat": Fault(
        Kind.DIVERGING,
        Plan(loss=lambda step: loss_from(step, 1.03)),
        beats_s(Kind.DIVERGING),
    ),
    "a loss of exactly nothing": Fault(
        Kind.COLLAPSED,
        Plan(loss=lambda step: 0.4 if step <= 870 else 0.0),
        beats_s(Kind.COLLAPSED),
    ),
    "a gradient of exactly nothing": Fault(
        Kind.COLLAPSED,
        Plan(grad_norm=lambda step: 1.0 if step <= 870 else 0.0),
        beats_s(Kind.COLLAPSED),
    ),
    "answers back at chance": Fault(
        Kind.COLLAPSED,
        Plan(scores=((600, 0.6), (1200, 0.62), (ONSET, 0.26), (ONSET + 300, 0.25))),
        300,
    ),
    "a disk that something else fills": Fault(
        Kind.DISK_SOON_FULL,
        Plan(hours=1.5, free_gib=rising(ONSET, 100, -60)),
        DELAY_S[Kind.DISK_SOON_FULL],
    ),
    "a disk with nothing left": Fault(
        Kind.DISK_SOON_FULL, Plan(free_gib=after(ONSET, 0.5, 100)), 0
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_found_within_its_stated_delay(name: str) -> None:
    """Healthy until it begins; then this verdict leads, at most one look after its delay."""
    fault = FAULTS[name]
    for at, sight in looks(fault.plan):
        found = judge(sight)
        if at < ONSET:
            assert found[0].kind is Kind.HEALTHY, (at, found)
        elif found[0].kind is fault.kind:
            assert at <= ONSET + fault.within_s + LOOK_S
            assert found[0].evidence.endswith(".")
            assert found[0].advice.endswith(".")
            return
    pytest.fail(f"never found: {name}")


@pytest.mark.parametrize("name", HEALTHY)
def test_a_healthy_run_raises_no_alarm(name: str) -> None:
    """At every look of hours the only verdict is that it is healthy."""
    for at, sight in looks(HEALTHY[name]):
        found = judge(sight)
        assert [each.kind for each in found] == [Kind.HEALTHY], (at, found)


def test_there_are_ten_healthy_runs_and_a_fault_for_every_verdict() -> None:
    """What is claimed of the simulations."""
    assert len(HEALTHY) >= 10
    assert {fault.kind for fault in FAULTS.values()} == set(Kind) - {Kind.HEALTHY}


def test_verdicts_are_pure_functions_of_what_is_seen() -> None:
    """Judging twice gives equal verdicts and leaves what was seen as it was."""
    for at, sight in looks(Plan(hours=0.2)):
        beats, readings = list(sight.beats), list(sight.readings)
        assert judge(sight) == judge(sight)
        assert (sight.beats, sight.readings) == (beats, readings), at


def test_a_run_that_has_said_nothing_yet_is_healthy() -> None:
    """Without a beat, a reading or a process there is nothing to complain of."""
    (verdict,) = judge(Sight(Facts("run", "log", 1000.0)))
    assert verdict.to_json() == {
        "verdict": "healthy",
        "evidence": "No step yet; starting can take minutes.",
        "advice": "Nothing to do.",
    }


def test_several_faults_are_told_in_order_of_weight() -> None:
    """A diverging run on a hot card gets both verdicts, the loss first."""
    plan = Plan(loss=lambda step: math.nan if step > 870 else 0.4, celsius=after(ONSET, 109, 80))
    last = list(looks(plan))[-1][1]
    assert [each.kind for each in judge(last)] == [Kind.DIVERGING, Kind.THERMALLY_LIMITED]
