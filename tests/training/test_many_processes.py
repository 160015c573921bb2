"""One adapter from several processes: the numbers of one process, and one end for all."""

from __future__ import annotations

import shutil
import signal
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from many import distance, run_many, told, trouble
from small_runs import QUICK, STEPS, adapter_digests, small_job

from underdog.adapters.settings import AdapterKind, AdapterSettings
from underdog.errors import InputError
from underdog.runs.metrics import read_metrics
from underdog.training.checkpoint import list_checkpoints
from underdog.training.guards.config import GuardConfig
from underdog.training.remedies import Remedy
from underdog.training.snapshot import Snapshot
from underdog.training.state import LoopState, Score
from underdog.training.trainer import train


@pytest.fixture(scope="session")
def alone(base_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run on one process."""
    out = tmp_path_factory.mktemp("alone") / "train"
    torch.set_num_threads(1)
    train(small_job(base_folder, out))
    return out


@pytest.fixture(scope="session")
def pair(base_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run on two processes."""
    out = tmp_path_factory.mktemp("pair") / "train"
    assert run_many(base_folder, out) == [0, 0]
    return out


def test_two_processes_end_where_one_does(alone: Path, pair: Path) -> None:
    """Every weight within 1e-6 (float32 sums in another order), and the same numbers told."""
    assert distance(pair, alone) < 1e-6
    ours, theirs = read_metrics(pair).steps, read_metrics(alone).steps
    assert [step.step for step in ours] == list(range(1, STEPS + 1))
    for one, other in zip(ours, theirs, strict=True):
        assert one.loss == pytest.approx(other.loss, rel=1e-5)
        assert (one.samples, one.answer_tokens, one.input_tokens) == (
            other.samples,
            other.answer_tokens,
            other.input_tokens,
        )


def test_two_processes_are_one_with_two_parts_to_the_last_bit(
    base_folder: Path, pair: Path, tmp_path: Path
) -> None:
    """Nothing but the cut of a step into two passes differs from a run on one process."""
    job = small_job(base_folder, tmp_path / "train")
    parts = replace(job.config.execution, accumulation=2)
    train(replace(job, config=replace(job.config, execution=parts)))
    weights = [each / "adapter" / "adapter_model.safetensors" for each in (job.out, pair)]
    assert weights[0].read_bytes() == weights[1].read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize(
    "adapter",
    [
        AdapterSettings(rank=4, alpha=8, kind=AdapterKind.DORA),
        AdapterSettings(rank=4, alpha=8, kind=AdapterKind.OPLORA, protected=4),
    ],
    ids=["dora", "oplora"],
)
def test_norms_and_projections_are_those_of_one_process(
    base_folder: Path, tmp_path: Path, adapter: AdapterSettings
) -> None:
    """DoRA and OPLoRA to the last bit too; the directions are computed once."""
    folder = str(tmp_path / "subspaces")
    execution = replace(QUICK.execution, accumulation=2, subspace_folder=folder)
    config = replace(QUICK, execution=execution)
    out = tmp_path / "many" / "train"
    assert run_many(base_folder, out, config=config, adapter=adapter) == [0, 0]
    job = small_job(base_folder, tmp_path / "train")
    train(replace(job, config=config, adapter=adapter))
    assert adapter_digests(out) == adapter_digests(job.out)


@pytest.mark.slow
def test_three_processes_with_a_step_of_two_rows_lose_none(
    base_folder: Path, tmp_path: Path
) -> None:
    """Fewer rows than processes: the third has nothing to add, and all end in one adapter."""
    schedule = replace(QUICK.schedule, batch_size=2, epochs=1)
    config = replace(QUICK, schedule=schedule)
    assert run_many(base_folder, tmp_path / "many" / "train", count=3, config=config) == [0, 0, 0]
    job = small_job(base_folder, tmp_path / "train")
    train(replace(job, config=config))
    assert distance(tmp_path / "many" / "train", job.out) < 2e-6  # twice the steps


@pytest.mark.parametrize("rank", [0, 1])
def test_kill_9_of_one_process_ends_the_other_and_changes_no_bit(
    base_folder: Path, pair: Path, tmp_path: Path, rank: int
) -> None:
    """The survivor says that a process ended; the same call on two goes on to the same bytes."""
    out = tmp_path / "train"
    codes = run_many(base_folder, out, trouble=trouble(rank, 8, "SIGKILL"))
    assert codes[rank] == -signal.SIGKILL
    assert codes[1 - rank] == 2
    assert "RunError: all processes of the run are needed; got one that ended" in told(
        out, 1 - rank
    )
    assert list_checkpoints(out)[-1].name == "step-00000006"
    assert run_many(base_folder, out) == [0, 0]
    assert adapter_digests(out) == adapter_digests(pair)
    assert [step.step for step in read_metrics(out).steps] == list(range(1, STEPS + 1))


def test_a_signal_to_any_process_stops_all_after_the_same_step(
    base_folder: Path, alone: Path, pair: Path, tmp_path: Path
) -> None:
    """Both write that the checkpoint is there; it goes on on one process within 1e-6 of both runs,
    and back on two.
    """
    out = tmp_path / "train"
    assert run_many(base_folder, out, trouble=trouble(1, 5, "SIGTERM")) == [143, 143]
    for rank in (0, 1):
        assert "SIGTERM: stopped after step 5, checkpoint written" in told(out, rank)
    assert list_checkpoints(out)[-1].name == "step-00000005"
    result = train(small_job(base_folder, out))
    assert result.resumed_from == 5
    assert distance(out, alone) < 1e-6
    assert distance(out, pair) < 1e-6


@pytest.mark.slow
def test_a_checkpoint_of_one_process_goes_on_on_two(
    base_folder: Path, alone: Path, tmp_path: Path
) -> None:
    """As the other way round."""
    out = tmp_path / "train"
    assert run_many(base_folder, out, count=1, trouble=trouble(0, 8, "SIGKILL")) == [-9]
    assert run_many(base_folder, out) == [0, 0]
    assert distance(out, alone) < 1e-6


@pytest.mark.slow
def test_dropout_draws_its_own_numbers_in_every_process_and_continues_with_them(
    base_folder: Path, tmp_path: Path
) -> None:
    """Two runs on two processes are equal to the bit, one of them killed on the way."""
    outs = [tmp_path / name / "train" for name in ("whole", "killed")]
    assert run_many(base_folder, outs[0], dropout=0.3) == [0, 0]
    assert run_many(base_folder, outs[1], dropout=0.3, trouble=trouble(1, 8, "SIGKILL"))[1] == -9
    assert run_many(base_folder, outs[1], dropout=0.3) == [0, 0]
    assert adapter_digests(outs[0]) == adapter_digests(outs[1])


@pytest.mark.slow
def test_nan_in_one_process_is_dropped_by_all(base_folder: Path, tmp_path: Path) -> None:
    """The step reaches nobody's weights, the run goes on, and the adapters stay equal (each
    checkpoint compares them).
    """
    out = tmp_path / "train"
    assert run_many(base_folder, out, trouble=trouble(1, 5, "nan")) == [0, 0]
    metrics = read_metrics(out)
    dropped = [event for event in metrics.events if event["kind"] == "dropped"]
    assert [event["step"] for event in dropped] == [5]
    assert len(metrics.steps) == STEPS - 1


@pytest.mark.slow
def test_all_go_back_when_one_process_meets_nan_again_and_again(
    base_folder: Path, tmp_path: Path
) -> None:
    """One remedy, from every process's own copy of the same step; stopped later and continued, the
    bytes are those of the run that was not.
    """
    config = replace(QUICK, guard=GuardConfig(patience=3, snapshot_every=4))
    outs = [tmp_path / name / "train" for name in ("whole", "stopped")]
    nan = trouble(1, 6, "nan", times=3)
    assert run_many(base_folder, outs[0], config=config, trouble=nan) == [0, 0]
    events = read_metrics(outs[0]).events
    assert [event["guard"] for event in events if event["kind"] == "remedy"] == ["non_finite"]
    shutil.copytree(outs[0], outs[1])
    for name in ("adapter", "checkpoints/step-00000014", "checkpoints/step-00000012"):
        shutil.rmtree(outs[1] / name)
    (outs[1] / "result.json").unlink()
    assert run_many(base_folder, outs[1], config=config) == [0, 0]
    assert adapter_digests(outs[0]) == adapter_digests(outs[1])


@pytest.mark.slow
def test_too_little_memory_in_one_process_cuts_the_steps_of_all(
    base_folder: Path, pair: Path, tmp_path: Path
) -> None:
    """One remedy, told once: four parts instead of two; the same mathematics."""
    out = tmp_path / "train"
    assert run_many(base_folder, out, trouble=trouble(1, 2, "memory")) == [0, 0]
    remedies = [event for event in read_metrics(out).events if event["kind"] == "remedy"]
    assert [event["guard"] for event in remedies] == ["memory"]
    assert "4 parts per step" in remedies[0]["sentence"]
    assert distance(out, pair) < 2e-6


@pytest.mark.parametrize("rank", [0, 1])
def test_an_exception_in_one_process_ends_all(base_folder: Path, tmp_path: Path, rank: int) -> None:
    """With its own message there, and in the other one that a process ended."""
    out = tmp_path / "train"
    assert run_many(base_folder, out, trouble=trouble(rank, 5, "error")) == [2, 2]
    assert told(out, rank) == "ZeroDivisionError: a fault of our own"
    assert "all processes of the run are needed" in told(out, 1 - rank)


def test_an_error_of_the_main_process_is_told_by_all(base_folder: Path, pair: Path) -> None:
    """Another recipe in the folder: both say which key differs."""
    config = replace(QUICK, seed=4)
    assert run_many(base_folder, pair, config=config) == [2, 2]
    for rank in (0, 1):
        assert "training.seed was 3, now 4" in told(pair, rank)


@pytest.mark.parametrize("name", ["MEGATRON_LM", "DEEPSPEED"])
def test_cutting_up_the_base_is_refused_with_its_reason(
    base_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Before anything is written."""
    monkeypatch.setenv(f"ACCELERATE_USE_{name}", "true")
    job = small_job(base_folder, tmp_path / "train")
    with pytest.raises(InputError, match="or one cut up by FSDP, are needed"):
        train(job)
    assert not job.out.exists()


def test_what_the_main_process_found_is_taken_over_except_the_copy_in_memory() -> None:
    """Scores, remedies and readings; each process has its own snapshot, of the same step."""
    snapshot = Snapshot(3, {}, {})
    ours, theirs = LoopState(snapshot=snapshot), LoopState(step=4, losses=(2.0, 1))
    theirs.scores.append(Score(4, 0.5, 0.7, 10))
    theirs.remedies.append(Remedy("collapse", 4, 0, rate_factor=0.5))
    ours.follow(theirs.to_json())
    assert ours == theirs
    assert ours.snapshot is snapshot
