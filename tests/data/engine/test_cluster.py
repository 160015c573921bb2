"""Tasks on Ray: a cluster of two nodes on this machine, and the engine's own. Loopback only.

The cluster is made once for the file. A third node, which one test takes away, comes and goes.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import block_functions
import numpy as np
import pytest

from patience import PATIENCE_S
from underdog.data.engine import cluster as room
from underdog.data.engine.engine import Engine
from underdog.data.engine.local import IN_PROCESS
from underdog.data.engine.open import open_engine
from underdog.data.engine.outcome import Done, take
from underdog.data.engine.versions import read_versions
from underdog.data.engine.worker import WORKER_ENVIRONMENT
from underdog.errors import InputError, MissingExtraError, WorkerError

pytestmark = pytest.mark.slow
NODE = {"num_cpus": 1, "node_ip_address": room.LOOPBACK, "object_store_memory": 80 << 20}
OWN_SCRIPT = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
import block_functions
from underdog.data.engine.open import open_engine

def listening():
    for name in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(name).read_text().splitlines()[1:]:
            address, state = line.split()[1], line.split()[3]
            if state == "0A":
                yield address

before = {*listening()}
with open_engine("ray", workers=1) as engine:
    print(list(engine.map(block_functions.refuses, range(3), 9)))
    opened = {*listening()} - before
    print(len(opened) > 3, {address.partition(":")[0][-8:] for address in opened})
import ray
print(ray.is_initialized())
"""
"""A cluster of its own: its results, the addresses it listens at, and whether it is gone."""


@contextmanager
def environment(**values: str) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in values.items():
            patch.setenv(name, value)
        yield


@pytest.fixture(scope="module")
def nodes() -> Iterator[Any]:
    """Two nodes of one core each, whose workers find the modules of the tests."""
    path = os.pathsep.join(filter(None, sys.path))
    own = room.OWN_ENVIRONMENT
    with environment(**own, PYTHONPATH=path, RAY_health_check_period_ms="500"):
        room.import_ray(own=True)
        from ray.cluster_utils import Cluster

        cluster = Cluster(initialize_head=True, head_node_args={**NODE, "include_dashboard": False})
        cluster.add_node(**NODE)
        yield cluster
        cluster.shutdown()


@pytest.fixture(scope="module")
def engine(nodes: Any) -> Iterator[Engine]:
    """The engine on it."""
    with open_engine("ray", address=nodes.address) as opened:
        yield opened


def test_the_cluster_gives_the_list_that_one_process_gives(engine: Engine) -> None:
    """Tuples, floats to the last bit, arrays; no blocks at all; more blocks than are in flight."""
    blocks = [list(range(size)) for size in range(30)]
    alone = list(IN_PROCESS.map(block_functions.spread, blocks, {"factor": 7}))
    assert repr(list(engine.map(block_functions.spread, blocks, {"factor": 7}))) == repr(alone)
    assert list(engine.map(block_functions.spread, [], {})) == []
    rows, shared = np.arange(300.0).reshape(20, 5, 3), np.arange(12.0).reshape(3, 4)
    products = IN_PROCESS.map(block_functions.arrays, rows, shared)
    on_cluster = engine.map(block_functions.arrays, rows, shared)
    assert [each.tolist() for each in on_cluster] == [each.tolist() for each in products]


def test_a_worker_that_kills_itself_changes_nothing(engine: Engine, tmp_path: Path) -> None:
    """Two blocks kill their worker once, with SIGKILL."""
    results = list(engine.map(block_functions.dies_once, range(4), str(tmp_path)))
    assert results == [0, 1, 4, 9]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0", "3"]


def test_a_machine_that_is_lost_changes_nothing(engine: Engine, nodes: Any, tmp_path: Path) -> None:
    """A node goes away with a finished result on it that nobody has fetched: that block is worked
    on again, and every array is what it would have been.
    """
    node = nodes.add_node(**NODE)
    raylet = node.all_processes["raylet"][0].process.pid
    ray = room.import_ray(own=False)
    while ray.cluster_resources()["CPU"] < 3:
        time.sleep(0.1)
    results = engine.map(block_functions.weighs, range(24), str(tmp_path))
    came = []
    lost: set[int] = set()
    try:
        while not lost:
            came.append(next(results))
            time.sleep(0.5)  # the blocks at work are finished then, and asked for by nobody
            done = block_functions.weighed(tmp_path)
            lost = {block for block, parent in done if parent == raylet and block >= len(came)}
    finally:
        nodes.remove_node(node, allow_graceful=False)
    came += results
    assert [array.shape for array in came] == [(131_072,)] * 24
    assert [np.unique(array).tolist() for array in came] == [[block] for block in range(24)]
    again = [block for block, _ in block_functions.weighed(tmp_path)]
    assert all(again.count(block) >= 2 for block in lost)


def test_an_error_arrives_as_itself(engine: Engine) -> None:
    """After the results before it; also one of sending, and one of opening an engine inside."""
    results = engine.map(block_functions.refuses, range(6), 2)
    assert [next(results), next(results)] == [0, 1]
    with pytest.raises(InputError) as raised:
        next(results)
    assert type(raised.value) is InputError
    assert str(raised.value) == "block: a small block; got 2. Try: a smaller one"
    with pytest.raises(InputError, match="a function that worker processes can import"):
        engine.map(lambda block, shared: block, [1], None)
    with pytest.raises(ValueError, match="read-only"):
        list(engine.map(block_functions.writes, [1], np.zeros(3)))
    with pytest.raises(TypeError, match=r"cannot pickle '_thread\.lock' object"):
        list(engine.map(block_functions.hands_out_a_lock, [1], None))


