"""Killed, stopped, damaged: the same call goes on, and the weights do not show it."""

from __future__ import annotations

import random
import shutil
import signal
from dataclasses import replace
from pathlib import Path

import pytest
from small_runs import STEPS, Signaller, adapter_digests, child, small_job

from children import CHILDREN
from patience import PATIENCE_S, until
from underdog.errors import RunError, RunMismatchError
from underdog.runs.files import read_json, write_json
from underdog.runs.manifest import MANIFEST_NAME
from underdog.runs.metrics import METRICS_NAME, read_metrics
from underdog.training.checkpoint import list_checkpoints
from underdog.training.config import ExecutionConfig
from underdog.training.interrupts import StoppedBySignal
from underdog.training.record import TrainingJob
from underdog.training.trainer import train


@pytest.fixture(scope="session")
def uninterrupted(base_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Digests of the adapter that a run without a stop ends in."""
    out = tmp_path_factory.mktemp("uninterrupted") / "train"
    train(small_job(base_folder, out))
    return adapter_digests(out)


def run_child(
    base_folder: Path,
    out: Path,
    signaller: Signaller,
    *,
    dropout: float = 0.0,
    largest_file: int | None = None,
    kill_after_s: float | None = None,
) -> int:
    """Exit code of a child process, negative for a signal."""
    arguments = (base_folder, out, signaller, dropout, largest_file)
    process = CHILDREN.Process(target=child, args=arguments)
    process.start()
    process.join(kill_after_s)
    if process.is_alive() and kill_after_s is not None:
        process.kill()
    process.join(PATIENCE_S)
    assert process.exitcode is not None
    return process.exitcode


def test_kill_9_at_every_kind_of_moment_changes_no_bit(
    base_folder: Path, tmp_path: Path, uninterrupted: dict[str, str]
) -> None:
    """Killed before the first checkpoint, right after one, at a chunk's border, between two
    checkpoints and after the last step: the continued run ends in the same bytes.
    """
    out = tmp_path / "train"
    for step in (2, 3, 4, 8, 13, STEPS):
        assert run_child(base_folder, out, Signaller(step)) == -signal.SIGKILL
        assert not (out / "adapter").exists()
    result = train(small_job(base_folder, out))
    assert result.steps == STEPS
    assert adapter_digests(out) == uninterrupted
    assert [step.step for step in read_metrics(out).steps] == list(range(1, STEPS + 1))


@pytest.mark.slow
def test_kill_9_at_random_times_changes_no_bit(
    base_folder: Path, tmp_path: Path, uninterrupted: dict[str, str]
) -> None:
    """Killed by the clock, wherever that falls (imports, loading, a checkpoint half written). A
    sitting that is killed late stands still after six reports: the first is never the last one.
    """
    out, rng, kills = tmp_path / "train", random.Random(1), 0
    while kills < 6:
        delay_s = rng.uniform(0.05, 0.8)
        slow = Signaller(0, pause_s=0.03, hold=tmp_path / "never", reports=6)
        code = run_child(base_folder, out, slow, kill_after_s=delay_s)
        kills += code == -signal.SIGKILL
        if code == 0:
            break
    assert kills
    train(small_job(base_folder, out))
    assert adapter_digests(out) == uninterrupted


def test_dropout_continues_with_the_same_random_numbers(base_folder: Path, tmp_path: Path) -> None:
    """With dropout the random state matters: stopped at step 8 or not, the same bytes."""
    for name, step in (("whole", 0), ("killed", 8)):
        code = run_child(base_folder, tmp_path / name, Signaller(step), dropout=0.3)
        assert code == (-signal.SIGKILL if step else 0)
    train(small_job(base_folder, tmp_path / "killed", dropout=0.3))
    assert adapter_digests(tmp_path / "killed") == adapter_digests(tmp_path / "whole")


def stop_at(job: TrainingJob, step: int, number: int = signal.SIGTERM) -> StoppedBySignal:
    """Stop a run between two steps, in this process."""
    with pytest.raises(StoppedBySignal) as stopped:
        train(job, progress=Signaller(step, number))
    return stopped.value


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_ends_the_step_and_leaves_a_checkpoint(
    job: TrainingJob, uninterrupted: dict[str, str], number: int, status: int
) -> None:
    """The message says where it stopped, the handlers are put back, and the run goes on."""
    handlers = [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)]
    stopped = stop_at(job, 5, number)
    assert stopped.exit_status == status
    assert "stopped after step 5" in str(stopped)
    assert [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)] == handlers
    assert list_checkpoints(job.out)[-1].name == "step-00000005"
    result = train(job)
    assert result.resumed_from == 5
    assert adapter_digests(job.out) == uninterrupted


def flip_byte(path: Path, at: int) -> None:
    """Change one bit of one byte."""
    content = bytearray(path.read_bytes())
    content[at % len(content)] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize(
    "name", ["adapter.safetensors", "optimizer.pt", "random.pt", "state.json", "digests.json"]
)
def test_a_flipped_byte_falls_back_to_the_checkpoint_before_and_says_so(
    job: TrainingJob, uninterrupted: dict[str, str], name: str
) -> None:
    """Whichever file is damaged, it is named, the one before is used, and no bit changes."""
    stop_at(job, 11)
    newest = list_checkpoints(job.out)[-1]
    flip_byte(newest / name, 40)
    said: list[str] = []
    result = train(job, say=said.append)
    assert "checkpoint step-00000011 is damaged" in said[0]
    assert name in said[0] or name == "digests.json"  # a damaged digest accuses its file
    assert said[1] == "continuing after step 9"
    assert result.resumed_from == 9
    events = [event["kind"] for event in read_metrics(job.out).events]
    assert events == ["resumed", "corrupt_checkpoint"]
    assert adapter_digests(job.out) == uninterrupted


def test_with_every_checkpoint_damaged_the_run_starts_over(
    job: TrainingJob, uninterrupted: dict[str, str]
) -> None:
    """From step 0, saying so, to the same bytes; a missing file counts as damage too."""
    stop_at(job, 11)
    checkpoints = list_checkpoints(job.out)
    for folder in checkpoints[1:]:
        flip_byte(folder / "optimizer.pt", 1000)
    (checkpoints[0] / "digests.json").unlink()
    said: list[str] = []
    result = train(job, say=said.append)
    assert len([sentence for sentence in said if "is damaged" in sentence]) == 3
    assert said[-1] == "no whole checkpoint: from the start"
    assert result.resumed_from == 0
    assert adapter_digests(job.out) == uninterrupted
    assert [step.step for step in read_metrics(job.out).steps] == list(range(1, STEPS + 1))


def test_a_torn_line_of_metrics_is_cut_off(job: TrainingJob, uninterrupted: dict[str, str]) -> None:
    """Half a line at the end of the log costs nothing: every step is there once afterwards."""
    stop_at(job, 6)
    with (job.out / METRICS_NAME).open("a") as stream:
        stream.write('{"kind": "step", "st')
    train(job)
    assert [step.step for step in read_metrics(job.out).steps] == list(range(1, STEPS + 1))
    assert adapter_digests(job.out) == uninterrupted


def test_only_the_newest_checkpoints_stay(job: TrainingJob) -> None:
    """Of checkpoints every 3 steps and at borders (4, 9, 14) the last three remain."""
    train(job)
    names = [folder.name for folder in list_checkpoints(job.out)]
    assert names == ["step-00000009", "step-00000012", "step-00000014"]


def test_a_finished_run_is_only_reported(job: TrainingJob) -> None:
    """A second call trains nothing and gives the same result; without checkpoints too."""
    first = train(job)
    shutil.rmtree(job.out / "checkpoints")
    before = (job.out / METRICS_NAME).read_bytes()
    assert train(job) == first
    assert (job.out / METRICS_NAME).read_bytes() == before


def test_a_damaged_finished_adapter_is_made_again(
    job: TrainingJob, uninterrupted: dict[str, str]
) -> None:
    """A flipped byte in the final weights is found, said, and repaired from the checkpoint."""
    train(job)
    flip_byte(job.out / "adapter" / "adapter_model.safetensors", -1)
    said: list[str] = []
    result = train(job, say=said.append)
    assert "finished adapter is damaged" in said[0]
    assert result.resumed_from == STEPS
    assert adapter_digests(job.out) == uninterrupted


def test_another_recipe_in_the_same_folder_is_refused(job: TrainingJob) -> None:
    """The message names the setting with both values; nothing on disk changes."""
    stop_at(job, 4)
    before = sorted(job.out.rglob("*"))
    with pytest.raises(RunMismatchError, match=r"training\.seed was 3, now 4"):
        train(replace(job, config=replace(job.config, seed=4)))
    with pytest.raises(RunMismatchError, match="data_digest"):
        train(replace(job, rows=job.rows[:-1]))
    with pytest.raises(RunMismatchError, match=r"adapter\.rank was 4, now 8"):
        train(replace(job, adapter=replace(job.adapter, rank=8)))
    with pytest.raises(RunMismatchError, match="topic was"):
        train(replace(job, identity={"topic": "birds"}))
    assert sorted(job.out.rglob("*")) == before


def test_a_run_recorded_with_a_switch_goes_on_or_is_refused(
    job: TrainingJob, uninterrupted: dict[str, str]
) -> None:
    """Recorded activation_checkpointing false is 0 and goes on; true is 1, which 0 is not."""
    stop_at(job, 4)
    header = read_json(job.out / MANIFEST_NAME)
    for recorded in (True, False):
        header["identity"]["training"]["activation_checkpointing"] = recorded
        write_json(job.out / MANIFEST_NAME, header)
        if recorded:
            with pytest.raises(RunMismatchError, match="activation_checkpointing was True, now 0"):
                train(job)
    train(job)
    assert adapter_digests(job.out) == uninterrupted


def test_settings_that_cannot_change_the_result_may_change(
    job: TrainingJob, uninterrupted: dict[str, str]
) -> None:
    """Checkpoints at other steps and a number of threads given later are no other recipe, and
    without a number the first sitting's is kept.
    """
    stop_at(job, 4)
    config = replace(
        job.config,
        checkpoints=replace(job.config.checkpoints, every_steps=2),
        execution=ExecutionConfig(device="cpu"),
    )
    train(replace(job, config=config))
    assert adapter_digests(job.out) == uninterrupted


def test_a_full_disk_is_one_clear_error_and_nothing_is_lost(
    base_folder: Path, tmp_path: Path, uninterrupted: dict[str, str]
) -> None:
    """With files limited to 30 KB the first checkpoint fails; with room the run continues."""
    out = tmp_path / "train"
    assert run_child(base_folder, out, Signaller(0), largest_file=30_000) == 2
    error = (tmp_path / "error.txt").read_text()
    assert error.startswith("DiskFullError")
    assert "room to write the next two checkpoints" in error
    assert not list_checkpoints(out)
    train(small_job(base_folder, out))
    assert adapter_digests(out) == uninterrupted


def test_a_folder_serves_one_process_at_a_time(base_folder: Path, tmp_path: Path) -> None:
    """While one process trains in it, another is refused by name, and the first is not hurt."""
    out = tmp_path / "train"
    go_on = tmp_path / "go on"
    process = CHILDREN.Process(target=child, args=(base_folder, out, Signaller(0, hold=go_on)))
    process.start()
    until(lambda: (out / METRICS_NAME).exists() or not process.is_alive())
    with pytest.raises(RunError, match=f"held by process {process.pid}"):
        train(small_job(base_folder, out))
    go_on.touch()
    process.join(PATIENCE_S)
    assert process.exitcode == 0
    assert (out / "adapter").exists()
