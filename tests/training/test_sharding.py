"""A base cut up over two processes: the numbers of one process, whole adapters, one end for all."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from many import distance, run_many, told, trouble
from sabotage import held_out_rows
from small_runs import QUICK, adapter_digests, small_job

from underdog.adapters.adapter import attach
from underdog.adapters.settings import AdapterKind, AdapterSettings
from underdog.errors import InputError
from underdog.runs.metrics import read_metrics
from underdog.training.batches import Example
from underdog.training.checkpoint import list_checkpoints
from underdog.training.config import ExecutionConfig
from underdog.training.sharding import check_shardable, most_passes, shard_base
from underdog.training.step import share_of
from underdog.training.trainer import train

CUT = replace(QUICK, execution=replace(QUICK.execution, sharding="full"))


def test_a_cut_up_base_stops_and_goes_on_on_one_process_and_ends_where_one_does(
    base_folder: Path, tmp_path: Path
) -> None:
    """Stopped by SIGTERM in one of two processes, continued with the whole base on one: the adapter
    of a run on one process within 1e-6, in PEFT's own format.
    """
    alone = small_job(base_folder, tmp_path / "alone" / "train")
    train(alone)
    out = tmp_path / "cut" / "train"
    stop = trouble(1, 8, "SIGTERM")
    assert run_many(base_folder, out, config=CUT, trouble=stop) == [143, 143]
    assert "SIGTERM: stopped after step 8, checkpoint written" in told(out, 0)
    assert list_checkpoints(out)[-1].name == "step-00000008"
    cut, whole = (read_metrics(each).steps[:8] for each in (out, alone.out))
    assert [step.loss for step in cut] == pytest.approx([step.loss for step in whole], rel=1e-5)
    result = train(small_job(base_folder, out))
    assert result.resumed_from == 8
    assert distance(out, alone.out) < 1e-6


@pytest.mark.slow
def test_a_cut_up_base_under_oplora_ends_where_one_process_does(
    base_folder: Path, tmp_path: Path
) -> None:
    """Three rows per step in three parts, so that one process passes twice and the other once: the
    bytes of two processes with whole bases, and the same answers to the questions on the way.
    """
    schedule = replace(QUICK.schedule, batch_size=3)
    execution = replace(CUT.execution, accumulation=3, subspace_folder=str(tmp_path / "subspaces"))
    configs = [
        replace(QUICK, schedule=schedule, execution=replace(execution, sharding=sharding))
        for sharding in ("full", "none")
    ]
    adapter = AdapterSettings(rank=4, alpha=8, kind=AdapterKind.OPLORA, protected=4)
    outs = [tmp_path / name / "train" for name in ("cut", "whole")]
    asked = held_out_rows(12)
    for out, config in zip(outs, configs, strict=True):
        codes = run_many(base_folder, out, config=config, adapter=adapter, asked=asked)
        assert codes == [0, 0]
    assert adapter_digests(outs[0]) == adapter_digests(outs[1])
    cut, whole = (read_metrics(each).chunks for each in outs)
    assert [chunk.validation for chunk in cut] == [chunk.validation for chunk in whole]
    assert cut[0].validation is not None


@pytest.mark.slow
def test_a_lack_of_memory_ends_a_cut_up_run_with_its_cause(
    base_folder: Path, tmp_path: Path
) -> None:
    """The other process waits inside of a layer: no step can be tried again in more parts."""
    out = tmp_path / "train"
    codes = run_many(base_folder, out, config=CUT, trouble=trouble(0, 2, "memory"))
    assert codes[0] == 2
    assert "memory for a pass is needed in every process that holds a slice" in told(out, 0)
    (event,) = [each for each in read_metrics(out).events if each["kind"] == "stopped"]
    assert event["guard"] == "memory"


def test_dora_and_unknown_models_are_refused_with_the_reason() -> None:
    """Before a weight is cut."""
    with pytest.raises(InputError, match="whole copies of the base are needed for DoRA"):
        check_shardable(AdapterSettings(kind=AdapterKind.DORA))
    for kind in (AdapterKind.LORA, AdapterKind.RSLORA, AdapterKind.OPLORA):
        check_shardable(AdapterSettings(kind=kind))
    with pytest.raises(InputError, match='sharding "none" or "full"'):
        ExecutionConfig(sharding="half")


def test_a_model_that_names_no_layers_is_not_cut(base_folder: Path, tmp_path: Path) -> None:
    """It says so, instead of cutting nothing."""
    job = small_job(base_folder, tmp_path / "train")
    job.base.model._no_split_modules = None
    adapted = attach(job.base.model, job.adapter, seed=0)
    with pytest.raises(InputError, match="a model that names its layers is needed"):
        shard_base(adapted, count=2, device=torch.device("cpu"))


@pytest.mark.parametrize(
    ("rows", "parts", "count", "passes"),
    [(4, 1, 2, 1), (4, 3, 2, 1), (3, 3, 2, 2), (1, 1, 2, 1), (16, 8, 3, 3)],
)
def test_the_longest_share_decides_how_often_all_pass(
    rows: int, parts: int, count: int, passes: int
) -> None:
    """As many as the process with most parts has."""
    examples = [Example((1, 2, 3), 1)] * rows
    shares = [share_of(examples, parts=parts, rank=rank, count=count) for rank in range(count)]
    assert max(len(share.parts) for share in shares) == passes
    assert most_passes(examples, parts=parts, count=count) == passes
