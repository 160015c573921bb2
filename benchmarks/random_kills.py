"""Kill `underdog train` at random moments, on one process and on two, and compare the adapters.

    python benchmarks/random_kills.py --kills 20 --seed 1

Four set-ups share the kills: one process, two (`torchrun`, gloo), two and then one, one and then
two. A kill is SIGKILL of everything at once (a power cut), SIGKILL of one worker of two, or SIGTERM
to what was started; it comes at any moment from the start of the command on, or of its first step
on. The same command follows every kill. Adapters are compared with a run on one process that was
left alone, those of two processes with such a run on two as well: equal bytes, or the largest
difference of a weight, and of a whole tensor beside its norm. Ends with one line of JSON.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import NamedTuple

import torch
from safetensors.torch import load_file

from killing import underdog
from underdog.runs.metrics import read_metrics

WAIT_S = 3600.0
"""Longest wait for a sitting to end by itself or after a signal."""
SHARES = {"1": 6, "2": 6, "2 then 1": 4, "1 then 2": 4}
"""Kills of 20 by set-up."""


@dataclass
class SetUp:
    """`counts` are the processes of the first and of the second half of the kills."""

    name: str
    kills: int
    counts: tuple[int, int]
    runs: list[Path] = field(default_factory=list)
    dealt: dict[str, int] = field(default_factory=dict)
    steps: list[int] = field(default_factory=list)


class Blow(NamedTuple):
    """`after_s` counts from the first step of the sitting where `from_step`, else from its start;
    "all" and "one" (the worker of this rank) are SIGKILL, "term" is SIGTERM.
    """

    kind: str
    rank: int
    from_step: bool
    after_s: float


def command(questions: Path, out: Path, processes: int) -> list[str]:
    launcher = [sys.executable]
    if processes > 1:
        launcher += ["-m", "torch.distributed.run", "--nproc-per-node", str(processes)]
        launcher += ["--master-addr", "127.0.0.1", "--master-port", str(free_port())]
    settings = "--base tiny-base --chunks 5 --learning-rate 1e-3 5e-4 --threads 1 --device cpu"
    measures = "--validation-questions 40 --checkpoint-every 5"
    flags = f"{settings} {measures}".split()
    words = underdog("train", str(questions), "--out", str(out), *flags)
    return [*launcher, *words[1:]]


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def sitting(questions: Path, out: Path, processes: int, blow: Blow | None) -> bool:
    """One command line; True when it finished, False when the blow came first."""
    before = steps_done(out)
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo"}
    with out.with_suffix(".log").open("ab") as log:
        process = subprocess.Popen(
            command(questions, out, processes), stdout=log, stderr=log, env=environment
        )
        if blow is not None and struck(process, blow, lambda: steps_done(out) != before):
            return False
        status = process.wait(WAIT_S)
    if status:
        sys.exit(f"a sitting failed with status {status}; see {log.name}")
    return True


def struck(process: subprocess.Popen[bytes], blow: Blow, stepped: Callable[[], bool]) -> bool:
    """Wait for the moment and strike; False when the process had ended before."""
    while blow.from_step and process.poll() is None and not stepped():
        time.sleep(0.01)
    try:
        process.wait(blow.after_s)
    except subprocess.TimeoutExpired:
        below = descendants(process.pid)
        workers = [pid for pid in below if rank_of(pid) == str(blow.rank)]
        if blow.kind == "term":
            process.send_signal(signal.SIGTERM)
        elif blow.kind == "one" and workers:
            kill(workers[0])
        else:
            for pid in (process.pid, *below):
                kill(pid)
        process.wait(WAIT_S)
        while any(Path(f"/proc/{pid}").exists() for pid in below):
            time.sleep(0.01)
        return True
    return False


def kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def descendants(pid: int) -> list[int]:
    """Every process below this one, from /proc."""
    parents: dict[int, int] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(path.parent.name)] = int(path.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
    found, new = [], [pid]
    while new:
        new = [child for child, parent in parents.items() if parent in new]
        found += new
    return found


def rank_of(pid: int) -> str | None:
    """The rank that the launcher gave to a worker."""
    try:
        pairs = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return None
    return next((pair[5:].decode() for pair in pairs if pair.startswith(b"RANK=")), None)


def steps_done(out: Path) -> int:
    """Lines of metrics so far: they grow with every step."""
    path = out / "metrics.jsonl"
    return path.read_bytes().count(b'"kind": "step"') if path.exists() else 0


def disturb(
    set_up: SetUp, questions: Path, folder: Path, rng: random.Random, whole_s: float
) -> None:
    """Deal out the kills of a set-up; every run is then finished."""
    while sum(set_up.dealt.values()) < set_up.kills:
        out = folder / f"{set_up.name.replace(' ', '-')}-{len(set_up.runs)}"
        set_up.runs.append(out)
        while True:
            dealt = sum(set_up.dealt.values())
            processes = set_up.counts[2 * dealt >= set_up.kills]
            blow = draw(rng, processes, whole_s) if dealt < set_up.kills else None
            if sitting(questions, out, processes, blow):
                break
            assert blow is not None
            set_up.dealt[blow.kind] = set_up.dealt.get(blow.kind, 0) + 1
            set_up.steps.append(last_checkpoint(out))
            print(
                f"{set_up.name}: kill {dealt + 1} of {set_up.kills} ({blow.kind}) on {processes}, "
                f"{blow.after_s:.2f} s after the {'first step' if blow.from_step else 'start'}; "
                f"last checkpoint: step {set_up.steps[-1]}",
                flush=True,
            )


def draw(rng: random.Random, processes: int, whole_s: float) -> Blow:
    """Three of four come while it trains, the others at any moment from the start on."""
    kind = rng.choice(["all", "one", "term"] if processes > 1 else ["all", "term"])
    rank, from_step = rng.randrange(processes), rng.random() < 0.75
    return Blow(kind, rank, from_step, rng.uniform(0, whole_s / 3 if from_step else whole_s))


def last_checkpoint(out: Path) -> int:
    """Its step; what a kill cut off in mid-writing is none."""
    steps = [path.name.removeprefix("step-") for path in out.glob("checkpoints/step-*")]
    return max((int(step) for step in steps if step.isdigit()), default=0)


class Difference(NamedTuple):
    """Between two adapters: of one weight, and of a whole tensor beside its norm."""

    weight: float
    tensor: float


def difference(first: Path, second: Path) -> Difference:
    ours, theirs = (
        load_file(each / "adapter/adapter_model.safetensors") for each in (first, second)
    )
    assert ours.keys() == theirs.keys()
    assert all(torch.isfinite(weight).all() for weight in ours.values())
    gaps = {name: ours[name] - theirs[name] for name in ours}
    return Difference(
        max(float(gap.abs().max()) for gap in gaps.values()),
        max(float(gaps[name].norm() / theirs[name].norm()) for name in gaps),
    )


def worst(runs: list[Path], whole: Path) -> Difference:
    found = [difference(run, whole) for run in runs]
    return Difference(max(each.weight for each in found), max(each.tensor for each in found))


def whole_runs(questions: Path, folder: Path) -> tuple[dict[int, Path], float]:
    """Left alone, by number of processes; and the seconds that one process trains: steps times the
    median step, since a busy machine may stand still for minutes.
    """
    wholes = {count: folder / f"whole-{count}" for count in (1, 2)}
    for count, out in wholes.items():
        sitting(questions, out, count, None)
    ends = [step.elapsed_s for step in read_metrics(wholes[1]).steps]
    whole_s = len(ends) * median(after - before for before, after in itertools.pairwise(ends))
    print(f"left alone: {len(ends)} steps in {whole_s:.1f} s", flush=True)
    return wholes, whole_s


def entry(set_up: SetUp, wholes: dict[int, Path]) -> dict[str, object]:
    """What the table and the JSON say of a set-up."""
    alone = worst(set_up.runs, wholes[1])
    last = set_up.counts[1] if set_up.counts[0] == set_up.counts[1] else 1
    same = worst(set_up.runs, wholes[last])
    return {
        "processes": set_up.name,
        "kills": set_up.dealt,
        "runs": len(set_up.runs),
        "checkpoint_steps": set_up.steps,
        "bit_identical": same == Difference(0.0, 0.0),
        "max_difference": same.weight,
        "max_tensor_difference": same.tensor,
        "max_difference_from_one": alone.weight,
        "max_tensor_difference_from_one": alone.tensor,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    rng = random.Random(args.seed)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        questions = folder / "questions"
        build = underdog("data", "build", "bank", "--out", str(questions), "--chunks", "60")
        subprocess.run(build, check=True, stdout=subprocess.DEVNULL)
        wholes, whole_s = whole_runs(questions, folder)
        made = []
        for name, share in SHARES.items():
            numbers = [int(word) for word in name.split() if word.isdigit()]
            set_up = SetUp(name, max(1, round(args.kills * share / 20)), (numbers[0], numbers[-1]))
            disturb(set_up, questions, folder, rng, whole_s)
            made.append(entry(set_up, wholes))
            print(json.dumps(made[-1]), flush=True)
        print(
            "\nprocesses | kills | runs | bit-identical to its like | max weight, tensor difference"
        )
        for each in made:
            print(
                f"{each['processes']:9} | {sum(each['kills'].values()):5} | {each['runs']:4} | "
                f"{each['bit_identical']!s:25} | {each['max_difference']:.1e}, "
                f"{each['max_tensor_difference']:.1e}"
            )
    print(json.dumps({"kills": sum(sum(each["kills"].values()) for each in made), "set_ups": made}))


if __name__ == "__main__":
    main()