def test_maps_in_turn_and_engines_inside_blocks(engine: Engine) -> None:
    """Two maps at the same time, and a local engine opened in a task."""
    one = engine.map(block_functions.refuses, range(4), 9)
    other = engine.map(block_functions.nests, [[1], [2, 3], [4], []], "local")
    assert list(zip(one, other, strict=True)) == [(0, [1]), (1, [2, 3]), (2, [4]), (3, [])]


def test_the_shared_value_is_unpickled_once_per_worker(engine: Engine, tmp_path: Path) -> None:
    """Not once per block."""
    shared = block_functions.Counted(str(tmp_path))
    workers = {*engine.map(block_functions.uses, range(20), shared)}
    arrived = (tmp_path / "arrivals").read_text().split()
    assert len(arrived) == len({*arrived})
    assert {*map(int, arrived)} >= workers


def test_stopping_early_frees_the_cores(engine: Engine, tmp_path: Path) -> None:
    """The blocks at work would sleep for longer than anybody waits."""
    results = engine.map(block_functions.sleeps, [0.0, 6e3, 6e3, 6e3], str(tmp_path))
    next(results)
    results.close()
    assert list(engine.map(block_functions.refuses, range(4), 9)) == [0, 1, 2, 3]


def test_a_block_that_ends_every_worker_is_given_up(engine: Engine) -> None:
    """With how the last one ended; `engine` is connected, this one may lose no worker at all."""
    frail = room.Cluster(None, retries=0)
    with pytest.raises(WorkerError) as raised:
        list(frail.map(block_functions.dies, range(3), 9))
    said = str(raised.value)
    assert said.startswith(
        "workers and machines that stay alive; got too many lost over the same block "
        "(WorkerCrashedError: "
    )
    assert said.endswith(
        "Try: fewer workers if memory ran out; --engine in-process shows a crash itself"
    )


def test_a_second_cluster_in_one_process_is_refused_and_the_first_is_used(
    engine: Engine, nodes: Any
) -> None:
    """Whoever connected stays connected when the engine is closed."""
    with open_engine("ray", workers=1) as again:
        assert list(again.map(block_functions.refuses, range(3), 9)) == [0, 1, 2]
    assert list(engine.map(block_functions.refuses, range(3), 9)) == [0, 1, 2]
    with pytest.raises(InputError) as refused, open_engine("ray", address=nodes.address):
        pass
    assert str(refused.value) == (
        f"one Ray cluster per process; got the address {nodes.address} in a process that is "
        "connected already. Try: ray.shutdown() first, or no address"
    )


def test_machines_with_other_versions_are_refused(engine: Engine, nodes: Any) -> None:
    """Both nodes say what they have, and it is compared with what this process has."""
    ray = room.import_ray(own=False)
    said = room.read_everywhere(ray)
    assert len(said) == 2
    assert all(where.startswith("127.0.0.1 (") for where in said)
    assert list(said.values()) == [read_versions()] * 2


def test_a_worker_compares_versions_before_it_works(engine: Engine) -> None:
    """A machine that joined later has an underdog of its own. The task is called here and on the
    cluster.
    """
    ray = room.import_ray(own=False)
    task = ray.put((block_functions.refuses, 9))
    strange = room.Cell(task, {"underdog": "9.9", "Python": "3.0"})
    with environment(**WORKER_ENVIRONMENT):
        outcomes = [ray.get(ray.remote(room.work).remote(strange, 1)), room.work(strange, 1)]
        for outcome in outcomes:
            with pytest.raises(
                InputError, match=r"127\.0\.0\.1: underdog 9\.9, as on this machine"
            ):
                take(outcome)
        assert room.work(room.Cell(task, read_versions()), 1) == Done(1)


def test_a_cluster_that_is_not_there() -> None:
    """Said at once, with what to try. Nobody listens at port 9 of this machine."""
    hint = "Try: run this on a machine of the cluster; `ray status` there says whether it is up"
    for address, got in (
        ("127.0.0.1:9", "[Errno 111] Connection refused"),
        ("nonsense", "an address without a port"),
    ):
        with pytest.raises(InputError) as refused, open_engine("ray", address=address):
            pass
        assert str(refused.value) == (
            f'{address}: a Ray cluster at "auto" or HOST:PORT; got {got}. {hint}'
        )


def test_no_ray_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """The extra is named."""
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingExtraError) as missing, open_engine("ray"):
        pass
    assert str(missing.value) == (
        "building on a Ray cluster needs packages that are not installed. "
        'Try: pip install "underdog[ray]"'
    )


@pytest.mark.parametrize(
    ("free", "store"), [(0, 80 << 20), (64 << 20, 80 << 20), (1 << 30, 1 << 29), (1 << 40, 1 << 30)]
)
def test_the_object_store_is_half_of_shared_memory_within_limits(free: int, store: int) -> None:
    """Containers often have 64 MiB."""
    assert room.store_bytes(free) == store


def test_a_cluster_of_its_own_listens_on_loopback_and_is_gone_afterwards() -> None:
    """In a process of its own. 0100007F is 127.0.0.1 as /proc writes it."""
    command = [sys.executable, "-W", "error", "-c", OWN_SCRIPT, str(Path(__file__).parent)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S)
    assert done.stderr == ""
    assert done.stdout.splitlines() == ["[0, 1, 2]", "True {'0100007F'}", "False"]
