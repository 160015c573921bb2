"""What fits on a card, and which card does a run need.

In: requests, cards, what a card costs per hour. Out: rows of a table, each of them planned.
Never: torch.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from underdog.adapters.settings import AdapterKind
from underdog.hardware.gpus import Device
from underdog.training.budget.plan import (
    Fit,
    Request,
    fit_of,
    fitted,
    largest_micro_batch,
    make_plan,
    plan_memory,
    with_execution,
)

KINDS = (AdapterKind.LORA, AdapterKind.DORA, AdapterKind.OPLORA)
"""Those that differ in memory; rsLoRA takes what LoRA does."""
MICRO_BATCHES = (1, 4, 16)
"""Columns of the table, in rows of one forward pass."""


class Option(NamedTuple):
    """One model with one kind of adapter on a card. `high` are bytes at most for each of
    MICRO_BATCHES, and `largest` is the largest micro-batch that is sure to fit, 0 for none.
    """

    request: Request
    high: tuple[float, ...]
    largest: int

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "model": self.request.shape.name,
            "adapter": self.request.adapter.kind.value,
            "rank": self.request.adapter.rank,
            "dtype": self.request.dtype,
            "activation_checkpointing": self.request.every_n_layers,
            "high_bytes": dict(zip(map(str, MICRO_BATCHES), self.high, strict=True)),
            "largest_micro_batch": self.largest,
        }


class Card(NamedTuple):
    """One card for a request. `fit` and `spare` (bytes left at the high end, below 0 what is
    missing) are those of the request as it is; `parts` is the fewest micro-batches of a step with
    which it fits, None where it does not; `hours` and `cost` are low and high of that.
    """

    device: Device
    fit: Fit
    spare: float
    parts: int | None
    hours: tuple[float, float] | None
    price: float | None
    cost: tuple[float, float] | None

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "card": self.device.name,
            "memory_bytes": self.device.memory_bytes,
            "bandwidth": self.device.bandwidth,
            "flops_16": self.device.flops_16,
            "source": self.device.source,
            "fit": self.fit.value,
            "spare_bytes": self.spare,
            "accumulation": self.parts,
            "hours": self.hours,
            "price_per_hour": self.price,
            "cost": self.cost,
        }


def what_fits(requests: Iterable[Request]) -> list[Option]:
    """Every kind of adapter, without and with activation checkpointing, for each request."""
    return [
        _option(with_execution(_of_kind(request, kind), activation_checkpointing=every))
        for request in requests
        for kind in KINDS
        for every in (0, 1)
    ]


def _of_kind(request: Request, kind: AdapterKind) -> Request:
    return replace(request, adapter=replace(request.adapter, kind=kind))


def _option(request: Request) -> Option:
    high = tuple(plan_memory(request, rows).high for rows in MICRO_BATCHES)
    return Option(request, high, largest_micro_batch(request))


def which_cards(
    request: Request, devices: Iterable[Device], rents: Mapping[str, float]
) -> list[Card]:
    """The request on each device, the smallest memory first. `rents` are prices per hour by the
    device's name.
    """
    ordered = sorted(devices, key=lambda device: (device.memory_bytes, device.name))
    return [_card(on_device(request, device), rents.get(device.name)) for device in ordered]


def on_device(request: Request, device: Device) -> Request:
    """The same on another device, in float16 where bfloat16 is not computed natively."""
    narrow = request.dtype == "bfloat16" and not device.bfloat16
    return replace(request, device=device, dtype="float16" if narrow else request.dtype)


def _card(request: Request, price: float | None) -> Card:
    memory, device = plan_memory(request), request.device
    best = fitted(request)
    plan = None if best is None else make_plan(replace(best, price=price))
    hours = None
    if plan is not None and plan.time.total_s is not None:
        low, high = plan.time.total_s
        hours = low / 3600, high / 3600
    return Card(
        device,
        fit_of(memory, device),
        device.memory_bytes - memory.high,
        None if best is None else best.config.execution.accumulation,
        hours,
        price,
        None if plan is None else plan.cost,
    )


def cheapest(cards: Iterable[Card]) -> Card | None:
    """The card with the lowest cost at the high end, of those that fit and have a price."""
    priced = [(card.cost[1], card) for card in cards if card.cost is not None]
    return min(priced, key=lambda pair: pair[0])[1] if priced else None
