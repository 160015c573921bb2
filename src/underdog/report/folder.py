"""What a run folder holds, read once. In: a folder. Out: its files' values, each one optional.

Every stage writes its own files, so a run that stopped early has the first ones only. A part that
is not there, or cannot be read, is a sentence for the reader, never an exception.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from underdog.errors import InputError, UnderdogError
from underdog.hardware.telemetry.reading import Reading
from underdog.runs.files import read_json
from underdog.runs.manifest import MANIFEST_NAME
from underdog.runs.metrics import METRICS_NAME, Metrics, read_metrics
from underdog.runs.readings import READINGS_NAME, read_readings

T = TypeVar("T")
U = TypeVar("U")
Json = Mapping[str, Any]
_OF_ANOTHER_FORM = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError)
"""What reading a file of another form raises: a key that is not there, a text for a number."""


@dataclass(frozen=True, slots=True)
class Part(Generic[T]):
    """`value` is None when the part is missing; then `note` is the sentence that says why."""

    value: T | None
    note: str = ""

    def then(self, make: Callable[[T], U]) -> Part[U]:
        """The part made from this one; a value of an unknown form becomes a note."""
        if self.value is None:
            return Part(None, self.note)
        try:
            return Part(make(self.value))
        except _OF_ANOTHER_FORM as error:
            fault = f"{type(error).__name__}: {error}"[:160]
            return Part(None, f"This part could not be drawn from what is on disk ({fault}).")


@dataclass(frozen=True, slots=True)
class Record:
    """The values of one run folder.

    `headers` are the stages' own manifests by folder, `latencies` go by model name, `files` are
    relative paths.
    """

    manifest: Part[Json]
    stages: Part[list[Json]]
    data: Part[Json]
    headers: Mapping[str, Json]
    metrics: Part[Metrics]
    readings: Part[list[Reading]]
    trained: Part[Json]
    results: Part[Json]
    latencies: Mapping[str, Json]
    match: Part[Json]
    files: tuple[str, ...]


def read_record(folder: Path) -> Record:
    """Read what is there. InputError when the path is no run folder at all."""
    if not folder.is_dir():
        got = "a file" if folder.exists() else "nothing at that path"
        raise InputError("a run folder is needed", got=got, where=folder)
    files = tuple(_names(folder))
    if not files:
        raise InputError(
            f"a run folder is needed, with {MANIFEST_NAME} or the files of a stage",
            got="none of them",
            where=folder,
            hint="the folder given to `underdog run --out`",
        )
    return Record(
        manifest=_json(folder / MANIFEST_NAME, "The run has no header (manifest.json)."),
        stages=_json(folder / "stages.json", "The times of the stages were not recorded."),
        data=_json(folder / "data/summary.json", "The question set has not been built."),
        headers=_named(folder, f"*/{MANIFEST_NAME}"),
        metrics=_training(folder / "train"),
        readings=_read(
            folder / "train" / READINGS_NAME, read_readings, "The machine was not recorded."
        ),
        trained=_json(folder / "train/result.json", "Training has not come to its end."),
        results=_json(folder / "evaluation/results.json", "The models have not been evaluated."),
        latencies=_named(folder / "evaluation", "*/latency.json"),
        match=_match(folder / "match"),
        files=files,
    )


def _names(folder: Path) -> list[str]:
    """Which of the known files are there."""
    return [name for name, _ in KNOWN_FILES if (folder / name).exists()]


def _read(path: Path, read: Callable[[Path], T], missing: str) -> Part[T]:
    if not path.exists():
        return Part(None, missing)
    try:
        return Part(read(path))
    except (UnderdogError, OSError, UnicodeDecodeError) as error:
        fault = error.got if isinstance(error, UnderdogError) else str(error)
        return Part(None, f"{path.parent.name}/{path.name} could not be read ({fault[:160]}).")


def _json(path: Path, missing: str) -> Part[Any]:
    return _read(path, read_json, missing)


def _match(folder: Path) -> Part[Json]:
    started = (folder / "events.jsonl").exists()
    missing = "The match was not played to its end." if started else "No match has been played."
    return _json(folder / "result.json", missing)


def _training(folder: Path) -> Part[Metrics]:
    path = folder / METRICS_NAME
    return _read(path, lambda _: read_metrics(folder), "The model has not been trained.")


def _named(folder: Path, pattern: str) -> dict[str, Json]:
    """The objects in files of one name, by the name of the folder they are in."""
    found = {}
    for path in sorted(folder.glob(pattern)):
        part = _json(path, "")
        if isinstance(part.value, Mapping):
            found[path.parent.name] = part.value
    return found


CARD_PATH = "data/card.html"
KNOWN_FILES = (
    ("manifest.json", "what decides the result, and the machine it ran on"),
    ("stages.json", "the stages with their times"),
    ("data/questions.parquet", "the question set, one row per question"),
    ("data/train.json", "the training questions in curriculum order"),
    ("data/validation.json", "the held-out questions"),
    ("data/rejects.jsonl", "every row left out, with the reason"),
    ("data/summary.json", "the question set in numbers"),
    ("data/manifest.json", "the inputs of the question set, with digests"),
    (CARD_PATH, "the data card: what the question set is made of, and what to worry about"),
    ("data/card.md", "the same as Markdown"),
    ("train/metrics.jsonl", "loss, learning rate and throughput of every step"),
    ("train/readings.log", "what the machine did, once a second"),
    ("train/checkpoints", "the last checkpoints"),
    ("train/adapter", "the tuned adapter, in PEFT format"),
    ("train/best", "the adapter that answered most held-out questions on the way"),
    ("train/candidates", "further validated adapters, for an ensemble"),
    ("train/retention", "answers to the retention set, before training and after"),
    ("train/stalls", "what every thread was doing when training stood still"),
    (
        "train/result.json",
        "what training came to: adapters with their scores, remedies, forgetting",
    ),
    ("train/tensorboard", "the same curves for TensorBoard"),
    ("evaluation/results.json", "accuracies, intervals, comparison, calibration"),
    ("evaluation/base/predictions.jsonl", "the base model's answer to every held-out question"),
    ("evaluation/tuned/predictions.jsonl", "the tuned model's answer to every held-out question"),
    ("match/events.jsonl", "every event of the match, as it happened"),
    ("match/result.json", "the score, derived from the events"),
)
"""Relative path and what is in it, in the order in which the stages write them."""
