"""Several processes that train one adapter, seen from one of them; a single process is one of one.

In: what the launcher set (`runs.launch`). Out: values that all processes agree on, and gradients
summed over them. Never: a file, a decision.

Every process holds the whole base and the whole adapter, computes its share of a step's rows, and
takes the same optimizer step, because the summed gradient has the same bits everywhere. Two groups
are used: gradients travel over accelerate's own (NCCL, RCCL, gloo), everything else over gloo,
where waiting for hours is no error: the main process asks questions while the others wait. A
process that dies closes its connections, so the others hear of it at once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar, cast

import torch
from accelerate import PartialState
from torch import distributed

from underdog.errors import InputError, RunError, UnderdogError
from underdog.runs.launch import FSDP, read_launch

PATIENCE = timedelta(days=7)
"""Longest wait for another process. One that died is noticed at once; a stall is the watchdog's."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Processes:
    """`rank` 0 is the main one: it alone writes, asks, shows. `local_count` are on this machine.
    `group` carries what is said; None for a single process. `sharded` says that the base is cut up
    over them, so that none can use it alone.
    """

    rank: int
    count: int
    local_count: int
    group: Any
    sharded: bool = False

    @property
    def main(self) -> bool:
        """Whether this is the process that writes."""
        return self.rank == 0

    def gather(self, value: T) -> list[T]:
        """The value of every process, in the order of their ranks."""
        if self.count == 1:
            return [value]
        found: list[Any] = [None] * self.count
        with _talking():
            distributed.all_gather_object(found, value, group=self.group)
        return cast("list[T]", found)

    def from_main(self, work: Callable[[], T]) -> T:
        """What `work` gives in the main process, or the UnderdogError it raises, in all of them."""
        if self.count == 1:
            return work()
        told: list[Any] = [None, None]
        if self.main:
            try:
                told[0] = work()
            except UnderdogError as error:
                told[1] = error
        with _talking():
            distributed.broadcast_object_list(told, src=0, group=self.group)
        if told[1] is not None:
            raise told[1]
        return cast("T", told[0])

    def sum_gradients(self, weights: Sequence[torch.Tensor]) -> None:
        """Add up every weight's gradient over the processes, in one message. A process without a
        share of the step has none, which counts as zero.
        """
        if self.count == 1:
            return
        flat = torch.cat([_gradient(weight).reshape(-1) for weight in weights])
        with _talking():
            distributed.all_reduce(flat)
        for weight, summed in zip(
            weights, torch.split(flat, [w.numel() for w in weights]), strict=True
        ):
            weight.grad = summed.view_as(weight)

    def draw_anew(self, *key: object) -> None:
        """Give each of several processes random numbers of its own, decided by `key` alone, so that
        a checkpoint needs to know of none but the main process. A single one draws on.
        """
        if self.count > 1:
            words = " ".join(str(each) for each in (*key, self.rank, self.count))
            digest = hashlib.sha256(words.encode()).digest()
            torch.manual_seed(int.from_bytes(digest[:7], "big"))

    def agree(self, digest: str, *, wanted: str, hint: str) -> None:
        """RunError naming the processes whose digest is not the main one's."""
        found = self.gather(digest)
        other = [str(rank) for rank, each in enumerate(found) if each != found[0]]
        if other:
            raise RunError(wanted, got=f"another in process {', '.join(other)}", hint=hint)


ALONE = Processes(rank=0, count=1, local_count=1, group=None)
"""A run without a launcher."""


def join_processes(*, cpu: bool, sharded: bool = False) -> Processes:
    """Find the other processes of this launch. A collective call. `sharded` asks to cut up the
    base over them, as does `accelerate launch --use_fsdp`.

    Raises InputError for ways of cutting up the model that are not supported.
    """
    launch = read_launch()
    if launch.sharding not in {None, FSDP}:
        raise InputError(
            "whole copies of the base, or one cut up by FSDP, are needed",
            got=f"{launch.sharding}, which is not supported",
            hint="accelerate launch --multi_gpu or --use_fsdp, or torchrun with --sharding full",
        )
    if launch.count == 1:
        return ALONE
    state = PartialState(cpu=cpu)
    if state.num_processes != launch.count:
        raise InputError(
            f"{launch.count} connected processes are needed", got=f"{state.num_processes}"
        )
    with _talking():
        group = distributed.new_group(backend="gloo", timeout=PATIENCE)
    asked = sharded or launch.sharding == FSDP
    return Processes(launch.rank, launch.count, launch.local_count, group, asked)


def leave_processes() -> None:
    """Close what `join_processes` opened, when the work of this program is done."""
    if distributed.is_available() and distributed.is_initialized():
        distributed.destroy_process_group()


@contextmanager
def _talking() -> Iterator[None]:
    """A connection that breaks means that a process is gone, and that one has told why."""
    try:
        yield
    except RuntimeError as error:  # DistBackendError and gloo's own
        if "out of memory" in str(error).lower():
            raise
        raise RunError(
            "all processes of the run are needed",
            got=f"one that ended ({str(error).strip().splitlines()[0][:120]})",
            hint="its message says why; the same command continues from the last checkpoint",
        ) from error


def _gradient(weight: torch.Tensor) -> torch.Tensor:
    return torch.zeros_like(weight) if weight.grad is None else weight.grad
