"""Runs in trouble: survived or stopped as the policy says, recorded, with finite weights."""

from __future__ import annotations

import json
import shutil
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from sabotage import HELD_OUT, STEPS, Saboteur, sabotaged_child, sabotaged_job
from safetensors.torch import load_file
from small_runs import adapter_digests

from children import CHILDREN
from fakes import numbered_questions
from patience import PATIENCE_S
from underdog.errors import CorruptFileError, DiskFullError, RunError, RunMismatchError
from underdog.runs.metrics import read_metrics
from underdog.training.checkpoint import list_checkpoints
from underdog.training.config import ValidationConfig
from underdog.training.guards.config import OnGuard
from underdog.training.record import TrainingJob, TrainingResult
from underdog.training.storage import Disk
from underdog.training.trainer import train


def run(job: TrainingJob, saboteur: Saboteur, **more: Any) -> TrainingResult:
    """The whole run under sabotage."""
    with saboteur.at_work(job.base.model):
        return train(job, ask=saboteur.ask, progress=saboteur, **more)


def events(job: TrainingJob, kind: str) -> list[Any]:
    return [event for event in read_metrics(job.out).events if event["kind"] == kind]


def weights(job: TrainingJob) -> dict[str, torch.Tensor]:
    found: dict[str, torch.Tensor] = load_file(job.out / "adapter" / "adapter_model.safetensors")
    return found


def alpha(folder: Path) -> float:
    return float(json.loads((folder / "adapter_config.json").read_text())["lora_alpha"])


@pytest.fixture
def job(base_folder: Path, tmp_path: Path) -> TrainingJob:
    return sabotaged_job(base_folder, tmp_path / "train")


@pytest.fixture
def stopping(base_folder: Path, tmp_path: Path) -> TrainingJob:
    return sabotaged_job(base_folder, tmp_path / "train", on_guard=OnGuard.STOP)


def test_an_ordinary_run_gives_no_alarm(job: TrainingJob) -> None:
    """No remedy, no dropped step; the same bytes as without a question asked."""
    result = run(job, Saboteur())
    assert result.remedies == []
    assert result.dropped_steps == 0
    assert {event["kind"] for event in read_metrics(job.out).events} == {"validation"}
    silent = replace(job, out=job.out.with_name("silent"))
    train(silent)
    assert adapter_digests(silent.out) == adapter_digests(job.out)


def test_a_run_of_nan_goes_back_and_lowers_the_learning_rate(job: TrainingJob) -> None:
    """Steps 6 to 8 are NaN: the snapshot of step 4 is restored, the rest runs at half the rate,
    and every weight is finite.
    """
    result = run(job, Saboteur(nan=(6, 7, 8)))
    assert [(each["guard"], each["step"]) for each in result.remedies] == [("non_finite", 8)]
    assert result.dropped_steps == 3
    (event,) = events(job, "remedy")
    assert event["restored_step"] == 4
    assert "weights of step 4 restored, learning rate of the rest times 0.5" in event["sentence"]
    rates = {step.step: step.learning_rate for step in read_metrics(job.out).steps}
    assert rates[5] == pytest.approx(1e-2)
    assert rates[9] == pytest.approx(7.5e-3 / 2)
    assert all(torch.isfinite(weight).all() for weight in weights(job).values())
    assert alpha(job.out / "adapter") == 8


def test_going_back_is_exact(job: TrainingJob, base_folder: Path) -> None:
    """With NaN to the end after step 4, the result is the weights of step 4 to the last bit."""
    run(job, Saboteur(nan=range(5, 9)))
    patient = replace(job.config, guard=replace(job.config.guard, remedies=99))
    spoiled = replace(job, out=job.out.with_name("spoiled"), config=patient)
    run(spoiled, Saboteur(nan=range(5, STEPS + 1)), say=lambda _: None)
    short = replace(job, out=job.out.with_name("short"))
    with pytest.raises(KeyboardInterrupt):
        run(short, _Interrupting(at=4))
    kept = load_file(list_checkpoints(short.out)[-1] / "adapter.safetensors")
    ended = weights(spoiled)
    assert all(torch.equal(kept[name], ended[name]) for name in kept)


class _Interrupting(Saboteur):
    """Ctrl-C after a step."""

    def __init__(self, at: int) -> None:
        super().__init__()
        self._at = at

    def advance(self, steps: int = 1, note: str = "") -> None:
        """Steps were done."""
        super().advance(steps, note)
        if self.heard == self._at:
            signal.raise_signal(signal.SIGINT)


