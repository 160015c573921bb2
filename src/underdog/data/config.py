"""The settings of a build: together with the files they decide every byte of the set."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from underdog.data.conversion.config import ConversionConfig
from underdog.data.curriculum import Order
from underdog.data.difficulty import DEFAULT_SHARES, check_shares
from underdog.data.duplicates import DEFAULT_THRESHOLD
from underdog.data.mix import Mix
from underdog.data.quality import Rules
from underdog.errors import InputError


@dataclass(frozen=True, slots=True)
class DataConfig:
    """What `underdog data build` and a recipe's `[data]` table set."""

    seed: int = 0
    """Draws the validation groups, the distractors and the order within equal difficulty."""
    validation_share: float = 0.1
    """Share of the rows held out, from 0 to below 1; the first team held out 4,998 of 50,000."""
    chunks: int = 10
    """Parts of the curriculum, at least 1, at most one per row; the first team trained in ten."""
    order: Order = Order.EASY_TO_HARD
    """How difficulty changes from chunk to chunk."""
    shares: tuple[float, float, float] = DEFAULT_SHARES
    """Shares of easy, medium and hard rows; they sum to 1."""
    near_duplicates: float = DEFAULT_THRESHOLD
    """Jaccard index from which two questions are near-duplicates, above 0 to 1 (`duplicates`)."""
    bank_per_fact: int = 2
    """Questions made per fact when the bank is a source, at least 1."""
    rules: Rules = field(default_factory=Rules)
    """Which rows are good enough."""
    conversion: ConversionConfig = field(default_factory=ConversionConfig)
    """How open questions get their choices."""
    fit_difficulty: bool = False
    """Learn the weights of the guessed difficulty from the predictions given (`refit`)."""
    mix: Mix | None = None
    """Shares, caps and total of the sources; None takes every row."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "order", Order(self.order))
        object.__setattr__(self, "shares", check_shares(self.shares))
        wanted = (
            (
                "a validation_share from 0 to below 1",
                self.validation_share,
                0 <= self.validation_share < 1,
            ),
            ("1 to 32767 chunks", self.chunks, 1 <= self.chunks < 1 << 15),
            (
                "near_duplicates above 0, at most 1",
                self.near_duplicates,
                0 < self.near_duplicates <= 1,
            ),
            ("a bank_per_fact of at least 1", self.bank_per_fact, self.bank_per_fact >= 1),
        )
        for what, value, fits in wanted:
            if not fits:
                raise InputError(what, got=str(value))

    def to_json(self) -> dict[str, Any]:
        """As a plain JSON object."""
        return asdict(self)
