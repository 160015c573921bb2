"""The worker's side of the talk, in a thread; and its end, in a process of its own."""

from __future__ import annotations

import os
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import block_functions
import pytest

from patience import PATIENCE_S, until
from underdog.data.engine.outcome import Done, take
from underdog.data.engine.parcel import Parcel, lay_out, pack, receive, send, send_memory
from underdog.data.engine.worker import BLOCK, STOP, TASK, WORKER_ENVIRONMENT, command, serve
from underdog.errors import InputError


@pytest.fixture
def link() -> Iterator[socket.socket]:
    """The parent's end; a worker serves the other one."""
    ours, theirs = socket.socketpair()
    worker = threading.Thread(target=serve, args=(theirs,))
    worker.start()
    with ours, theirs:
        yield ours
        ours.sendall(STOP)
        worker.join(PATIENCE_S)
        assert not worker.is_alive()


def set_task(link: socket.socket, parcel: Parcel) -> None:
    memory = lay_out(parcel)
    link.sendall(TASK)
    send_memory(link, memory)
    os.close(memory.descriptor)


def ask(link: socket.socket, block: Any) -> Any:
    link.sendall(BLOCK)
    send(link, pack(block))
    return receive(link).open()


def test_blocks_are_answered_in_turn_and_a_new_task_replaces_the_old(link: socket.socket) -> None:
    """The shared value comes with the task, not with the block."""
    set_task(link, pack((block_functions.spread, {"factor": 2})))
    assert ask(link, [1, 2]) == Done(block_functions.Spread("block of 2", (2, 4), 1.2))
    assert ask(link, [3]) == Done(block_functions.Spread("block of 1", (6,), 1.5))
    set_task(link, pack((block_functions.refuses, 5)))
    assert ask(link, 4) == Done(4)
    with pytest.raises(InputError, match="a small block; got 5"):
        take(ask(link, 5))


def test_a_result_that_cannot_travel_is_an_error_of_its_block(link: socket.socket) -> None:
    """The worker goes on."""
    set_task(link, pack((block_functions.hands_out_a_lock, None)))
    with pytest.raises(TypeError, match=r"cannot pickle '_thread\.lock' object"):
        take(ask(link, 1))
    set_task(link, pack((block_functions.refuses, 5)))
    assert ask(link, 1) == Done(1)


def test_a_function_that_is_not_there_is_an_error_of_every_block(link: socket.socket) -> None:
    """The worker goes on: another task may be there."""
    broken = pack((block_functions.refuses, 5))
    head = bytes(broken.head).replace(b"refuses", b"refused")
    set_task(link, Parcel(head, broken.buffers))
    for _ in range(2):
        with pytest.raises(AttributeError, match="refused"):
            take(ask(link, 1))


def test_what_is_shared_is_read_only(link: socket.socket) -> None:
    """Writing into it is an error in the worker, not a change that other blocks would see."""
    numpy = pytest.importorskip("numpy")
    set_task(link, pack((block_functions.writes, numpy.zeros(3))))
    with pytest.raises(ValueError, match="read-only"):
        take(ask(link, 1))


def test_a_worker_is_done_when_its_parent_hangs_up() -> None:
    """`main` comes back without an error: before any order, and in the middle of one."""
    for started in (b"", BLOCK + b"\x01"):
        ours, theirs = socket.socketpair()
        environment = {**os.environ, **WORKER_ENVIRONMENT}
        with theirs:
            process = subprocess.Popen(
                command(theirs.fileno()),
                pass_fds=[theirs.fileno()],
                env=environment,
                stderr=subprocess.PIPE,
            )
        with ours:
            ours.sendall(TASK)
            memory = lay_out(pack((block_functions.refuses, 5)))
            send_memory(ours, memory)
            os.close(memory.descriptor)
            assert ask(ours, 1) == Done(1)
            ours.sendall(started)
        _, said = process.communicate(timeout=PATIENCE_S)
        assert said == b""


def test_a_worker_leaves_at_once_inside_a_block(tmp_path: Path) -> None:
    """It would sleep for longer than anybody waits; its parent hangs up."""
    ours, theirs = socket.socketpair()
    with theirs:
        process = subprocess.Popen(command(theirs.fileno()), pass_fds=[theirs.fileno()])
    with ours:
        set_task(ours, pack((block_functions.sleeps, str(tmp_path))))
        ours.sendall(BLOCK)
        send(ours, pack(6000))
        until(lambda: list(tmp_path.iterdir()) or process.poll() is not None)
        assert process.poll() is None
    assert process.wait(timeout=PATIENCE_S) == 1
