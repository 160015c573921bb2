"""An ensemble and each of its members on the same questions, kept on disk, told in one object.

In: questions and an opened ensemble. Out, in a folder: what `examine` writes for every member, and
`ensemble/predictions.jsonl` with `latency.json`; `results.json` with the best member first and the
ensemble last. Never: a member asked twice.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from underdog.errors import InputError
from underdog.evaluation.accuracy import marks
from underdog.evaluation.predictions import PREDICTIONS_NAME, Scored, read_scored, write_scored
from underdog.evaluation.results import Item, summarise, write_results
from underdog.inference.ensemble import (
    check_members,
    open_ensemble,
    pool_scored,
    scoring_config,
)
from underdog.inference.ensemble_file import Ensemble
from underdog.inference.evidence_cache import EvidenceCache
from underdog.inference.examine import LATENCY_NAME, Candidate, evaluate_models
from underdog.inference.latency import Clock, LatencyConfig, time_answers
from underdog.inference.model_content import model_cache
from underdog.inference.scorer import Scorer, ScoringConfig, model_identity
from underdog.runs.files import write_json
from underdog.runs.progress import SILENT, Progress

ENSEMBLE = "ensemble"
"""Its name in the results, and of its folder."""


def examine_ensemble(
    items: Sequence[Item],
    ensemble: Ensemble,
    folder: Path,
    *,
    clock: Clock,
    cache: EvidenceCache | None = None,
    latency: LatencyConfig | None = None,
    progress: Progress = SILENT,
) -> dict[str, Any]:
    """Examine members and ensemble, write everything; gives what `results.json` holds. What
    `cache` knows is not scored again; where it knows all, no model is loaded.
    """
    opened = functools.cache(lambda: open_ensemble(ensemble))

    def member(name: str) -> Scorer:
        return opened().members.scorer(name)

    if any(each.name == ENSEMBLE for each in ensemble.active):
        raise InputError("members not called like the whole", got=ENSEMBLE)
    candidates = _candidates(
        ensemble.base,
        {each.name: each.adapter for each in ensemble.active},
        member,
        config=scoring_config(ensemble),
        dtype=str(ensemble.scoring["dtype"]),
        cache=cache,
    )
    check_members(ensemble, {each.name: each.identity for each in candidates})
    results = evaluate_models(items, candidates, folder, clock=clock, progress=progress)
    found = {each.name: read_scored(folder / each.name / PREDICTIONS_NAME) for each in candidates}
    questions = [item.question for item in items]
    pooled = pool_scored(ensemble, questions, found)
    write_scored(folder / ENSEMBLE / PREDICTIONS_NAME, pooled)
    if latency is not None and not (folder / ENSEMBLE / LATENCY_NAME).exists():
        start = clock()
        whole = opened()
        measured = time_answers(
            lambda question: whole.score([question]),
            questions,
            clock=clock,
            config=latency,
            load_s=clock() - start,
            progress=progress,
        )
        write_json(folder / ENSEMBLE / LATENCY_NAME, measured.to_json())
    ordered = _best_first(items, found) | {ENSEMBLE: pooled}
    told = summarise(items, ordered, scoring=results["scoring"])
    told["ensemble"] = {
        "rule": ensemble.pool.rule.value,
        "weights": dict(
            zip([each.name for each in ensemble.members], ensemble.pool.weights, strict=True)
        ),
    }
    write_results(folder, told)
    return told


def _candidates(
    base: str,
    adapters: Mapping[str, Path | None],
    scorer: Callable[[str], Scorer],
    *,
    config: ScoringConfig,
    dtype: str,
    cache: EvidenceCache | None,
) -> list[Candidate]:
    """One per member; all are opened by the first that needs to be."""
    return [
        Candidate(
            name,
            {"dtype": dtype, **model_identity(base, adapter)},
            config,
            functools.partial(scorer, name),
            model_cache(cache, base, adapter, config=config, dtype=dtype),
        )
        for name, adapter in adapters.items()
    ]


def _best_first(
    items: Sequence[Item], found: Mapping[str, tuple[Scored, ...]]
) -> dict[str, tuple[Scored, ...]]:
    """By accuracy on these questions; equal ones in the order of the file."""
    questions = [item.question for item in items]
    right = {
        name: sum(marks(questions, [each.prediction for each in scored]))
        for name, scored in found.items()
    }
    return {name: found[name] for name in sorted(found, key=lambda name: -right[name])}


def score_candidates(
    items: Sequence[Item],
    base: str,
    adapters: Mapping[str, Path | None],
    folder: Path,
    *,
    config: ScoringConfig,
    dtype: str,
    clock: Clock,
    cache: EvidenceCache | None = None,
    progress: Progress = SILENT,
) -> tuple[dict[str, tuple[Scored, ...]], dict[str, Mapping[str, Any]]]:
    """Answers of members-to-be on one base, kept in `folder`, and the identity of each."""
    from underdog.inference.members import open_members

    opened = functools.cache(lambda: open_members(base, adapters, config=config, dtype=dtype))

    def member(name: str) -> Scorer:
        return opened().scorer(name)

    candidates = _candidates(
        base,
        adapters,
        member,
        config=config,
        dtype=dtype,
        cache=cache,
    )
    evaluate_models(items, candidates, folder, clock=clock, progress=progress)
    scored = {name: read_scored(folder / name / PREDICTIONS_NAME) for name in adapters}
    return scored, {each.name: each.identity for each in candidates}
