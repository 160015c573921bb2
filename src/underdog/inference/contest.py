"""Many models on one question set, asked in rounds until the best one is known.

In: candidates, questions that do not hang together, an error level. Out, in a folder: every answer
that was needed, and `compare.json`. Never: a question asked twice, also after a kill; a model
loaded that nobody asks.

Rounds double, so that bases that do not fit into memory together are loaded a few times only. After
every round the models that another was proven to beat drop out (`evaluation.sequential`); the
verdicts depend on the answers alone, not on where rounds end, since the evidence is looked at after
every question.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from underdog import __version__
from underdog.errors import InputError
from underdog.evaluation.accuracy import marks
from underdog.evaluation.compare import ALPHA
from underdog.evaluation.predictions import PredictionStore
from underdog.evaluation.results import Item
from underdog.evaluation.sequential import Ranking, rank, still_asked
from underdog.inference.examine import Candidate
from underdog.inference.score import scored_batches
from underdog.mcq.question import Question
from underdog.runs.files import clean_partial, digest_value, write_json
from underdog.runs.manifest import Manifest, open_manifest
from underdog.runs.progress import SILENT, Progress

COMPARE_NAME = "compare.json"
FIRST_ROUND = 32
"""Questions of the first round; each later one ends at twice as many."""


@dataclass(frozen=True, slots=True)
class Contest:
    """The error level, and after how many questions the first look is."""

    alpha: float = ALPHA
    """Chance that any claimed difference is wrong, all pairs and moments together; 0 to 1."""
    first_round: int = FIRST_ROUND
    """At least 1."""

    def __post_init__(self) -> None:
        if not 0 < self.alpha < 1 or self.first_round < 1:
            raise InputError("an alpha between 0 and 1 and rounds of at least 1", got=f"{self}")


def independent(items: Sequence[Item], limit: int | None = None) -> tuple[Question, ...]:
    """One question of every group, in an order that is random and always the same: by id, which is
    a hash. Of a group the one that comes first.
    """
    chosen: dict[str, Question] = {}
    for item in sorted(items, key=lambda item: item.question.id):
        chosen.setdefault(item.group or item.question.id, item.question)
    return tuple(chosen.values())[:limit]


def contest(
    questions: Sequence[Question],
    candidates: Sequence[Candidate],
    folder: Path,
    *,
    settings: Contest | None = None,
    release: Callable[[], None] = lambda: None,
    progress: Progress = SILENT,
) -> Ranking:
    """Ask until one model is left, or the questions are used up; write and give the ranking.

    `release` is called after each candidate's part of a round, and may free its memory.
    """
    chosen = settings or Contest()
    names = [each.name for each in candidates]
    if len(names) < 2 or len(set(names)) != len(names) or not questions:
        raise InputError(
            "at least two candidates with different names and one question",
            got=f"{names}, {len(questions)} questions",
        )
    seats = {each.name: _Seat(each, questions, folder / each.name) for each in candidates}
    end = min(chosen.first_round, len(questions))
    asked: tuple[str, ...] = tuple(names)
    while asked:
        for name in asked:
            seats[name].answer_until(end, progress)
            release()
        right = {name: seat.right for name, seat in seats.items()}
        asked = still_asked(right, alpha=chosen.alpha) if end < len(questions) else ()
        end = min(2 * end, len(questions))
    ranking = rank(right, offered=len(questions), alpha=chosen.alpha)
    write_json(folder / COMPARE_NAME, ranking.to_json())
    return ranking


class _Seat:
    """One candidate in its folder, with the answers that it has given so far."""

    def __init__(self, candidate: Candidate, questions: Sequence[Question], folder: Path) -> None:
        self._candidate, self._questions, self._folder = candidate, questions, folder
        self._store: PredictionStore | None = None
        self._until = 0

    @property
    def right(self) -> list[bool]:
        """Marks of the questions asked, in order."""
        store = self._opened()
        predictions = [store.scored[place].prediction for place in range(self._until)]
        return list(marks(self._questions[: self._until], predictions))

    def answer_until(self, end: int, progress: Progress) -> None:
        """Answer what is missing of the first `end` questions; the model is opened for that only.

        Which questions share a batch depends on the rounds only, so a kill changes no answer.
        """
        start, self._until = self._until, end
        store = self._opened()
        places = range(start, end)
        if all(place in store.scored for place in places):
            return
        progress.begin(f"asking {self._candidate.name}", len(places))
        scorer = self._candidate.open()
        done = frozenset(place - start for place in places if place in store.scored)
        progress.advance(len(done))
        for batch in scored_batches(self._questions[start:end], scorer, done=done):
            fresh = {start + place: each for place, each in batch.items() if place not in done}
            store.add(fresh)
            progress.advance(len(fresh))
        progress.end()

    def _opened(self) -> PredictionStore:
        """The answers on disk; the header is written, or compared, on the first need."""
        if self._store is None:
            identity: Mapping[str, Any] = {
                "questions": digest_value([[each.id, *each.choices] for each in self._questions]),
                "scoring": self._candidate.config.to_json(),
                "model": self._candidate.identity,
                "underdog": __version__,
            }
            open_manifest(self._folder, Manifest(identity, {}))
            clean_partial(self._folder)
            self._store = PredictionStore(self._folder, len(self._questions))
        return self._store
