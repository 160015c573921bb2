"""Worker processes: the same results as without them, whatever happens to them."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import block_functions
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from patience import PATIENCE_S, until
from underdog.data.engine.local import IN_PROCESS
from underdog.data.engine.processes import TIMED_BLOCKS, Pace, Processes
from underdog.errors import InputError, WorkerError

SHARED = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]

SCRIPT = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.path.insert(0, sys.argv[1])
import block_functions
from underdog.data.engine.processes import Processes
engine = Processes(2, start_s=None)
results = engine.map(block_functions.sleeps, [0.0, 6e3, 6e3], sys.argv[2])
next(results)
print("up", flush=True)
next(results)
"""
"""A program with two workers that sleep, and no `with` around them. It hears Ctrl-C even where the
tests were started in the background, which hands an ignored SIGINT down.
"""


@pytest.fixture
def pool() -> Iterator[Processes]:
    """Two workers, from the first block on."""
    with closing(Processes(2, start_s=None)) as processes:
        yield processes


def is_alive(pid: int) -> bool:
    """Not gone, and not a zombie that nobody has asked for its status yet."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


def pids_in(folder: Path) -> list[int]:
    return [int(path.name) for path in folder.iterdir() if path.name.isdigit()]


@settings(max_examples=30, suppress_health_check=SHARED)
@given(
    st.lists(st.lists(st.integers(-(10**20), 10**20), max_size=4), max_size=12),
    st.dictionaries(st.just("factor"), st.integers(-5, 5), min_size=1),
)
def test_workers_give_the_list_that_one_process_gives(
    pool: Processes, blocks: list[list[int]], shared: dict[str, int]
) -> None:
    """Any blocks, any shared value; types and floats to the last bit."""
    alone = list(IN_PROCESS.map(block_functions.spread, blocks, shared))
    together = list(pool.map(block_functions.spread, blocks, shared))
    assert together == alone
    assert repr(together) == repr(alone)


def test_arrays_go_both_ways(pool: Processes) -> None:
    """A shared matrix, blocks of rows; results may be written into, as without workers."""
    shared = np.arange(12.0).reshape(3, 4)
    blocks = np.arange(300.0).reshape(20, 5, 3)
    alone = list(IN_PROCESS.map(block_functions.arrays, blocks, shared))
    together = list(pool.map(block_functions.arrays, blocks, shared))
    assert [each.tolist() for each in together] == [each.tolist() for each in alone]
    together[0][0] = 0


def test_a_worker_that_is_killed_changes_nothing(pool: Processes, tmp_path: Path) -> None:
    """Every third block kills its worker once, with SIGKILL."""
    results = list(pool.map(block_functions.dies_once, range(7), str(tmp_path)))
    assert results == [block * block for block in range(7)]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0", "3", "6"]


def test_workers_killed_from_outside_change_nothing(tmp_path: Path) -> None:
    """One while it works, then both while they are idle."""
    with closing(Processes(2, start_s=None)) as pool:
        blocks = [False, False, True, False, False]
        results = pool.map(block_functions.hangs_once, blocks, str(tmp_path))
        next(results)
        until((tmp_path / "hanging").exists)
        killed = int((tmp_path / "hanging").read_text())
        os.kill(killed, signal.SIGKILL)
        assert list(results)[1] != killed
        for pid in pids_in(tmp_path):
            if is_alive(pid):
                os.kill(pid, signal.SIGKILL)
        until(lambda: not any(map(is_alive, pids_in(tmp_path))))
        assert list(pool.map(block_functions.refuses, range(6), 9)) == list(range(6))


@pytest.mark.parametrize(
    ("how", "words"), [(9, "was killed by signal 9"), (-3, "left with status 3")]
)
def test_a_block_that_ends_every_worker_is_given_up(pool: Processes, how: int, words: str) -> None:
    """After three, with how the last one ended; the engine can still be used."""
    results = pool.map(block_functions.dies, range(3), how)
    assert next(results) is None
    with pytest.raises(WorkerError) as raised:
        list(results)
    assert str(raised.value) == (
        "worker processes that stay alive; got 3 that died over the same block (the last one "
        f"{words}). Try: fewer workers if memory ran out; --engine in-process shows a crash itself"
    )
    assert list(pool.map(block_functions.refuses, range(3), 9)) == [0, 1, 2]


def test_an_error_of_the_function_is_raised_as_itself_when_its_turn_comes(pool: Processes) -> None:
    """The results before it come first; of several wrong blocks the first one counts."""
    results = pool.map(block_functions.refuses, range(20), 4)
    assert [next(results) for _ in range(4)] == [0, 1, 2, 3]
    with pytest.raises(InputError) as raised:
        next(results)
    assert type(raised.value) is InputError
    assert str(raised.value) == "block: a small block; got 4. Try: a smaller one"
    assert raised.value.__notes__[0].startswith("Raised in a worker:\nTraceback")


def test_a_function_that_workers_cannot_import_is_refused_before_any_work(pool: Processes) -> None:
    """Also where the blocks are so few that no worker would be asked."""
    for blocks in ([], [1], [1, 2, 3]):
        with pytest.raises(InputError, match="a function that worker processes can import"):
            pool.map(lambda block, shared: block, blocks, None)


def test_a_map_inside_a_map_gives_the_same(pool: Processes) -> None:
    """Two maps of one engine in turn, and an engine opened inside a block."""
    outer = pool.map(block_functions.refuses, range(6), 9)
    inner = pool.map(block_functions.spread, [[1], [2, 3], [4]], {"factor": 2})
    zipped = list(zip(outer, inner, strict=False))
    alone = IN_PROCESS.map(block_functions.spread, [[1], [2, 3], [4]], {"factor": 2})
    assert zipped == list(zip(range(6), alone, strict=False))
    outer.close()
    for name in ("local", "ray"):
        nested = list(pool.map(block_functions.nests, [[1, 2], [3], [4, 5]], name))
        assert nested == [[1, 2], [3], [4, 5]]


def test_the_shared_value_is_unpickled_once_per_worker(pool: Processes, tmp_path: Path) -> None:
    """However many blocks there are, and again for the next map."""
    shared = block_functions.Counted(str(tmp_path))
    workers = {*pool.map(block_functions.uses, range(20), shared)}
    arrived = (tmp_path / "arrivals").read_text().split()
    assert len(arrived) == 2
    assert set(map(int, arrived)) == workers
    assert {*pool.map(block_functions.uses, range(20), shared)} == workers
    assert len((tmp_path / "arrivals").read_text().split()) == 4


def test_workers_are_kept_for_the_next_map_and_end_with_the_engine() -> None:
    """The same two processes; gone when the engine is closed, which may be done again."""
    pool = Processes(2, start_s=None)
    first = {*pool.map(block_functions.stays, [5] * 10, None)}
    second = {*pool.map(block_functions.stays, [5] * 10, None)}
    assert len(first) == 2
    assert first == second
    assert os.getpid() not in first
    pool.close()
    assert not any(map(is_alive, first))
    pool.close()


def test_stopping_early_ends_the_workers_that_are_at_work(tmp_path: Path) -> None:
    """They would sleep for longer than anybody waits; the next map starts new ones."""
    with closing(Processes(2, start_s=None)) as pool:
        results = pool.map(block_functions.sleeps, [0.0, 6e3, 6e3, 6e3], str(tmp_path))
        next(results)
        until(lambda: len(pids_in(tmp_path)) == 2)
        results.close()
        assert not any(map(is_alive, pids_in(tmp_path)))
        assert list(pool.map(block_functions.refuses, range(4), 9)) == [0, 1, 2, 3]


def test_closing_the_engine_does_not_wait_for_work(tmp_path: Path) -> None:
    """A map is still going on, and would for longer than anybody waits."""
    pool = Processes(2, start_s=None)
    results = pool.map(block_functions.sleeps, [0.0, 6e3, 6e3], str(tmp_path))
    next(results)
    until(lambda: len(pids_in(tmp_path)) == 2)
    pool.close()
    assert not any(map(is_alive, pids_in(tmp_path)))
    results.close()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_no_worker_outlives_a_program_that_is_killed(how: signal.Signals, tmp_path: Path) -> None:
    """Killed, terminated, or Ctrl-C at a terminal (the signal goes to the whole group); workers
    say nothing on standard error.
    """
    command = [sys.executable, "-c", SCRIPT, str(Path(__file__).parent), str(tmp_path)]
    program = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        process_group=0,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    assert program.stdout is not None
    assert program.stdout.readline() == b"up\n"
    until(lambda: len(pids_in(tmp_path)) == 2)
    if how is signal.SIGINT:
        os.killpg(program.pid, how)
    else:
        program.send_signal(how)
    _, said = program.communicate(timeout=PATIENCE_S)
    until(lambda: not any(map(is_alive, pids_in(tmp_path))))
    assert program.returncode == -how
    assert len(re.findall(b"Traceback", said)) == (how is signal.SIGINT)


def test_long_work_goes_over_to_the_workers_and_short_work_stays() -> None:
    """Blocks of 20 ms are spread after those that were timed; blocks of 0 ms never are."""
    with closing(Processes(2, start_s=0.2)) as pool:
        short = {*pool.map(block_functions.stays, [0] * 400, None)}
        assert short == {os.getpid()}
        long: list[Any] = list(pool.map(block_functions.stays, [20] * 60, None))
        assert long[:TIMED_BLOCKS] == [os.getpid()] * TIMED_BLOCKS
        assert os.getpid() not in long[TIMED_BLOCKS + 20 :]
        assert {*pool.map(block_functions.stays, [0] * 400, None)} == {os.getpid()}


def test_one_block_is_worked_on_here(pool: Processes) -> None:
    """Sending it away would only cost."""
    assert list(pool.map(block_functions.stays, [1], None)) == [os.getpid()]
    assert list(pool.map(block_functions.stays, [], None)) == []


@pytest.mark.parametrize(
    ("pace", "workers", "saved_s"),
    [
        (Pace(1.0, 0.0), 2, 0.5),
        (Pace(1.0, 0.0), 10, 0.9),
        (Pace(1.0, 0.2), 2, 0.4),
        (Pace(1.0, 0.2), 100, 0.9),
        (Pace(1.0, 1.0), 2, 0.0),
        (Pace(1.0, 4.0), 100, -1.0),
    ],
)
def test_what_workers_save_of_a_block(pace: Pace, workers: int, saved_s: float) -> None:
    """All work and trips over the workers, but never faster than this process can send."""
    assert pace.saved_s(workers) == pytest.approx(saved_s)
