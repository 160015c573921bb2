"""``underdog vision``: convolution without the vendor's library, detectors and their data."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Sequence

    from rich.table import Table
    from torch import nn

    from underdog.vision.conv.bench import Layer, Timing
    from underdog.vision.conv.engine import Engine
    from underdog.vision.conv.tune import Tuner
    from underdog.vision.conv.witness import Sighting
    from underdog.vision.yolo.step import StepTiming

_PACKAGES = {"torch", "torchvision", "ultralytics", "PIL", "yaml", "jinja2", "cv2"}
"""Of the extra "vision", as they are imported."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags."""
    from underdog.cli import detection, detector

    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    text = "prove which library computes the convolutions and norms of a model"
    doctor = actions.add_parser("doctor", help=text, description=text)
    doctor.add_argument(
        "--model",
        metavar="MODULE:NAME",
        help="a function without arguments, or a class, that gives a torch module (default: a "
        "small detector's backbone)",
    )
    doctor.add_argument(
        "--shape", type=int, nargs=4, default=(2, 3, 256, 256), metavar=("N", "C", "H", "W")
    )
    _add_common(doctor)
    text = "time convolutions of YOLO against the vendor's library and two ways round it"
    bench = actions.add_parser("bench", help=text, description=text)
    bench.add_argument("--batch", type=_positive, default=4)
    bench.add_argument("--rounds", type=_positive, default=5, help="the fastest counts")
    bench.add_argument(
        "--model",
        metavar="NAME.yaml",
        help="all distinct convolutions of this architecture of Ultralytics, such as yolo11n.yaml "
        "(default: six layers of YOLOv8n at 640 pixels)",
    )
    bench.add_argument(
        "--imgsz", type=_positive, default=640, help="of --model's images (default: %(default)s)"
    )
    bench.add_argument(
        "--step", action="store_true", help="whole training steps (of yolov8n.yaml by default)"
    )
    bench.add_argument(
        "--data",
        type=Path,
        metavar="DIR",
        help="with --step: a YOLO folder to time the data loader on; gives a projection",
    )
    bench.add_argument(
        "--epochs", type=_positive, default=50, help="of the projection (default: %(default)s)"
    )
    bench.add_argument("--explain", action="store_true", help="also show what tuning measured")
    bench.add_argument("--page", type=Path, metavar="FILE", help="write an HTML page with a plot")
    _add_common(bench)
    text = "random convolutions for some minutes: wrong numbers, NaN, repeatability, leaks"
    stress = actions.add_parser("stress", help=text, description=text)
    stress.add_argument("--minutes", type=float, default=1.0)
    stress.add_argument("--seed", type=int, default=0)
    stress.add_argument("--device", default="cpu", help="cpu or cuda (ROCm's name, too)")
    stress.add_argument("--json", type=Path, metavar="FILE", help="write the counts")
    detector.add_actions(actions)
    detection.add_actions(actions)


