"""The part of ``underdog vision`` around a detector: data, scores, submissions and their check."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.table import Table

    from underdog.vision.challenge.check import Report
    from underdog.vision.coco.convert import Conversion
    from underdog.vision.detection.robustness import Evaluation

_FORMATS = ("challenge", "coco")
_SHOWN = 20
"""Violations printed; --json holds more."""


def add_actions(actions: Any) -> None:
    """Declare the sub-commands; `actions` is what argparse's add_subparsers gave."""
    _add_data(actions)
    text = "score predictions: mAP, by class, by month, and the challenge's score"
    evaluate = actions.add_parser("evaluate", help=text, description=text)
    add = evaluate.add_argument
    add("--data", type=Path, required=True, metavar="DIR", help="a folder with data.yaml")
    add("--predictions", type=Path, required=True, metavar="FILE", help="one JSON line per image")
    splits = ("train", "val", "test")
    add("--split", default="val", choices=splits, help="whose images count (default val)")
    add("--out", type=Path, metavar="DIR", help="write evaluation.json and evaluation.html here")
    add("--resamples", type=int, default=200, help="draws for the intervals; 0 for none")
    add("--seed", type=int, default=0, help="of these draws (default 0)")
    text = "write predictions as the challenge's zip or as COCO results, and check the file"
    submit = actions.add_parser("submit", help=text, description=text)
    add = submit.add_argument
    add("--predictions", type=Path, required=True, metavar="FILE", help="of vision predict")
    add("--out", type=Path, required=True, metavar="FILE", help="a zip (challenge) or JSON (coco)")
    _add_target(submit)
    text = "name everything wrong with a submission, with its line; exit 1 when there is anything"
    check = actions.add_parser("check", help=text, description=text)
    check.add_argument("file", type=Path, help="a zip (challenge) or a JSON file (coco)")
    check.add_argument("--json", type=Path, metavar="FILE", help="write what was found")
    _add_target(check)


def _add_data(actions: Any) -> None:
    text = "make a data set, convert one from COCO, or draw its labels"
    data = actions.add_parser("data", help=text, description=text)
    kinds = data.add_subparsers(dest="kind", required=True, metavar="KIND")
    text = "draw the built-in thermal set: four classes, day and night, seasons"
    synth = kinds.add_parser("synth", help=text, description=text)
    add = synth.add_argument
    add("--out", type=Path, required=True, metavar="DIR", help="a new folder")
    add("--train", type=int, default=320, help="frames of four months (default: %(default)s)")
    add("--val", type=int, default=160, help="frames of eight months (default: %(default)s)")
    add("--size", type=int, nargs=2, default=(192, 144), metavar=("W", "H"), help="in pixels")
    add("--seed", type=int, default=0, help="draws the frames (default 0)")
    text = "COCO JSON of any size to the folder that detectors train on"
    convert = kinds.add_parser("convert", help=text, description=text)
    add = convert.add_argument
    for split in ("train", "val", "test"):
        add(f"--{split}", type=Path, metavar="FILE", help=f"the COCO JSON of {split}")
    add("--images", type=Path, required=True, metavar="DIR", help="where file_name is looked up")
    add("--out", type=Path, required=True, metavar="DIR", help="a new folder")
    add("--copy", action="store_true", help="copy images (default: link them)")
    add("--drop-crossing", action="store_true", help="leave out boxes over the border, not clip")
    add("--keep-crowd", action="store_true", help="keep crowd regions as single objects")
    add("--least-side-px", type=float, default=1.0, help="leave out smaller boxes (default: 1)")
    add("--skip-missing", action="store_true", help="leave out images without a file")
    add("--draw", type=int, default=24, help="images on labels.html; 0 for none")
    text = "a page of images with their boxes drawn"
    show = kinds.add_parser("show", help=text, description=text)
    show.add_argument("data", type=Path, metavar="DIR", help="a folder with data.yaml")
    splits = ("train", "val", "test")
    show.add_argument("--split", default="val", choices=splits, help="whose images (default val)")
    show.add_argument("--count", type=int, default=24, help="images on the page (default 24)")
    show.add_argument("--seed", type=int, default=0, help="draws the images (default 0)")
    show.add_argument("--out", type=Path, metavar="FILE", help="default: labels.html in DIR")


