"""The convolution patch as training and detecting use it: on AMD GPUs, or where it is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from underdog.vision.conv.cache import ChoiceCache
from underdog.vision.conv.engine import BUDGET_BYTES, Engine
from underdog.vision.conv.patch import Patch, patched
from underdog.vision.conv.tune import TuneConfig, Tuner
from underdog.vision.yolo.precision import Device

CHOICES_NAME = "choices.json"
"""The choices of a run, in its folder."""


def patch_is_wanted(asked: bool | None, device: Device) -> bool:
    """As asked for; on AMD GPUs where nothing was asked."""
    return device.amd if asked is None else asked


@contextmanager
def patched_where_wanted(
    asked: bool | None,
    device: Device,
    *,
    cache: Path | None,
    budget_bytes: int = BUDGET_BYTES,
) -> Iterator[Patch | None]:
    """Convolutions and norms without the vendor's library for the block, or nothing changed.

    `cache` is the file of choices; a run keeps its own, so that it goes on by the same algorithms.
    """
    if not patch_is_wanted(asked, device):
        yield None
        return
    tuner = Tuner(ChoiceCache(cache), TuneConfig(budget_bytes=budget_bytes))
    with patched(Engine(tuner, budget_bytes)) as patch:
        yield patch