def test_remedies_end(job: TrainingJob) -> None:
    """NaN from step 5 on: with one remedy allowed the second firing is the end, with its cause."""
    once = replace(job, config=replace(job.config, guard=replace(job.config.guard, remedies=1)))
    with pytest.raises(RunError) as stopped:
        run(once, Saboteur(nan=range(5, STEPS + 1)))
    told = "after 1 remedies, step 10: 3 dropped in a row, the last at step 10: the loss is nan"
    assert told in str(stopped.value)
    assert [event["guard"] for event in events(once, "stopped")] == ["non_finite"]


def test_an_explosion_goes_back_and_halves_the_scale(job: TrainingJob) -> None:
    """Two explosions: alpha 8 becomes 4 and then 2, in the saved adapter and in PEFT."""
    result = run(job, Saboteur(wild=(13, 14, 15, 20, 21, 22)))
    assert [each["guard"] for each in result.remedies] == ["explosion"] * 2
    assert [each["step"] for each in result.remedies] == [15, 22]
    first, second = events(job, "remedy")
    assert "weights of step 12 restored, adapter's scale times 0.5 (alpha 4)" in first["sentence"]
    assert second["restored_step"] == 20 or second["restored_step"] == 18
    assert alpha(job.out / "adapter") == 2
    assert all(torch.isfinite(weight).all() for weight in weights(job).values())


@pytest.mark.parametrize(
    ("saboteur", "guard", "cause"),
    [
        (Saboteur(nan=(6, 7, 8)), "non_finite", "step 8: 3 dropped in a row"),
        (Saboteur(wild=(13, 14, 15)), "explosion", "step 15: the gradient norm is "),
        (Saboteur(constant_from=0), "collapse", "step 8: the answers have collapsed: 100 % of"),
        (Saboteur(rows=2), "memory", "step 1: HIP out of memory. Tried to allocate"),
    ],
)
def test_stop_stops_with_the_cause_and_remedy_goes_on(
    stopping: TrainingJob, saboteur: Saboteur, guard: str, cause: str
) -> None:
    """Under "stop" the cause is raised and recorded; the same folder goes on under "remedy", to
    the bytes of a run that was under it from the start.
    """
    with pytest.raises(RunError) as stopped:
        run(stopping, saboteur)
    assert cause in str(stopped.value)
    assert [event["guard"] for event in events(stopping, "stopped")] == [guard]
    watch = replace(stopping.config.watch, on_guard=OnGuard.REMEDY)
    going_on = replace(stopping, config=replace(stopping.config, watch=watch))
    assert run(going_on, replace(saboteur, heard=0)).remedies
    whole = replace(going_on, out=going_on.out.with_name("whole"))
    run(whole, replace(saboteur, heard=0))
    assert adapter_digests(going_on.out) == adapter_digests(whole.out)
    assert {event["guard"] for event in events(going_on, "remedy")} == {guard}
    assert all(torch.isfinite(weight).all() for weight in weights(going_on).values())


def test_a_collapse_lowers_the_rate_and_raises_the_replay_of_what_is_to_come(
    job: TrainingJob,
) -> None:
    """Constant answers from step 8 on: the last chunk is shown with twice the replay at half the
    rate, and what was before the border stays as it was.
    """
    saboteur = Saboteur(constant_from=8)
    result = run(job, saboteur)
    plain = replace(job, out=job.out.with_name("plain"))
    run(plain, Saboteur())
    assert [(each["guard"], each["step"]) for each in result.remedies] == [
        ("collapse", 18),
        ("collapse", result.steps),
    ]
    healthy, treated = (read_metrics(each.out).steps for each in (plain, job))
    assert [(step.loss, step.learning_rate) for step in healthy[:18]] == [
        (step.loss, step.learning_rate) for step in treated[:18]
    ]
    assert treated[18].learning_rate == healthy[18].learning_rate / 2
    before, after = (sum(step.replayed for step in steps[18:]) for steps in (healthy, treated))
    assert after == 2 * before
    assert saboteur.totals[0] == STEPS
    assert saboteur.totals[-1] == result.steps > STEPS


