"""The part of ``underdog vision`` that runs a detector: train, predict, and the whole path."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from underdog.vision.yolo.settings import Augmentation, Execution, YoloConfig
    from underdog.vision.yolo.train import YoloResult


def add_actions(actions: Any) -> None:
    """Declare the sub-commands; `actions` is what argparse's add_subparsers gave."""
    text = "train a YOLO detector through Ultralytics; the same command continues"
    train = actions.add_parser("train", help=text, description=text)
    add = train.add_argument
    add("--data", type=Path, required=True, metavar="DIR", help="a YOLO folder with data.yaml")
    add(
        "--model",
        default="yolov8n.yaml",
        help="an architecture of Ultralytics, or a .pt file, which is code: only one you trust "
        "(default: %(default)s)",
    )
    add("--out", type=Path, required=True, metavar="DIR", help="folder of the run")
    _add_config(train.add_argument_group("training"))
    _add_augmentation(train.add_argument_group("augmentation"))
    _add_execution(train.add_argument_group("machine"))
    text = "detect in the images of a data set with a run or a .pt file; continues after a kill"
    predict = actions.add_parser("predict", help=text, description=text)
    add = predict.add_argument
    add("source", type=Path, help="a run's folder, or a .pt file, which is code")
    add("--data", type=Path, required=True, metavar="DIR", help="a YOLO folder with data.yaml")
    add("--split", default="val", choices=("train", "val", "test"))
    add("--out", type=Path, required=True, metavar="FILE", help="one JSON line per image")
    add("--imgsz", type=int, help="default: as trained, 640 for a file")
    add("--batch", type=int, default=16)
    add("--confidence", type=float, default=0.001, help="least score (default: %(default)s)")
    _add_device(predict)
    text = "the whole path on the built-in thermal set: data, training, scores by month, submission"
    walk = actions.add_parser("run", help=text, description=text)
    add = walk.add_argument
    add("--out", type=Path, required=True, metavar="DIR")
    add("--train", type=int, default=320, metavar="N", help="frames (default: %(default)s)")
    add("--val", type=int, default=160, metavar="N", help="frames (default: %(default)s)")
    add("--epochs", type=int, default=12, help="(default: %(default)s)")
    add("--seed", type=int, default=0)
    add("--threads", type=int, metavar="N", help="CPU threads (default: all cores)")
    _add_device(walk)


def _add_config(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add("--imgsz", type=int, default=640, help="longer side in pixels (default: %(default)s)")
    add("--batch", type=int, default=16, help="images per pass (default: %(default)s)")
    add("--epochs", type=int, default=50, help="(default: %(default)s)")
    add(
        "--nominal-batch",
        type=int,
        default=64,
        help="images per optimizer step, summed over passes (default: %(default)s)",
    )
    add("--optimizer", default="auto", help="auto (sets the rate, too), SGD, AdamW, ...")
    add("--lr0", type=float, default=0.01, help="first learning rate (default: %(default)s)")
    add("--warmup-epochs", type=float, default=3.0, help="(default: %(default)s)")
    add("--patience", type=int, default=100, help="epochs without gain (default: %(default)s)")
    add("--seed", type=int, default=0)
    add(
        "--precision",
        default="auto",
        choices=("auto", "float32", "bfloat16", "float16"),
        help="auto: by what the device is, without Ultralytics' check (default: auto)",
    )


def _add_augmentation(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add("--mosaic", type=float, default=1.0, help="chance of four images in one (default: 1)")
    add("--close-mosaic", type=int, default=10, help="last epochs without (default: 10)")
    add("--scale", type=float, default=0.5, help="largest relative change of size (default: 0.5)")
    add("--translate", type=float, default=0.1, help="largest shift (default: 0.1)")
    add("--fliplr", type=float, default=0.5, help="chance of mirroring (default: 0.5)")
    add("--hsv-v", type=float, default=0.4, help="largest change of brightness (default: 0.4)")


def _add_device(parser: argparse.ArgumentParser | argparse._ArgumentGroup) -> None:
    add = parser.add_argument
    add("--device", default="auto", help="auto, cpu or cuda (ROCm's name, too)")
    add(
        "--patch",
        action=argparse.BooleanOptionalAction,
        help="convolve without the vendor's library (default: on AMD GPUs)",
    )


def _add_execution(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    _add_device(group)
    add("--workers", type=int, default=0, help="processes that load images (default: 0)")
    add("--threads", type=int, metavar="N", help="CPU threads (default: all cores)")
    add("--budget-mib", type=int, default=256, help="workspace of one convolution")
    add("--stall", type=float, default=120.0, metavar="SECONDS", help="shortest stall (120)")
    add("--on-stall", choices=("wait", "stop"), default="wait", help="(default: wait)")


def _train(args: argparse.Namespace) -> int:
    from underdog.cli.console import ProgressBar, console
    from underdog.vision.yolo.settings import YoloJob
    from underdog.vision.yolo.train import train

    job = YoloJob(
        args.data, args.model, args.out, _config(args), _augmentation(args), _execution(args)
    )
    with ProgressBar() as progress:
        result = train(job, progress=progress, say=progress.say)
    console.print(sentence(result), soft_wrap=True, markup=False)
    return 0


def _config(args: argparse.Namespace) -> YoloConfig:
    from underdog.vision.yolo.settings import Precision, YoloConfig

    return YoloConfig(
        epochs=args.epochs,
        batch=args.batch,
        imgsz=args.imgsz,
        nominal_batch=args.nominal_batch,
        optimizer=args.optimizer,
        lr0=args.lr0,
        warmup_epochs=args.warmup_epochs,
        patience=args.patience,
        seed=args.seed,
        precision=Precision(args.precision),
    )


def _augmentation(args: argparse.Namespace) -> Augmentation:
    from underdog.vision.yolo.settings import Augmentation

    return Augmentation(
        mosaic=args.mosaic,
        close_mosaic=args.close_mosaic,
        scale=args.scale,
        translate=args.translate,
        fliplr=args.fliplr,
        hsv_v=args.hsv_v,
    )


def _execution(args: argparse.Namespace) -> Execution:
    from underdog.vision.yolo.settings import Execution

    return Execution(
        device=args.device,
        patch=args.patch,
        workers=args.workers,
        threads=args.threads,
        budget_mib=args.budget_mib,
        stall_s=args.stall,
        stop_on_stall=args.on_stall == "stop",
    )


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

    config = WalkConfig(
        train=args.train,
        val=args.val,
        epochs=args.epochs,
        seed=args.seed,
        device=args.device,
        patch=args.patch,
        threads=args.threads,
    )
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
