"""Room on the disk that a run takes, part by part."""

from __future__ import annotations

from typing import NamedTuple

from underdog.adapters.settings import AdapterSettings
from underdog.training.budget.activations import FLOAT32, WIDTHS
from underdog.training.budget.adapter_size import trainable_weights
from underdog.training.budget.memory import ADAM_BYTES
from underdog.training.budget.shape import Shape

PUBLISHED_WIDTH = 2
"""Hub repositories of these families hold bfloat16."""
SPARE = 1.2
"""Asked for beyond the sum: the first team lost a day to a full disk."""


class Disk(NamedTuple):
    """Bytes. `checkpoints` holds those that stay and the one being written; `merged` is wanted only
    when the adapter is folded into the base.
    """

    download: int
    checkpoints: int
    adapters: int
    merged: int

    @property
    def needed(self) -> float:
        """What has to be free, without the merged export."""
        return SPARE * (self.download + self.checkpoints + self.adapters)


def estimate_disk(
    shape: Shape, adapter: AdapterSettings, *, dtype: str, kept: int, local: bool
) -> Disk:
    """`kept` checkpoints stay; `local` says that the base is on this machine already."""
    trained = trainable_weights(shape, adapter)
    return Disk(
        download=0 if local else shape.weights * PUBLISHED_WIDTH,
        checkpoints=(kept + 1) * trained * (FLOAT32 + ADAM_BYTES),
        adapters=2 * trained * FLOAT32,  # the last one and the best one
        merged=shape.weights * WIDTHS[dtype],
    )
