"""The whole path of a recipe in one run folder: data, training, evaluation, match, report.

In: a recipe and a folder. Out, in the folder: `manifest.json`, `stages.json`, `data/`, `train/`,
`evaluation/`, `match/`, `report.html`. The same call on the same folder continues after a kill at
any moment and ends in the same adapter and predictions, bit for bit on one machine's CPU.
Never: two processes in one folder, two recipes in one folder.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from underdog import __version__
from underdog.data.row import Row, Split
from underdog.errors import InputError
from underdog.hardware.machine import read_machine
from underdog.mcq.question import Question
from underdog.pipeline.planning import check_fetched, settled
from underdog.pipeline.recipe import BASE, MatchSettings, Recipe
from underdog.pipeline.stages import Stage, StageRecord, walk
from underdog.pipeline.tables import to_table
from underdog.runs.files import clean_partial
from underdog.runs.lock import locked
from underdog.runs.manifest import MANIFEST_NAME, Manifest, open_manifest, read_manifest
from underdog.runs.progress import SILENT, Progress

DATA, TRAIN, EVALUATION, MATCH, REPORT = "data", "train", "evaluation", "match", "report.html"
"""Where each stage leaves its work, below the run folder."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a run hears and tells: a clock in seconds, sentences for the user, progress.

    `now` is the date and time for the record, such as "2026-11-20T12:00:00+00:00".
    """

    now: str
    clock: Callable[[], float]
    tell: Callable[[str], None]
    progress: Progress = SILENT


def run_recipe(recipe: Recipe, out: Path, around: Surroundings) -> tuple[StageRecord, ...]:
    """Do what is missing in `out`; gives one record per stage.

    Raises RunMismatchError for a folder of another recipe, RunError when another process works in
    it, InputError for a folder that holds something else, and whatever the stages raise.
    """
    _check_folder(out)
    with locked(out):
        clean_partial(out)
        context = {"created": around.now, "machine": read_machine().to_json()}
        identity = {"recipe": to_table(recipe), "underdog": __version__}
        open_manifest(out, Manifest(identity, context))
        path = _Path(recipe, out, around)
        records = walk(path.stages(), out, clock=around.clock, tell=around.tell)
        path.report()
    return records


def _check_folder(out: Path) -> None:
    if out.is_file():
        raise InputError("a folder for the run is needed", got="a file", where=out)
    if not out.is_dir() or (out / MANIFEST_NAME).exists():
        return
    others = sorted(path.name for path in out.iterdir() if not path.name.startswith("."))
    if [name for name in others if not name.startswith(MANIFEST_NAME)]:  # a kill may leave a part
        raise InputError(
            "an empty folder, or one of an earlier run, is needed",
            got=f"one that holds {', '.join(others[:3])}",
            where=out,
            hint="another --out folder",
        )


class _Path:
    """The stages of one recipe in one folder."""

    def __init__(self, recipe: Recipe, out: Path, around: Surroundings) -> None:
        self._recipe, self._out, self._around = recipe, out, around
        self._base = recipe.model.base

    def stages(self) -> Sequence[Stage]:
        """In order; what each leaves is what the next ones read."""
        return (
            Stage("data", (DATA,), self.data),
            Stage("train", (f"{TRAIN}/adapter",), self.train),
            Stage("evaluate", (EVALUATION,), self.evaluate),
            Stage("match", (f"{MATCH}/events.jsonl", f"{MATCH}/result.json"), self.match),
        )

    def data(self) -> None:
        """Build the question set."""
        from underdog.data.build import build

        check_fetched(self._recipe)
        build(
            self._recipe.sources,
            self._recipe.data,
            out=self._out / DATA,
            progress=self._around.progress,
        )

    def train(self) -> None:
        """Train the adapter, or go on from the newest whole checkpoint."""
        from underdog.adapters.base import load_base
        from underdog.adapters.unsloth import load_with_unsloth
        from underdog.inference.score import scoring_of
        from underdog.training.record import TrainingJob
        from underdog.training.trainer import train

        rows, model = self._rows(), self._recipe.model
        if model.backend == "unsloth":
            base = load_with_unsloth(
                self._base,
                self._recipe.adapter,
                dtype=model.dtype,
                max_tokens=self._recipe.training.max_tokens,
            )
        else:
            base = load_base(self._base, dtype=model.dtype)
        job = TrainingJob(
            rows=rows,
            base=base,
            config=settled(self._recipe, rows, base.tokenizer, self._out / TRAIN),
            adapter=self._recipe.adapter,
            out=self._out / TRAIN,
            identity={
                "recipe": self._recipe.name,
                "normalisation": model.normalisation,
                **({} if model.backend == "transformers" else {"backend": model.backend}),
            },
            retention=self._retention(),
        )
        train(
            job,
            ask=scoring_of(job.base.tokenizer, self._scoring()),
            progress=self._around.progress,
            say=self._around.tell,
            clock=self._around.clock,
        )
        del job
        gc.collect()  # the next stage loads the base again, beside its adapter

    def evaluate(self) -> None:
        """Score base and tuned on the same held-out questions."""
        from underdog.evaluation.results import Item
        from underdog.inference.examine import base_and_tuned, evaluate_models
        from underdog.inference.latency import LatencyConfig

        settings = self._recipe.evaluation
        rows = [row for row in self._held_out() if row.question.answer is not None]
        items = [Item(row.question, row.band.value, row.group) for row in rows]
        items = items[: settings.questions]
        if not items:
            raise InputError(
                "held-out questions with known answers are needed",
                got="none",
                where=self._out / DATA,
                hint="a larger data.validation_share",
            )
        candidates = base_and_tuned(
            self._base,
            self._out / TRAIN,
            config=self._scoring(),
            dtype=self._recipe.model.dtype,
        )
        with self._arithmetic():
            evaluate_models(
                items,
                candidates,
                self._out / EVALUATION,
                clock=self._around.clock,
                latency=LatencyConfig(questions=settings.timed) if settings.timed else None,
                progress=self._around.progress,
            )

    def match(self) -> None:
        """The tuned model against the recipe's opponent, both asking held-out questions."""
        from underdog.tournament.referee import MatchConfig, play

        settings = self._recipe.match
        asker = self._asker()
        config = MatchConfig(
            topics=tuple(map(asker.find_topic, settings.topics)) or _enough(asker, settings),
            edition=settings.edition,
            questions=settings.questions,
            seed=settings.seed,
        )
        with self._arithmetic():
            play(
                config,
                self._entrants(asker),
                self._out / MATCH,
                clock=self._around.clock,
                progress=self._around.progress,
            )

    def report(self) -> None:
        """The page, written again each time: it is quick, and shows the stages as they are now."""
        from underdog.report.page import write_report

        write_report(self._out, self._out / REPORT)

    def _rows(self) -> tuple[Row, ...]:
        from underdog.data.store import read_rows

        return read_rows(self._out / DATA)

    def _retention(self) -> tuple[Question, ...]:
        from underdog.data.store import read_rows

        folder = self._recipe.retention
        rows = () if folder is None else read_rows(Path(folder))
        return tuple(row.question for row in rows)

    def _held_out(self) -> list[Row]:
        return [row for row in self._rows() if row.split is Split.VALIDATION]

    def _arithmetic(self) -> AbstractContextManager[None]:
        """Scoring runs on as many threads as training did."""
        from underdog.inference.scorer import default_device
        from underdog.training.arithmetic import exact_arithmetic

        threads = read_manifest(self._out / TRAIN).context["threads"]
        return exact_arithmetic(threads, on_cpu=default_device() == "cpu")

    def _scoring(self) -> Any:
        from underdog.inference.scorer import Normalisation, ScoringConfig

        return ScoringConfig(
            style=self._recipe.model.style,
            normalisation=Normalisation(self._recipe.model.normalisation),
            seed=self._recipe.seed,
            batch_tokens=self._recipe.evaluation.batch_tokens,
        )

    def _asker(self) -> Any:
        from underdog.agents.bank_asker import BankAsker

        rows = self._held_out()
        difficulty = {row.question.id: row.difficulty for row in rows}
        return BankAsker([row.question for row in rows], difficulty=difficulty)

    def _entrants(self, asker: Any) -> Any:
        from underdog.agents.baseline import baseline
        from underdog.agents.model_answerer import ModelAnswerer, Timing
        from underdog.inference.score import score
        from underdog.inference.scorer import model_identity, open_scorer
        from underdog.protocol.editions import find_edition
        from underdog.protocol.player import Answerer, Entrant

        dtype = self._recipe.model.dtype
        timing = Timing(find_edition(self._recipe.match.edition).answer_s, self._around.clock)
        tuned = open_scorer(self._base, self._out / TRAIN, config=self._scoring(), dtype=dtype)

        def model(scorer: Any) -> ModelAnswerer:
            player = ModelAnswerer(lambda questions: score(questions, scorer), timing=timing)
            player.warm_up()
            return player

        settings = self._recipe.match
        if settings.opponent == BASE:
            opponent: Answerer = model(tuned.without_adapter())
        else:
            opponent = baseline(settings.opponent, seed=settings.seed)
        return (
            Entrant("tuned", asker, model(tuned), model_identity(self._base, self._out / TRAIN)),
            Entrant(settings.opponent, asker, opponent, model_identity(self._base)),
        )


def _enough(asker: Any, settings: MatchSettings) -> tuple[str, ...]:
    """The topics with questions enough for an even draw over all of them; InputError when none."""
    topics: tuple[str, ...] = asker.topics
    while topics:
        share = -(-settings.questions // len(topics))
        large = tuple(topic for topic in topics if asker.size(topic) >= share)
        if large == topics:
            return topics
        topics = large
    raise InputError(
        f"{settings.questions} held-out questions on one topic or more",
        got="too few on every topic",
        hint="fewer match.questions, or a larger data.validation_share",
    )
