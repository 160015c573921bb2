"""What an adapter is made of, as plain values. Loads neither torch nor peft."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from underdog.errors import InputError

ALL_LINEAR = "all-linear"
"""Every linear layer except the output head; PEFT finds them."""


class AdapterKind(StrEnum):
    """What is put beside each linear layer."""

    LORA = "lora"
    RSLORA = "rslora"
    DORA = "dora"
    OPLORA = "oplora"


@dataclass(frozen=True, slots=True)
class LoraSettings:
    """What is added to the base."""

    rank: int = 16
    """Inner width of the two matrices, at least 1. 64 in the 72B recipes."""
    alpha: float = 32.0
    """The product is scaled by alpha / rank; above 0. Twice the rank is usual."""
    dropout: float = 0.0
    """Share of inputs dropped in training, 0 to below 1. Above 0 the fast path is left."""
    targets: tuple[str, ...] = (ALL_LINEAR,)
    """Names of linear layers ("q_proj", ...), or "all-linear" alone."""
    kind: AdapterKind = AdapterKind.LORA
    """"lora", "rslora", "dora" or "oplora"."""
    magnitude_rate: float | None = None
    """DoRA only: learning rate of the magnitudes as a multiple of A's, above 0; None for 5."""
    protected: int | None = None
    """OPLoRA only: directions of each layer that are kept, at least 1; None for 16."""

    def __post_init__(self) -> None:
        if self.rank < 1:
            raise InputError("a rank of at least 1", got=str(self.rank))
        if not (math.isfinite(self.alpha) and self.alpha > 0):
            raise InputError("an alpha above 0", got=str(self.alpha))
        if not 0 <= self.dropout < 1:
            raise InputError("a dropout from 0 to below 1", got=str(self.dropout))
        if not self.targets or (ALL_LINEAR in self.targets and len(self.targets) > 1):
            raise InputError(
                f'targets that name layers, or "{ALL_LINEAR}" alone', got=str(self.targets)
            )


AdapterSettings = LoraSettings
