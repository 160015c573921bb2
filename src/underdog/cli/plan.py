"""``underdog plan``: memory, time, disk and cost of a training run before it is started."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.table import Table

    from underdog.hardware.gpus import Device
    from underdog.pipeline.recipe import Recipe
    from underdog.training.budget.advice import Remedies
    from underdog.training.budget.plan import Plan
    from underdog.training.budget.rehearsal import Measured

EXIT_TOO_LARGE = 1
"""The run does not fit."""
_KINDS = ("lora", "rslora", "dora", "oplora")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags. What is not given comes from the recipe."""
    add = parser.add_argument
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--recipe", metavar="NAME|FILE", help="an embedded recipe or a TOML file")
    what.add_argument(
        "--model",
        metavar="M",
        help="a model folder, a hub name whose config is cached, or a well-known model",
    )
    add("--data", type=Path, metavar="DIR", help="count tokens in this question set")
    add("--json", action="store_true", help="print everything as one JSON object")
    add("--calibrate", action="store_true", help="run 20 real steps here, and measure")
    _add_device(parser.add_argument_group("device (default: the one found here)"))
    _add_changes(parser.add_argument_group("instead of what the recipe says"))


def _add_device(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add("--gpu", metavar="NAME", help="plan for this GPU, such as mi300x")
    add("--memory", type=float, metavar="GiB", help="plan for so much memory")
    add("--price", type=float, metavar="P", help="per hour; the cost is in the same currency")


def _add_changes(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add("--kind", choices=_KINDS, help="of adapter")
    add("--rank", type=int, help="inner width of the adapter")
    add("--batch", type=int, metavar="N", help="rows per optimizer step")
    add("--accumulation", type=int, metavar="N", help="forward passes per step")
    add(
        "--activation-checkpointing",
        nargs="?",
        type=int,
        const=1,
        metavar="N",
        help="compute every N-th layer twice (without N: each; 0: none)",
    )
    add("--dtype", choices=("float32", "bfloat16", "float16"), help="of the base")
    add("--epochs", type=int, metavar="N", help="passes over the rows")
    add("--rows", type=int, metavar="N", help="assume so many rows, without --data")
    add("--tokens", type=float, metavar="N", help="assume rows of so many tokens on average")
    add("--longest", type=int, metavar="N", help="longer rows are left out (max_tokens)")


def run(args: argparse.Namespace) -> int:
    """Plan and print; exit status 1 when the run does not fit."""
    import json

    from underdog.cli.console import console
    from underdog.pipeline.planning import request_of
    from underdog.training.budget.advice import find_remedies
    from underdog.training.budget.plan import Fit, make_plan

    device = find_device(args)
    recipe = find_recipe(args, device)
    request = request_of(recipe, device, data=args.data, price=args.price)
    plan = make_plan(request)
    found = (plan, measure(plan, recipe, args)) if args.calibrate else (plan, None)
    final = final_plan(*found)
    remedies = None if final.fit is Fit.FITS else find_remedies(request)
    if args.json:
        console.print_json(json.dumps(to_json(plan, found[1], remedies)), highlight=False)
    else:
        for part in show(plan, found[1], remedies):
            console.print(part, markup=False, soft_wrap=isinstance(part, str))
        if recipe.fetch.sets and args.data is None:
            console.print(f"Its public sets: {recipe.fetch.command}", markup=False, soft_wrap=True)
    return EXIT_TOO_LARGE if final.fit is Fit.TOO_LARGE else 0


def find_device(args: argparse.Namespace) -> Device:
    """The GPU that was named, with the memory that was given, or the device of this machine."""
    from dataclasses import replace

    from underdog.errors import InputError
    from underdog.hardware.detect import detect
    from underdog.hardware.gpus import GIB, find_gpu

    if args.calibrate and (args.gpu or args.memory):
        raise InputError("--calibrate measures this machine", got="--gpu or --memory")
    device = find_gpu(args.gpu) if args.gpu else detect()
    if args.memory is None:
        return device
    if not args.memory > 0:
        raise InputError("--memory above 0 GiB", got=str(args.memory))
    if not args.gpu and device.is_cpu:
        device = replace(device, name="a GPU", is_cpu=False, rates_known=False)
    return replace(device, memory_bytes=round(args.memory * GIB))


def find_recipe(args: argparse.Namespace, device: Device) -> Recipe:
    """The recipe, or one made for the model, with the changes of the flags."""
    from dataclasses import replace

    from underdog.adapters.settings import AdapterKind
    from underdog.mcq.prompt import PromptStyle
    from underdog.pipeline.recipe import ExpectedSettings, ModelSettings, Recipe, load_recipe

    if args.recipe:
        recipe = load_recipe(args.recipe)
    else:
        half = "bfloat16" if device.bfloat16 else "float16"
        dtype = "float32" if device.is_cpu else half
        model = ModelSettings(args.model, PromptStyle.LETTERS, dtype=dtype)
        recipe = Recipe(name=args.model, model=model)
        recipe = replace(recipe, training=replace(recipe.training, style=PromptStyle.LETTERS))
    kind = AdapterKind(args.kind) if args.kind else None
    adapter = _given(recipe.adapter, kind=kind, rank=args.rank)
    schedule = _given(recipe.training.schedule, batch_size=args.batch, epochs=args.epochs)
    execution = _given(
        recipe.training.execution,
        accumulation=args.accumulation,
        activation_checkpointing=args.activation_checkpointing,
        batch=None if args.accumulation is None else "given",
    )
    training = _given(recipe.training, max_tokens=args.longest)
    expected: ExpectedSettings = _given(
        recipe.expected, rows=args.rows, tokens=args.tokens, longest=args.longest
    )
    return replace(
        recipe,
        adapter=adapter,
        model=_given(recipe.model, dtype=args.dtype),
        training=replace(training, schedule=schedule, execution=execution),
        expected=expected,
    )


def _given(config: Any, **values: Any) -> Any:
    """The config with the values that are not None."""
    from dataclasses import replace

    return replace(config, **{name: value for name, value in values.items() if value is not None})


def measure(plan: Plan, recipe: Recipe, args: argparse.Namespace) -> Measured:
    """Rehearse the planned run on this machine."""
    from underdog.pipeline.planning import weights_folder
    from underdog.training.budget.rehearsal import Rehearsal, rehearse

    request = plan.request
    folder = weights_folder(recipe.model.base)
    data = args.data if folder is not None else None
    rehearsal = Rehearsal(
        request.shape,
        None if data is None else str(folder),
        request.adapter,
        request.config,
        request.rows,
        request.dtype,
        data,
    )
    return rehearse(rehearsal)


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


def show(plan: Plan, measured: Measured | None, remedies: Remedies | None) -> Iterator[Table | str]:
    """What the terminal shows."""
    from underdog.training.budget.plan import Fit

    final = final_plan(plan, measured)
    yield from _heading(plan)
    yield _memory_table(plan)
    if measured is not None:
        yield from _measured_lines(plan, measured)
    yield verdict(final)
    if final.fit is not Fit.TOO_LARGE:
        yield from _time_lines(final)
        yield from _disk_lines(final)
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
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    table.add_column(f"peak memory, GB (moment: {plan.memory.moment})")
    for name in ("low", "high"):
        table.add_column(name, justify="right")
    for term in plan.memory.terms:
        table.add_row(term.name, gigabytes(term.low), gigabytes(term.high))
    table.add_row("sum", gigabytes(plan.memory.low), gigabytes(plan.memory.high))
    return table


def _measured_lines(plan: Plan, measured: Measured) -> Iterator[str]:
    estimate = plan.time.step_s
    told = "" if estimate is None else f" (estimate {_range(estimate, '.3g')} s)"
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
    yield f"Time: {_range(time.step_s, '.3g')} s per step, {_range((low, high), '.3g')} h in all."
    if plan.cost is not None:
        yield f"Cost: {_range(plan.cost, '.2f')} at {plan.request.price:g} per hour."


def _range(ends: tuple[float, float], form: str) -> str:
    """``2.5 to 5.3``, or one number where both ends read the same."""
    low, high = (format(end, form) for end in ends)
    return low if low == high else f"{low} to {high}"


def _disk_lines(plan: Plan) -> Iterator[str]:
    disk = plan.disk
    download = f"download {gigabytes(disk.download)}" if disk.download else "nothing to download"
    yield (
        f"Disk: {gigabytes(disk.needed)} GB free are needed ({download}, "
        f"checkpoints {gigabytes(disk.checkpoints)}, adapters {gigabytes(disk.adapters)}, and a "
        f"fifth to spare); a merged export takes {gigabytes(disk.merged)} more."
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
