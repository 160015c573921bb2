"""The plan's memory against peaks that other people measured (`published.toml`)."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from underdog.adapters.settings import AdapterSettings
from underdog.hardware.gpus import find_gpu
from underdog.training.budget.activations import Pass
from underdog.training.budget.memory import Memory, peak_memory
from underdog.training.budget.shape import Shape, find_shape, shape_of

_FILE = tomllib.loads((Path(__file__).parent / "published.toml").read_text(encoding="utf-8"))
PUBLISHED = _FILE["measurement"]
NOT_TENSORS = ("context and libraries", "fragmentation")
WITHIN = 0.15
FUSED = 8 / 12
"""Of a plain loss's bytes a logit: a kernel that writes the gradient over the logits holds 16-bit
logits, their float32 copy and a 16-bit gradient.
"""


def shape_for(row: dict[str, Any]) -> Shape:
    """A known one, or the one that the file brings."""
    brought = _FILE["shapes"].get(row["model"])
    return find_shape(row["model"]) if brought is None else shape_of(brought, row["model"])


def planned(row: dict[str, Any], shape: Shape) -> Memory:
    """What the planner says of the row's run, with a shape's loss over all its tokens."""
    adapter = AdapterSettings(row["rank"], 2.0 * row["rank"], row["dropout"], tuple(row["targets"]))
    one = Pass(
        row["rows"],
        row["length"],
        row["length"],
        row["dtype"],
        row["checkpointing"],
        wide_masks=False,
    )
    parts = row.get("accumulation", 1)
    return peak_memory(shape, adapter, (one, one), find_gpu("a100"), accumulation=parts)


def tensors_bytes(row: dict[str, Any]) -> float:
    """All terms but context and fragmentation, with the loss as the row's program computes it."""
    shape = shape_for(row)
    terms = {term.name: term.high for term in planned(row, shape).terms}
    logits = terms.get("logits at answers", 0.0)
    tensors = sum(size for name, size in terms.items() if name not in NOT_TENSORS)
    if row.get("loss", "plain") == "plain":
        return tensors
    small = replace(shape, vocabulary=1)  # all logits never stand at once
    without = {term.name: term.high for term in planned(row, small).terms}
    chunked = sum(size for name, size in without.items() if name not in NOT_TENSORS)
    chunked += 2 * (shape.weights - small.weights)
    return chunked if row["loss"] == "chunked" else max(chunked, tensors - (1 - FUSED) * logits)


def ratio_of(row: dict[str, Any]) -> float:
    """Plan over measurement."""
    if row["measure"] == "device":
        return planned(row, shape_for(row)).middle / (row["gb"] * 1e9)
    return tensors_bytes(row) / (row["gb"] * 1e9)


@pytest.mark.parametrize("row", PUBLISHED, ids=lambda row: row["who"])
def test_a_published_peak_is_met_or_the_reason_stated(row: dict[str, Any]) -> None:
    """The ratio is the one that is written down; without a reason it is within 15 %."""
    ratio = ratio_of(row)
    print(f"{row['who']}: plan / measured {ratio:.3f}")
    assert ratio == pytest.approx(row["ratio"], abs=0.001)
    assert row["url"].startswith("https://")
    if "off" not in row:
        assert abs(ratio - 1) <= WITHIN


def test_most_published_peaks_are_met() -> None:
    """Two of 39 are not, and say why; with and without checkpointing, each kind of loss."""
    met = [row for row in PUBLISHED if "off" not in row]
    assert (len(PUBLISHED), len(met)) == (39, 37)
    assert {row["checkpointing"] for row in met} == {0, 1}
    assert {row.get("loss", "plain") for row in met} == {"plain", "fused", "chunked"}
    assert len({row["url"] for row in met}) == 7


def test_more_rows_cost_what_was_measured() -> None:
    """From 4 to 8 rows of 4096 tokens 10.99 GB were measured; the plan adds 20 to 30 % more, for
    it counts three float32 copies of all logits.
    """
    four, eight = PUBLISHED[:2]
    added = ratio_of(eight) * eight["gb"] - ratio_of(four) * four["gb"]
    assert 1.2 < added / (eight["gb"] - four["gb"]) < 1.3


def test_without_logits_rows_cost_what_was_measured_within_three_percent() -> None:
    """Where a loss in chunks leaves the logits out, a token's price is the blocks' alone."""
    four, _, sixteen = (row for row in PUBLISHED if row.get("loss") == "chunked")
    added = ratio_of(sixteen) * sixteen["gb"] - ratio_of(four) * four["gb"]
    assert added / (sixteen["gb"] - four["gb"]) == pytest.approx(1, abs=0.035)