def _add_target(parser: argparse.ArgumentParser) -> None:
    """What a submission is made for, or held against."""
    add = parser.add_argument
    add("--template", type=Path, required=True, metavar="FILE", help="JSON with the ids wanted")
    add("--format", default="challenge", choices=_FORMATS)
    add("--data", type=Path, metavar="DIR", help="a folder with data.yaml: classes, image sizes")
    add("--split", default="val", choices=("train", "val", "test"), help="of --data")
    add("--size", type=int, nargs=2, metavar=("W", "H"), help="of every image, without --data")
    add("--classes", type=int, default=4, help="labels are 1 to this, without --data")


def run(args: argparse.Namespace) -> int:
    """Do what the action says."""
    return ACTIONS[args.action](args)


def _data(args: argparse.Namespace) -> int:
    return {"synth": _synth, "convert": _convert, "show": _show}[args.kind](args)


def _synth(args: argparse.Namespace) -> int:
    from underdog.cli.console import ProgressBar, console
    from underdog.vision.thermal.synthesis import ThermalConfig, synthesise

    width, height = args.size
    config = ThermalConfig(
        train=args.train, val=args.val, width=width, height=height, seed=args.seed
    )
    with ProgressBar() as progress:
        folder = synthesise(args.out, config, progress=progress)
    console.print(
        f"{config.train} frames for training ({', '.join(config.train_months)}), {config.val} to "
        f"be judged on ({', '.join(config.val_months)}): {folder / 'data.yaml'}"
    )
    return 0


def _convert(args: argparse.Namespace) -> int:
    from underdog.cli.console import ProgressBar, console
    from underdog.vision.coco.boxes import BoxPolicy
    from underdog.vision.coco.convert import ConvertConfig, Placing, convert
    from underdog.vision.detection.drawn import write_label_page

    sources = {name: getattr(args, name) for name in ("train", "val", "test")}
    sources = {name: path for name, path in sources.items() if path is not None}
    policy = BoxPolicy(
        clip=not args.drop_crossing, crowd=args.keep_crowd, least_side_px=args.least_side_px
    )
    placing = Placing.COPY if args.copy else Placing.LINK
    config = ConvertConfig(boxes=policy, images=placing, skip_missing=args.skip_missing)
    with ProgressBar() as progress:
        done = convert(sources, args.images, args.out, config=config, progress=progress)
    console.print(_conversion_table(done))
    console.print(f"Data set: {args.out / 'data.yaml'}")
    if args.draw:
        split = "train" if "train" in sources else next(iter(sources))
        console.print(f"Labels as drawn: {write_label_page(args.out, split, count=args.draw)}")
    return 0


def _conversion_table(done: Conversion) -> Table:
    from rich.table import Table

    table = Table(title="What became of images and annotations", title_justify="left")
    table.add_column("")
    for split in done.splits:
        table.add_column(split, justify="right")
    reports = list(done.splits.values())
    rows: dict[str, list[int]] = {
        "images": [each.images for each in reports],
        "of them without a box": [each.empty for each in reports],
        "images without a file": [each.missing for each in reports],
        "annotations": [each.annotations for each in reports],
    }
    for fate in reports[0].fates:
        counts = [each.fates[fate] for each in reports]
        if any(counts):
            rows[fate] = counts
    for name, counts in rows.items():
        table.add_row(name, *(str(count) for count in counts))
    return table


def _show(args: argparse.Namespace) -> int:
    from underdog.cli.console import console
    from underdog.vision.detection.drawn import write_label_page

    page = write_label_page(
        args.data, args.split, count=args.count, seed=args.seed, target=args.out
    )
    console.print(f"Labels as drawn: {page}")
    return 0


def _evaluate(args: argparse.Namespace) -> int:
    from underdog.cli.console import ProgressBar, console
    from underdog.vision.detection.folder import read_truth, seen_months
    from underdog.vision.detection.predictions import read_predictions
    from underdog.vision.detection.results import write_results
    from underdog.vision.detection.robustness import check_resamples, evaluate

    resamples = check_resamples(args.resamples)
    truth, found = read_truth(args.data, args.split), read_predictions(args.predictions)
    seen = seen_months(args.data)
    with ProgressBar() as progress:
        evaluation = evaluate(
            truth, found, resamples=resamples, seed=args.seed, seen_months=seen, progress=progress
        )
    show_evaluation(evaluation)
    if args.out is not None:
        page = write_results(args.out, evaluation, title=args.predictions.name)
        console.print(f"Page: {page}")
    return 0


