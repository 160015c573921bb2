"""The end of a run: which adapter is its result, and what is said about it."""

from __future__ import annotations

import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any

from underdog.adapters.lora import save_adapter
from underdog.errors import CorruptFileError
from underdog.runs.files import replacing_folder
from underdog.training.batches import LeftOut
from underdog.training.checkpoint import Trained
from underdog.training.examination import BEST_NAME, candidate, candidates
from underdog.training.exams import Exams
from underdog.training.record import ADAPTER_NAME, TrainingJob, TrainingResult
from underdog.training.retention import compare_retention
from underdog.training.state import LoopState, Score


def keep_adapter(job: TrainingJob, trained: Trained, state: LoopState) -> int:
    """Write adapter/: the last weights, or a copy of the best ones. Gives the step it is of."""
    target = job.out / ADAPTER_NAME
    if job.config.validation.keep == "last" or state.best is None:
        save_adapter(trained.model, target)
        return state.step
    best = job.out / BEST_NAME
    if not best.is_dir():
        raise CorruptFileError(
            "the best adapter, which this run has written, is needed", got="none", where=best
        )
    with replacing_folder(target) as partial:
        for path in sorted(best.iterdir()):
            shutil.copyfile(path, partial / path.name)
    return state.best.step


def make_result(
    job: TrainingJob,
    state: LoopState,
    exams: Exams | None,
    left_out: LeftOut,
    *,
    kept_step: int,
    resumed_from: int | None,
) -> TrainingResult:
    """Everything that result.json says."""
    kept = compare_retention(exams, state)
    return TrainingResult(
        adapter=job.out / ADAPTER_NAME,
        steps=state.step,
        samples=state.samples,
        dropped_steps=state.dropped,
        too_long=len(left_out.too_long),
        without_answer=len(left_out.without_answer),
        elapsed_s=round(state.elapsed_s, 6),
        resumed_from=resumed_from,
        remedies=[asdict(remedy) for remedy in state.remedies],
        adapters=_adapters(job, state, kept_step),
        start_accuracy=None if state.start is None else state.start.accuracy,
        overfitting_since=state.overfitting if state.overfitting_told else None,
        forgetting=None if kept is None else kept.to_json(),
    )


def _adapters(job: TrainingJob, state: LoopState, kept_step: int) -> list[dict[str, Any]]:
    scores = {score.step: score for score in state.scores}
    found = [_entry(ADAPTER_NAME, kept_step, scores.get(kept_step))]
    count = job.config.validation.best
    if count and state.best is not None:
        found.append(_entry(BEST_NAME, state.best.step, scores.get(state.best.step)))
    if count > 1:
        for score in candidates(state.scores, count):
            folder = candidate(Path(), score.step).as_posix()
            found.append(_entry(folder, score.step, score))
    return found


def _entry(folder: str, step: int, score: Score | None) -> dict[str, Any]:
    return {
        "adapter": folder,
        "step": step,
        "accuracy": None if score is None else score.accuracy,
        "loss": None if score is None else score.loss,
        "questions": None if score is None else score.questions,
    }
