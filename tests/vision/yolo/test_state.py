"""States come back to the bit, never run anything, and a damaged one costs one epoch."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import torch

from underdog.errors import CorruptFileError, InputError
from underdog.runs.files import digest_file, write_json
from underdog.vision.yolo.state import (
    STATES_NAME,
    Best,
    State,
    read_best,
    read_newest,
    write_best,
    write_state,
)


def state(epoch: int) -> State:
    weights = {"w": torch.full((3,), 1 / 3 + epoch), "n": torch.tensor(epoch)}
    optimizer = {"state": {0: {"step": torch.tensor(1.0)}}, "param_groups": [{"lr": 0.1}]}
    return State(epoch, 10 * epoch, 1.5, False, weights, weights, 7, optimizer, {}, None, 0, 2)


def same(one: Any, other: Any) -> bool:
    if isinstance(one, torch.Tensor):
        return torch.equal(one, other)
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)


def test_the_newest_state_comes_back_to_the_bit_and_two_are_kept(tmp_path: Path) -> None:
    """All fields, tensors included; older files are gone."""
    for epoch in range(4):
        write_state(tmp_path, state(epoch))
    found = read_newest(tmp_path, say=pytest.fail)
    assert found is not None
    assert all(same(getattr(found, name), getattr(state(3), name)) for name in State.__slots__)
    names = sorted(path.name for path in (tmp_path / STATES_NAME).glob("*.pt"))
    assert names == ["epoch-000002.pt", "epoch-000003.pt"]


@pytest.mark.parametrize("damage", ["torn", "no digest"])
def test_a_damaged_state_is_told_and_the_one_before_it_is_taken(
    tmp_path: Path, damage: str
) -> None:
    """A torn file, or one whose digest a kill kept from being written."""
    for epoch in range(2):
        write_state(tmp_path, state(epoch))
    newest = tmp_path / STATES_NAME / "epoch-000001.pt"
    if damage == "torn":
        newest.write_bytes(newest.read_bytes()[:100])
    else:
        newest.with_suffix(".json").unlink()
    told: list[str] = []
    found = read_newest(tmp_path, say=told.append)
    assert found is not None
    assert found.epoch == 0
    assert len(told) == 1
    assert "epoch-000001" in told[0]


def test_no_state_is_none(tmp_path: Path) -> None:
    """A fresh folder has nothing to say."""
    assert read_newest(tmp_path, say=pytest.fail) is None


class Bomb:
    """Unpickled, it would make a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize("name", ["epoch-000000.pt", "best.pt"])
def test_code_in_a_state_never_runs(tmp_path: Path, name: str) -> None:
    """A pickle with a valid digest is refused, not executed."""
    path, trace = tmp_path / STATES_NAME / name, tmp_path / "trace"
    path.parent.mkdir()
    torch.save({"epoch": Bomb(trace)}, path)
    write_json(path.with_suffix(".json"), {"sha256": digest_file(path)})
    told: list[str] = []
    if name == "best.pt":
        with pytest.raises(CorruptFileError, match="a state of a run"):
            read_best(tmp_path)
    else:
        assert read_newest(tmp_path, say=told.append) is None
        assert "damaged" in told[0]
    assert not trace.exists()


def test_the_best_weights_come_back_with_what_builds_their_model(tmp_path: Path) -> None:
    """Names stay in order; a folder without them is named."""
    best = Best(3, {"w": torch.ones(2)}, {"nc": 2, "head": [[-1, 1]]}, ("wide", "tall"), 64)
    write_best(tmp_path, best)
    found = read_best(tmp_path)
    assert found.names == ("wide", "tall")
    assert found.architecture == best.architecture
    assert torch.equal(found.average["w"], best.average["w"])
    with pytest.raises(InputError, match="with a whole epoch"):
        read_best(tmp_path / "nothing")
