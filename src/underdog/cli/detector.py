"""The part of ``underdog vision`` that runs a detector: train, predict, and the whole path."""

from __future__ import annotations

import argparse
from dataclasses import fields
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from underdog.vision.yolo.train import YoloResult

Settings = TypeVar("Settings")


TRAINING = {
    "imgsz": "longer side in pixels",
    "batch": "images per pass",
    "epochs": "passes over the training images",
    "nominal_batch": "images per optimizer step, summed over passes",
    "optimizer": "auto (sets the rate, too), SGD, AdamW, ...",
    "lr0": "first learning rate",
    "warmup_epochs": "epochs of rising learning rate",
    "patience": "epochs without gain",
    "seed": "of everything random",
    "precision": "auto: by what the device is, without Ultralytics' check",
}
"""Fields of `YoloConfig`, each an option of its name, with its help."""
AUGMENTATION = {
    "mosaic": "chance of four images in one",
    "close_mosaic": "last epochs without",
    "scale": "largest relative change of size",
    "translate": "largest shift",
    "fliplr": "chance of mirroring",
    "hsv_v": "largest change of brightness",
}
"""Fields of `Augmentation`, likewise."""


def add_actions(actions: Any) -> None:
    """Declare the sub-commands; `actions` is what argparse's add_subparsers gave."""
    _add_train(actions)
    _add_predict(actions)
    _add_walk(actions)


def _add_train(actions: Any) -> None:
    from underdog.vision.yolo.settings import Augmentation, Execution, YoloConfig

    text = "train a YOLO detector through Ultralytics; the same command continues"
    train = actions.add_parser("train", help=text, description=text)
    _add_data(train)
    train.add_argument(
        "--model",
        default="yolov8n.yaml",
        help="an architecture of Ultralytics, or a .pt file, which is code: only one you trust "
        "(default: %(default)s)",
    )
    train.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder of the run")
    _add_fields(train.add_argument_group("training"), YoloConfig(), TRAINING)
    _add_fields(train.add_argument_group("augmentation"), Augmentation(), AUGMENTATION)
    machine, execution = train.add_argument_group("machine"), Execution()
    _add_device(machine)
    _add_fields(machine, execution, {"workers": "processes that load images"})
    _add_threads(machine)
    _add_fields(machine, execution, {"budget_mib": "workspace of one convolution"})
    machine.add_argument(
        "--stall",
        dest="stall_s",
        type=float,
        default=execution.stall_s,
        metavar="SECONDS",
        help="shortest silence that is a stall (default: %(default)s)",
    )
    choices = ("wait", "stop")
    machine.add_argument("--on-stall", choices=choices, default="wait", help="(default: wait)")


def _add_predict(actions: Any) -> None:
    text = "detect in the images of a data set with a run or a .pt file; continues after a kill"
    predict = actions.add_parser("predict", help=text, description=text)
    add = predict.add_argument
    add("source", type=Path, help="a run's folder, or a .pt file, which is code")
    _add_data(predict)
    add("--split", default="val", choices=("train", "val", "test"))
    add("--out", type=Path, required=True, metavar="FILE", help="one JSON line per image")
    add("--imgsz", type=int, help="default: as trained, 640 for a file")
    add("--batch", type=int, default=16)
    add("--confidence", type=float, default=0.001, help="least score (default: %(default)s)")
    _add_device(predict)


def _add_walk(actions: Any) -> None:
    text = "the whole path on the built-in thermal set: data, training, scores by month, submission"
    walk = actions.add_parser("run", help=text, description=text)
    add = walk.add_argument
    add("--out", type=Path, required=True, metavar="DIR")
    add("--train", type=int, default=320, metavar="N", help="frames (default: %(default)s)")
    add("--val", type=int, default=160, metavar="N", help="frames (default: %(default)s)")
    add("--epochs", type=int, default=12, help="(default: %(default)s)")
    add("--seed", type=int, default=0)
    _add_threads(walk)
    _add_device(walk)


def _add_data(parser: argparse.ArgumentParser) -> None:
    text = "a YOLO folder with data.yaml"
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help=text)


def _add_threads(parser: argparse._ActionsContainer) -> None:
    text = "CPU threads (default: all cores)"
    parser.add_argument("--threads", type=int, metavar="N", help=text)


