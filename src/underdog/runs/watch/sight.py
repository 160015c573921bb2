"""What is known of a run at one moment: its own words beside the machine's readings.

In: what an observer brought. Out: values that verdicts judge and pages draw. Runs on Python 3.10,
for observers are sent to other machines. Never: a file, a clock, a judgement.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from underdog.hardware.telemetry.reading import Reading


@dataclass(frozen=True, slots=True)
class Beat:
    """One sign of life: an optimizer step, a log entry of several steps, or an epoch.

    `at_s` is when it was written, in seconds since 1970; `loss` may be NaN or infinite, None where
    the entry had none.
    """

    at_s: float
    step: int
    loss: float | None = None
    chunk: int | None = None
    samples_per_s: float | None = None
    grad_norm: float | None = None
    learning_rate: float | None = None


@dataclass(frozen=True, slots=True)
class Score:
    """What an examination gave, the more the better: an accuracy or a mean average precision."""

    at_s: float
    step: int
    name: str
    value: float


@dataclass(frozen=True, slots=True)
class Facts:
    """What holds now. `total` counts beats' steps to the end, None where nobody says it; `alive`
    is None where no process is known; `fault` is the last line of an error in a log or the
    sentence of a guard that stopped the run; `beat_s` is when the run last wrote anything.
    """

    name: str
    kind: str
    now_s: float
    unit: str = "step"
    total: int | None = None
    pid: int | None = None
    alive: bool | None = None
    finished: bool = False
    fault: str | None = None
    started_s: float | None = None
    beat_s: float | None = None


@dataclass(frozen=True, slots=True)
class Observation:
    """What came since the last one. `dropped_after` names a step: later beats no longer hold."""

    facts: Facts
    beats: tuple[Beat, ...] = ()
    scores: tuple[Score, ...] = ()
    readings: tuple[Reading, ...] = ()
    events: tuple[str, ...] = ()
    dropped_after: int | None = None

    def to_json(self) -> dict[str, Any]:
        """As one line between machines."""
        return {
            "facts": asdict(self.facts),
            "beats": [asdict(beat) for beat in self.beats],
            "scores": [asdict(score) for score in self.scores],
            "readings": [reading.to_json() for reading in self.readings],
            "events": list(self.events),
            "dropped_after": self.dropped_after,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Observation:
        """What `to_json` gave."""
        return cls(
            Facts(**_known(Facts, value["facts"])),
            tuple(Beat(**_known(Beat, beat)) for beat in value["beats"]),
            tuple(Score(**_known(Score, score)) for score in value["scores"]),
            tuple(Reading.from_json(reading) for reading in value["readings"]),
            tuple(value["events"]),
            value["dropped_after"],
        )


def _known(kind: type, table: Mapping[str, Any]) -> dict[str, Any]:
    return {each.name: table[each.name] for each in fields(kind) if each.name in table}


@dataclass(slots=True)
class Sight:
    """Everything seen so far, oldest first. `readings` reach back `kept_s` at most."""

    facts: Facts
    beats: list[Beat] = field(default_factory=list)
    scores: list[Score] = field(default_factory=list)
    readings: list[Reading] = field(default_factory=list)
    events: list[str] = field(default_factory=list)
    kept_s: float = 3600.0

    def see(self, observation: Observation) -> None:
        """Take in what is new."""
        self.facts = observation.facts
        after = observation.dropped_after
        if after is not None:
            self.beats = [beat for beat in self.beats if beat.step <= after]
            self.scores = [score for score in self.scores if score.step <= after]
        self.beats += observation.beats
        self.scores += observation.scores
        self.events += observation.events
        self.readings += observation.readings
        if self.readings and self.readings[0].at_s < self.readings[-1].at_s - 1.25 * self.kept_s:
            oldest = self.readings[-1].at_s - self.kept_s
            self.readings = [each for each in self.readings if each.at_s >= oldest]

    @property
    def now_s(self) -> float:
        """The moment of the last observation."""
        return self.facts.now_s

    def recent(self, seconds: float) -> list[Reading]:
        """Readings of the last seconds, oldest first."""
        start = len(self.readings)
        while start and self.readings[start - 1].at_s >= self.now_s - seconds:
            start -= 1
        return self.readings[start:]
