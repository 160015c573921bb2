"""Stages are done once, repeated when their files or their inputs change."""

from __future__ import annotations

from itertools import count
from pathlib import Path

import pytest

from underdog.pipeline.stages import Stage, StageRecord, read_records, walk


class Walker:
    """Two stages: `first` writes its number of runs when told to vary, `second` copies it."""

    def __init__(self, out: Path) -> None:
        self.out, self.runs, self.told = out, {"first": 0, "second": 0}, [""]
        self.content, self.fail = "a", False

    def first(self) -> None:
        self.runs["first"] += 1
        (self.out / "one").mkdir(exist_ok=True)
        (self.out / "one" / "x").write_text(self.content, encoding="utf-8")

    def second(self) -> None:
        self.runs["second"] += 1
        if self.fail:
            raise KeyboardInterrupt
        (self.out / "two").write_text("b", encoding="utf-8")

    def walk(self) -> tuple[StageRecord, ...]:
        ticks = count()
        self.told.clear()
        stages = (Stage("first", ("one",), self.first), Stage("second", ("two",), self.second))
        return walk(stages, self.out, clock=lambda: float(next(ticks)), tell=self.told.append)


def test_finished_stages_are_kept(tmp_path: Path) -> None:
    """A second walk does nothing, says so, and keeps the records."""
    walker = Walker(tmp_path)
    records = walker.walk()
    assert [record.seconds for record in records] == [1.0, 1.0]
    assert walker.walk() == records == read_records(tmp_path)
    assert walker.runs == {"first": 1, "second": 1}
    assert walker.told == [
        "first: kept from an earlier sitting",
        "second: kept from an earlier sitting",
    ]


def test_an_interrupted_stage_is_done_again_and_earlier_ones_are_not(tmp_path: Path) -> None:
    """The record of a stage is written only after it returned."""
    walker = Walker(tmp_path)
    walker.fail = True
    with pytest.raises(KeyboardInterrupt):
        walker.walk()
    assert [record.name for record in read_records(tmp_path)] == ["first"]
    walker.fail = False
    walker.walk()
    assert walker.runs == {"first": 1, "second": 2}


def test_a_changed_file_repeats_its_stage_only_when_later_inputs_stay_equal(tmp_path: Path) -> None:
    """Repairing a damaged output that comes back equal does not repeat the stages after it."""
    walker = Walker(tmp_path)
    walker.walk()
    (tmp_path / "one" / "x").write_text("damaged", encoding="utf-8")
    walker.walk()
    assert walker.runs == {"first": 2, "second": 1}
    assert walker.told[0] == "first: repeated, because its files are not what was written"


def test_a_stage_is_repeated_when_what_it_was_built_on_changes(tmp_path: Path) -> None:
    """When an earlier stage leaves something else, the later ones are done again."""
    walker = Walker(tmp_path)
    walker.walk()
    (tmp_path / "one" / "x").unlink()
    walker.content = "c"
    walker.walk()
    assert walker.runs == {"first": 2, "second": 2}
    assert walker.told[1] == "second: repeated, because what it was built on has changed"
