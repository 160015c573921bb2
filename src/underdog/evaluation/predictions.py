"""Predictions on disk: one line per question, in the order of the questions, without a clock.

In: scored answers. Out: the same bytes for the same answers, and the answers back. Never: a metric.
While a model is being scored, answers go to a log as they come; `PredictionStore` turns the log
into the final file once, so that a kill loses at most the batch in work.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from underdog.errors import CorruptFileError, InputError
from underdog.mcq.prediction import Outcome, Prediction
from underdog.mcq.presentation import Presentation
from underdog.runs.files import json_text, write_text
from underdog.runs.log import LogWriter, read_log

PREDICTIONS_NAME = "predictions.jsonl"
LOG_NAME = "scored.log.jsonl"
"""Answers in the order they came; removed when the final file is whole."""


class Scored(NamedTuple):
    """A prediction, and the natural logarithm of the probability that the model gives to all
    choices together under its whole vocabulary (None when it gives none). A low mass under letters
    says that the model would rather write something else.
    """

    prediction: Prediction
    log_mass: float | None


def to_json(scored: Scored) -> dict[str, Any]:
    """One line of the file. `elapsed_s` is left out: files of equal answers are equal."""
    prediction = scored.prediction
    return {
        "question_id": prediction.question_id,
        "order": list(prediction.presentation.order),
        "outcome": prediction.outcome.value,
        "choice": prediction.choice,
        "log_probs": None if prediction.log_probs is None else list(prediction.log_probs),
        "log_mass": scored.log_mass,
    }


def from_json(value: Mapping[str, Any]) -> Scored:
    """Undo `to_json`. Raises KeyError, TypeError or ValueError on anything else."""
    log_probs = value["log_probs"]
    prediction = Prediction(
        question_id=value["question_id"],
        presentation=Presentation(tuple(value["order"])),
        outcome=Outcome(value["outcome"]),
        choice=value["choice"],
        log_probs=None if log_probs is None else tuple(log_probs),
    )
    return Scored(prediction, value["log_mass"])


def write_scored(path: Path, scored: Sequence[Scored]) -> None:
    """Replace the file as a whole."""
    write_text(path, "".join(f"{json_text(to_json(each))}\n" for each in scored))


def read_scored(path: Path) -> tuple[Scored, ...]:
    """Every line; CorruptFileError names the first that is not a prediction."""
    found = []
    for number, value in enumerate(read_log(path), start=1):
        try:
            found.append(from_json(value))
        except (KeyError, TypeError, ValueError) as error:
            where = f"{path}:{number}"
            raise CorruptFileError("a prediction is needed", got=str(error), where=where) from error
    return tuple(found)


def read_predictions(path: Path) -> tuple[Prediction, ...]:
    """The predictions of a model, in the order of its questions."""
    return tuple(each.prediction for each in read_scored(path))


class PredictionStore:
    """The answers of one model in its own folder, added batch by batch, finished once."""

    def __init__(self, folder: Path, count: int) -> None:
        """`count` is the number of questions; what an earlier sitting left is read back."""
        self.path, self._log_path, self._count = folder / PREDICTIONS_NAME, folder / LOG_NAME, count
        self.scored = self._read()

    @property
    def complete(self) -> bool:
        """Whether every question has an answer."""
        return len(self.scored) == self._count

    def _read(self) -> dict[int, Scored]:
        if self.path.exists():
            whole = read_scored(self.path)
            if len(whole) != self._count:
                raise CorruptFileError(
                    f"{self._count} predictions", got=f"{len(whole)}", where=self.path
                )
            return dict(enumerate(whole))
        if not self._log_path.exists():
            return {}
        return {line["index"]: from_json(line["scored"]) for line in read_log(self._log_path)}

    def add(self, batch: Mapping[int, Scored]) -> None:
        """Log answers by the place of their question."""
        with LogWriter(self._log_path) as log:
            for index, scored in batch.items():
                log.append({"index": index, "scored": to_json(scored)})
        self.scored |= batch

    def finish(self) -> tuple[Scored, ...]:
        """Write the final file, drop the log, and give the answers in order."""
        if not self.complete:
            raise InputError(f"answers to {self._count} questions", got=str(len(self.scored)))
        ordered = tuple(self.scored[index] for index in range(self._count))
        if not self.path.exists():
            write_scored(self.path, ordered)
        self._log_path.unlink(missing_ok=True)
        return ordered
