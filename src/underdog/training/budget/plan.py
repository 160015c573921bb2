"""Does a run fit, how long does it take, what does it cost, and what to change when it does not.

In: a Request. Out: a Plan. Every piece of advice is planned again before it is given. Never: torch.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any

from underdog.adapters.settings import AdapterSettings
from underdog.errors import InputError
from underdog.hardware.gpus import Device
from underdog.training.budget.activations import Pass
from underdog.training.budget.adapter_size import kept_weights, trainable_weights
from underdog.training.budget.compute import Time, estimate_time
from underdog.training.budget.disk import Disk, Kept, estimate_disk
from underdog.training.budget.lengths import Rows, Work, work_of
from underdog.training.budget.memory import Memory, peak_memory
from underdog.training.budget.shape import Shape
from underdog.training.config import TrainingConfig

MOST_ROWS = 1 << 16
"""No micro-batch is searched beyond this."""


class Fit(StrEnum):
    """The verdict."""

    FITS = "fits"
    TIGHT = "may not fit"
    TOO_LARGE = "does not fit"


@dataclass(frozen=True, slots=True)
class Request:
    """What is planned. `dtype` is the base's; `local` says that its weights are on this machine;
    `price` is per hour, in the user's currency; `also` are further models that are fetched, and
    `copies` is the number of copies of the base beside the hub cache.
    """

    shape: Shape
    adapter: AdapterSettings
    config: TrainingConfig
    rows: Rows
    device: Device
    dtype: str = "float32"
    local: bool = True
    price: float | None = None
    also: tuple[Shape, ...] = ()
    copies: int = 0

    def __post_init__(self) -> None:
        if self.price is not None and not self.price >= 0:
            raise InputError("a price of at least 0 per hour", got=str(self.price))

    @property
    def micro_batch(self) -> int:
        """Rows of one forward pass."""
        return -(-self.config.schedule.batch_size // self.config.execution.accumulation)

    @property
    def every_n_layers(self) -> int:
        """Every how many layers activations are computed twice; 0 for none."""
        return self.config.execution.activation_checkpointing


@dataclass(frozen=True, slots=True)
class Plan:
    """What came out. `largest` is the largest micro-batch that fits, 0 when none does; `used` are
    the rows and tokens of the whole run.
    """

    request: Request
    fit: Fit
    memory: Memory
    largest: int
    work: Work
    time: Time
    disk: Disk
    trained_weights: int

    @property
    def cost(self) -> tuple[float, float] | None:
        """In the currency of the price, low and high."""
        if self.request.price is None or self.time.total_s is None:
            return None
        low, high = (seconds / 3600 * self.request.price for seconds in self.time.total_s)
        return low, high

    def to_json(self) -> dict[str, Any]:
        """Everything, as plain JSON values."""
        request, memory = self.request, self.memory
        rows = asdict(request.rows)
        del rows["lengths"], rows["chunks"]
        return {
            "model": {**asdict(request.shape), "weights": request.shape.weights},
            "adapter": {
                **asdict(request.adapter),
                "trained_weights": self.trained_weights,
                "kept_weights": kept_weights(request.shape, request.adapter),
            },
            "device": asdict(request.device),
            "dtype": request.dtype,
            "rows": rows,
            "batch": {
                "rows": request.config.schedule.batch_size,
                "micro_batch": request.micro_batch,
                "accumulation": request.config.execution.accumulation,
                "largest_micro_batch": self.largest,
                "activation_checkpointing": request.every_n_layers,
            },
            "memory": {
                "fit": self.fit.value,
                "low_bytes": memory.low,
                "high_bytes": memory.high,
                "moment": memory.moment,
                "biggest": memory.biggest.name,
                "terms": [term._asdict() for term in memory.terms],
            },
            "work": asdict(self.work),
            "time": asdict(self.time),
            "disk": {
                **self.disk._asdict(),
                "cache": self.disk.cache,
                "needed": self.disk.needed,
            },
            "price_per_hour": request.price,
            "cost": self.cost,
        }


def make_plan(request: Request) -> Plan:
    """Plan one request as it is."""
    memory = plan_memory(request)
    execution = request.config.execution
    work = work_of(request.rows, request.config)
    return Plan(
        request,
        fit_of(memory, request.device),
        memory,
        largest_micro_batch(request),
        work,
        estimate_time(
            request.shape,
            request.adapter,
            work,
            request.device,
            dtype=request.dtype,
            every_n_layers=request.every_n_layers,
            accumulation=execution.accumulation,
        ),
        estimate_disk(request.shape, request.adapter, _kept(request), dtype=request.dtype),
        trainable_weights(request.shape, request.adapter),
    )


def _kept(request: Request) -> Kept:
    config = request.config
    return Kept(
        checkpoints=config.checkpoints.keep,
        best=config.validation.best,
        local=request.local,
        also=request.also,
        copies=request.copies,
    )


def plan_memory(request: Request, rows: int | None = None) -> Memory:
    """Peak memory of the request, or of the same with micro-batches of `rows`."""
    measured, device = request.rows, request.device
    number = request.micro_batch if rows is None else rows
    typical = measured.longest if measured.known else max(1, round(measured.mean))

    def one(length: int) -> Pass:
        return Pass(
            number,
            length,
            measured.answers,
            request.dtype,
            request.every_n_layers,
            device.flash,
            device.is_cpu,
        )

    return peak_memory(
        request.shape,
        request.adapter,
        (one(typical), one(measured.longest)),
        device,
        accumulation=request.config.execution.accumulation,
    )


def fit_of(memory: Memory, device: Device) -> Fit:
    """The verdict: what is certain to fit, what is certain not to, and what lies between."""
    if memory.high <= device.memory_bytes:
        return Fit.FITS
    return Fit.TIGHT if memory.low <= device.memory_bytes else Fit.TOO_LARGE


def largest_micro_batch(request: Request) -> int:
    """Most rows of one forward pass whose high end fits; 0 when one row does not. One more does
    not fit (memory rises with rows).
    """

    def fits(rows: int) -> bool:
        return fit_of(plan_memory(request, rows), request.device) is Fit.FITS

    if not fits(1):
        return 0
    low, high = 1, 2
    while high <= MOST_ROWS and fits(high):
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    return low


def with_execution(request: Request, **changes: Any) -> Request:
    """The same request on other terms of execution."""
    execution = replace(request.config.execution, **changes)
    return replace(request, config=replace(request.config, execution=execution))


def fitted(request: Request) -> Request | None:
    """The same rows per step in the fewest micro-batches that fit; None when one row does not."""
    whole = with_execution(request, accumulation=1)
    if fit_of(plan_memory(whole), request.device) is Fit.FITS:
        return whole
    size = request.config.schedule.batch_size
    parted = with_execution(request, accumulation=max(2, request.config.execution.accumulation))
    most = min(largest_micro_batch(parted), size)
    if most == 0:
        return None
    return with_execution(request, accumulation=max(2, -(-size // most)) if size > 1 else 1)
