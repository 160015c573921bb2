"""Blocks worked on by plain tasks on a Ray cluster.

In: a function, blocks and a shared value. Out: results in order. Ray keeps the shared value once
per machine, gives the task of a killed worker to another one, and makes the results of a lost
machine again. Never: a cluster stopped that this did not start, a port of a cluster of its own that
other machines can reach, or work on a machine with other versions of what decides the results.
"""

from __future__ import annotations

import logging
import os
import shutil
import socket
import sys
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from underdog.data.engine.engine import Block, Engine, Result, Shared, check_function
from underdog.data.engine.order import in_order
from underdog.data.engine.outcome import Done, Failed, attempt
from underdog.data.engine.versions import (
    NAMES,
    Versions,
    check_versions,
    read_versions,
    version_reader,
)
from underdog.data.engine.worker import WORKER_ENVIRONMENT
from underdog.errors import InputError, MissingExtraError, WorkerError
from underdog.hardware.machine import usable_cores

RETRIES = 4
"""How often a block may lose its worker or its machine before it is given up."""
LOOPBACK = "127.0.0.1"
_KNOCK_S = 5.0
_MOST_STORE, _LEAST_STORE = 1 << 30, 80 << 20
"""Bytes of the object store of a cluster of one's own. Ray asks for at least 75 MiB; what does not
fit is spilled to the disk."""
OWN_ENVIRONMENT = {
    # Ray listens on the address by which other machines reach this one, except where this says no:
    # then on loopback alone. It reads it when it is imported (ray/_private/ray_constants.py).
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",  # else a FutureWarning of every worker
}


@contextmanager
def open_cluster(*, workers: int | None, address: str | None) -> Iterator[Engine]:
    """An engine on a Ray cluster for the length of a `with` block (`open_engine`).

    A cluster that this process is connected to already is used and left connected.
    """
    if address is not None:
        knock(address)
    ray = import_ray(own=address is None)
    if ray.is_initialized():
        if address is not None:
            raise InputError(
                "one Ray cluster per process",
                got=f"the address {address} in a process that is connected already",
                hint="ray.shutdown() first, or no address",
            )
        yield Cluster(workers)
        return
    try:
        if address is None:
            _start(ray, usable_cores() if workers is None else workers)
        else:
            _connect(ray, address)
        yield Cluster(workers)
    finally:
        ray.shutdown()


def knock(address: str) -> None:
    """InputError unless somebody listens at HOST:PORT; what is behind "auto" only Ray knows. Ray
    itself gives up after more than two minutes (measured with 2.60 on 2026-11-21).
    """
    if address == "auto":
        return
    host, _, port = address.rpartition(":")
    try:
        if not port.isdigit():
            raise ValueError("an address without a port")
        with socket.create_connection((host, int(port)), timeout=_KNOCK_S):
            pass
    except (OSError, ValueError) as error:
        raise _unreachable(address, error) from error


def _unreachable(address: str, error: Exception) -> InputError:
    return InputError(
        'a Ray cluster at "auto" or HOST:PORT',
        got=str(error).strip().partition("\n")[0],
        where=address,
        hint="run this on a machine of the cluster; `ray status` there says whether it is up",
    )


def import_ray(*, own: bool) -> Any:
    """The package; with `own`, so that a cluster started from here stays on loopback."""
    try:
        with _environment(OWN_ENVIRONMENT if own else {}):
            import ray
            import ray.exceptions
            import ray.util.scheduling_strategies
    except ImportError as error:
        raise MissingExtraError.of("building on a Ray cluster", "ray") from error
    return ray


def _start(ray: Any, workers: int) -> None:
    """A cluster of one's own: one node, on loopback, without dashboard and usage statistics."""
    path = os.pathsep.join(filter(None, sys.path))  # workers find modules where this process does
    with _environment({**OWN_ENVIRONMENT, "PYTHONPATH": path}):
        context = ray.init(
            address="local",
            num_cpus=workers,
            num_gpus=0,
            object_store_memory=store_bytes(shutil.disk_usage("/dev/shm").free),  # noqa: S108
            include_dashboard=False,
            log_to_driver=False,
            logging_level=logging.ERROR,
            _node_ip_address=LOOPBACK,
        )
    listens = context.address_info["node_ip_address"]
    if listens != LOOPBACK:
        raise InputError(
            "a Ray cluster that other machines cannot reach",
            got=f"one at {listens}, because ray was imported before this engine was opened",
            hint="open the engine first, or call ray.init yourself",
        )


