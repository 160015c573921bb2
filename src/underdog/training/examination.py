"""Fixed questions put to the model as it learns: validation, and what it knew before.

In: questions, and a callable that puts questions to a model. Out: readings and scores in the run's
state, events, and the best adapter so far in `best/`. Never: a random number drawn, a training row.

The validation questions are a seeded sample of the held-out rows, the same all run long. What is
chosen by them (`best/`) looks a little better on them than it is; `adapter/` stays the last one
unless the recipe asks otherwise, so that a later evaluation on held-out questions stays honest.
"""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from underdog.adapters.lora import save_adapter
from underdog.evaluation.accuracy import marks
from underdog.evaluation.places import count_places
from underdog.mcq.prediction import Prediction
from underdog.mcq.question import Question
from underdog.training.checkpoint import Trained, put_random_state, random_state
from underdog.training.exams import Exams
from underdog.training.guards.overfitting import judge_overfitting
from underdog.training.metrics import MetricsSink
from underdog.training.retention import remember
from underdog.training.state import LoopState, Reading, Score

BEST_NAME, CANDIDATES_NAME = "best", "candidates"
_HIGHEST_NATS = 1e4


@dataclass(frozen=True, slots=True)
class Sitting:
    """One examination. `told` are sentences for the user; `before` the best reading before it."""

    reading: Reading | None
    before: Reading | None
    numbers: dict[str, float]
    told: tuple[str, ...]


def examine(
    exams: Exams,
    trained: Trained,
    state: LoopState,
    run: Path,
    *,
    metrics: MetricsSink,
    retention: bool,
    ask: Callable[[tuple[Question, ...]], list[Prediction]],
) -> Sitting:
    """Ask, and put what came out into the state; no trace in the run's random numbers. `ask` finds
    the model in evaluation mode.
    """
    with undisturbed(trained.model):
        answered = ask(exams.validation)
        remembered = ask(exams.retention) if retention else []
    numbers: dict[str, float] = {}
    before, reading = state.best, None
    told: list[str] = []
    kept = remember(exams, state, remembered, run) if remembered else None
    if kept is not None:
        numbers["retention_accuracy"] = kept.after
    if answered:
        reading = read_answers(exams.validation, answered, state)
        numbers |= _numbers(reading)
        told += _validate(exams, reading, trained, state, run, metrics)
    if state.step > 0 and reading is not None:
        retained = None if kept is None else kept.after
        state.scores.append(
            Score(state.step, reading.accuracy, reading.loss, len(reading.right), retained)
        )
        _keep_candidates(exams, trained, state, run)
    state.losses = (0.0, 0)
    return Sitting(reading, before, numbers, tuple(told))


@contextmanager
def undisturbed(model: Any) -> Iterator[None]:
    """For questions: the model in evaluation mode, and no trace in the run's random numbers."""
    randomness = random_state()
    model.eval()
    with torch.no_grad():
        yield
    model.train()
    put_random_state(randomness)


def read_answers(
    questions: Sequence[Question], predictions: Sequence[Prediction], state: LoopState
) -> Reading:
    """Everything that the judges need to know of a set of answers."""
    right = marks(questions, predictions)
    places = count_places(questions, predictions)
    total, steps = state.losses
    entropies = [_entropy(each.log_probs) for each in predictions if each.log_probs is not None]
    return Reading(
        step=state.step,
        right="".join("01"[mark] for mark in right),
        nats=_nats(questions, predictions),
        places=places.counts,
        keys=places.key_counts,
        entropy=math.fsum(entropies) / len(entropies) if entropies else None,
        chance=math.fsum(1 / len(each.choices) for each in questions) / len(questions),
        train_loss=total / steps if steps else None,
    )


def _nats(questions: Sequence[Question], predictions: Sequence[Prediction]) -> tuple[float, ...]:
    found = []
    for question, prediction in zip(questions, predictions, strict=True):
        if prediction.log_probs is None or question.answer is None:
            return ()
        found.append(min(-prediction.log_probs[question.answer], _HIGHEST_NATS))
    return tuple(found)


def _entropy(log_probs: Sequence[float]) -> float:
    """As a share of the largest possible entropy; p ln p is 0 at p = 0."""
    terms = [math.exp(each) * each for each in log_probs if each > -_HIGHEST_NATS]
    return min(1.0, max(0.0, -math.fsum(terms) / math.log(len(log_probs))))


def _numbers(reading: Reading) -> dict[str, float]:
    numbers = {"accuracy": reading.accuracy}
    if reading.loss is not None:
        numbers["nll"] = reading.loss
    if reading.entropy is not None:
        numbers["entropy"] = reading.entropy
    return numbers


def _validate(
    exams: Exams,
    reading: Reading,
    trained: Trained,
    state: LoopState,
    run: Path,
    metrics: MetricsSink,
) -> list[str]:
    """Compare with the best reading so far, and take its place where this one is better."""
    if state.step == 0:
        state.start = reading
        return []
    told = _watch_overfitting(reading, state, metrics)
    if reading.better_than(state.best):
        state.best = reading
        state.overfitting, state.overfitting_told = None, False
        if exams.best:
            save_adapter(trained.model, run / BEST_NAME)
    return told


def _watch_overfitting(reading: Reading, state: LoopState, metrics: MetricsSink) -> list[str]:
    """It is said at the second reading in a row that is worse: one of many is so by chance."""
    worse = None if state.best is None else judge_overfitting(state.best.held(), reading.held())
    if worse is None:
        state.overfitting = None if not state.overfitting_told else state.overfitting
        return []
    if state.overfitting is None:
        state.overfitting = reading.step
        return []
    if state.overfitting_told or state.best is None:
        return []
    state.overfitting_told = True
    sentence = (
        f"Overfitting since step {state.overfitting}: beside step {state.best.step}, the best, "
        f"{worse}."
    )
    metrics.event(
        "overfitting",
        state.step,
        since=state.overfitting,
        best_step=state.best.step,
        sentence=sentence,
    )
    return [sentence]


def _keep_candidates(exams: Exams, trained: Trained, state: LoopState, run: Path) -> None:
    """The best few validated adapters beside `best/`, by accuracy, then loss, then age."""
    if exams.best < 2:
        return
    wanted = candidates(state.scores, exams.best)
    if any(score.step == state.step for score in wanted):
        save_adapter(trained.model, candidate(run, state.step))
    steps = {candidate(run, score.step) for score in wanted}
    for folder in (run / CANDIDATES_NAME).glob("step-*"):
        # One of a later step is from before a kill, and will be made again.
        if folder not in steps:
            shutil.rmtree(folder)


def candidates(scores: Sequence[Score], count: int) -> list[Score]:
    """The best `count` validations, best first."""
    infinite = math.inf
    ordered = sorted(
        scores,
        key=lambda each: (-each.accuracy, infinite if each.loss is None else each.loss, each.step),
    )
    return ordered[:count]


def candidate(run: Path, step: int) -> Path:
    """Where the adapter of a validated step is kept."""
    return run / CANDIDATES_NAME / f"step-{step:08d}"
