"""Several adapters on one base, answering as one model.

In: an ensemble file. Out: an object that scores questions as a single model does. The base is in
memory once; members share it. Never: a member whose files changed since its weight was fitted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from underdog.errors import CorruptFileError
from underdog.evaluation.panel import make_panel
from underdog.evaluation.pool import pool_predictions, pooled_logs
from underdog.evaluation.predictions import Scored
from underdog.inference.ensemble_file import Ensemble, read_ensemble
from underdog.inference.members import Members, open_members, score_members
from underdog.inference.scorer import Normalisation, ScoringConfig
from underdog.mcq.prediction import Prediction
from underdog.mcq.presentation import Presentation
from underdog.mcq.prompt import PromptStyle
from underdog.mcq.question import Question
from underdog.mcq.template import Spacing
from underdog.runs.files import digest_value
from underdog.runs.progress import SILENT, Progress


@dataclass(frozen=True, slots=True)
class EnsembleScorer:
    """An ensemble in memory; `members` are the active ones."""

    ensemble: Ensemble
    members: Members = field(repr=False)

    def score(
        self,
        questions: Sequence[Question],
        *,
        presentations: Sequence[Presentation] | None = None,
        progress: Progress = SILENT,
    ) -> tuple[Prediction, ...]:
        """One prediction per question, in input order, as `inference.score.score` gives them."""
        scored = self.scored(questions, presentations=presentations, progress=progress)
        return tuple(each.prediction for each in scored)

    def scored(
        self,
        questions: Sequence[Question],
        *,
        presentations: Sequence[Presentation] | None = None,
        progress: Progress = SILENT,
    ) -> tuple[Scored, ...]:
        """The same with the answer mass, which is the members' least."""
        if not questions:
            return ()
        found = score_members(
            questions, self.members, presentations=presentations, progress=progress
        )
        return pool_scored(self.ensemble, questions, found)


def pool_scored(
    ensemble: Ensemble, questions: Sequence[Question], found: dict[str, tuple[Scored, ...]]
) -> tuple[Scored, ...]:
    """The active members' answers to the questions, by name, as the ensemble's."""
    names = [each.name for each in ensemble.active]
    predictions = {name: [each.prediction for each in found[name]] for name in names}
    panel = make_panel(predictions)
    logs = pooled_logs(panel, ensemble.active_pool, [each.topic for each in questions])
    pooled = pool_predictions(list(predictions.values()), logs)
    masses = zip(*([each.log_mass for each in found[name]] for name in names), strict=True)
    return tuple(
        Scored(prediction, None if None in mass else min(each for each in mass if each is not None))
        for prediction, mass in zip(pooled, masses, strict=True)
    )


def open_ensemble(
    source: Path | Ensemble, *, batch_tokens: int | None = None, device: str | None = None
) -> EnsembleScorer:
    """Load the base once and the active members on it.

    Raises CorruptFileError when a member's files are not those its weight was fitted with.
    """
    ensemble = source if isinstance(source, Ensemble) else read_ensemble(source)
    members = open_members(
        ensemble.base,
        {each.name: each.adapter for each in ensemble.active},
        config=scoring_config(ensemble, batch_tokens=batch_tokens),
        dtype=str(ensemble.scoring["dtype"]),
        device=device,
    )
    check_members(ensemble, members.identities)
    return EnsembleScorer(ensemble, members)


def scoring_table(config: ScoringConfig, dtype: str) -> dict[str, Any]:
    """How members are asked, as plain JSON with all that a prompt needs; undone by
    `scoring_config`. Sizes of batches are left out: they belong to the machine.
    """
    shown = config.to_json()
    shots = [
        {"text": each.text, "choices": list(each.choices), "answer": each.answer}
        for each in config.shots
    ]
    sizes = {"batch_tokens", "batch_predicted"}
    kept = {key: value for key, value in shown.items() if key not in sizes}
    return {**kept, "shots": shots, "dtype": dtype}


def scoring_config(ensemble: Ensemble, *, batch_tokens: int | None = None) -> ScoringConfig:
    """How the members are asked; only the size of batches may differ from when they were fitted."""
    table = ensemble.scoring
    shots = (
        Question(each["text"], tuple(each["choices"]), each["answer"]) for each in table["shots"]
    )
    return ScoringConfig(
        style=PromptStyle(table["style"]),
        normalisation=Normalisation(table["normalisation"]),
        seed=int(table["seed"]),
        batch_tokens=batch_tokens or ScoringConfig().batch_tokens,
        shots=tuple(shots),
        instruction=str(table["instruction"]),
        chat_template=bool(table["chat_template"]),
        spacing=Spacing(table["spacing"]),
    )


def check_members(ensemble: Ensemble, identities: Mapping[str, Mapping[str, Any]]) -> None:
    """CorruptFileError naming the first active member that is not what it was."""
    for each in ensemble.active:
        found = member_digest(identities[each.name])
        if found != each.digest:
            raise CorruptFileError(
                f"member {each.name} as it was when its weight was fitted ({each.digest[:12]}...)",
                got=f"{found[:12]}...",
                where=each.adapter or ensemble.base,
                hint="underdog ensemble fit with the files of today",
            )


def member_digest(identity: Any) -> str:
    """SHA-256 of what identifies a model on disk, apart from the type it is loaded in."""
    return digest_value({key: value for key, value in identity.items() if key != "dtype"})
