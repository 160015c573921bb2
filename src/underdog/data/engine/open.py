"""Opens the place where stages run, by name, and closes it again.

In: a name, the number of workers, a cluster's address. Out: an Engine for the length of a `with`.
Afterwards no process that it started is left. Never: a worker started from inside a worker.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager

from underdog.data.engine.engine import Engine
from underdog.data.engine.local import IN_PROCESS
from underdog.data.engine.processes import Processes
from underdog.data.engine.worker import MARK
from underdog.errors import InputError
from underdog.hardware.machine import usable_cores

ENGINES = ("local", "in-process", "ray")
"""The names that `open_engine` knows, the default first."""


@contextmanager
def open_engine(
    name: str = "local", *, workers: int | None = None, address: str | None = None
) -> Iterator[Engine]:
    """An engine for the length of a `with` block.

    local       worker processes on this machine, once they pay; `workers` is one per core when None
    in-process  no workers
    ray         tasks on a Ray cluster: at `address` ("auto" or HOST:PORT), else on one of its own
                on 127.0.0.1; `workers` is the most blocks worked on at a time, all cores when None

    Inside a worker of another engine every name gives the engine in this process. Raises InputError
    for an unknown name, impossible values, a cluster that cannot be reached or whose nodes have
    other versions; MissingExtraError without Ray.
    """
    _check(name, workers=workers, address=address)
    if MARK in os.environ or name == "in-process":
        yield IN_PROCESS
    elif name == "ray":
        from underdog.data.engine.cluster import open_cluster

        with open_cluster(workers=workers, address=address) as engine:
            yield engine
    else:
        count = usable_cores() if workers is None else workers
        if count == 1:
            yield IN_PROCESS
            return
        with closing(Processes(count)) as processes:
            yield processes


def _check(name: str, *, workers: int | None, address: str | None) -> None:
    if name not in ENGINES:
        raise InputError(f"an engine among {', '.join(ENGINES)}", got=repr(name))
    if workers is not None and workers < 1:
        raise InputError("at least 1 worker", got=str(workers))
    if name == "in-process" and workers is not None:
        raise InputError("no number of workers for the engine in-process", got=str(workers))
    if name != "ray" and address is not None:
        raise InputError(
            f"no cluster address for the engine {name}", got=address, hint="--engine ray"
        )
