"""What to change when a run does not fit: each change is planned, and the first that fits ends it.

Changes add up in the order of what they cost: micro-batches of fewer rows (the same mathematics),
checkpointing of every fourth, every second, each layer (up to a third more time), a 16-bit base,
shorter rows, a lower rank (another result). What cannot be done here is named with the reason.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from underdog.hardware.gpus import GIB, Device, known_gpus
from underdog.training.budget.lengths import Rows
from underdog.training.budget.memory import Memory
from underdog.training.budget.plan import (
    Fit,
    Request,
    fit_of,
    fitted,
    plan_memory,
    with_execution,
)

RANKS = (64, 32, 16, 8, 4)
"""Tried from the top, where they are below the present one."""
EVERY_N_LAYERS = (4, 2, 1)
"""Every how many layers activations are computed twice: the least work first."""
SHORT_TOKENS = (512, 256)
"""Limits of row length that are tried."""
NO_4_BIT = (
    "a 4-bit base: not available, bases are trained on in float32, bfloat16 or float16 only "
    "(4-bit kernels gave NaN on AMD before bitsandbytes 0.50)"
)
NO_SHARDING = "not available, training runs on one device"


class Advice(NamedTuple):
    """A change with those before it, and what it comes to. `request` is the changed one."""

    change: str
    request: Request
    memory: Memory
    fit: Fit


class Remedies(NamedTuple):
    """What was tried, in order; the last one fits when any does. `unavailable` are sentences on
    what cannot be done, `larger` devices on which it would fit.
    """

    tried: tuple[Advice, ...]
    unavailable: tuple[str, ...]
    larger: tuple[str, ...]

    @property
    def solution(self) -> Advice | None:
        """The first change that fits, with all before it."""
        return self.tried[-1] if self.tried and self.tried[-1].fit is Fit.FITS else None


def find_remedies(request: Request) -> Remedies:
    """Try changes until one fits. None is tried when the weights alone are too large."""
    if weights_alone(request) > request.device.memory_bytes:
        return Remedies((), (_too_heavy(request), *_unavailable(request)), _larger(request))
    tried: list[Advice] = []
    for change, changed in _changes(request):
        best = fitted(changed)
        settled = best or changed
        note = _parts(request, best) if best is not None else ""
        memory = plan_memory(settled)
        tried.append(Advice(change + note, settled, memory, fit_of(memory, request.device)))
        if tried[-1].fit is Fit.FITS:
            return Remedies(tuple(tried), (), ())
    return Remedies(tuple(tried), _unavailable(request), _larger(request))


def weights_alone(request: Request) -> int:
    """Bytes of the base in 16 bit, the narrowest type that is trained on."""
    return 2 * request.shape.weights


def _too_heavy(request: Request) -> str:
    weights, room = weights_alone(request) / 1e9, request.device.memory_bytes / 1e9
    return (
        f"the weights of the base alone take {weights:.1f} GB in 16 bit and {request.device.name} "
        f"has {room:.1f} GB: no batch, length or rank changes that"
    )


def _changes(request: Request) -> Iterator[tuple[str, Request]]:
    """Each change on top of those before it."""
    size = request.config.schedule.batch_size
    present = with_execution(request, accumulation=size)
    yield "micro-batches of fewer rows", present
    for every in EVERY_N_LAYERS:
        if not 0 < request.every_n_layers <= every and every < max(2, request.shape.layers):
            present = with_execution(present, activation_checkpointing=every)
            yield f"and activation_checkpointing = {every}", present
    if request.dtype == "float32" and not request.device.is_cpu:
        dtype = "bfloat16" if request.device.bfloat16 else "float16"
        present = replace(present, dtype=dtype)
        yield f'and dtype = "{dtype}"', present
    for limit in SHORT_TOKENS:
        if limit < present.rows.longest:
            present = replace(present, rows=_shorter(present, limit))
            yield f"and max_tokens = {limit}", present
    for rank in RANKS:
        if rank < present.adapter.rank:
            present = replace(present, adapter=replace(present.adapter, rank=rank))
            yield f"and rank = {rank}", present


def _shorter(request: Request, limit: int) -> Rows:
    """The rows without those longer than `limit`; the means of those that stay are not known."""
    rows = request.rows
    kept = [at for at, length in enumerate(rows.lengths) if length <= limit]
    if not rows.known or not kept:
        return replace(rows, longest=limit, mean=min(rows.mean, limit))
    lengths = tuple(rows.lengths[at] for at in kept)
    return replace(
        rows,
        count=len(lengths),
        mean=sum(lengths) / len(lengths),
        longest=max(lengths),
        lengths=lengths,
        chunks=tuple(rows.chunks[at] for at in kept),
    )


def _parts(request: Request, best: Request) -> str:
    parts = best.config.execution.accumulation
    if parts == request.config.execution.accumulation:
        return ""
    return f" (accumulation = {parts}, {best.micro_batch} a time)"


def _unavailable(request: Request) -> tuple[str, ...]:
    weights = plan_memory(request, 1).low
    cards = max(2, math.ceil(weights / (0.9 * request.device.memory_bytes)))
    return (NO_4_BIT, f"{cards} such devices with the base shared out: {NO_SHARDING}")


def _larger(request: Request) -> tuple[str, ...]:
    """Names of known devices on which the request fits as it is or in smaller parts, the smallest
    first, at most three.
    """
    found: list[Device] = []
    for device in sorted(known_gpus().values(), key=lambda device: device.memory_bytes):
        if device.memory_bytes <= request.device.memory_bytes:
            continue
        if fitted(replace(request, device=device)) is not None:
            found.append(device)
    return tuple(f"{each.name} ({each.memory_bytes / GIB:.0f} GiB)" for each in found[:3])
