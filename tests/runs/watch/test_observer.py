"""Runs on disk as their own programs leave them, seen by an observer, here and elsewhere."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from pathlib import Path

import pytest

from underdog.errors import InputError, RunError
from underdog.runs.watch.observer import Observer, find_target
from underdog.runs.watch.remote import MODULES, Remote, collector, command_for, split_host
from underdog.runs.watch.sight import Observation, Sight
from underdog.runs.watch.verdicts import Kind, judge

CSV = """epoch,time,train/box_loss,train/cls_loss,metrics/mAP50-95(B),lr/pg0
1,100.5,1.5,2.5,0.01,0.001
2,201.0,1.25,2.0,0.05,0.002
"""


def step_line(step: int, loss: float = 0.5) -> str:
    """As `underdog train` writes it."""
    line = {
        "kind": "step",
        "step": step,
        "chunk": 0,
        "loss": loss,
        "learning_rate": 1e-4,
        "grad_norm": 1.0,
        "samples": 16,
        "answer_tokens": 30,
        "input_tokens": 400,
        "replayed": 0,
        "elapsed_s": 2.0 * step,
        "samples_per_s": 8.0,
    }
    return json.dumps(line) + "\n"


def seen(target: str) -> Sight:
    """After one look."""
    observation = Observer(find_target(target)).look()
    sight = Sight(observation.facts)
    sight.see(observation)
    return sight


def underdog_run(folder: Path, steps: int = 3, pid: int | None = None) -> Path:
    """A run folder with so many steps, held by a process."""
    folder.mkdir(exist_ok=True)
    (folder / "metrics.jsonl").write_text("".join(step_line(n + 1) for n in range(steps)))
    (folder / "manifest.json").write_text(json.dumps({"identity": {"data_chunks": 4}}))
    (folder / ".lock").write_text(str(os.getpid() if pid is None else pid))
    return folder


def test_an_underdog_run_tells_steps_chunks_and_its_end(tmp_path: Path) -> None:
    """Times follow the run's clock up to the file's; the total is reckoned from whole chunks; what
    was done again after a continuation counts once; result.json is the end.
    """
    run = underdog_run(tmp_path / "run")
    observer, sight = Observer(find_target(str(run))), None
    first = observer.look()
    sight = Sight(first.facts)
    sight.see(first)
    written = (run / "metrics.jsonl").stat().st_mtime
    assert [round(beat.at_s - written) for beat in sight.beats] == [-4, -2, 0]
    assert (sight.facts.alive, sight.facts.pid, sight.facts.total) == (True, os.getpid(), None)
    with (run / "metrics.jsonl").open("a") as stream:
        stream.write('{"kind": "resumed", "step": 2}\n' + step_line(3, 0.25))
        stream.write('{"kind": "chunk", "chunk": 0, "step": 3, "validation": {"accuracy": 0.5}}\n')
        stream.write('{"kind": "step", "st')
    sight.see(observer.look())
    assert [(beat.step, beat.loss) for beat in sight.beats] == [(1, 0.5), (2, 0.5), (3, 0.25)]
    assert sight.facts.total == 12
    assert [(score.name, score.value) for score in sight.scores] == [("accuracy", 0.5)]
    assert judge(sight)[0].kind is Kind.HEALTHY
    (run / "result.json").write_text("{}")
    sight.see(observer.look())
    assert judge(sight)[0].kind is Kind.FINISHED


def test_a_killed_run_has_crashed(tmp_path: Path) -> None:
    """Its lock names a process that is gone; the watch itself ended none."""
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    run = underdog_run(tmp_path / "run", pid=child.pid)
    os.utime(run / ".lock")
    assert seen(str(run)).facts.alive is True
    assert child.poll() is None
    child.kill()
    child.communicate()
    verdict = judge(seen(str(run)))[0]
    assert verdict.kind is Kind.CRASHED
    assert f"Process {child.pid} is gone" in verdict.evidence


def test_a_lock_older_than_its_process_is_of_another_one(tmp_path: Path) -> None:
    """Process numbers come again: this one began after the lock was written."""
    run = underdog_run(tmp_path / "run")
    os.utime(run / ".lock", (1e9, 1e9))
    assert seen(str(run)).facts.alive is False


def test_results_of_ultralytics_are_epochs(tmp_path: Path) -> None:
    """Losses are summed, mAP is the score, args.yaml says how many there will be."""
    (tmp_path / "results.csv").write_text(CSV)
    (tmp_path / "args.yaml").write_text("task: detect\nepochs: 3\n")
    sight = seen(str(tmp_path))
    assert [(beat.step, beat.loss) for beat in sight.beats] == [(1, 4.0), (2, 3.25)]
    assert sight.beats[1].at_s - sight.beats[0].at_s == pytest.approx(100.5)
    assert [score.value for score in sight.scores] == [0.01, 0.05]
    assert (sight.facts.unit, sight.facts.total, sight.facts.finished) == ("epoch", 3, False)
    with (tmp_path / "results.csv").open("a") as stream:
        stream.write("3,300,nan,nan,0.05,0.002\n")
    later = seen(str(tmp_path / "results.csv"))
    assert math.isnan(later.beats[-1].loss or 0.0)
    assert later.facts.finished


def test_the_state_of_a_trainer_is_read_from_its_newest_checkpoint(tmp_path: Path) -> None:
    """Where transformers and TRL write it; ten is newer than nine."""
    for step in (9, 10):
        folder = tmp_path / f"checkpoint-{step}"
        folder.mkdir()
        history = [{"loss": 2.0, "step": 5, "grad_norm": 0.5}, {"eval_accuracy": 0.7, "step": step}]
        state = {"global_step": step, "max_steps": 40, "log_history": history}
        (folder / "trainer_state.json").write_text(json.dumps(state))
    sight = seen(str(tmp_path))
    assert [(beat.step, beat.loss, beat.grad_norm) for beat in sight.beats] == [(5, 2.0, 0.5)]
    assert [(score.step, score.value) for score in sight.scores] == [(10, 0.7)]
    assert (sight.facts.total, sight.facts.finished) == (40, False)


def test_a_log_of_dictionaries_is_read_and_its_traceback_is_the_fault(tmp_path: Path) -> None:
    """As Trainer prints them, in the middle of progress bars; the last line of a traceback ends it,
    while an error without one is only a line.
    """
    log = tmp_path / "train.log"
    log.write_text(
        "  3%|3| 10/300 [00:31<14:22]{'loss': '1.25', 'grad_norm': '0.5', 'epoch': '0.1'}\n"
        '{"loss": 1.0, "step": 20}\nValueError: only a remark\n{not one}\n'
    )
    sight = seen(str(log))
    assert [beat.loss for beat in sight.beats] == [1.25, 1.0]
    assert judge(sight)[0].kind is Kind.HEALTHY
    with log.open("a") as stream:
        stream.write("Traceback (most recent call last):\n  File x\n")
        stream.write("torch.OutOfMemoryError: HIP out of memory.\n")
    verdict = judge(seen(str(log)))[0]
    assert verdict.kind is Kind.CRASHED
    assert "OutOfMemoryError: HIP out of memory." in verdict.evidence


def test_a_process_is_watched_by_its_number() -> None:
    """Without a run of a known kind the machine and the process are told."""
    sight = seen(str(os.getpid()))
    assert sight.facts.alive
    assert sight.readings[-1].process_bytes


def test_what_cannot_be_watched_says_what_could_be(tmp_path: Path) -> None:
    """No such thing, an empty folder, a process that is gone."""
    with pytest.raises(InputError, match="a run folder, a log or a process id is needed"):
        find_target(str(tmp_path / "none"))
    with pytest.raises(InputError, match=r"metrics\.jsonl, results\.csv or trainer_state\.json"):
        find_target(str(tmp_path))
    with pytest.raises(InputError, match="a process that runs is needed"):
        find_target("4194305")


def test_an_observation_survives_its_way_between_machines(tmp_path: Path) -> None:
    """JSON there, the same values here, a loss that is no number among them."""
    run = underdog_run(tmp_path / "run")
    (run / "metrics.jsonl").write_text(step_line(1, math.inf))
    told = Observer(find_target(str(run))).look()
    assert Observation.from_json(json.loads(json.dumps(told.to_json()))) == told


def test_a_collector_needs_nothing_but_python(tmp_path: Path) -> None:
    """In an isolated Python without site-packages it sees what an observer here sees, looks again
    when asked, and ends when its input closes.
    """
    run = underdog_run(tmp_path / "run")
    command = [sys.executable, "-I", "-S", *command_for(None, None)[1:]]
    remote = Remote(command, collector(str(run)))
    here = Observer(find_target(str(run)))
    first, second = remote.look(), remote.look()
    assert first.beats == here.look().beats
    assert second.beats == ()
    assert second.readings[-1].ram_total_bytes == first.readings[-1].ram_total_bytes
    remote.close()


def test_faults_of_the_other_side_are_told_here(tmp_path: Path) -> None:
    """A run that is not there, a Python that is not there, a command that is not there."""
    command = [sys.executable, *command_for(None, None)[1:]]
    remote = Remote(command, collector(str(tmp_path / "none")))
    with pytest.raises(InputError, match=r"over there: .*: a run folder, a log or a process id"):
        remote.look()
    remote.close()
    silent = Remote(["false"], collector("run"))
    with pytest.raises(RunError, match="its end with status 1"):
        silent.look()
    silent.close()
    with pytest.raises(InputError, match="a command that can be started is needed"):
        Remote([str(tmp_path / "nothing")], "")


def test_hosts_and_prefixes_become_command_lines() -> None:
    """A path is no host; the remote shell gets one quoted word each; no option hides in a host."""
    assert split_host("me@box:runs/a") == ("me@box", "runs/a")
    assert split_host("./a:b") == (None, "./a:b")
    assert split_host("/data/a:b") == (None, "/data/a:b")
    command = command_for("me@box", "docker exec -i gpu")
    assert command[:4] == ["ssh", "-o", "BatchMode=no", "--"]
    assert command[4] == "me@box"
    assert command[5].startswith("docker exec -i gpu python3 -c '")
    with pytest.raises(InputError, match="a host as ssh knows it"):
        split_host("-oProxyCommand=x:run")


def test_modules_that_travel_import_only_each_other() -> None:
    """Whatever of this package the collector's sources name is among them."""
    import re

    program = collector("run")
    named = set(re.findall(r"from (underdog[\w.]*) import", program))
    assert named <= set(MODULES)