def test_too_little_memory_is_the_same_run_in_more_parts(base_folder: Path, tmp_path: Path) -> None:
    """With room for one row per pass, 4 rows become 2 parts, then 4; with dropout too the bytes
    are those of a run with 4 parts from the start: same rows, same random numbers.
    """
    tight = sabotaged_job(base_folder, tmp_path / "tight", dropout=0.3)
    result = run(tight, Saboteur(rows=1))
    assert [each["parts_factor"] for each in result.remedies] == [2.0, 2.0]
    told = [event["sentence"] for event in events(tight, "remedy")]
    assert told[0].endswith("Remedy: 2 parts per step.")
    assert told[1].endswith("Remedy: 4 parts per step.")
    parts = replace(tight.config.execution, accumulation=4)
    planned = replace(tight, out=tmp_path / "parts", config=replace(tight.config, execution=parts))
    run(planned, Saboteur())
    assert adapter_digests(tight.out) == adapter_digests(planned.out)


def test_one_row_that_does_not_fit_ends_the_run(job: TrainingJob) -> None:
    """It says what could be changed."""
    with pytest.raises(RunError, match="a smaller max_tokens, activation checkpointing"):
        run(job, Saboteur(rows=0))
    assert [event["guard"] for event in events(job, "stopped")] == ["memory"]


def test_other_errors_are_no_lack_of_memory(job: TrainingJob) -> None:
    """A shape error comes through as it is."""
    saboteur = Saboteur()

    def broken(*_: Any) -> None:
        raise RuntimeError("shapes cannot be multiplied")

    hook = job.base.model.get_input_embeddings().register_forward_pre_hook(broken)
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied"):
        train(job, progress=saboteur)
    hook.remove()


def test_kills_between_remedies_change_no_bit(base_folder: Path, tmp_path: Path) -> None:
    """A run with NaN, an explosion, a lack of memory, a collapse and dropout, killed in a streak,
    right after a remedy and between two of them, ends in the bytes of one never killed, and says
    the same remedies.
    """
    trouble = Saboteur(nan=(5, 6, 7), wild=(14, 15, 16), rows=2, constant_from=17)
    whole = sabotaged_job(base_folder, tmp_path / "whole", dropout=0.2)
    unharmed = run(whole, replace(trouble))
    guards = [each["guard"] for each in unharmed.remedies]
    assert guards == ["memory", "non_finite", "explosion", "collapse", "collapse"]
    killed = sabotaged_job(base_folder, tmp_path / "killed", dropout=0.2)
    for step in (6, 8, 15, 17, 21):
        arguments = (base_folder, killed.out, replace(trouble, kill=step, heard=0))
        process = CHILDREN.Process(target=sabotaged_child, args=arguments)
        process.start()
        process.join(PATIENCE_S)
        assert process.exitcode == -signal.SIGKILL
    result = run(killed, replace(trouble))
    assert result.remedies == unharmed.remedies
    assert adapter_digests(killed.out) == adapter_digests(whole.out)
    for name in ("best/adapter_model.safetensors", "best/adapter_config.json"):
        assert (killed.out / name).read_bytes() == (whole.out / name).read_bytes()
    one, two = (read_metrics(each.out).steps for each in (whole, killed))
    assert [(step.step, step.loss, step.learning_rate) for step in one] == [
        (step.step, step.loss, step.learning_rate) for step in two
    ]


def test_a_checkpoint_within_a_streak_keeps_the_snapshot(base_folder: Path, tmp_path: Path) -> None:
    """Stopped by Ctrl-C after the second wild step, the run goes on to the same explosion, the
    same snapshot and the same bytes.
    """
    trouble = Saboteur(wild=(14, 15, 16))
    whole = sabotaged_job(base_folder, tmp_path / "whole")
    run(whole, replace(trouble))
    stopped = sabotaged_job(base_folder, tmp_path / "stopped")
    interrupting = _Interrupting(at=15)
    interrupting.wild = trouble.wild
    with pytest.raises(KeyboardInterrupt):
        run(stopped, interrupting)
    assert (list_checkpoints(stopped.out)[-1] / "snapshot.pt").exists()
    assert [each["guard"] for each in run(stopped, replace(trouble)).remedies] == ["explosion"]
    assert adapter_digests(stopped.out) == adapter_digests(whole.out)


class _Room:
    """A disk on which `free` bytes are left, until waits have gone by."""

    def __init__(self, free: int, *, until: int = 1000) -> None:
        self.free, self.until, self.waits = free, until, 0

    def look(self, _folder: Path) -> int:
        return self.free if self.waits < self.until else 10**12

    def wait(self, _seconds: float) -> None:
        self.waits += 1

    @property
    def disk(self) -> Disk:
        return Disk(self.look, self.wait)


