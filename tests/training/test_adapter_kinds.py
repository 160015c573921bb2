"""Every kind of adapter through the whole of `train`: groups, checkpoints, the run's record."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from small_runs import STEPS, adapter_digests, small_job

from fakes import peft_quiet
from underdog.adapters.adapter import alignments
from underdog.adapters.base import load_base
from underdog.adapters.lora import CONFIG_NAME, WEIGHTS_NAME
from underdog.adapters.settings import AdapterKind, AdapterSettings
from underdog.adapters.subspaces import top_subspaces
from underdog.errors import RunMismatchError
from underdog.runs.files import read_json
from underdog.runs.metrics import read_metrics
from underdog.training.loop import set_learning_rate
from underdog.training.record import TrainingJob
from underdog.training.trainer import adapted, train


def job_of(kind: str, base_folder: Path, out: Path) -> TrainingJob:
    """The small run with another adapter; what OPLoRA keeps goes beside the run."""
    protected = 5 if kind == "oplora" else None
    settings = AdapterSettings(rank=4, alpha=8, kind=AdapterKind(kind), protected=protected)
    job = small_job(base_folder, out)
    execution = replace(
        job.config.execution, subspace_folder=str(out.parent / f"{out.name}-subspaces")
    )
    return replace(job, adapter=settings, config=replace(job.config, execution=execution))


class DiesAfter:
    """A listener that ends the sitting between two steps, without a checkpoint."""

    def __init__(self, step: int) -> None:
        self._step, self._heard = step, 0

    def begin(self, task: str, total: int | None) -> None:
        """A task starts."""

    def advance(self, steps: int = 1, note: str = "") -> None:
        """Steps were done, possibly many at once after a continuation."""
        self._heard += steps
        if self._heard == self._step:
            raise EOFError

    def end(self) -> None:
        """The task is over."""


@pytest.mark.parametrize("kind", list(AdapterKind))
def test_a_continued_run_ends_in_the_same_bytes(
    kind: str, base_folder: Path, tmp_path: Path
) -> None:
    """Ended twice between two checkpoints; OPLoRA loses some subspaces on the way."""
    train(job_of(kind, base_folder, tmp_path / "whole"))
    out = tmp_path / "ended"
    for step in (5, 8):
        with pytest.raises(EOFError):
            train(job_of(kind, base_folder, out), progress=DiesAfter(step))
        for path in tmp_path.glob("ended-subspaces/*/*/*0.self_attn*"):
            path.unlink()
    result = train(job_of(kind, base_folder, out))
    assert (result.resumed_from, result.steps) == (6, STEPS)
    assert adapter_digests(out) == adapter_digests(tmp_path / "whole")


def test_dora_computes_activations_twice_to_the_same_weights(
    base_folder: Path, tmp_path: Path
) -> None:
    """Its step uses up what it kept; with activation checkpointing that is made anew each time, and
    with two parts to a step the norms are made once: no bit differs from the plain run.
    """
    weights = []
    for name, checkpointing in (("plain", 0), ("twice", 1)):
        job = job_of("dora", base_folder, tmp_path / name)
        execution = replace(
            job.config.execution, activation_checkpointing=checkpointing, accumulation=2
        )
        train(replace(job, config=replace(job.config, execution=execution)))
        weights.append((tmp_path / name / "adapter" / WEIGHTS_NAME).read_bytes())
    assert weights[0] == weights[1]


def test_magnitudes_have_a_rate_of_their_own_and_no_decay(
    base_folder: Path, tmp_path: Path
) -> None:
    """Five times the schedule's rate, at the start and after every change of it."""
    job = job_of("dora", base_folder, tmp_path / "train")
    decayed = replace(job.config.optimizer, weight_decay=0.1)
    job = replace(job, config=replace(job.config, optimizer=decayed))
    with adapted(job) as (trained, _):
        groups = {group["name"]: group for group in trained.optimizer.param_groups}
        assert {name: group["weight_decay"] for name, group in groups.items()} == {
            "lora": 0.1,
            "magnitude": 0.0,
        }
        assert groups["magnitude"]["lr"] == pytest.approx(5 * 1e-2)
        set_learning_rate(trained.optimizer, 2e-3)
        assert groups["lora"]["lr"] == 2e-3
        assert groups["magnitude"]["lr"] == pytest.approx(1e-2)


