"""What a stranger's program can do, and what it cannot, by trying it."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from patience import PATIENCE_S
from underdog.errors import InfrastructureError
from underdog.tournament.entrants import isolation
from underdog.tournament.entrants.isolation import (
    Confined,
    End,
    Isolation,
    Limits,
    confine,
    strongest,
)

LIMITS = Limits(wall_s=PATIENCE_S)
EVERY = [
    pytest.param(
        each,
        marks=pytest.mark.skipif(
            each is Isolation.NAMESPACES and strongest() is not Isolation.NAMESPACES,
            reason="this kernel makes no namespaces for ordinary users",
        ),
    )
    for each in Isolation
]
INSIDE = EVERY[:1]
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the warden is for Linux")


def python(
    work: Path, code: str, how: Isolation, limits: Limits = LIMITS, hidden: tuple[Path, ...] = ()
) -> Confined:
    command = [sys.executable, "-I", "-S", "-c", code]
    return confine(command, work.resolve(), limits, isolation=how, hidden=hidden)


def running_with(mark: str) -> list[str]:
    """Processes whose command line holds a mark."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            if mark.encode() in path.read_bytes():
                found.append(path.parent.name)
    return found


@pytest.mark.parametrize("how", EVERY)
def test_a_program_that_ends_well_is_told_as_such(tmp_path: Path, how: Isolation) -> None:
    """Its status, both outputs, and the isolation that it really had."""
    done = python(
        tmp_path, "import sys; print('out'); print('err', file=sys.stderr); sys.exit(7)", how
    )
    assert (done.ended, done.status, done.isolation) == (End.EXITED, 7, how)
    assert (done.stdout, done.stderr) == ("out\n", "err\n")


@pytest.mark.parametrize("how", EVERY)
def test_nothing_that_it_started_outlives_it(tmp_path: Path, how: Isolation) -> None:
    """Children in sessions of their own, orphans, SIGTERM ignored: all are gone on return."""
    mark = f"mark{os.getpid()}{how}"
    code = f"""
import os, signal, time
"{mark}"
for _ in range(6):
    if os.fork() == 0:
        os.setsid()
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        if os.fork():
            os._exit(0)
        time.sleep(6000)
"""
    done = python(tmp_path, code, how)
    assert (done.ended, done.status) == (End.EXITED, 0)
    assert running_with(mark) == []


@pytest.mark.parametrize("how", EVERY)
def test_the_deadline_ends_what_ignores_signals(tmp_path: Path, how: Isolation) -> None:
    """Killed with its children, long before they would have ended."""
    mark = f"late{os.getpid()}{how}"
    code = f"""
import os, signal, time
"{mark}"
signal.signal(signal.SIGTERM, signal.SIG_IGN)
if os.fork() == 0: os.setsid()
while True: time.sleep(60)
"""
    done = python(tmp_path, code, how, replace(LIMITS, wall_s=0.5))
    assert (done.ended, done.status) == (End.DEADLINE, None)
    assert running_with(mark) == []


LIMITED = {
    End.MEMORY: ("x = []\nwhile True: x.append(bytearray(10**7))", {"memory_bytes": 2 * 10**8}),
    End.PROCESSES: (
        "import os, time\nfor _ in range(40):\n  if not os.fork(): break\ntime.sleep(6000)",
        {"processes": 20},
    ),
    End.OUTPUT: ("while True: print('x' * 60000)", {"output_limit_bytes": 10**6}),
    End.DISK: (
        "n = 0\nwhile True:\n  n += 1\n  open(f'f{n % 90}', 'wb').write(bytes(10**5))",
        {"disk_bytes": 10**6},
    ),
}


@pytest.mark.parametrize("end", LIMITED)
def test_each_limit_ends_it_and_is_named(tmp_path: Path, end: End) -> None:
    """Memory and processes count for all of its processes together."""
    code, changed = LIMITED[end]
    done = python(tmp_path, code, strongest(), replace(LIMITS, **changed))
    assert (done.ended, done.status) == (end, None)
    assert len(done.stdout) <= LIMITS.output_bytes


@pytest.mark.parametrize("how", EVERY)
def test_the_end_of_long_output_is_kept(tmp_path: Path, how: Isolation) -> None:
    """So that a traceback is seen whatever was printed before it."""
    done = python(tmp_path, "print('x' * 100000 + 'last words')", how)
    assert done.stdout.endswith("xxlast words\n")
    assert len(done.stdout) == LIMITS.output_bytes


