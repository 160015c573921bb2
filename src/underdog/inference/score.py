"""Questions and a model in, predictions out: render, lay out, batch, score, put back in order.

Results do not depend on the batch limits beyond the rounding of float32 matrix products: with
float32 weights every log-probability agrees within 1e-4 nats (tests use random models; measured
below 2e-5). With 16-bit weights the choice of kernel moves the third digit, so a run keeps its
limits. A batch that does not fit in memory is halved. Never: a generated token, a clock.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any

from peft import PeftModel

from underdog.evaluation.predictions import Scored
from underdog.inference.evidence import Evidence
from underdog.inference.halving import Halving
from underdog.inference.layout import Job
from underdog.inference.likelihood import choice_log_probs, choose_layout
from underdog.inference.paper import Paper, shown_order, shown_orders, write_paper
from underdog.inference.prefix import PrefixMemory, PrefixRows
from underdog.inference.scorer import Scorer, ScoringConfig
from underdog.mcq.encode import Tokenizer
from underdog.mcq.prediction import Prediction
from underdog.mcq.presentation import Presentation
from underdog.mcq.question import Question
from underdog.runs.progress import SILENT, Progress

__all__ = ["evidence_batches", "score", "scored_batches", "scoring_of", "shown_order"]


def score(
    questions: Sequence[Question],
    scorer: Scorer,
    *,
    presentations: Sequence[Presentation] | None = None,
    progress: Progress = SILENT,
) -> tuple[Prediction, ...]:
    """One prediction per question, in input order; empty for no questions.

    `presentations` (one per question) replaces the orders that the scorer's seed would give.
    """
    scored: dict[int, Scored] = {}
    progress.begin("scoring questions", len(questions))
    for batch in scored_batches(questions, scorer, presentations=presentations):
        scored |= batch
        progress.advance(len(batch))
    progress.end()
    return tuple(scored[index].prediction for index in range(len(questions)))


def scoring_of(
    tokenizer: Tokenizer, config: ScoringConfig
) -> Callable[[Any, Sequence[Question]], tuple[Prediction, ...]]:
    """A callable that puts questions to whatever model it is given, with the adapter that is on
    it, as `score` does: what the trainer asks its questions with.
    """

    def ask(model: Any, questions: Sequence[Question]) -> tuple[Prediction, ...]:
        adapter = "default" if isinstance(model, PeftModel) else None
        return score(questions, Scorer(model, tokenizer, config, adapter))

    return ask


def scored_batches(
    questions: Sequence[Question],
    scorer: Scorer,
    *,
    presentations: Sequence[Presentation] | None = None,
    done: Collection[int] = (),
) -> Iterator[dict[int, Scored]]:
    """The same, batch by batch: answers by the place of their question in the input.

    Which questions share a batch depends on `questions` and the config only, so a caller that was
    killed passes the places it has in `done` and gets the missing batches, equal to the last bit.
    The model is in use until the iterator is exhausted or closed.
    """
    orders = presentations or shown_orders(questions, scorer.config)
    paper = write_paper(questions, orders, scorer)
    for batch in evidence_batches(paper, scorer, done=done):
        yield {
            index: each.scored(questions[index], orders[index], scorer.config.normalisation)
            for index, each in batch.items()
        }


def evidence_batches(
    paper: Paper, scorer: Scorer, *, done: Collection[int] = ()
) -> Iterator[dict[int, Evidence]]:
    """The same before any normalisation."""
    with scorer.ready() as model:
        layout = choose_layout(model)
        kept = paper.kept(layout)
        memory = scorer.prefixes or PrefixMemory()

        def with_beginning(jobs: Sequence[Job]) -> list[tuple[float, ...]]:
            rows = sum(len(job.rows) for job in jobs)
            prefixes = [PrefixRows(memory.get(model, scorer.adapter, kept), rows)] if kept else []
            return choice_log_probs(model, jobs, prefixes=prefixes)

        asked = Halving(with_beginning)
        bare = Halving(lambda jobs: choice_log_probs(model, jobs))
        for jobs in paper.plan(scorer.config, layout):
            if not all(job.index in done for job in jobs):
                bare_jobs = paper.bare_jobs(jobs, layout)
                yield paper.evidence(jobs, asked(jobs), bare(bare_jobs) if bare_jobs else ())
