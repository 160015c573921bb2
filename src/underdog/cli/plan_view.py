"""What `underdog plan` shows of one run: memory as table and bars, time, disk, remedies."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.table import Table

    from underdog.training.budget.advice import Remedies
    from underdog.training.budget.disk import Disk
    from underdog.training.budget.plan import Plan
    from underdog.training.budget.rehearsal import Measured

BAR_CELLS = 30
"""Width of the card's memory in the bar chart."""


def final_plan(plan: Plan, measured: Measured | None) -> Plan:
    """The estimate, replaced by the measurement where there is one."""
    from underdog.training.budget.calibration import calibrated

    return plan if measured is None else calibrated(plan, measured)


def to_json(plan: Plan, measured: Measured | None, remedies: Remedies | None) -> dict[str, Any]:
    """The plan, the measurement and what was tried."""
    value = {**final_plan(plan, measured).to_json(), "measured": None, "remedies": None}
    if measured is not None:
        value["measured"] = measured._asdict()
        value["estimate"] = plan.to_json()
    if remedies is not None:
        value["remedies"] = {
            "tried": [
                {"change": each.change, "fit": each.fit.value, "high_bytes": each.memory.high}
                for each in remedies.tried
            ],
            "unavailable": list(remedies.unavailable),
            "larger_devices": list(remedies.larger),
        }
    return value


def show(
    plan: Plan, measured: Measured | None, remedies: Remedies | None, free: float | None
) -> Iterator[Table | str]:
    """What the terminal shows. `free` are bytes of disk, None where they are not known."""
    from underdog.training.budget.plan import Fit

    final = final_plan(plan, measured)
    yield from _heading(plan)
    yield _memory_table(plan)
    if measured is not None:
        yield from _measured_lines(plan, measured)
    yield verdict(final)
    if final.fit is not Fit.TOO_LARGE:
        yield from _time_lines(final)
        yield from disk_lines(final.disk, free)
    if remedies is not None:
        yield from remedy_lines(remedies)


def _heading(plan: Plan) -> Iterator[str]:
    request, shape = plan.request, plan.request.shape
    adapter, device = request.adapter, request.device
    execution = request.config.execution
    share = 100 * plan.trained_weights / shape.weights
    yield (
        f"{shape.name}: {shape.weights:,} weights in {request.dtype}, {shape.layers} blocks of "
        f"{shape.hidden}; {adapter.kind.value} of rank {adapter.rank} trains "
        f"{plan.trained_weights:,} ({share:.2f} %)."
    )
    count = f"{device.count} x " if device.count > 1 else ""
    yield f"On {count}{device.name} with {device.memory_bytes / 1e9:.1f} GB."
    every = request.every_n_layers
    which = f" of every {every}. layer" if every > 1 else ""
    again = f", activations{which} computed twice" if every else ""
    yield (
        f"{request.config.schedule.batch_size} rows per step as {execution.accumulation} x "
        f"{request.micro_batch}{again}. Rows {request.rows.origin}."
    )


def _memory_table(plan: Plan) -> Table:
    """Terms as numbers and as bars on one scale: the card's memory, or the need if that is more."""
    from rich.table import Table

    room = plan.request.device.memory_bytes
    scale = max(room, plan.memory.high)
    table = Table(box=None, pad_edge=False)
    table.add_column(f"peak memory, GB (moment: {plan.memory.moment})")
    for name in ("low", "high"):
        table.add_column(name, justify="right")
    table.add_column(f"of {gigabytes(scale)} GB")
    for term in plan.memory.terms:
        row = gigabytes(term.low), gigabytes(term.high), bar(term.high / scale)
        table.add_row(term.name, *row)
    low, high = plan.memory.low, plan.memory.high
    table.add_row("sum", gigabytes(low), gigabytes(high), bar(high / scale))
    if high > room:
        table.add_row("the card", "", gigabytes(room), bar(room / scale))
    return table


def bar(share: float) -> str:
    """A bar of up to BAR_CELLS cells, in eighths of a cell."""
    whole, rest = divmod(round(8 * BAR_CELLS * min(max(share, 0.0), 1.0)), 8)
    return "█" * whole + ("▏▎▍▌▋▊▉"[rest - 1] if rest else "")


