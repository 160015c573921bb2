"""Room on the disk: each part exact, and the first team's full disk foreseen."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from underdog.adapters.settings import AdapterSettings
from underdog.errors import InputError
from underdog.hardware.gpus import GIB
from underdog.inference.export.gguf_file import _matters
from underdog.training.budget.disk import Disk, Kept, estimate_disk, export_bytes, more_bits
from underdog.training.budget.shape import find_shape

BASE = find_shape("Qwen/Qwen2.5-72B-Instruct")
REJECTED = find_shape("Qwen/Qwen3-235B-A22B")
ADAPTER = AdapterSettings(64, 128.0)
THEIR_DISK_GIB = 697
THEIR_CACHE_GIB = 578
THEIR_MODEL_GIB = 130


def foreseen(*, also: bool, copies: int) -> Disk:
    """The first team's run: both bases they fetched, and the one they carried elsewhere."""
    kept = Kept(checkpoints=3, also=(REJECTED,) if also else (), copies=copies)
    return estimate_disk(BASE, ADAPTER, kept, dtype="bfloat16")


def test_the_cache_of_578_gb_is_foreseen_from_the_two_models_they_fetched() -> None:
    """Qwen2.5-72B and the rejected Qwen3-235B-A22B in 16 bit are 573 GiB: 1 % below what their
    disk showed. With the copy of the base they moved, 697 GB are full before the first step.
    """
    disk = foreseen(also=True, copies=1)
    assert disk.cache / GIB == pytest.approx(THEIR_CACHE_GIB, rel=0.01)
    assert disk.copies / GIB == pytest.approx(THEIR_MODEL_GIB, rel=0.05)
    assert (disk.cache + disk.copies) / GIB > THEIR_DISK_GIB
    assert disk.needed > THEIR_DISK_GIB * GIB
    assert disk.biggest == ("further models in the hub cache", 2 * REJECTED.weights)


def test_without_the_rejected_model_their_disk_was_large_enough() -> None:
    """Download, copy, four checkpoints and the merged export go on it, with a fifth to spare."""
    disk = foreseen(also=False, copies=1)
    assert disk.needed + disk.merged < THEIR_DISK_GIB * 1e9


@settings(max_examples=30)
@given(st.integers(1, 20), st.integers(0, 5), st.booleans(), st.integers(0, 3), st.booleans())
def test_parts_sum_to_what_is_needed(
    checkpoints: int, best: int, local: bool, copies: int, also: bool
) -> None:
    """With a fifth to spare; each part grows with what it is a part of."""
    kept = Kept(checkpoints, best, local, (REJECTED,) if also else (), copies)
    disk = estimate_disk(BASE, ADAPTER, kept, dtype="bfloat16")
    trained = 842_137_600
    assert disk.needed == pytest.approx(1.2 * sum(size for _, size in disk.parts()[:5]))
    assert disk.checkpoints == 12 * (checkpoints + 1) * trained
    assert disk.optimizer == 8 * (checkpoints + 1) * trained
    assert disk.adapters == 4 * (best + 1) * trained
    assert disk.copies == copies * 2 * BASE.weights
    assert disk.cache == 2 * ((0 if local else BASE.weights) + also * REJECTED.weights)


def test_exports_are_told_by_type_for_families_that_can_be_exported() -> None:
    """Smaller with fewer bits; the 7B model's f16 file is 2 bytes a weight, vectors 4."""
    shape = find_shape("Qwen/Qwen2.5-7B")
    sizes = export_bytes(shape)
    assert list(sizes) == ["f16", "q8_0", "q4_0", "q4_mixed"]
    assert 2 * shape.weights < sizes["f16"] < 2.001 * shape.weights
    assert sizes["f16"] > sizes["q8_0"] > sizes["q4_mixed"] > sizes["q4_0"]
    assert sizes["q8_0"] / sizes["f16"] == pytest.approx(17 / 32, rel=1e-3)
    assert export_bytes(REJECTED) == {}


@pytest.mark.parametrize("layers", range(1, 90))
def test_layers_with_more_bits_are_those_that_the_export_takes(layers: int) -> None:
    """Counted by the exporter's own rule."""
    names = [f"blk.{layer}.ffn_down.weight" for layer in range(layers)]
    assert more_bits(layers) == sum(_matters(name, layers) for name in names)


def test_a_negative_number_of_copies_is_refused() -> None:
    """The number stands in the message."""
    with pytest.raises(InputError, match="0 or more copies of the base"):
        estimate_disk(BASE, ADAPTER, Kept(copies=-1), dtype="bfloat16")
