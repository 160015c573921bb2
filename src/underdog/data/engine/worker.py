"""A worker process: takes a function and its shared value once, then works on blocks until told to
stop, or until the process that started it is gone.

Imports the standard library only; what a function needs comes with unpickling it. Never: a thread
or a lock inherited from another process (it starts from an empty interpreter), or a life longer
than its parent's.
"""

from __future__ import annotations

import json
import os
import select
import socket
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from underdog.data.engine.collector import collector_at_rest
from underdog.data.engine.outcome import Done, Failed, attempt
from underdog.data.engine.parcel import Parcel, look_into, pack, receive, receive_memory, send

TASK, BLOCK, STOP = b"T", b"B", b"S"
"""What comes next: a function with its shared value, a block, or the end."""
MARK = "UNDERDOG_WORKER"
"""Set in the environment of every worker: there, no further workers are started."""
WORKER_ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "RAYON_NUM_THREADS": "1",
    MARK: "1",
}
"""One thread each: the workers are as many as the cores. Ray does the same with the first."""
_START = """import json, sys
sys.path[:] = json.loads(sys.argv[1])
from underdog.data.engine.worker import main
main(int(sys.argv[2]))"""

Task = tuple[Callable[[Any, Any], Any], Any]


def command(descriptor: int) -> list[str]:
    """The command line of a worker that talks through `descriptor`.

    It finds modules where this process does. -P: nothing is imported from the working folder
    before that. The script of this process is not run again, unlike with `multiprocessing`.
    """
    return [sys.executable, "-P", "-c", _START, json.dumps(sys.path), str(descriptor)]


def main(descriptor: int) -> None:
    """The life of a worker."""
    with socket.socket(fileno=descriptor) as link, suppress(EOFError, ConnectionError):
        threading.Thread(target=leave_with, args=(link.fileno(),), daemon=True).start()
        serve(link)


def leave_with(descriptor: int) -> None:
    """End this process at once when the other end of the socket is closed, also inside a block."""
    poll = select.poll()
    poll.register(descriptor, 0)  # only "hung up", which is always reported
    poll.poll()
    os._exit(1)


def serve(link: socket.socket) -> None:
    """Answer every block with an outcome, until STOP or the other end is closed."""
    task: Done[Task] | Failed | None = None
    while (order := link.recv(1)) in (TASK, BLOCK):
        if order == TASK:
            task = None  # the old shared value goes before the new one comes
            memory = receive_memory(link)
            task = attempt(look_into(memory).open)
        else:
            assert task is not None
            send(link, _answer(task, receive(link)))


def _answer(task: Done[Task] | Failed, block: Parcel) -> Parcel:
    outcome: Done[Any] | Failed
    if isinstance(task, Failed):
        outcome = task
    else:
        function, shared = task.value
        with collector_at_rest():
            outcome = attempt(lambda: function(block.open(), shared))
    packed = attempt(lambda: pack(outcome))
    return packed.value if isinstance(packed, Done) else pack(packed)
