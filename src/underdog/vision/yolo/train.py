"""From a YOLO folder to a detector: `train` wires the parts and can always be repeated.

In: a YoloJob. Out: a run folder with `manifest.json`, `metrics.jsonl`, `states/`, `weights/` (last
and best, for Ultralytics) and `result.json`. The same call on the same folder continues after the
last whole epoch, and on a CPU ends in the same weights to the bit. Never: a network, a file of the
user's home, a pickle that the user did not name.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from underdog import __version__
from underdog.errors import InputError
from underdog.hardware.machine import usable_cores
from underdog.runs.files import clean_partial, digest_file, read_json, write_json
from underdog.runs.launch import read_launch
from underdog.runs.lock import locked
from underdog.runs.manifest import Manifest, open_manifest
from underdog.runs.metrics import METRICS_NAME, read_metrics
from underdog.runs.progress import SILENT, Progress
from underdog.runs.recorder import recorded
from underdog.vision.yolo.folder import YoloFolder, read_folder
from underdog.vision.yolo.patching import CHOICES_NAME, patched_where_wanted
from underdog.vision.yolo.precision import Decision, Device, decide, read_device
from underdog.vision.yolo.seclusion import secluded
from underdog.vision.yolo.settings import YoloJob, ultralytics_arguments

RESULT_NAME, PRIVATE_NAME = "result.json", "ultralytics"
WEIGHTS_NAME = "weights"


@dataclass(frozen=True, slots=True)
class YoloResult:
    """`best` and `last` are files for Ultralytics; `scores` those of the best epoch on the val
    images (map50, map50_95, precision, recall). `resumed` says whether there were earlier sittings;
    `convolutions` counts what the patch saw in the last one.
    """

    best: Path
    last: Path
    epochs: int
    steps: int
    dropped_steps: int
    best_epoch: int
    scores: dict[str, float]
    elapsed_s: float
    resumed: bool
    convolutions: dict[str, int]


def train(
    job: YoloJob, *, progress: Progress = SILENT, say: Callable[[str], None] | None = None
) -> YoloResult:
    """Train, continue, or report a run that is complete. `say` gets sentences for the user.

    Raises InputError, RunError (numbers that are not finite, exhausted memory, another process in
    the folder), RunMismatchError, DiskFullError, MissingExtraError.
    """
    tell = say or _silent
    if read_launch().count > 1:
        raise InputError("one process", got=f"{read_launch().count}", hint="start it by itself")
    folder = read_folder(job.data)
    with ExitStack() as held:
        held.enter_context(locked(job.out))
        held.enter_context(secluded(job.out / PRIVATE_NAME))
        device = read_device(job.execution.device)
        decision = decide(job.config.precision, device)
        threads = job.execution.threads or usable_cores()
        _open(job, folder, decision, _surroundings(device, decision, threads, tell))
        done = _read_result(job.out)
        if done is not None:
            return done
        clean_partial(job.out)
        held.enter_context(recorded(job.out))
        return _Sitting(job, folder, device, decision, threads, progress, tell).run()


def _silent(sentence: str) -> None:
    """Where nobody listens."""


def _surroundings(
    device: Device, decision: Decision, threads: int, say: Callable[[str], None]
) -> dict[str, Any]:
    from underdog.vision.yolo.environment import read_environment, sentences

    found = read_environment(device, threads=threads)
    for sentence in sentences(found):
        say(sentence)
    say(f"Precision: {decision.precision.value}, {decision.reason}")
    return found


def _open(
    job: YoloJob, folder: YoloFolder, decision: Decision, environment: dict[str, Any]
) -> Manifest:
    """The header: what decides the weights is compared, where it runs is not."""
    config = asdict(job.config)
    config["precision"] = decision.precision.value
    identity = {
        "detector": config,
        "augmentation": asdict(job.augmentation),
        "data_digest": folder.digest(),
        "model": check_model(job.model),
        "code_version": __version__,
    }
    execution = asdict(job.execution)
    return open_manifest(job.out, Manifest(identity, {"execution": execution, **environment}))


def check_model(model: str) -> dict[str, str]:
    """A name and, for a file, its digest; InputError for what would have to be downloaded."""
    path = Path(model)
    if path.suffix == ".pt":
        if not path.is_file():
            raise InputError("a .pt file that is here; none is downloaded", got="none", where=path)
        return {"name": path.name, "sha256": digest_file(path)}
    if path.suffix not in {".yaml", ".yml"}:
        raise InputError("a model as NAME.yaml or FILE.pt", got=model)
    if path.is_file():
        return {"name": path.name, "sha256": digest_file(path)}
    if not _known_architecture(model):
        raise InputError(
            "an architecture that Ultralytics brings, or a file",
            got=model,
            hint="yolov8n.yaml, yolo11n.yaml, yolo26n.yaml",
        )
    return {"name": model}


def _known_architecture(name: str) -> bool:
    import ultralytics.cfg

    models = Path(ultralytics.cfg.__file__).parent / "models"
    # yolov8n.yaml is yolov8.yaml at scale n.
    general = re.sub(r"(\d)[nslmx]", r"\1", name, count=1)
    return any(models.rglob(name)) or any(models.rglob(general))


@dataclass(slots=True)
class _Sitting:
    job: YoloJob
    folder: YoloFolder
    device: Device
    decision: Decision
    threads: int
    progress: Progress
    say: Callable[[str], None]

    def run(self) -> YoloResult:
        """From the newest state, or the beginning, to the end."""
        from underdog.vision.yolo.journal import Journal
        from underdog.vision.yolo.state import State, read_newest

        run = self.job.out
        state: State | None = read_newest(run, say=self.say)
        started = (run / METRICS_NAME).exists()
        resumed_step = None if not started else 0 if state is None else state.step
        journal = Journal(run, resumed_step=resumed_step)
        with contextlib.closing(journal):
            counts: dict[str, int] = {}
            if state is None or not state.over:
                if state is not None:
                    self.say(f"Continuing after epoch {state.epoch + 1}")
                counts, state = self._train(journal, state)
            return _write_result(run, state, started, counts)

    def _train(self, journal: Any, state: Any) -> tuple[dict[str, int], Any]:
        import torch

        from underdog.vision.yolo.hooks import Surroundings, trainer_class
        from underdog.vision.yolo.watchdog import Watchdog

        def stalled(silent_s: float, stacks: str) -> None:
            step = around.state.step if around.state else 0
            sentence = f"No batch for {silent_s:.0f} s: all threads' stacks are in {stacks}"
            self.say(sentence)
            journal.event("remedy", step, guard="stall", stacks=stacks, sentence=sentence)

        execution = self.job.execution
        end = _end_process if execution.stop_on_stall else None
        before = torch.get_num_threads()
        with (
            patched_where_wanted(
                execution.patch,
                self.device,
                cache=self.job.out / CHOICES_NAME,
                budget_bytes=execution.budget_mib << 20,
            ) as patch,
            Watchdog(self.job.out, stalled, stall_s=execution.stall_s, end=end) as watchdog,
        ):
            around = Surroundings(
                job=self.job,
                folder=self.folder,
                journal=journal,
                watchdog=watchdog,
                progress=self.progress,
                state=state,
                channels_last=patch is not None,
                threads=self.threads,
            )
            device = self.device.kind if self.device.kind == "cpu" else self._device_number()
            overrides = ultralytics_arguments(
                self.job, device=device, precision=self.decision.precision
            )
            if patch is not None:
                self.say(f"Without the vendor's library: {', '.join(patch.changed)}")
            try:
                trainer = trainer_class(around)(overrides=dict(overrides))
                trainer.prepare()
                trainer.train()
            finally:
                torch.set_num_threads(before)
        return dict(patch.calls) if patch is not None else {}, around.state

    def _device_number(self) -> str:
        _, _, number = self.job.execution.device.partition(":")
        return number or "0"


def _end_process(status: int) -> None:
    import os

    os._exit(status)


def _write_result(run: Path, state: Any, started: bool, convolutions: dict[str, int]) -> YoloResult:
    epochs = read_metrics(run).chunks
    best = next((each for each in epochs if each.chunk + 1 == state.best_epoch), epochs[-1])
    result = {
        "epochs": state.epoch + 1,
        "steps": state.step,
        "dropped_steps": state.dropped,
        "best_epoch": best.chunk + 1,
        "scores": dict(best.validation or {}),
        "elapsed_s": round(state.elapsed_s, 3),
        "resumed": started,
        "convolutions": convolutions,
    }
    write_json(run / RESULT_NAME, result)
    done = _read_result(run)
    assert done is not None
    return done


def _read_result(run: Path) -> YoloResult | None:
    path = run / RESULT_NAME
    if not path.is_file():
        return None
    found = read_json(path)
    weights = run / WEIGHTS_NAME
    return YoloResult(weights / "best.pt", weights / "last.pt", **found)
