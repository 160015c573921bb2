"""``underdog plan``: memory, time, disk and cost of a training run before it is started."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from underdog.hardware.gpus import Device
    from underdog.pipeline.recipe import Recipe
    from underdog.training.budget.plan import Plan
    from underdog.training.budget.rehearsal import Measured

EXIT_TOO_LARGE = 1
"""The run does not fit."""
_KINDS = ("lora", "rslora", "dora", "oplora")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags. What is not given comes from the recipe."""
    add = parser.add_argument
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--recipe", metavar="NAME|FILE", help="an embedded recipe or a TOML file")
    what.add_argument(
        "--model",
        metavar="M",
        action="append",
        help="a model folder, a hub name whose config is cached, or a well-known model "
        "(with --fits several times; without one, all well-known models)",
    )
    ask = parser.add_mutually_exclusive_group()
    ask.add_argument("--fits", metavar="GPU", help="what fits on this card: adapters, batches")
    ask.add_argument("--which", action="store_true", help="which card the run needs: all cards")
    add("--data", type=Path, metavar="DIR", help="count tokens in this question set")
    add("--json", action="store_true", help="print everything as one JSON object")
    add("--calibrate", action="store_true", help="run 20 real steps here, and measure")
    _add_device(parser.add_argument_group("device (default: the one found here)"))
    _add_disk(parser.add_argument_group("disk"))
    _add_changes(parser.add_argument_group("instead of what the recipe says"))


def _add_device(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add("--gpu", metavar="NAME", help="plan for this GPU, such as mi300x")
    add("--memory", type=float, metavar="GiB", help="plan for so much memory")
    add("--price", type=float, metavar="P", help="per hour; the cost is in the same currency")
    add(
        "--rent",
        metavar="GPU=P",
        action="append",
        default=[],
        help="with --which: what this card costs per hour (several times)",
    )


def _add_disk(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add("--disk", type=float, metavar="GB", help="so much is free (default: as found here)")
    add(
        "--fetch-also",
        metavar="M",
        action="append",
        default=[],
        help="a further model that is fetched into the same hub cache (several times)",
    )
    add("--copies", type=int, default=0, metavar="N", help="of the base, beside the hub cache")


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
    """Plan and print; exit status 1 when the run does not fit, into memory or a named disk."""
    from underdog.cli.plan_cards import run_fits, run_which

    _check(args)
    if args.fits:
        return run_fits(args)
    if args.which:
        return run_which(args)
    return run_plan(args)


def _check(args: argparse.Namespace) -> None:
    """InputError for flags that do not go together."""
    from underdog.errors import InputError

    if not args.fits and not (args.recipe or args.model):
        raise InputError("--recipe or --model", got="neither")
    if not args.fits and args.model and len(args.model) > 1:
        raise InputError("one --model (several go with --fits)", got=", ".join(args.model))
    table = "--fits" if args.fits else "--which" if args.which else None
    if table and (args.gpu or args.memory or args.calibrate or args.price is not None):
        raise InputError(
            f"{table} without --gpu, --memory, --calibrate and --price",
            got="one of them",
            hint="--rent GPU=PRICE with --which gives prices",
        )
    if table and (args.disk is not None or args.fetch_also or args.copies):
        raise InputError(f"{table} without --disk, --fetch-also and --copies", got="one of them")
    if args.rent and not args.which:
        raise InputError("--rent with --which", got="--rent alone", hint="--price P")
    if args.disk is not None and not args.disk > 0:
        raise InputError("--disk above 0 GB", got=str(args.disk))


def run_plan(args: argparse.Namespace) -> int:
    """One run on one device."""
    import json
    from dataclasses import replace

    from underdog.cli.console import console
    from underdog.cli.plan_view import final_plan, show, to_json
    from underdog.pipeline.planning import request_of
    from underdog.training.budget.advice import find_remedies
    from underdog.training.budget.plan import Fit, make_plan
    from underdog.training.budget.shape import find_shape

    device = find_device(args)
    recipe = find_recipe(args, device)
    request = request_of(recipe, device, data=args.data, price=args.price)
    also = tuple(find_shape(model) for model in args.fetch_also)
    plan = make_plan(replace(request, also=also, copies=args.copies))
    measured = measure(plan, recipe, args) if args.calibrate else None
    final, free = final_plan(plan, measured), free_disk(args)
    remedies = None if final.fit is Fit.FITS else find_remedies(request)
    if args.json:
        value = to_json(plan, measured, remedies)
        value["disk"]["free"] = free
        console.print_json(json.dumps(value), highlight=False)
    else:
        for part in show(plan, measured, remedies, free):
            console.print(part, markup=False, soft_wrap=isinstance(part, str))
        if recipe.fetch.sets and args.data is None:
            console.print(f"Its public sets: {recipe.fetch.command}", markup=False, soft_wrap=True)
    lacks_disk = args.disk is not None and free is not None and final.disk.needed > free
    return EXIT_TOO_LARGE if final.fit is Fit.TOO_LARGE or lacks_disk else 0


def free_disk(args: argparse.Namespace) -> float | None:
    """Bytes that were given, or those free where the hub cache lies when this machine is planned
    for; None for a card elsewhere.
    """
    import os
    import shutil
    from pathlib import Path

    if args.disk is not None:
        return float(args.disk * 1e9)
    if args.gpu or args.memory:
        return None
    home = Path(os.environ.get("HF_HOME", "~/.cache/huggingface")).expanduser()
    there = next(folder for folder in (home, *home.parents) if folder.exists())
    return float(shutil.disk_usage(there).free)


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


def find_recipe(args: argparse.Namespace, device: Device, model: str | None = None) -> Recipe:
    """The recipe, or one made for the model (default: the first of the flags), with the changes of
    the flags.
    """
    from dataclasses import replace

    from underdog.adapters.settings import AdapterKind
    from underdog.mcq.prompt import PromptStyle
    from underdog.pipeline.recipe import ExpectedSettings, ModelSettings, Recipe, load_recipe

    if args.recipe:
        recipe = load_recipe(args.recipe)
    else:
        half = "bfloat16" if device.bfloat16 else "float16"
        dtype = "float32" if device.is_cpu else half
        name = model or args.model[0]
        recipe = Recipe(name=name, model=ModelSettings(name, PromptStyle.LETTERS, dtype=dtype))
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