def store_bytes(free: int) -> int:
    """Of the object store, for so many free bytes of shared memory: half of them within limits."""
    return max(_LEAST_STORE, min(_MOST_STORE, free // 2))


def _connect(ray: Any, address: str) -> None:
    try:
        ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR)
        everywhere = read_everywhere(ray)
    except (ConnectionError, RuntimeError, ValueError, ray.exceptions.RayError) as error:
        raise _unreachable(address, error) from error
    here = read_versions()
    for where, there in everywhere.items():
        check_versions(here, there, where=where)


def read_everywhere(ray: Any) -> dict[str, Versions]:
    """Versions by address, from every machine that has a core to give."""
    strategy = ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy
    reader = ray.remote(num_cpus=0)(version_reader())
    asked = {
        f"{node['NodeManagerAddress']} ({node['NodeID'][:8]})": reader.options(
            scheduling_strategy=strategy(node["NodeID"], soft=False)
        ).remote(NAMES)
        for node in ray.nodes()
        if node["Alive"] and node["Resources"].get("CPU", 0) >= 1
    }
    return {where: ray.get(answer) for where, answer in asked.items()}


class Cluster:
    """An engine on the cluster that this process is connected to.

    `workers` is the most blocks worked on at a time; None is one per core of the cluster. A block
    may lose its worker or its machine `retries` times (from 0) before it is given up.
    """

    def __init__(self, workers: int | None, *, retries: int = RETRIES) -> None:
        self._workers, self._retries = workers, retries

    def map(
        self,
        function: Callable[[Block, Shared], Result],
        blocks: Sequence[Block],
        shared: Shared,
    ) -> Iterator[Result]:
        """As `Engine.map`. Raises what `function` raises; InputError for a function that workers
        cannot import; WorkerError for a block that was given up.
        """
        check_function(function)
        return self._map(function, blocks, shared)

    def _map(self, function: Any, blocks: Sequence[Any], shared: Any) -> Iterator[Any]:
        ray = import_ray(own=False)
        cell = Cell(ray.put((function, shared)), read_versions())
        task = ray.remote(num_cpus=1, max_retries=self._retries)(work)
        crew = _Crew(ray, lambda block: task.remote(cell, block), self._workers)
        yield from in_order(crew, blocks)


class Cell(NamedTuple):
    """What all tasks of a map are given: a reference to the function and the shared value, and the
    versions on the machine that asks. Ray replaces a bare argument by what it refers to, for each
    task anew; a reference inside a value is passed on as it is.
    """

    task: Any
    versions: Versions


class _Crew:
    """Tasks in flight for one map. `start` gives a reference to the outcome of a block."""

    def __init__(self, ray: Any, start: Callable[[Any], Any], workers: int | None) -> None:
        self._ray, self._start, self._workers = ray, start, workers
        self._in_flight: dict[Any, int] = {}
        self.places = self._count_places()

    def free(self) -> bool:
        return len(self._in_flight) < self.places

    def give(self, index: int, block: Any) -> None:
        if index % self.places == 0:
            self.places = self._count_places()
        self._in_flight[self._start(block)] = index

    def _count_places(self) -> int:
        """Twice the cores there are now: machines come and go, and only work that waits for a core
        makes a cluster grow.
        """
        if self._workers is not None:
            return self._workers
        return 2 * max(1, int(self._ray.cluster_resources().get("CPU", 1)))

    def collect(self, *, wait: bool) -> Mapping[int, Done[Any] | Failed]:
        came = []
        if wait:
            came, _ = self._ray.wait([*self._in_flight], num_returns=1)
        rest = [answer for answer in self._in_flight if answer not in came]
        if rest:
            came += self._ray.wait(rest, num_returns=len(rest), timeout=0)[0]
        return {self._in_flight.pop(answer): self._fetch(answer) for answer in came}

    def _fetch(self, answer: Any) -> Done[Any] | Failed:
        exceptions = self._ray.exceptions
        try:
            outcome: Done[Any] | Failed = self._ray.get(answer)
        except exceptions.RayTaskError as error:
            # The task itself came to nothing: its block or its result could not be pickled.
            raise error.cause from None
        except exceptions.RayError as error:
            raise WorkerError(
                "workers and machines that stay alive",
                got="too many lost over the same block "
                f"({type(error).__name__}: {str(error).strip().partition(chr(10))[0]})",
                hint="fewer workers if memory ran out; --engine in-process shows a crash itself",
            ) from error
        return outcome

    def drop(self) -> None:
        for answer in self._in_flight:
            self._ray.cancel(answer, force=True)
        self._in_flight.clear()


def work(cell: Cell, block: Any) -> Done[Any] | Failed:
    """What a task does, in a worker process of Ray."""
    os.environ.update(WORKER_ENVIRONMENT)

    def call() -> Any:
        function, shared = _open(cell)
        return function(block, shared)

    return attempt(call)


_held: deque[tuple[Any, Any]] = deque(maxlen=1)
"""In a worker: the reference to the last function and shared value, and the two themselves."""


def _open(cell: Cell) -> tuple[Callable[[Any, Any], Any], Any]:
    """The function and the shared value, read once per worker. The versions are compared then: a
    machine may have joined after the engine was opened.
    """
    if not _held or _held[0][0] != cell.task:
        ray = import_ray(own=False)
        check_versions(cell.versions, read_versions(), where=ray.util.get_node_ip_address())
        _held.append((cell.task, ray.get(cell.task)))
    task: tuple[Callable[[Any, Any], Any], Any] = _held[0][1]
    return task


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    """These variables for the length of a `with` block, then as they were."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name)
            else:
                os.environ[name] = value
