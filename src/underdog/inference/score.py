"""Questions and a model in, predictions out: render, lay out, batch, score, put back in order.

Results do not depend on the batch limits beyond the rounding of float32 matrix products: with
float32 weights every log-probability agrees within 1e-4 nats (tests use random models; measured
below 2e-5). With 16-bit weights the choice of kernel moves the third digit, so a run keeps its
limits. Never: a generated token, a clock.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from peft import PeftModel

from underdog.errors import InputError
from underdog.evaluation.predictions import Scored
from underdog.inference.layout import Job, Layout, batches, lay_out
from underdog.inference.likelihood import choice_log_probs, choose_layout
from underdog.inference.scorer import Normalisation, Scorer, ScoringConfig
from underdog.mcq.encode import EncodedPrompt, Tokenizer, encode
from underdog.mcq.prediction import Outcome, Prediction
from underdog.mcq.presentation import Presentation
from underdog.mcq.prompt import PromptStyle, render
from underdog.mcq.question import Question
from underdog.runs.progress import SILENT, Progress


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
    shown = presentations or [shown_order(each, scorer.config) for each in questions]
    if len(shown) != len(questions):
        raise InputError(f"{len(questions)} presentations", got=str(len(shown)))
    with scorer.ready() as model:
        papers = [
            _Paper(question, order, _encoded(question, order, scorer))
            for question, order in zip(questions, shown, strict=True)
        ]
        for jobs in _plan(papers, scorer.config, choose_layout(model)):
            if all(job.index in done for job in jobs):
                continue
            sums = choice_log_probs(model, jobs)
            yield {
                job.index: papers[job.index].scored(each, scorer.config.normalisation)
                for job, each in zip(jobs, sums, strict=True)
            }


def shown_order(question: Question, config: ScoringConfig) -> Presentation:
    """A shuffle of the question's own under letters; the stored order where no order is shown."""
    if config.style is PromptStyle.TEXTS:
        return Presentation.identity(len(question.choices))
    return Presentation.shuffled(len(question.choices), seed=f"{config.seed}:{question.id}")


def _encoded(question: Question, order: Presentation, scorer: Scorer) -> EncodedPrompt:
    return encode(render(question, order, scorer.config.style), scorer.tokenizer)


def _plan(
    papers: Sequence[_Paper], config: ScoringConfig, layout: Layout
) -> tuple[tuple[Job, ...], ...]:
    jobs = (lay_out(index, paper.encoded, layout) for index, paper in enumerate(papers))
    return batches(jobs, max_tokens=config.batch_tokens, max_predicted=config.batch_predicted)


@dataclass(frozen=True, slots=True)
class _Paper:
    """A question as it is put to the model."""

    question: Question
    order: Presentation
    encoded: EncodedPrompt

    def scored(self, sums: Sequence[float], normalisation: Normalisation) -> Scored:
        """`sums` are full-vocabulary log-probabilities, one per choice. Ties go to the first."""
        sizes = self._sizes(normalisation)
        scores = [total / size for total, size in zip(sums, sizes, strict=True)]
        total = log_sum_exp(scores)
        log_probs = tuple(min(each - total, 0.0) for each in scores)
        choice = max(range(len(scores)), key=lambda index: (scores[index], -index))
        prediction = Prediction(self.question.id, self.order, Outcome.CLEAN, choice, log_probs)
        return Scored(prediction, min(log_sum_exp(sums), 0.0))

    def _sizes(self, normalisation: Normalisation) -> list[int]:
        match normalisation:
            case Normalisation.SUM:
                return [1] * len(self.question.choices)
            case Normalisation.PER_TOKEN:
                return [len(ids) for ids in self.encoded.completion_ids]
            case Normalisation.PER_CHARACTER:
                return [len(choice.strip()) for choice in self.question.choices]


def log_sum_exp(values: Sequence[float]) -> float:
    """The natural logarithm of the sum of exponentials of finite numbers, at least one."""
    top = max(values)
    return top + math.log(math.fsum(math.exp(value - top) for value in values))
