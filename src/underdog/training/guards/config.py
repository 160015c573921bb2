"""The limits of the guards, and what a run does when one is passed. Loads no torch."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from underdog.errors import InputError


class Guard(StrEnum):
    """Who judged; the name under which events and remedies are recorded."""

    NON_FINITE = "non_finite"
    """Losses or gradients that are no finite numbers."""
    EXPLOSION = "explosion"
    """Gradients far above what this run is used to."""
    COLLAPSE = "collapse"
    """Answers that no longer depend on the question."""
    MEMORY = "memory"
    """A step that does not fit into memory."""
    DISK = "disk"
    """No room for the next checkpoints."""
    STALL = "stall"
    """No step for a long time."""


class OnGuard(StrEnum):
    """What follows a verdict."""

    STOP = "stop"
    """The run ends with the cause; the same command with "remedy" goes on."""
    REMEDY = "remedy"
    """The guard's remedy is applied, recorded, and the run goes on."""


@dataclass(frozen=True, slots=True)
class GuardConfig:
    """Limits that decide the result: they are part of what a run is."""

    max_gradient_norm: float = 1.0
    """Gradients are scaled down to this Euclidean norm; above 0. `transformers`' default."""
    patience: int = 5
    """Steps without finite numbers in a row that call for a remedy, at least 1."""
    explosion_factor: float = 10.0
    """Norms above this many running medians are suspicious; above 1. Ordinary runs of the tiny
    base stay below 2.5 (558 steps, 2026-11-21); reported explosions are 17 and more
    (unsloth issue 577)."""
    explosion_steps: int = 3
    """Suspicious norms in a row that are an explosion, at least 1."""
    explosion_window: int = 50
    """Norms the running median is over, at least 10."""
    snapshot_every: int = 25
    """Steps between the copies in memory that a remedy goes back to, at least 1; chunk borders
    have one too. A divisor of `checkpoints.every_steps` keeps checkpoints small."""
    remedies: int = 3
    """Times that one guard may apply its remedy before it ends the run, at least 0."""
    collapse_nats: float = 0.5
    """Growth of KL(places of answers, places of keys) since the start that is a collapse; above 0.
    Among four letters 0.5 nats are about three answers in four on one letter."""

    def __post_init__(self) -> None:
        if not self.max_gradient_norm > 0 or self.patience < 1:
            raise InputError(
                "a max_gradient_norm above 0 and a patience of at least 1",
                got=f"{self.max_gradient_norm}, {self.patience}",
            )
        if not self.explosion_factor > 1 or self.explosion_steps < 1 or self.explosion_window < 10:
            raise InputError(
                "an explosion_factor above 1, explosion_steps of at least 1 and an "
                "explosion_window of at least 10",
                got=f"{self.explosion_factor}, {self.explosion_steps}, {self.explosion_window}",
            )
        if self.snapshot_every < 1 or self.remedies < 0 or not self.collapse_nats > 0:
            raise InputError(
                "snapshot_every of at least 1, remedies of at least 0 and collapse_nats above 0",
                got=f"{self.snapshot_every}, {self.remedies}, {self.collapse_nats}",
            )


@dataclass(frozen=True, slots=True)
class WatchConfig:
    """What follows a verdict, and how long is waited. It may change between sittings: up to the
    first verdict a run under "stop" is the same as one under "remedy".
    """

    on_guard: OnGuard = OnGuard.REMEDY
    """"remedy" to repair and go on, "stop" to end the run with the cause."""
    stall_s: float = 120.0
    """Seconds without a step, at least, that are a stall; above 0."""
    disk_wait_s: float = 600.0
    """Longest wait for room on the disk, in seconds, at least 0."""

    def __post_init__(self) -> None:
        if not self.stall_s > 0 or not self.disk_wait_s >= 0:
            raise InputError(
                "stall_s above 0 and disk_wait_s of at least 0",
                got=f"{self.stall_s}, {self.disk_wait_s}",
            )
