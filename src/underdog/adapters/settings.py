"""What an adapter is made of, as plain values. Loads neither torch nor peft."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from underdog.errors import InputError

ALL_LINEAR = "all-linear"
"""Every linear layer except the output head; PEFT finds them."""
MAGNITUDE_RATE = 5.0
"""DoRA's magnitudes, one number per row, move by a share of themselves: at the matrices' rate they
hardly move at all (facts, fine-tuning.md section 1.4: 5 to 10 times is in use)."""
PROTECTED = 16
"""At the default rank OPLoRA's directions then cost as much memory as the adapter, k (in + out)
numbers a layer: 175 MB for an 8B model. In the embedded base they hold half of a layer's energy
(25 to 65 % of the squared singular values, 2026-11-21). The paper's own k could not be seen."""


class AdapterKind(StrEnum):
    """What is put beside each linear layer."""

    LORA = "lora"
    """W x + (alpha / rank) B A x."""
    RSLORA = "rslora"
    """The same, scaled by alpha / sqrt(rank): the step does not shrink as the rank grows."""
    DORA = "dora"
    """LoRA's direction with a trained length per row of the weight."""
    OPLORA = "oplora"
    """LoRA kept off the base's strongest directions, so that it cannot overwrite them."""


@dataclass(frozen=True, slots=True)
class AdapterSettings:
    """What is added to the base. A field of another kind is refused, not ignored."""

    rank: int = 16
    """Inner width of the two matrices, at least 1. 64 in the 72B recipes."""
    alpha: float = 32.0
    """The product is scaled by alpha / rank, rsLoRA's by alpha / sqrt(rank); above 0. Twice the
    rank is usual for the former."""
    dropout: float = 0.0
    """Share of inputs dropped in training, 0 to below 1. Above 0 the fast path is left."""
    targets: tuple[str, ...] = (ALL_LINEAR,)
    """Names of linear layers ("q_proj", ...), or "all-linear" alone."""
    kind: AdapterKind = AdapterKind.LORA
    """"lora", "rslora", "dora" or "oplora"."""
    b_rate: float = 1.0
    """Learning rate of B as a multiple of A's, above 0; LoRA+ takes 16 (Hayou et al. 2024, arXiv
    2402.12354, section 4.2)."""
    magnitude_rate: float | None = None
    """DoRA only: learning rate of the magnitudes as a multiple of A's, above 0; None for 5."""
    protected: int | None = None
    """OPLoRA only: directions of each layer that are kept, at least 1; None for 16."""

    def __post_init__(self) -> None:
        if self.rank < 1:
            raise InputError("a rank of at least 1", got=str(self.rank))
        if not _positive(self.alpha):
            raise InputError("an alpha above 0", got=str(self.alpha))
        if not 0 <= self.dropout < 1:
            raise InputError("a dropout from 0 to below 1", got=str(self.dropout))
        if not self.targets or (ALL_LINEAR in self.targets and len(self.targets) > 1):
            raise InputError(
                f'targets that name layers, or "{ALL_LINEAR}" alone', got=str(self.targets)
            )
        object.__setattr__(self, "kind", _kind(self.kind))
        self._check_fields_of_kinds()
        if not _positive(self.b_rate):
            raise InputError("a b_rate above 0", got=str(self.b_rate))

    def _check_fields_of_kinds(self) -> None:
        """Refuse what does not belong to the kind; fill in what does."""
        dora, oplora = self.kind is AdapterKind.DORA, self.kind is AdapterKind.OPLORA
        if (dora and self.protected is not None) or (oplora and self.magnitude_rate is not None):
            raise _impossible_pair(f"{self}")
        for name, mine, default in (
            ("magnitude_rate", dora, MAGNITUDE_RATE),
            ("protected", oplora, PROTECTED),
        ):
            value = getattr(self, name)
            if value is not None and not mine:
                owner = "dora" if name == "magnitude_rate" else "oplora"
                raise InputError(
                    f"{name} belongs to kind {owner}",
                    got=f"{value} for {self.kind}",
                    hint=f'kind = "{owner}", or no {name}',
                )
            if mine and value is None:
                object.__setattr__(self, name, default)
        if self.magnitude_rate is not None and not _positive(self.magnitude_rate):
            raise InputError("a magnitude_rate above 0", got=str(self.magnitude_rate))
        if self.protected is not None and self.protected < 1:
            raise InputError("protected directions of at least 1", got=str(self.protected))


def _positive(value: float) -> bool:
    return math.isfinite(value) and value > 0


def _kind(value: str) -> AdapterKind:
    names = set(value.replace("+", " ").replace(",", " ").split())
    if {AdapterKind.DORA, AdapterKind.OPLORA} <= names:
        raise _impossible_pair(value)
    try:
        return AdapterKind(value)
    except ValueError as error:
        known = ", ".join(AdapterKind)
        raise InputError(f"an adapter kind out of {known}", got=repr(value)) from error


def _impossible_pair(got: str) -> InputError:
    """Facts, fine-tuning.md section 1.3: W' = (m / |W + dW|) (W + dW) scales every row of W, so
    that W'v = W v no longer holds for a protected v.
    """
    return InputError(
        "DoRA or OPLoRA, not both: DoRA scales the rows of the whole weight, so the directions "
        "that OPLoRA protects would change all the same",
        got=got,
        hint='kind = "dora" without protected, or kind = "oplora" without magnitude_rate',
    )