def _add_device(parser: argparse._ActionsContainer) -> None:
    add = parser.add_argument
    add("--device", default="auto", help="auto, cpu or cuda (ROCm's name, too)")
    add(
        "--patch",
        action=argparse.BooleanOptionalAction,
        help="convolve without the vendor's library (default: on AMD GPUs)",
    )


def _add_fields(group: argparse._ActionsContainer, values: Any, texts: dict[str, str]) -> None:
    """One option per named field of a settings value, with the value as default."""
    for name, text in texts.items():
        default = getattr(values, name)
        group.add_argument(
            f"--{name.replace('_', '-')}",
            type=type(default),
            default=default,
            choices=tuple(type(default)) if isinstance(default, StrEnum) else None,
            help=f"{text} (default: {default})",
        )


def _settings(kind: type[Settings], args: argparse.Namespace, **given: Any) -> Settings:
    """A settings value from the options named as its fields, and what is given."""
    names = [field.name for field in fields(kind) if field.name not in given]
    return kind(**{name: getattr(args, name) for name in names}, **given)


def _train(args: argparse.Namespace) -> int:
    from underdog.cli.console import ProgressBar, console
    from underdog.vision.yolo.settings import Augmentation, Execution, YoloConfig, YoloJob
    from underdog.vision.yolo.train import train

    job = YoloJob(
        args.data,
        args.model,
        args.out,
        _settings(YoloConfig, args),
        _settings(Augmentation, args),
        _settings(Execution, args, stop_on_stall=args.on_stall == "stop"),
    )
    with ProgressBar() as progress:
        result = train(job, progress=progress, say=progress.say)
    console.print(sentence(result), soft_wrap=True, markup=False)
    return 0


def sentence(result: YoloResult) -> str:
    """What came of a training run, and where it is."""
    scores = result.scores
    told = [
        f"{result.epochs} epochs, {result.steps} steps in {result.elapsed_s:.1f} s",
        f"{result.dropped_steps} steps dropped" if result.dropped_steps else "",
        f"{sum(result.convolutions.values())} convolutions patched" if result.convolutions else "",
    ]
    best = f"Best: epoch {result.best_epoch}"
    if scores:
        best += f", mAP50 {scores['map50']:.3f}, mAP50-95 {scores['map50_95']:.3f} on val"
    return f"{', '.join(filter(None, told))}. {best}. Weights: {result.best}"


def _predict(args: argparse.Namespace) -> int:
    from underdog.cli.console import ProgressBar, console
    from underdog.vision.detection.folder import image_files
    from underdog.vision.detection.predictions import PredictConfig, predict
    from underdog.vision.yolo.detect import DetectConfig, detecting, identity

    config = DetectConfig(
        imgsz=args.imgsz, confidence=args.confidence, device=args.device, patch=args.patch
    )
    name, images = identity(args.source, config), image_files(args.data, args.split)
    with ProgressBar() as progress, detecting(args.source, config) as detector:
        done = predict(
            detector,
            images,
            args.out,
            name=name,
            config=PredictConfig(batch=args.batch),
            progress=progress,
        )
    kept = f", {done.resumed} of them from before" if done.resumed else ""
    console.print(f"{done.images} images{kept}: {args.out}", soft_wrap=True)
    return 0


def _run(args: argparse.Namespace) -> int:
    from underdog.cli.console import ProgressBar, console
    from underdog.cli.detection import show_evaluation
    from underdog.vision.walk import WalkConfig, walk

    config = _settings(WalkConfig, args)
    with ProgressBar() as progress:
        done = walk(args.out, config, progress=progress, say=progress.say)
    console.print(sentence(done.training), soft_wrap=True, markup=False)
    show_evaluation(done.evaluation)
    for name, path in done.files.items():
        console.print(f"{name}: {path}", soft_wrap=True)
    verdict = "accepted" if done.report.accepted else "refused"
    console.print(f"The submission was checked: {verdict}, {done.report.boxes} boxes.")
    return 0 if done.report.accepted else 1


ACTIONS = {"train": _train, "predict": _predict, "run": _run}
"""What each sub-command does."""
