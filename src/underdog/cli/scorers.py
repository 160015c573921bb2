"""What answers questions, opened by its spec: a model, an adapter, an ensemble, a server.

In: a spec and the flags of a command. Out: a callable from questions to predictions, what tells it
apart, and the temperature that makes its probabilities shares of right answers.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from underdog.agents.model_answerer import ModelAnswerer, Score
    from underdog.cli.play import Spec
    from underdog.inference.scorer import Scorer, ScoringConfig
    from underdog.mcq.prediction import Prediction
    from underdog.mcq.question import Question

CALIBRATED_ON = 500
"""Most validation questions that a temperature is fitted on: one number needs no more."""


@dataclass(frozen=True, slots=True)
class Scoring:
    """`scorer` is a model in memory that can write as well, None for a server. `calibrated` says
    on what the temperature was fitted, None where nothing was there to fit it on.
    """

    score: Score
    identity: Mapping[str, Any]
    temperature: float = 1.0
    calibrated: str | None = None
    scorer: Scorer | None = None
    bounded: bool = False


def add_answer_arguments(add: Any) -> None:
    """Flags of answering models: the same for a match and for a tournament."""
    add(
        "--calibrate",
        metavar="DATA_DIR",
        help="fit the temperature of models' probabilities on this set's validation split (default:"
        " on a run's own evaluation; an ensemble file brings its own)",
    )
    add(
        "--reason",
        type=int,
        metavar="TOKENS",
        help="let models think in so many tokens per question while time is left, and read the "
        "question again: replaces an answer that was given less than 50 %%, if it is surer",
    )
    add("--api-key-env", metavar="VAR", help="environment variable with the key of remote: models")


def open_scoring(spec: Spec, args: argparse.Namespace, opened: dict[str, Scorer]) -> Scoring:
    """A model, an ensemble or a server. `opened`: models by base, so that a plain base can use the
    weights of one with an adapter.
    """
    if spec.ensemble is not None:
        found = _ensemble(spec.ensemble)
    elif spec.remote is not None:
        found = _remote(spec, spec.remote, args)
    else:
        assert spec.base is not None, "baselines and strangers score nothing"
        found = _model(spec, spec.base, args, opened)
    return found if found.calibrated or not args.calibrate else _fitted(found, args.calibrate)


def answerer_of(found: Scoring, args: argparse.Namespace) -> ModelAnswerer:
    """A player that keeps the edition's deadline, warm."""
    import time

    from underdog.agents.model_answerer import ModelAnswerer, Timing
    from underdog.protocol.editions import find_edition

    edition = find_edition(args.edition)
    second = None
    if args.reason and found.scorer is not None:
        from underdog.agents.reasoner import Reasoner
        from underdog.inference.writer import Writer

        second = Reasoner(Writer(found.scorer), found.score, time.perf_counter, args.reason)
    player = ModelAnswerer(
        found.score,
        timing=Timing(edition.answer_s, time.perf_counter, bounded=found.bounded),
        temperature=found.temperature,
        second=second,
    )
    player.warm_up()
    return player


def identity_of(found: Scoring, args: argparse.Namespace) -> Mapping[str, Any]:
    """What decides its answers."""
    thinks = args.reason if found.scorer is not None else None
    return {**found.identity, "temperature": round(found.temperature, 9), "reason": thinks}


def _ensemble(path: Path) -> Scoring:
    """Asked as its members were when their weights were fitted, whatever --style says. Its pool was
    fitted to validation questions, and tempers its probabilities already.
    """
    from underdog.inference.ensemble import open_ensemble
    from underdog.runs.files import digest_file

    whole = open_ensemble(path)
    identity = {"ensemble": digest_file(path)}
    return Scoring(
        whole.score, identity, 1.0, f"{path}, whose pool is tempered", whole.members.base
    )


