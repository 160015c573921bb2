"""Put the same questions to several models and keep every answer: what `underdog evaluate` does.

In: questions, candidates that open themselves when needed, a folder. Out, in that folder: per
candidate `predictions.jsonl` and `latency.json`, and one `results.json`. What an earlier sitting
finished is read, not repeated; answers of other questions or another model are refused.
Never: a clock of its own, a table on the screen.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from underdog import __version__
from underdog.errors import InputError
from underdog.evaluation.predictions import PredictionStore, Scored
from underdog.evaluation.results import Item, summarise, write_results
from underdog.hardware.machine import read_machine
from underdog.inference.evidence import Evidence
from underdog.inference.evidence_cache import EvidenceCache, ModelCache
from underdog.inference.latency import Clock, LatencyConfig, measure_latency
from underdog.inference.model_content import model_cache
from underdog.inference.paper import shown_orders, write_paper
from underdog.inference.score import evidence_batches
from underdog.inference.scorer import (
    Scorer,
    ScoringConfig,
    model_identity,
    open_scorer,
)
from underdog.mcq.presentation import Presentation
from underdog.mcq.question import Question
from underdog.runs.files import clean_partial, digest_value, write_json
from underdog.runs.manifest import MANIFEST_NAME, Manifest, open_manifest
from underdog.runs.progress import SILENT, Progress

BASE, TUNED = "base", "tuned"
"""Names of the two usual candidates, and of their folders."""
LATENCY_NAME = "latency.json"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A model to examine. `identity` (plain JSON) says which; `open` loads it, and is called only
    when something is missing on disk. `name` is also the name of its folder.
    """

    name: str
    identity: Mapping[str, Any]
    config: ScoringConfig
    open: Callable[[], Scorer]
    known: ModelCache | None = None
    """Evidence from earlier sittings, anywhere; None to score everything here."""

    def __post_init__(self) -> None:
        if not self.name or "/" in self.name or self.name.startswith("."):
            raise InputError("a name that can be a folder's", got=repr(self.name))


def base_and_tuned(
    base: str | Path,
    adapter: Path | None,
    *,
    config: ScoringConfig,
    dtype: str = "float32",
    device: str | None = None,
    cache: EvidenceCache | None = None,
) -> tuple[Candidate, ...]:
    """The base, and the base with its adapter when there is one: one load serves both. What
    `cache` knows is not scored again.
    """

    @functools.cache
    def opened() -> Scorer:
        return open_scorer(base, adapter, config=config, dtype=dtype, device=device)

    known = functools.partial(model_cache, cache, base, config=config, dtype=dtype, device=device)

    identity = {"dtype": dtype, **model_identity(base)}
    reference = Candidate(BASE, identity, config, lambda: opened().without_adapter(), known(None))
    if adapter is None:
        return (reference,)
    identity = {"dtype": dtype, **model_identity(base, adapter)}
    return (reference, Candidate(TUNED, identity, config, opened, known(adapter)))


def evaluate_models(
    items: Sequence[Item],
    candidates: Sequence[Candidate],
    folder: Path,
    *,
    clock: Clock,
    latency: LatencyConfig | None = None,
    progress: Progress = SILENT,
) -> dict[str, Any]:
    """Examine every candidate on every item and write everything; gives what `results.json` holds.

    `latency` None leaves timing out. Raises RunMismatchError when `folder` holds answers to other
    questions or of another model.
    """
    names = [candidate.name for candidate in candidates]
    if not names or len(set(names)) != len(names):
        raise InputError("candidates with different names", got=f"{names}")
    questions = [item.question for item in items]
    scored: dict[str, tuple[Scored, ...]] = {}
    for candidate in candidates:
        seat = _Seat(candidate, folder / candidate.name, clock, progress)
        seat.sit_down(questions)
        scored[candidate.name] = seat.answers(questions)
        if latency is not None:
            seat.time(questions, latency)
    results = summarise(items, scored, scoring=candidates[0].config.to_json())
    write_results(folder, results)
    return results


class _Seat:
    """One candidate in its folder; the model is opened on the first need, and that is timed."""

    def __init__(
        self, candidate: Candidate, folder: Path, clock: Clock, progress: Progress
    ) -> None:
        self._candidate, self._folder = candidate, folder
        self._clock, self._progress = clock, progress
        self._opened: tuple[Scorer, float] | None = None
        self._orders: list[Presentation] = []
        self._keys: tuple[bytes, ...] = ()
        self._found: dict[int, Evidence] = {}

    def sit_down(self, questions: Sequence[Question]) -> None:
        """Write the header, or check that the folder's is the same; clear what a kill left.

        A header is written only for a model that opens, or whose every answer is known: a typing
        error must not claim the folder.
        """
        self._orders = shown_orders(questions, self._candidate.config)
        known = self._candidate.known
        if known is not None:
            self._keys = known.keys(questions, self._orders)
            self._found = known.find(self._keys)
        if not (self._folder / MANIFEST_NAME).exists() and len(self._found) < len(questions):
            self._open()
        identity = {
            "questions": digest_value([[each.id, *each.choices] for each in questions]),
            "scoring": self._candidate.config.to_json(),
            "model": self._candidate.identity,
            "underdog": __version__,
        }
        context = {"machine": read_machine().to_json()}
        open_manifest(self._folder, Manifest(identity, context))
        clean_partial(self._folder)

    def answers(self, questions: Sequence[Question]) -> tuple[Scored, ...]:
        """From disk as far as they are there; batches that are not whole there are scored."""
        store = PredictionStore(self._folder, len(questions))
        if not store.complete:
            self._progress.begin(f"scoring ({self._candidate.name})", len(questions))
            self._progress.advance(len(store.scored))
            self._answer(questions, store)
            self._progress.end()
        return store.finish()

    def _answer(self, questions: Sequence[Question], store: PredictionStore) -> None:
        """Take what is known, score the rest, and let it be known."""
        missing = {index: each for index, each in self._found.items() if index not in store.scored}
        if missing:
            self._add(missing, questions, store)
        if store.complete:
            return
        scorer, _ = self._open()
        paper = write_paper(questions, self._orders, scorer)
        for batch in evidence_batches(paper, scorer, done=frozenset(store.scored)):
            if self._candidate.known is not None:
                self._candidate.known.remember(self._keys, batch)
            self._add(batch, questions, store)

    def _add(
        self,
        evidence: Mapping[int, Evidence],
        questions: Sequence[Question],
        store: PredictionStore,
    ) -> None:
        fresh = len(evidence.keys() - store.scored.keys())
        normalisation = self._candidate.config.normalisation
        store.add(
            {
                index: each.scored(questions[index], self._orders[index], normalisation)
                for index, each in evidence.items()
            }
        )
        self._progress.advance(fresh)

    def time(self, questions: Sequence[Question], config: LatencyConfig) -> None:
        """Measure latency unless the folder has it."""
        path = self._folder / LATENCY_NAME
        if path.exists():
            return
        scorer, load_s = self._open()
        measured = measure_latency(
            scorer,
            questions,
            clock=self._clock,
            config=config,
            load_s=load_s,
            progress=self._progress,
        )
        write_json(path, measured.to_json())

    def _open(self) -> tuple[Scorer, float]:
        if self._opened is None:
            start = self._clock()
            scorer = self._candidate.open()
            self._opened = scorer, self._clock() - start
        return self._opened