def _measured_lines(plan: Plan, measured: Measured) -> Iterator[str]:
    estimate = plan.time.step_s
    told = "" if estimate is None else f" (estimate {range_of(estimate, '.3g')} s)"
    yield (
        f"Measured here in {measured.steps} of 20 steps: peak {measured.peak_bytes / 1e9:.2f} GB "
        f"(estimate {plan.memory.low / 1e9:.2f} to {plan.memory.high / 1e9:.2f} GB), "
        f"{measured.seconds / measured.steps:.3g} s per step of "
        f"{measured.tokens / measured.steps:.0f} tokens{told}."
    )


def verdict(plan: Plan) -> str:
    """Whether it fits, what decides, and the largest micro-batch."""
    memory, device = plan.memory, plan.request.device
    biggest = memory.biggest
    extent = f"{gigabytes(memory.low)} to {gigabytes(memory.high)} GB"
    text = (
        f"It {plan.fit.value}: {extent} of {gigabytes(device.memory_bytes)} GB. The biggest part "
        f"is {biggest.name}, {gigabytes(biggest.high)} GB. "
    )
    if plan.largest:
        return f"{text}Largest micro-batch that fits: {plan.largest} rows."
    return f"{text}Not even one row at a time is sure to fit."


def _time_lines(plan: Plan) -> Iterator[str]:
    time, work = plan.time, plan.work
    yield (
        f"{time.steps:,} steps, {work.rows:,} rows shown, {work.tokens:,} tokens with padding "
        f"({work.tokens / max(1, work.rows):.0f} a row), {time.flops:.3g} operations."
    )
    if time.step_s is None or time.total_s is None:
        yield "Time: the rate of this device is not known; --calibrate measures it."
        return
    low, high = (seconds / 3600 for seconds in time.total_s)
    step, whole = range_of(time.step_s, ".3g"), range_of((low, high), ".3g")
    yield f"Time: {step} s per step, {whole} h in all."
    if plan.cost is not None:
        yield f"Cost: {range_of(plan.cost, '.2f')} at {plan.request.price:g} per hour."


def range_of(ends: tuple[float, float], form: str) -> str:
    """``2.5 to 5.3``, or one number where both ends read the same."""
    low, high = (format(end, form) for end in ends)
    return low if low == high else f"{low} to {high}"


def disk_lines(disk: Disk, free: float | None) -> Iterator[str]:
    """What has to be free, what of it is what, and whether it is there where that is known."""
    name, size = disk.biggest
    have = ""
    if free is not None:
        word = "fits" if disk.needed <= free else "does not fit"
        have = f" It {word}: {gigabytes(free)} GB are free."
    yield (
        f"Disk: {gigabytes(disk.needed)} GB free are needed, a fifth to spare.{have} The biggest "
        f"part is {name}, {gigabytes(size)} GB."
    )
    for name, size in disk.parts()[:5]:
        if size:
            yield f"  {name}: {gigabytes(size)} GB"
    if disk.others:
        yield f"  the hub cache grows by {gigabytes(disk.cache)} GB, and keeps them until pruned"
    exports = ", ".join(f"GGUF {kind} {gigabytes(each)}" for kind, each in disk.exports.items())
    yield f"  exports beyond that, GB: merged {gigabytes(disk.merged)}" + (
        f", {exports}" if exports else ""
    )


def remedy_lines(remedies: Remedies) -> Iterator[str]:
    """What was tried and came of it."""
    if remedies.tried:
        yield "Tried, each on top of the one before:"
    for each in remedies.tried:
        low, high = gigabytes(each.memory.low), gigabytes(each.memory.high)
        yield f"  {each.change}: {each.fit.value} ({low} to {high} GB)"
    if remedies.solution is not None:
        return
    for at, reason in enumerate(remedies.unavailable):
        word = "Reason" if at == 0 and not remedies.tried else "Not an option"
        yield f"{word}: {reason}."
    if remedies.larger:
        yield f"It would fit on: {', '.join(remedies.larger)}."


def gigabytes(number: float) -> str:
    """Bytes as decimal gigabytes, to a tenth above 10 and a thousandth below 1."""
    value = number / 1e9
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}" if value >= 1 else f"{value:.3f}"
