"""The plan's memory against peaks that other people measured (`published.toml`)."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from underdog.adapters.settings import AdapterSettings
from underdog.hardware.gpus import find_gpu
from underdog.training.budget.activations import Pass
from underdog.training.budget.memory import Memory, peak_memory
from underdog.training.budget.shape import find_shape

PUBLISHED = tomllib.loads((Path(__file__).parent / "published.toml").read_text(encoding="utf-8"))[
    "measurement"
]
NOT_TENSORS = ("context and libraries", "fragmentation")
WITHIN = 0.15


def planned(row: dict[str, Any]) -> Memory:
    """What the planner says of the row's run."""
    adapter = AdapterSettings(row["rank"], 2.0 * row["rank"], row["dropout"], tuple(row["targets"]))
    one = Pass(
        row["rows"],
        row["length"],
        row["length"],
        row["dtype"],
        row["checkpointing"],
        wide_masks=False,
    )
    return peak_memory(find_shape(row["model"]), adapter, (one, one), find_gpu("a100"))


def ratio_of(row: dict[str, Any]) -> float:
    """Plan over measurement."""
    memory = planned(row)
    if row["measure"] == "device":
        return memory.middle / (row["gb"] * 1e9)
    tensors = sum(term.high for term in memory.terms if term.name not in NOT_TENSORS)
    return tensors / (row["gb"] * 1e9)


@pytest.mark.parametrize("row", PUBLISHED, ids=lambda row: row["who"])
def test_a_published_peak_is_met_or_the_reason_stated(row: dict[str, Any]) -> None:
    """The ratio is the one that is written down; without a reason it is within 15 %."""
    ratio = ratio_of(row)
    print(f"{row['who']}: plan / measured {ratio:.3f}")
    assert ratio == pytest.approx(row["ratio"], abs=0.001)
    assert row["url"].startswith("https://")
    if "off" not in row:
        assert abs(ratio - 1) <= WITHIN


def test_at_least_five_published_peaks_are_met() -> None:
    """Of two trainers, with and without checkpointing."""
    met = [row for row in PUBLISHED if "off" not in row]
    assert len(met) >= 5
    assert {row["checkpointing"] for row in met} == {0, 1}
    assert len({row["url"] for row in met}) >= 2


def test_more_rows_cost_what_was_measured() -> None:
    """From 4 to 8 rows of 4096 tokens 10.99 GB were measured; the plan adds 20 to 30 % more, for
    it counts three float32 copies of all logits.
    """
    four, eight = (row for row in PUBLISHED if row["model"].startswith("mistral"))
    added = ratio_of(eight) * eight["gb"] - ratio_of(four) * four["gb"]
    assert 1.2 < added / (eight["gb"] - four["gb"]) < 1.3
