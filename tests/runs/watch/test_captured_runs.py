"""Files that TRL and Ultralytics really wrote (captured/README.md), and a real ssh."""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from underdog.hardware.telemetry.reading import GpuReading, Reading
from underdog.runs.watch.machine_verdicts import data_starved, memory_leaking, used_cards
from underdog.runs.watch.observer import Observer, find_target
from underdog.runs.watch.remote import open_remote
from underdog.runs.watch.sight import Beat, Facts, Observation, Sight
from underdog.runs.watch.verdicts import Kind, judge

CAPTURED = Path(__file__).parent / "captured"
GIB = 2**30


def seen(target: Path) -> Sight:
    """After one look."""
    observation = Observer(find_target(str(target))).look()
    sight = Sight(observation.facts)
    sight.see(observation)
    return sight


@pytest.mark.parametrize("name", ["stdout.txt", "trainer_state.json"])
def test_a_calm_run_of_trl_came_to_a_good_end(name: str) -> None:
    """Its numbers are texts on the standard output and numbers in the state: the same twenty."""
    sight = seen(CAPTURED / "trl" / name)
    assert len(sight.beats) == 20
    assert (sight.beats[0].loss, sight.beats[-1].loss) == pytest.approx((9.721, 9.708), abs=1e-3)
    assert sight.beats[-1].grad_norm == pytest.approx(30.31, abs=0.01)
    assert [score.name for score in sight.scores] == ["mean_token_accuracy"] * 2
    assert [verdict.kind for verdict in judge(sight)] == [Kind.FINISHED]


@pytest.mark.parametrize("name", ["stdout.txt", "trainer_state.json"])
def test_a_loss_that_is_told_as_zero_beside_gradients_of_nan_is_seen(name: str) -> None:
    """The trainer hides it: the run ends well by its own account, and every weight is NaN."""
    first, second = judge(seen(CAPTURED / "trl_nan" / name))
    assert (first.kind, second.kind) == (Kind.DIVERGING, Kind.FINISHED)
    assert first.evidence == (
        "The gradient has been no number for 10 beats, and the loss that is told as 0 is none "
        "either."
    )


def test_a_run_of_ultralytics_is_read_as_it_was_written() -> None:
    """Four epochs of four; the loss is the sum of three columns."""
    sight = seen(CAPTURED / "ultralytics")
    assert [beat.step for beat in sight.beats] == [1, 2, 3, 4]
    assert sight.beats[0].loss == pytest.approx(0.71827 + 0.65935 + 0.43049)
    assert (sight.facts.total, sight.facts.finished) == (4, True)
    assert [verdict.kind for verdict in judge(sight)] == [Kind.FINISHED]


def test_single_gradients_of_nan_are_what_loss_scaling_skips() -> None:
    """Nine in a row raise no alarm, the tenth does; underdog's own runs never have that many."""
    sight = Sight(Facts("run", "log", 100.0, unit="entry", alive=True))
    nan = float("nan")
    for step in range(1, 30):
        beat = Beat(float(step), step, 1.0, grad_norm=nan if step > 19 else 1.0)
        sight.see(Observation(replace(sight.facts, now_s=float(step)), (beat,)))
        found = judge(sight)[0].kind is Kind.DIVERGING
        assert found is (step == 29)


def two_cards(at_s: float, busy: tuple[float, float], second_gib: float) -> Reading:
    """Two cards of a run, and one that drives a display."""
    held = (20.0, second_gib, 0.5)
    cards = tuple(
        GpuReading(busy_percent=share, vram_used_bytes=gib * GIB, vram_total_bytes=24.0 * GIB)
        for share, gib in zip((*busy, 0.0), held, strict=True)
    )
    return Reading(at_s=at_s, gpus=cards)


def sight_of_cards(busy: tuple[float, float], gib_per_hour: float) -> Sight:
    """Twenty minutes of steps, the second card's memory growing."""
    sight = Sight(Facts("run", "underdog", 0.0, alive=True))
    for at in range(0, 1204, 2):
        reading = two_cards(float(at), busy, 12 + gib_per_hour * at / 3600)
        facts = replace(sight.facts, now_s=float(at))
        sight.see(Observation(facts, (Beat(float(at), at + 1, 1.0),), readings=(reading,)))
    return sight


def test_every_card_of_a_run_is_looked_at_and_a_display_card_is_not() -> None:
    """A leak on the second card is told with its number; one busy card is no starving run, two idle
    ones are, whatever a third does that holds next to nothing.
    """
    sight = sight_of_cards((90.0, 10.0), 12.0)
    assert used_cards(sight.readings) == [0, 1]
    assert (memory_leaking(sight) or "").startswith("The memory of GPU 1 grew by ")
    assert data_starved(sight) is None
    assert memory_leaking(sight_of_cards((90.0, 90.0), 0.0)) is None
    idle = data_starved(sight_of_cards((20.0, 30.0), 0.0))
    assert idle == "The busiest GPU is busy 30 % of the time."


@pytest.fixture
def box(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A host of the name `box` that ssh reaches through its own settings: a real sshd on a free
    port of 127.0.0.1, with keys that are thrown away.
    """
    server, keygen = shutil.which("sshd", path="/usr/sbin:/usr/bin"), shutil.which("ssh-keygen")
    client = shutil.which("ssh")
    if server is None or keygen is None or client is None:
        pytest.skip("sshd, ssh and ssh-keygen are not all installed (apt install openssh-server)")
    if os.geteuid() == 0 and not Path("/run/sshd").is_dir():
        pytest.skip("sshd as root needs /run/sshd")
    for name in ("host", "key"):
        subprocess.run([keygen, "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / name], check=True)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    (tmp_path / "sshd_config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {tmp_path}/host\nUsePAM no\n"
        f"AuthorizedKeysFile {tmp_path}/key.pub\nStrictModes no\nPidFile none\n"
    )
    (tmp_path / "config").write_text(
        f"Host box\n HostName 127.0.0.1\n Port {port}\n User {getpass.getuser()}\n"
        f" IdentityFile {tmp_path}/key\n UserKnownHostsFile {tmp_path}/known\n"
        " StrictHostKeyChecking accept-new\n ConnectionAttempts 30\n BatchMode yes\n"
    )
    (tmp_path / "bin").mkdir()
    wrapper = tmp_path / "bin" / "ssh"
    wrapper.write_text(f'#!/bin/sh\nexec {client} -F {tmp_path}/config "$@"\n')
    wrapper.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
    command, nothing = [server, "-D", "-f", tmp_path / "sshd_config"], subprocess.DEVNULL
    with subprocess.Popen(command, stdin=nothing, stderr=nothing) as process:
        try:
            wait_for(port)
            tried = subprocess.run([wrapper, "box", "true"], stdin=nothing, check=False)
            if tried.returncode != 0:
                pytest.skip("this user may not log in over ssh here")
            yield "box"
        finally:
            process.terminate()


def wait_for(port: int) -> None:
    """Until something listens there, for a minute at most."""
    for _ in range(600):
        with socket.socket() as caller:
            if caller.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    pytest.fail("sshd does not listen")


def test_a_run_is_watched_through_a_real_ssh(box: str) -> None:
    """By a name that only ssh's settings know, port and key included: what is seen there is what is
    seen here.
    """
    remote = open_remote(str(CAPTURED / "ultralytics"), host=box, prefix=None)
    try:
        there = remote.look()
        assert remote.look().beats == ()
    finally:
        remote.close()
    here = Observer(find_target(str(CAPTURED / "ultralytics"))).look()
    assert (there.beats, there.scores) == (here.beats, here.scores)
    assert there.facts.finished
