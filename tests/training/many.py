"""Runs on several processes of this machine, each a child that finds the others on 127.0.0.1."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from small_runs import small_job

from children import CHILDREN
from patience import PATIENCE_S
from underdog.adapters.settings import AdapterSettings
from underdog.data.row import Row
from underdog.errors import UnderdogError
from underdog.inference.score import scoring_of
from underdog.inference.scorer import ScoringConfig
from underdog.training.config import TrainingConfig
from underdog.training.exams import Ask
from underdog.training.interrupts import StoppedBySignal
from underdog.training.record import TrainingJob
from underdog.training.trainer import train


@dataclass(frozen=True)
class Trouble:
    """What happens in process `rank` at a step (from 1) of its own sitting, and at the next ones up
    to `times` steps in all.
    """

    rank: int
    step: int
    kind: str
    times: int
    seen: list[int]

    def __call__(self, head: Any, _inputs: Any, logits: torch.Tensor) -> torch.Tensor:
        if not head.training:
            return logits
        self.seen.append(1)
        if not self.step <= len(self.seen) < self.step + self.times:
            return logits
        if self.kind == "nan":
            return logits * float("nan")
        if self.kind == "memory":
            raise torch.OutOfMemoryError("HIP out of memory. Tried to allocate 2.00 GiB")
        if self.kind == "error":
            raise ZeroDivisionError("a fault of our own")
        os.kill(os.getpid(), getattr(signal, self.kind))
        return logits


def trouble(rank: int, step: int, kind: str, *, times: int = 1) -> Trouble:
    """One that has seen nothing yet."""
    return Trouble(rank, step, kind, times, [])


@dataclass(frozen=True)
class Order:
    """What the children of one launch are told."""

    base: Path
    out: Path
    port: int
    count: int
    trouble: Trouble | None
    dropout: float
    config: TrainingConfig | None
    adapter: AdapterSettings | None
    asked: tuple[Row, ...]


def member(rank: int, order: Order) -> None:
    """One process of a run; what it says of its end goes to `error-RANK.txt` beside the run."""
    os.environ |= {
        "RANK": str(rank),
        "LOCAL_RANK": str(rank),
        "WORLD_SIZE": str(order.count),
        "LOCAL_WORLD_SIZE": str(order.count),
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(order.port),
        "GLOO_SOCKET_IFNAME": "lo",
    }
    torch.set_num_threads(1)
    job = made(order)
    if order.trouble is not None and order.trouble.rank == rank:
        job.base.model.get_output_embeddings().register_forward_hook(order.trouble)
    try:
        train(job, ask=real_ask(job) if order.asked else None)
    except (UnderdogError, StoppedBySignal, ZeroDivisionError) as error:
        order.out.with_name(f"error-{rank}.txt").write_text(f"{type(error).__name__}: {error}")
        os._exit(getattr(error, "exit_status", 2))
    os._exit(0)


def made(order: Order) -> TrainingJob:
    """The small run, with another config and adapter where they are given."""
    job = small_job(order.base, order.out, dropout=order.dropout)
    job = job if order.adapter is None else replace(job, adapter=order.adapter)
    job = replace(job, rows=(*job.rows, *order.asked))
    return job if order.config is None else replace(job, config=order.config)


def real_ask(job: TrainingJob) -> Ask:
    """As the command asks."""
    return scoring_of(job.base.tokenizer, ScoringConfig(style=job.config.style))


def run_many(
    base: Path,
    out: Path,
    *,
    count: int = 2,
    trouble: Trouble | None = None,
    dropout: float = 0.0,
    config: TrainingConfig | None = None,
    adapter: AdapterSettings | None = None,
    asked: tuple[Row, ...] = (),
) -> list[int | None]:
    """Exit codes by rank, negative for signals; a process that does not end by itself in ten
    minutes is killed and fails the test.
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    with held_port() as port:
        order = Order(base, out, port, count, trouble, dropout, config, adapter, asked)
        members = [CHILDREN.Process(target=member, args=(rank, order)) for rank in range(count)]
        for each in members:
            each.start()
        deadline = time.monotonic() + PATIENCE_S
        for each in members:
            each.join(max(0.0, deadline - time.monotonic()))
        hanging = [rank for rank, each in enumerate(members) if each.is_alive()]
        for each in members:
            with contextlib.suppress(ValueError):
                each.kill()
            each.join()
    assert not hanging, f"processes {hanging} did not end"
    return [each.exitcode for each in members]


def told(out: Path, rank: int) -> str:
    """How a process said that it ended."""
    return out.with_name(f"error-{rank}.txt").read_text()


def distance(first: Path, second: Path) -> float:
    """The largest difference of a weight between the adapters of two runs."""
    ours, theirs = (
        load_file(each / "adapter" / "adapter_model.safetensors") for each in (first, second)
    )
    assert ours.keys() == theirs.keys()
    return max(float((ours[name] - theirs[name]).abs().max()) for name in ours)


@contextlib.contextmanager
def held_port() -> Iterator[int]:
    """A free one of 127.0.0.1 that the kernel gives to nobody else meanwhile: it stays bound, not
    listening, so that who says SO_REUSEADDR, as torch's store does, may listen on it.
    """
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind(("127.0.0.1", 0))
        yield holder.getsockname()[1]