def _model(spec: Spec, base: str, args: argparse.Namespace, opened: dict[str, Scorer]) -> Scoring:
    from dataclasses import replace
    from functools import partial

    from underdog.inference.score import score
    from underdog.inference.scorer import ScoringConfig, model_identity, open_scorer
    from underdog.mcq.prompt import PromptStyle

    config = ScoringConfig(style=PromptStyle(spec.style or "texts"))
    shared = opened.get(base)
    if shared is not None and spec.adapter is None:
        scorer = replace(shared.without_adapter(), config=config)
    else:
        scorer = open_scorer(base, spec.adapter, config=config, dtype=args.dtype)
        opened[base] = scorer
    identity = {
        "style": config.style.value,
        "dtype": args.dtype,
        **model_identity(base, spec.adapter),
    }
    temperature = None if spec.run is None else run_temperature(spec.run, config)
    told = None if temperature is None else f"{spec.run}, its own evaluation"
    return Scoring(partial(score, scorer=scorer), identity, temperature or 1.0, told, scorer)


def _remote(spec: Spec, url: str, args: argparse.Namespace) -> Scoring:
    """One try per question beyond the first is all that a deadline leaves room for."""
    from underdog.inference.remote import open_remote
    from underdog.inference.remote_client import RemoteConfig
    from underdog.inference.scorer import ScoringConfig
    from underdog.mcq.prompt import PromptStyle
    from underdog.protocol.editions import find_edition

    limit_s = find_edition(args.edition).answer_s
    config = RemoteConfig(
        url, spec.name, args.api_key_env, timeout_s=limit_s, tries=2, longest_pause_s=limit_s / 4
    )
    style = PromptStyle(spec.style or "letters")
    remote = open_remote(config, ScoringConfig(style=style))
    identity = {"remote": url, "model": spec.name, "style": style.value, "way": remote.way.value}
    return Scoring(remote.score, identity, bounded=True)


def _fitted(found: Scoring, folder: str) -> Scoring:
    """The same with a temperature fitted on validation questions of a built set."""
    from dataclasses import replace

    from underdog.data.row import Split
    from underdog.data.store import read_rows

    rows = read_rows(Path(folder))
    questions = [
        row.question
        for row in rows
        if row.split is Split.VALIDATION and row.question.answer is not None
    ][:CALIBRATED_ON]
    temperature = fit(questions, found.score(questions) if questions else ())
    if temperature is None:
        return found
    return replace(found, temperature=temperature, calibrated=folder)


def run_temperature(run: Path, config: ScoringConfig) -> float | None:
    """From a run's own evaluation of its adapter on held-out questions; None where it has none, or
    where it was asked in another way there.
    """
    from underdog.data.store import QUESTIONS_NAME, read_rows
    from underdog.evaluation.predictions import PREDICTIONS_NAME, read_predictions
    from underdog.evaluation.results import RESULTS_NAME, read_results
    from underdog.inference.examine import TUNED

    answers = run / "evaluation" / TUNED / PREDICTIONS_NAME
    needed = (answers, run / "data" / QUESTIONS_NAME, run / "evaluation" / RESULTS_NAME)
    if not all(path.is_file() for path in needed):
        return None
    asked = read_results(run / "evaluation")["scoring"]
    if any(asked.get(name) != getattr(config, name).value for name in ("style", "normalisation")):
        return None
    known = {row.question.id: row.question for row in read_rows(run / "data")}
    pairs = [(known[each.question_id], each) for each in read_predictions(answers)]
    return fit([question for question, _ in pairs], [each for _, each in pairs])


def fit(questions: Sequence[Question], predictions: Sequence[Prediction]) -> float | None:
    """The temperature that fits known answers best; None without any that has probabilities."""
    from underdog.evaluation.panel import make_panel
    from underdog.evaluation.pool_fit import fit_temperature

    told = [
        (each, question.answer)
        for question, each in zip(questions, predictions, strict=True)
        if question.answer is not None and each.log_probs is not None
    ]
    if not told:
        return None
    return fit_temperature(make_panel({"it": [each for each, _ in told]}), [key for _, key in told])
