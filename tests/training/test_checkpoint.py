"""Checkpoints on their own: listing, pruning, the optimizer's moments, random states."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from underdog.adapters.adapter import attach, rescale, scale_of
from underdog.adapters.base import Base
from underdog.adapters.lora import trainable_parameters
from underdog.adapters.settings import AdapterSettings
from underdog.errors import CorruptFileError, InputError
from underdog.runs.files import PARTIAL_MARK
from underdog.training.checkpoint import (
    Trained,
    check_checkpoint,
    list_checkpoints,
    put_contents,
    read_newest,
    save_checkpoint,
)
from underdog.training.config import CheckpointConfig
from underdog.training.guards.explosion import NormHistory
from underdog.training.remedies import Remedy
from underdog.training.snapshot import put_snapshot, take_snapshot
from underdog.training.state import LoopState, Reading, Score


def restore_newest(run: Path, trained: Trained, *, say: Callable[[str], None]) -> LoopState | None:
    """The newest whole checkpoint, put back as training does it."""
    contents = read_newest(run, say=say)
    return None if contents is None else put_contents(contents, trained)


def make_trained(base: Base, seed: int) -> Trained:
    model = attach(base.model, AdapterSettings(rank=2), seed=seed)
    return Trained(model, torch.optim.AdamW(trainable_parameters(model).values(), fused=True))


def take_step(trained: Trained) -> None:
    for weight in trainable_parameters(trained.model).values():
        weight.grad = torch.rand_like(weight)
    trained.optimizer.step()


def test_everything_comes_back(base_folder: Path, tmp_path: Path) -> None:
    """Weights, both moments of every weight, the state and the next random number."""
    from underdog.adapters.base import load_base

    trained = make_trained(load_base(base_folder), 0)
    take_step(trained)
    state = LoopState(step=7, samples=28, dropped=1, dropped_in_a_row=1, elapsed_s=1.5)
    save_checkpoint(tmp_path, trained, state, keep=1)
    drawn = torch.rand(3)
    other = make_trained(load_base(base_folder), 1)
    assert restore_newest(tmp_path, other, say=pytest.fail) == state
    assert torch.equal(torch.rand(3), drawn)
    pairs = zip(
        trainable_parameters(trained.model).values(),
        trainable_parameters(other.model).values(),
        strict=True,
    )
    for one, two in pairs:
        assert torch.equal(one, two)
        for name in ("exp_avg", "exp_avg_sq", "step"):
            kept, loaded = trained.optimizer.state[one][name], other.optimizer.state[two][name]
            assert torch.equal(kept, loaded)


def test_what_guards_know_comes_back(base_folder: Path, tmp_path: Path) -> None:
    """Remedies, norms, readings, scores, marks, the halved scale, and a snapshot of an earlier
    step, all equal.
    """
    from underdog.adapters.base import load_base

    trained = make_trained(load_base(base_folder), 0)
    reading = Reading(4, "0110", (0.1, 2.0, 0.3, 1 / 3), (2, 2), (1, 3), 0.5, 0.25, 1.25)
    state = LoopState(
        step=7,
        remedies=[Remedy("explosion", 5, 0, scale_factor=0.5), Remedy("memory", 6, 1, 1, 1, 1, 2)],
        norms=NormHistory((1.5, 0.1), 3.0, 2),
        losses=(3.3, 2),
        start=reading,
        best=replace(reading, step=6, nats=(), entropy=None, train_loss=None),
        scores=[Score(4, 0.5, 0.7, 4, 0.25), Score(6, 0.5, None, 4)],
        retained=("11", "10"),
        overfitting=6,
        overfitting_told=True,
    )
    state.snapshot = take_snapshot(trained.model, trained.optimizer, step=4)
    take_step(trained)
    before = scale_of(trained.model)
    rescale(trained.model, 0.5)
    save_checkpoint(tmp_path, trained, state, keep=1)
    other = make_trained(load_base(base_folder), 1)
    loaded = restore_newest(tmp_path, other, say=pytest.fail)
    assert loaded == state
    assert scale_of(other.model) == before / 2
    assert loaded is not None
    assert loaded.snapshot is not None
    assert state.snapshot is not None
    assert loaded.snapshot.step == 4
    for name, weight in state.snapshot.weights.items():
        assert torch.equal(loaded.snapshot.weights[name], weight)
    put_snapshot(loaded.snapshot, other.model, other.optimizer)
    fresh = make_trained(load_base(base_folder), 0)
    for one, two in zip(
        trainable_parameters(fresh.model).values(),
        trainable_parameters(other.model).values(),
        strict=True,
    ):
        assert torch.equal(one, two)
    assert not other.optimizer.state_dict()["state"]


def test_a_killed_writer_leaves_nothing_that_counts(base: Base, tmp_path: Path) -> None:
    """A half-written folder is never listed and is swept away on the way back."""
    half = tmp_path / "checkpoints" / f"step-00000005{PARTIAL_MARK}123"
    half.mkdir(parents=True)
    (half / "adapter.safetensors").write_bytes(b"half")
    assert list_checkpoints(tmp_path) == []
    assert restore_newest(tmp_path, make_trained(base, 0), say=pytest.fail) is None
    assert not half.exists()


def test_steps_are_ordered_as_numbers(base: Base, tmp_path: Path) -> None:
    """Step 100,000,000 comes after step 99,999,999, and pruning removes the lower one."""
    trained = make_trained(base, 0)
    for step in (99_999_999, 100_000_000):
        save_checkpoint(tmp_path, trained, LoopState(step=step), keep=1)
    assert [path.name for path in list_checkpoints(tmp_path)] == ["step-100000000"]


def test_digests_of_other_files_are_no_checkpoint(base: Base, tmp_path: Path) -> None:
    """A digest file that leaves out a file would let damage through: refused."""
    folder = save_checkpoint(tmp_path, make_trained(base, 0), LoopState(step=1), keep=1)
    check_checkpoint(folder)
    (folder / "digests.json").write_text("{}")
    with pytest.raises(CorruptFileError, match="digests of a checkpoint's files"):
        check_checkpoint(folder)


@pytest.mark.parametrize("wrong", [{"every_steps": 0}, {"keep": 0}])
def test_impossible_settings_are_refused(wrong: dict[str, int]) -> None:
    """Never and none."""
    with pytest.raises(InputError, match="every_steps and a keep of at least 1"):
        CheckpointConfig(**wrong)