def _add_common(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--device", default="cpu", help="cpu or cuda (ROCm's name, too)")
    add("--json", type=Path, metavar="FILE", help="write what was found")
    add("--cache", type=Path, metavar="FILE", help="choices made before, and to be kept")
    add("--budget-mib", type=_positive, default=256, help="workspace of one convolution")


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return value


def run(args: argparse.Namespace) -> int:
    """Do what the action says; 1 when a proof or an endurance run fails."""
    from underdog.cli import detection, detector
    from underdog.errors import MissingExtraError

    ours = {"doctor": _doctor, "bench": _bench, "stress": _stress}
    try:
        return (ours | detector.ACTIONS | detection.ACTIONS)[args.action](args)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in _PACKAGES:
            raise
        raise MissingExtraError.of(f"underdog vision {args.action}", "vision") from error


def _engine(args: argparse.Namespace) -> tuple[Engine, Tuner]:
    from underdog.vision.conv.cache import ChoiceCache
    from underdog.vision.conv.engine import MIB, Engine
    from underdog.vision.conv.tune import TuneConfig, Tuner

    budget_bytes = args.budget_mib * MIB
    tuner = Tuner(ChoiceCache(args.cache), TuneConfig(budget_bytes=budget_bytes))
    return Engine(tuner, budget_bytes), tuner


def _doctor(args: argparse.Namespace) -> int:
    import torch

    from underdog.cli.console import console
    from underdog.runs.files import write_json
    from underdog.vision.conv.patch import patched
    from underdog.vision.conv.witness import witnessed

    torch.manual_seed(0)
    model = _model(args.model).to(args.device)
    batch = torch.randn(tuple(args.shape), device=args.device)
    before = witnessed(model, batch)
    engine, _ = _engine(args)
    with patched(engine) as patch:
        witnessed(model, batch)  # tuning calls convolutions of its own
        after, changed, layers = witnessed(model, batch), patch.changed, patch.listed(model)
    for title, sightings in (("As it is", before), ("Patched", after)):
        console.print(_sightings_table(title, sightings))
    left = sum(count for each, count in after.items() if each.vendor)
    ours = sum(count for choice, count in engine.runs.items() if choice.algorithm != "native")
    console.print(f"Replaced: {', '.join(changed)}.")
    console.print(
        f"{len(layers)} convolution layers; {ours} of {sum(engine.runs.values())} products by the "
        f"package's algorithms, {sum(engine.fallbacks.values())} fallbacks."
    )
    console.print(f"Operations that still reach a vendor's library: {left}.")
    if args.json:
        found = {"before": _plain(before), "after": _plain(after), "still_vendor": left}
        write_json(args.json, found | {"layers": layers, "replaced": list(changed)})
    return 0 if left == 0 else 1


def _model(name: str | None) -> nn.Module:
    """The named model, or a small one with every kind of layer a detector's backbone has."""
    import importlib

    from torch import nn

    from underdog.errors import InputError

    if name is not None:
        module, _, attribute = name.partition(":")
        if not attribute:
            raise InputError("a model as MODULE:NAME", got=repr(name))
        try:
            made = getattr(importlib.import_module(module), attribute)()
        except (ModuleNotFoundError, AttributeError) as error:
            raise InputError("a model that can be imported", got=str(error), where=name) from error
        if not isinstance(made, nn.Module):
            raise InputError("a torch module", got=type(made).__name__, where=name)
        return made
    return nn.Sequential(
        nn.Conv2d(3, 16, 3, stride=2, padding=1, bias=False),
        nn.BatchNorm2d(16),
        nn.SiLU(),
        nn.Conv2d(16, 16, 3, padding=1, groups=16),
        nn.Conv2d(16, 32, 1, bias=False),
        nn.BatchNorm2d(32),
        nn.SiLU(),
        nn.Conv2d(32, 32, 3, padding="same"),
        nn.ConvTranspose2d(32, 8, 2, stride=2),
    )


def _plain(sightings: Counter[Sighting]) -> list[dict[str, Any]]:
    return [
        each._asdict() | {"vendor": each.vendor, "count": count}
        for each, count in sorted(sightings.items())
    ]


def _sightings_table(title: str, sightings: Counter[Sighting]) -> Table:
    from rich.table import Table

    table = Table(title=title, title_justify="left")
    for name in ("module", "operation", "backend", "times", "vendor's"):
        table.add_column(name)
    for each, count in sorted(sightings.items(), key=lambda item: item[0].module):
        mark = "yes" if each.vendor else ""
        table.add_row(each.module, each.operation, each.backend, str(count), mark)
    return table


def _bench(args: argparse.Namespace) -> int:
    return _bench_step(args) if args.step else _bench_layers(args)


def _bench_step(args: argparse.Namespace) -> int:
    import tempfile

    from underdog.cli.console import ProgressBar, console
    from underdog.runs.files import write_json
    from underdog.vision.yolo.seclusion import secluded
    from underdog.vision.yolo.step import (
        StepConfig,
        contenders,
        headline,
        loader_rate,
        project,
        time_steps,
    )

    engine, _ = _engine(args)
    config = StepConfig(args.model or "yolov8n.yaml", args.imgsz, args.batch, args.device)
    with tempfile.TemporaryDirectory() as private, secluded(Path(private)):
        with ProgressBar() as progress:
            timings = time_steps(config, contenders(engine), rounds=args.rounds, progress=progress)
        rate = loader_rate(args.imgsz, args.batch, data=args.data)
    console.print(_steps_table(timings, args.batch))
    result = headline(timings) | {"loader_images_per_s": rate.images_per_s}
    if rate.images is not None:
        found = project(
            timings[0].seconds,
            args.batch,
            rate.images_per_s,
            images=rate.images,
            epochs=args.epochs,
        )
        result |= found._asdict()
        console.print(
            f"Step and loader in turn: {found.images_per_s:.1f} images/s; {rate.images} images an "
            f"epoch, {found.epoch_s / 3600:.2f} hours; {args.epochs} epochs, {found.days:.2f} days."
        )
    for name, value in result.items():
        console.print(f"{name}: {value:.4g}")
    if args.json:
        write_json(args.json, {"steps": [each.to_json() for each in timings]} | result)
    return 0


def _steps_table(timings: list[StepTiming], batch: int) -> Table:
    from rich.table import Table

    table = Table(title="A training step; MiB kept for backward per image", title_justify="left")
    for name in ("", "ms", "by convolutions", "in all", "operations by a vendor"):
        table.add_column(name, justify="right" if name else "left")
    for each in timings:
        kept = (size / batch / 2**20 for size in (each.conv_saved_bytes, each.saved_bytes))
        table.add_row(
            each.contender,
            f"{1000 * each.seconds:.1f}",
            *(f"{mib:.1f}" for mib in kept),
            str(each.vendor_operations),
        )
    return table


def _bench_layers(args: argparse.Namespace) -> int:
    import torch

    from underdog.cli.console import ProgressBar, console
    from underdog.runs.files import write_json
    from underdog.vision.conv.bench import contenders, headline, parts, run
    from underdog.vision.conv.bench_page import write_page
    from underdog.vision.conv.spec import Layout
    from underdog.vision.conv.tune import identity

    engine, tuner = _engine(args)
    device, layers = torch.device(args.device), _layers(args)
    with ProgressBar() as progress:
        timings = run(
            contenders(engine),
            batch=args.batch,
            rounds=args.rounds,
            device=device,
            layers=layers,
            progress=progress,
        )
    console.print(_timings_table(timings))
    if args.explain:
        for name, spec, part in parts(args.batch, Layout.CHANNELS_LAST, layers):
            console.print(_trials_table(f"{name}, {part}", tuner.explain(spec, part, device)))
    result = headline(timings)
    for name, value in result.items():
        console.print(f"{name}: {value:.2f}")
    where = identity(device)
    if args.json:
        found = {"timings": [each.to_json() for each in timings], "on": where}
        write_json(args.json, found | result)
    if args.page:
        device_name = f"{where.get('chip', args.device)}, torch {where['torch']}"
        console.print(f"Page: {write_page(args.page, timings, device=device_name)}")
    return 0


def _layers(args: argparse.Namespace) -> Sequence[Layer]:
    """The model's distinct convolutions, or the reference's six layers."""
    from underdog.vision.conv.bench import LAYERS

    if args.model is None:
        return LAYERS
    from underdog.vision.yolo.layers import distinct_layers

    return distinct_layers(args.model, args.imgsz)


def _timings_table(timings: list[Timing]) -> Table:
    from rich.table import Table

    from underdog.vision.conv.bench import totals_s

    table = Table(title="Forward + backward, ms (kept for backward, MiB)", title_justify="left")
    totals = totals_s(timings)
    table.add_column("layer")
    for name in totals:
        table.add_column(name, justify="right")
    for layer in dict.fromkeys(each.layer for each in timings):
        row = [each for each in timings if each.layer == layer]
        cells = [f"{1000 * each.total_s:.1f} ({each.saved_bytes / 2**20:.1f})" for each in row]
        many = f" (x {row[0].times})" if row[0].times > 1 else ""
        table.add_row(layer + many, *cells)
    table.add_section()
    table.add_row("all", *(f"{1000 * total:.1f}" for total in totals.values()))
    return table


def _trials_table(title: str, trials: list[Any]) -> Table:
    from rich.table import Table

    table = Table(title=title, title_justify="left")
    for name in ("algorithm", "ms", "error / bound", "note"):
        table.add_column(name)
    for trial in trials:
        time_ms = "" if trial.time_s is None else f"{1000 * trial.time_s:.2f}"
        share = "" if trial.error is None else f"{trial.error / trial.bound:.2f}"
        table.add_row(str(trial.choice), time_ms, share, trial.refusal)
    return table


def _stress(args: argparse.Namespace) -> int:
    import torch

    from underdog.cli.console import console
    from underdog.runs.files import write_json
    from underdog.vision.conv.stress import stress

    report = stress(seconds=60 * args.minutes, seed=args.seed, device=torch.device(args.device))
    for name, value in report.to_json().items():
        console.print(f"{name.replace('_', ' ')}: {value}")
    if args.json:
        write_json(args.json, report.to_json())
    return 0 if report.healthy else 1