def test_a_full_disk_is_waited_for_and_the_run_goes_on(job: TrainingJob) -> None:
    """Without room for a while: one event, one sentence, two waits, and the usual bytes."""
    room, said = _Room(1000, until=2), []
    run(job, Saboteur(), disk=room.disk, say=said.append)
    assert room.waits == 2
    assert [event["guard"] for event in events(job, "remedy")] == ["disk"]
    assert said[0].startswith("No room for the next two checkpoints (0.")
    plain = replace(job, out=job.out.with_name("plain"))
    run(plain, Saboteur())
    assert adapter_digests(plain.out) == adapter_digests(job.out)


def test_no_room_for_longer_than_the_wait_ends_the_run(job: TrainingJob) -> None:
    """After 20 s, four looks: the error says what could be deleted; with room it goes on."""
    room = _Room(1000)
    with pytest.raises(DiskFullError, match=r"0\.0 MB free; step 3 is not saved") as stopped:
        run(job, Saboteur(), disk=room.disk)
    assert room.waits == 4
    assert "delete " in str(stopped.value)
    assert "tensorboard" in str(stopped.value)
    assert run(job, Saboteur()).steps == STEPS


def test_a_signal_ends_the_wait_for_room(job: TrainingJob) -> None:
    """Ctrl-C while waiting for the first checkpoint's room: the run ends at the next look."""
    waits: list[float] = []

    def wait(seconds: float) -> None:
        waits.append(seconds)
        signal.raise_signal(signal.SIGINT)

    with pytest.raises(DiskFullError, match="step 3 is not saved"):
        run(job, Saboteur(), disk=Disk(lambda _: 0, wait))
    assert len(waits) == 1


def test_a_best_adapter_that_is_gone_is_missed(job: TrainingJob) -> None:
    """With --keep best: said by name, not an unknown file."""
    config = replace(job.config, validation=ValidationConfig(keep="best"))

    class Thief(Saboteur):
        def ask(self, model: Any, questions: Any) -> Any:
            shutil.rmtree(job.out / "best", ignore_errors=True)
            return super().ask(model, questions)

    with pytest.raises(CorruptFileError, match="the best adapter, which this run has written"):
        run(replace(job, config=config), Thief())


def test_under_stop_a_disk_with_room_for_one_keeps_that_one(stopping: TrainingJob) -> None:
    """The checkpoint is written, the next would not fit: stopped with nothing lost."""
    looks = iter([10**9])
    disk = Disk(lambda _: next(looks, 0), lambda _: pytest.fail("no wait under stop"))
    with pytest.raises(DiskFullError, match="step 3 is saved"):
        run(stopping, Saboteur(), disk=disk)
    assert [folder.name for folder in list_checkpoints(stopping.out)] == ["step-00000003"]


def test_a_disk_that_fills_up_within_a_checkpoint_is_waited_for(
    job: TrainingJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ENOSPC from the file layer although there seemed to be room: nothing half written counts."""
    import errno

    from underdog.runs import files

    failures, flush = iter([True, True]), files.flush

    def full(path: Path) -> None:
        if path.name == "optimizer.pt" and next(failures, False):
            raise OSError(errno.ENOSPC, "No space left on device")
        flush(path)

    monkeypatch.setattr(files, "flush", full)
    room = _Room(10**12)
    run(job, Saboteur(), disk=room.disk)
    assert room.waits == 2
    assert [event["guard"] for event in events(job, "remedy")] == ["disk"]


def test_changed_questions_on_the_way_are_another_run(job: TrainingJob) -> None:
    """Validation and retention questions decide remedies and the best: another set is refused,
    with what it was and what it is.
    """
    with pytest.raises(KeyboardInterrupt):
        run(job, _Interrupting(at=5))
    other = replace(job, retention=numbered_questions(10))
    with pytest.raises(RunMismatchError, match=r"retention was None, now \{'questions': 10"):
        run(other, Saboteur())
    fewer = replace(job.config, validation=ValidationConfig(questions=20))
    with pytest.raises(RunMismatchError) as refused:
        run(replace(job, config=fewer), Saboteur())
    assert "training.validation.questions was 200, now 20" in str(refused.value)
    assert "validation.questions was 60, now 20" in str(refused.value)
    assert len(HELD_OUT) == 60
    with pytest.raises(RunMismatchError, match="data_rows was 48, now 47"):
        run(replace(job, rows=job.rows[1:]), Saboteur())