def test_the_first_step_of_magnitudes_is_five_times_as_long(
    base_folder: Path, tmp_path: Path
) -> None:
    """AdamW's first step moves every number by its rate: B by 1e-2, magnitudes by 5e-2."""
    moved: dict[str, float] = {}
    job = job_of("dora", base_folder, tmp_path / "train")
    with adapted(job) as (trained, _):
        before = {
            name: weight.detach().clone()
            for name, weight in trained.model.named_parameters()
            if weight.requires_grad
        }
        for name, weight in trained.model.named_parameters():
            if name in before:
                weight.grad = torch.ones_like(weight)
        set_learning_rate(trained.optimizer, 1e-2)
        trained.optimizer.step()
        for name, weight in trained.model.named_parameters():
            if name in before:
                part = "magnitude" if "magnitude" in name else "matrices"
                change = (weight.detach() - before[name]).abs().max().item()
                moved[part] = max(moved.get(part, 0.0), change)
    assert moved["matrices"] == pytest.approx(1e-2, rel=1e-3)
    assert moved["magnitude"] == pytest.approx(5e-2, rel=1e-3)


def test_another_kind_in_the_folder_is_refused(base_folder: Path, tmp_path: Path) -> None:
    """The kind is part of what a run is."""
    train(job_of("lora", base_folder, tmp_path / "train"))
    with pytest.raises(RunMismatchError, match=r"adapter\.kind was 'lora', now 'dora'"):
        train(job_of("dora", base_folder, tmp_path / "train"))


def test_oplora_tells_what_it_keeps_and_keeps_its_promise(
    base_folder: Path, tmp_path: Path
) -> None:
    """The size on disk is told, a second run computes nothing, and what `train` leaves leaks at
    most 1e-6 of |dW| in stock PEFT.
    """
    from peft import PeftModel

    heard: list[str] = []
    job = job_of("oplora", base_folder, tmp_path / "train")
    train(job, say=heard.append)
    folder = tmp_path / "train-subspaces"
    assert heard == [
        f"protected directions: 14 layers, 14 of them computed now, 0.0 MB in {folder}"
    ]
    told = [event for event in read_metrics(job.out).events if event["kind"] == "alignment"]
    assert [event["step"] for event in told] == [4, 9, 14]
    with adapted(job, say=heard.append) as (trained, _):
        names = alignments(trained.model).keys()
    for event in told:
        assert event["layers"].keys() == names
        assert 0 <= max(event["layers"].values()) < 1e-12
    assert "step 14, at most a share of " in told[-1]["sentence"]
    assert len(names) == 14
    assert "14 layers, 0 of them computed now" in heard[-1]
    with peft_quiet():
        stock = PeftModel.from_pretrained(
            load_base(base_folder).model, str(tmp_path / "train" / "adapter")
        )
    for layer in stock.modules():
        if hasattr(layer, "get_delta_weight"):
            change = layer.get_delta_weight("default").detach().double()
            left, right = (side.double() for side in top_subspaces(layer.base_layer.weight, 5))
            room = 1e-6 * torch.linalg.norm(change)
            assert torch.linalg.norm(left.T @ change) <= room
            assert torch.linalg.norm(change @ right) <= room


def test_the_kind_is_in_the_adapter_s_own_file(base_folder: Path, tmp_path: Path) -> None:
    """As PEFT writes it, so that nothing of underdog is needed to load it."""
    for kind, field in (("dora", "use_dora"), ("rslora", "use_rslora")):
        train(job_of(kind, base_folder, tmp_path / kind))
        assert read_json(tmp_path / kind / "adapter" / CONFIG_NAME)[field] is True
