"""What was run is shown as the headers have it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from underdog.report.folder import Part, read_record
from underdog.report.provenance import (
    is_digest,
    make_headers,
    make_latency,
    make_provenance,
    make_stages,
    recipe_name,
)
from underdog.runs.files import read_json


def test_the_header_is_shown_whole(finished_run: Path) -> None:
    """Recipe, seed, versions, digests and the machine; nothing is left out."""
    manifest = read_json(finished_run / "manifest.json")
    view = make_provenance(manifest)
    assert dict(view.main) == {
        "Recipe": "tiny",
        "Seed": "7",
        "Underdog": "0.1.0",
        "Started": "2026-11-20 12:04:31",
    }
    assert ("adapter.r", "16") in view.recipe
    assert ("inputs.bank", manifest["identity"]["inputs"]["bank"]) in view.identity
    assert dict(view.machine)["Memory"] == "8.32\u202fGB"
    assert "torch 2.13.0" in dict(view.machine)["Packages"]


@pytest.mark.parametrize(
    ("identity", "name"),
    [
        ({"recipe": "mi300x"}, "mi300x"),
        ({"recipe_name": "tiny", "recipe": {}}, "tiny"),
        ({"recipe": {"name": "tiny"}}, "tiny"),
        ({}, ""),
    ],
)
def test_the_recipe_is_found_where_it_is(identity: dict[str, object], name: str) -> None:
    """A header may name its recipe in several ways."""
    assert recipe_name(identity) == name
    assert make_provenance({"identity": identity, "context": {}}).title == name


def test_stages_are_bars_of_their_time(finished_run: Path) -> None:
    """The longest is full, a stage without a time is empty."""
    stages = read_json(finished_run / "stages.json")
    bars = {stage.name: stage for stage in make_stages(stages)}
    assert bars["train"].width == 100
    assert bars["data"].width == pytest.approx(100 * 6.214 / 131.877, abs=0.01)
    waiting = {"name": "match", "seconds": None, "status": "not done"}
    assert make_stages([waiting])[0].seconds == ""


def test_latency_is_by_model_in_the_evaluations_order(finished_run: Path) -> None:
    """Models that the evaluation does not know come last; unmeasured times are dashes."""
    record = read_record(finished_run)
    extra = {**record.latencies["base"], "load_s": None}
    record = replace(record, latencies={"another": extra, **record.latencies})
    rows = make_latency(record).value
    assert rows is not None
    assert [row.model for row in rows] == ["base", "tuned", "another"]
    assert (rows[0].p50, rows[0].p95) == ("8.10\u202fms", "11.2\u202fms")
    assert rows[2].load == "–"
    assert make_latency(replace(record, latencies={})).note
    assert make_latency(replace(record, results=Part(None, "x"))).value is not None


def test_digests_are_recognised() -> None:
    """64 hexadecimal digits, nothing else."""
    assert is_digest("0f" * 32)
    assert not is_digest("0f" * 31)
    assert not is_digest("xy" * 32)


def test_the_stages_own_headers_are_shown(finished_run: Path) -> None:
    """Digests of the inputs come from the folder that was made from them."""
    headers = make_headers(read_record(finished_run)).value
    assert headers is not None
    assert [name for name, _ in headers] == ["data"]
    summary = read_json(finished_run / "data/summary.json")
    assert ("files.bank", summary["files"][0]["digest"]) in headers[0][1]