@pytest.mark.parametrize("how", INSIDE)
def test_only_the_work_folder_can_be_written(tmp_path: Path, how: Isolation) -> None:
    """A neighbour, the temporary folder and devices cannot; the work folder and TMPDIR can."""
    work, neighbour = tmp_path / "work", tmp_path / "neighbour"
    work.mkdir()
    neighbour.mkdir()
    code = f"""
import os, tempfile
for path in ({str(neighbour / "x")!r}, "/tmp/underdog-was-here", "/dev/x", "/etc/x", "/mnt/x"):
    try: open(path, "w")
    except OSError as error: print(error.errno, end=" ")
print(sorted(os.listdir("/dev"))[0])
tempfile.NamedTemporaryFile(); open("mine", "w")
"""
    done = python(work, code, how)
    assert done.stdout.split()[:5] == ["30"] * 5, done
    assert done.status == 0
    assert (work / "mine").exists()
    assert list(neighbour.iterdir()) == []


@pytest.mark.parametrize("how", INSIDE)
def test_hidden_folders_look_empty(tmp_path: Path, how: Isolation) -> None:
    """The folder of a match holds keys; from inside there is nothing in it."""
    work, match = tmp_path / "work", tmp_path / "match"
    work.mkdir()
    match.mkdir()
    (match / "events.jsonl").write_text("the key is B", "utf-8")
    code = f"import os; print(os.listdir({str(match)!r}))"
    assert python(work, code, how, hidden=(match,)).stdout == "[]\n"
    assert python(work, code, how).stdout == "['events.jsonl']\n"


@pytest.mark.parametrize("how", INSIDE)
def test_rights_cannot_be_won_back_nor_the_warden_reached(tmp_path: Path, how: Isolation) -> None:
    """Remounting fails, also from namespaces of its own; the warden's files, memory and life are
    out of reach, and there is no network.
    """
    code = """
import ctypes, os, signal, socket
call = ctypes.CDLL(None, use_errno=True)
again = lambda: call.mount(b"none", b"/", None, ctypes.c_ulong(32 | 4096), None)
print(again(), call.unshare(0x10020000) and 0, again())
os.kill(1, signal.SIGKILL)
for path in ("/proc/1/fd/1", "/proc/1/mem"):
    try: open(path, "r+b"); print("open")
    except OSError: print("shut")
try: socket.create_connection(("192.0.2.1", 80), 5)
except OSError as error: print(error.errno)
socket.create_server(("127.0.0.1", 0)); print("own loopback")
"""
    done = python(tmp_path, code, how)
    assert done.stdout.split("\n") == ["-1 0 -1", "shut", "shut", "101", "own loopback", ""], done


@pytest.mark.parametrize("how", EVERY)
def test_secrets_of_this_process_are_not_passed_on(
    tmp_path: Path, how: Isolation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of our variables it sees those that programs need, and no other."""
    monkeypatch.setenv("HF_TOKEN", "secret")
    done = python(tmp_path, "import os; print(os.environ.get('HF_TOKEN'), os.environ['HOME'])", how)
    assert done.stdout == f"None {tmp_path.resolve()}\n"


def test_a_machine_at_fault_is_not_the_stranger_s_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A warden that cannot be started is an InfrastructureError with a way out."""
    monkeypatch.setattr(isolation.sys, "executable", "/bin/false")  # type: ignore[attr-defined]
    with pytest.raises(InfrastructureError, match="namespaces to run an entrant in; got exit"):
        confine(["/bin/true"], tmp_path, LIMITS, isolation=Isolation.NAMESPACES)
    monkeypatch.setattr(isolation.sys, "executable", "/nowhere")  # type: ignore[attr-defined]
    with pytest.raises(InfrastructureError, match="a process for an entrant"):
        confine(["/bin/true"], tmp_path, LIMITS, isolation=Isolation.NAMESPACES)


def test_a_program_that_is_not_there_is_the_stranger_s_fault(tmp_path: Path) -> None:
    """Exit status 127, as shells say it."""
    done = confine(["/nowhere"], tmp_path.resolve(), LIMITS, isolation=strongest())
    assert done.status == 127
    assert "could not be started" in done.stderr
