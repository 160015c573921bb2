"""Where a run is: everything that a checkpoint keeps beside weights, moments and random states."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from underdog.training.guards.collapse import Answers
from underdog.training.guards.explosion import NormHistory
from underdog.training.guards.overfitting import Held
from underdog.training.remedies import Remedy, from_json
from underdog.training.snapshot import Snapshot

ASKED_AT_ONCE = 64
"""Questions put to the model at once, until memory does not suffice: between two slices the
watchdog hears that the run lives."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How a fixed set of questions was answered after `step` steps. `right` holds "1" or "0" per
    question; `nats` -ln p of each right choice, empty when the answers had no probabilities.
    """

    step: int
    right: str
    nats: tuple[float, ...]
    places: tuple[int, ...]
    keys: tuple[int, ...]
    entropy: float | None
    chance: float
    train_loss: float | None

    @property
    def marks(self) -> tuple[bool, ...]:
        """In the order of the questions."""
        return tuple(mark == "1" for mark in self.right)

    @property
    def accuracy(self) -> float:
        """The share of right answers."""
        return self.right.count("1") / len(self.right)

    @property
    def loss(self) -> float | None:
        """Mean of -ln p of the right choice among the choices, in nats."""
        return sum(self.nats) / len(self.nats) if self.nats else None

    def answers(self) -> Answers:
        """As the collapse guard reads it."""
        right = self.right.count("1")
        return Answers(right, len(self.right), self.places, self.keys, self.entropy, self.chance)

    def held(self) -> Held:
        """As the judge of overfitting reads it."""
        return Held(self.marks, self.nats, self.train_loss)

    def better_than(self, other: Reading | None) -> bool:
        """More right, or as many with a lower loss; the earlier of two equal ones is kept."""
        if other is None:
            return True
        if self.right.count("1") != other.right.count("1"):
            return self.right.count("1") > other.right.count("1")
        return self.loss is not None and other.loss is not None and self.loss < other.loss


@dataclass(frozen=True, slots=True)
class Score:
    """One line of a run's history: the validation after `step`, and retention where measured."""

    step: int
    accuracy: float
    loss: float | None
    questions: int
    retention: float | None = None


@dataclass(slots=True)
class LoopState:
    """Where the loop is. `step` is the number of batches done, dropped ones included.

    `losses` are the sum and the number of steps' losses since the last validation. `start` and
    `best` are the readings before the first step and the best one after it, `retained` the marks
    of the retention set before the first step and at the last border. `overfitting` is the step
    from which held-out questions went worse, `overfitting_told` whether that was said already.
    `asked_at_once` are the questions of an examination that fit into memory together.
    `snapshot` is the copy that remedies go back to.
    """

    step: int = 0
    samples: int = 0
    dropped: int = 0
    dropped_in_a_row: int = 0
    elapsed_s: float = 0.0
    remedies: list[Remedy] = field(default_factory=list)
    norms: NormHistory = field(default_factory=NormHistory)
    losses: tuple[float, int] = (0.0, 0)
    start: Reading | None = None
    best: Reading | None = None
    scores: list[Score] = field(default_factory=list)
    retained: tuple[str, str] | None = None
    overfitting: int | None = None
    overfitting_told: bool = False
    asked_at_once: int = ASKED_AT_ONCE
    snapshot: Snapshot | None = field(default=None, compare=False, repr=False)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values; `snapshot` is left to the checkpoint's own file."""
        snapshot, self.snapshot = self.snapshot, None  # `asdict` would copy its tensors
        value = asdict(self)
        self.snapshot = snapshot
        del value["snapshot"]
        return value

    def follow(self, value: Mapping[str, Any]) -> None:
        """Become what `to_json` of another process's state says; the snapshot stays one's own."""
        theirs = LoopState.from_json(value)
        for each in fields(self):
            if each.name != "snapshot":
                setattr(self, each.name, getattr(theirs, each.name))

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> LoopState:
        """Undo `to_json`, through JSON as well."""
        norms, retained = value["norms"], value["retained"]
        state = cls(**value)
        state.remedies = from_json(value["remedies"])
        state.norms = NormHistory(tuple(norms["calm"]), norms["peak"], norms["suspicious_in_a_row"])
        state.losses = (value["losses"][0], value["losses"][1])
        state.start, state.best = _reading(value["start"]), _reading(value["best"])
        state.scores = [Score(**each) for each in value["scores"]]
        state.retained = None if retained is None else (retained[0], retained[1])
        return state


def _reading(value: Mapping[str, Any] | None) -> Reading | None:
    if value is None:
        return None
    lists = {name: tuple(value[name]) for name in ("nats", "places", "keys")}
    return Reading(**{**value, **lists})
