"""The whole path of a detector on the built-in thermal set, offline, repeatable at every stage.

In: an empty folder, or one that a killed walk left. Out: a data set, a trained run, predictions, an
evaluation by month, pictures, and a submission that was checked. Every stage continues by itself,
so the same call on the same folder goes on where the last one stopped.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from underdog.runs.progress import SILENT, Progress
from underdog.vision.challenge.check import Report, check_submission
from underdog.vision.challenge.submission import read_template, write_submission
from underdog.vision.detection.drawn import write_label_page
from underdog.vision.detection.folder import image_files, image_sizes, read_truth, seen_months
from underdog.vision.detection.predictions import PredictConfig, predict, read_predictions
from underdog.vision.detection.results import write_results
from underdog.vision.detection.robustness import Evaluation, evaluate
from underdog.vision.thermal.synthesis import TEMPLATE_NAME, ThermalConfig, synthesise
from underdog.vision.yolo.detect import DetectConfig, detecting, identity
from underdog.vision.yolo.settings import Augmentation, Execution, YoloConfig, YoloJob
from underdog.vision.yolo.train import YoloResult, train

RESAMPLES = 100
"""Draws for the intervals of the scores."""


@dataclass(frozen=True, slots=True)
class WalkConfig:
    """A small detector: a few minutes on two cores."""

    train: int = 320
    """Frames to learn from."""
    val: int = 160
    """Frames to be judged on, eight months."""
    epochs: int = 12
    """Passes over the frames."""
    seed: int = 0
    """Of the frames and of training."""
    device: str = "auto"
    """As `Execution.device`."""
    patch: bool | None = None
    """As `Execution.patch`."""
    threads: int | None = None
    """CPU threads; None: all cores."""

    def job(self, data: Path, out: Path) -> YoloJob:
        """YOLOv8n from nothing at the frames' own size. Four images a step, since there are few;
        less mosaic than usual, since objects of twelve pixels vanish at half their size.
        """
        config = YoloConfig(
            epochs=self.epochs,
            batch=8,
            imgsz=192,
            nominal_batch=8,
            warmup_epochs=1.0,
            seed=self.seed,
        )
        augmentation = Augmentation(mosaic=0.5, close_mosaic=max(1, self.epochs // 4), scale=0.3)
        execution = Execution(device=self.device, patch=self.patch, threads=self.threads)
        return YoloJob(data, "yolov8n.yaml", out, config, augmentation, execution)


@dataclass(frozen=True, slots=True)
class Walked:
    """What came out; `files` are those worth opening, by what they are."""

    training: YoloResult
    evaluation: Evaluation
    report: Report
    files: dict[str, Path]


def walk(
    out: Path,
    config: WalkConfig,
    *,
    progress: Progress = SILENT,
    say: Callable[[str], None] | None = None,
) -> Walked:
    """Draw, train, detect, judge, submit. Raises what the stages raise."""
    frames = ThermalConfig(train=config.train, val=config.val, seed=config.seed)
    data = synthesise(out / "data", frames, progress=progress)
    run = out / "run"
    training = train(config.job(data, run), progress=progress, say=say)
    predictions = out / "predictions.jsonl"
    asked = DetectConfig(device=config.device, patch=config.patch)
    with detecting(run, asked) as detector:
        predict(
            detector,
            image_files(data, "val"),
            predictions,
            name=identity(run, asked),
            config=PredictConfig(),
            progress=progress,
        )
    found = read_predictions(predictions)
    evaluation = evaluate(
        read_truth(data, "val"),
        found,
        resamples=RESAMPLES,
        seed=config.seed,
        seen_months=seen_months(data),
        progress=progress,
    )
    template, sizes = read_template(data / TEMPLATE_NAME), image_sizes(data, "val")
    submission = out / "predictions.zip"
    write_submission(submission, template, found, sizes=sizes)
    report = check_submission(submission, template, classes=4, sizes=sizes, progress=progress)
    files = {
        "Frames with their labels": write_label_page(data, "val", target=out / "labels.html"),
        "Scores by month": write_results(out / "evaluation", evaluation, title="thermal"),
        "Predictions": predictions,
        "Submission": submission,
    }
    return Walked(training, evaluation, report, files)