def show_evaluation(evaluation: Evaluation) -> None:
    """Print the scores of an evaluation."""
    from rich.table import Table

    from underdog.cli.console import console
    from underdog.vision.detection.results import headline, share, span

    months = Table(title="By month", title_justify="left")
    classes = Table(title="By class", title_justify="left")
    for table, first in ((months, "month"), (classes, "class")):
        table.add_column(first)
        for name in ("boxes", "AP50" if table is classes else "mAP50", "50-95"):
            table.add_column(name, justify="right")
    months.add_column("in training")
    for month in evaluation.months:
        seen = "" if month.seen is None else ("yes" if month.seen else "no")
        row = (month.month, str(month.boxes), share(month.map50), share(month.map), seen)
        months.add_row(*row)
    for each in evaluation.classes:
        classes.add_row(each.name, str(each.boxes), share(each.ap50), share(each.ap))
    console.print(classes)
    console.print(months)
    low_high = span(evaluation.map50_interval)
    console.print(f"mAP50 {share(evaluation.map50)} {low_high}, mAP50-95 {share(evaluation.map)}")
    if evaluation.score is not None and evaluation.cov is not None:
        interval = span(evaluation.score_interval)
        console.print(f"{headline(evaluation)} {interval}: mAP50 x (1 - {evaluation.cov:.3f})")


def _submit(args: argparse.Namespace) -> int:
    from underdog.cli.console import console
    from underdog.vision.challenge.submission import (
        read_template,
        write_coco_results,
        write_submission,
    )
    from underdog.vision.detection.predictions import read_predictions

    template, found = read_template(args.template), read_predictions(args.predictions)
    _, sizes = _target(args, template)
    write = write_submission if args.format == "challenge" else write_coco_results
    written = write(args.out, template, found, sizes=sizes)
    console.print(
        f"{written.boxes} boxes of {written.images} images ({written.empty} without) in "
        f"{args.out}; {written.cut} beyond the best 100 left out, "
        f"{written.clipped} clipped to the image, "
        f"{written.outside} outside it left out."
    )
    return _check_file(args, args.out)


def _check(args: argparse.Namespace) -> int:
    return _check_file(args, args.file, args.json)


def _check_file(args: argparse.Namespace, path: Path, json_path: Path | None = None) -> int:
    from underdog.cli.console import ProgressBar
    from underdog.runs.files import write_json
    from underdog.vision.challenge.check import check_coco_results, check_submission
    from underdog.vision.challenge.submission import read_template

    template = read_template(args.template)
    classes, sizes = _target(args, template)
    check = check_submission if args.format == "challenge" else check_coco_results
    with ProgressBar() as progress:
        report = check(path, template, classes=classes, sizes=sizes, progress=progress)
    _show_report(path, report)
    if json_path is not None:
        write_json(json_path, report.to_json())
    return 0 if report.accepted else 1


def _target(
    args: argparse.Namespace, template: tuple[str, ...]
) -> tuple[int, Mapping[str, tuple[int, int]] | None]:
    """How many classes there are, and the size of each image where that is known."""
    from underdog.vision.detection.folder import image_sizes, read_names

    if args.data is not None:
        return len(read_names(args.data)), image_sizes(args.data, args.split)
    if args.size is not None:
        return args.classes, dict.fromkeys(template, tuple(args.size))
    return args.classes, None


def _show_report(path: Path, report: Report) -> None:
    from underdog.cli.console import console

    for violation in report.violations[:_SHOWN]:
        console.print(str(violation), markup=False, soft_wrap=True)
    total = sum(report.counts.values())
    if report.accepted:
        console.print(f"{path}: accepted, {report.images} images, {report.boxes} boxes.")
        return
    if total > _SHOWN:
        console.print(f"... and {total - min(_SHOWN, len(report.violations))} more")
    told = ", ".join(f"{count} x {kind}" for kind, count in report.counts.items())
    console.print(f"{path}: refused: {told}.")


ACTIONS = {"data": _data, "evaluate": _evaluate, "submit": _submit, "check": _check}
"""What each sub-command does."""
