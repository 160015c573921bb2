"""Questions as they are put to a model: rendered, cut into tokens, laid out, gathered in batches.

In: questions, the orders in which their choices are shown, how they are asked. Out: token ids and
batches of jobs. Never: a model, a tensor.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from underdog.errors import InputError
from underdog.inference.evidence import Evidence, Normalisation
from underdog.inference.layout import Job, Layout, batches, lay_out
from underdog.inference.prefix import SHORTEST
from underdog.inference.scorer import Scorer, ScoringConfig
from underdog.mcq.encode import EncodedPrompt, encode_all
from underdog.mcq.presentation import Presentation
from underdog.mcq.prompt import PromptStyle
from underdog.mcq.question import Question


@dataclass(frozen=True, slots=True)
class Paper:
    """All questions of one sitting, by place. It is the same for every adapter on one base.

    `beginning` is what all prompts begin with, where that is worth running once. `bare` holds the
    same completions after the bare cue, None unless scores are normalised by them.
    """

    encoded: tuple[EncodedPrompt, ...]
    bare: tuple[EncodedPrompt, ...] | None
    beginning: tuple[int, ...]

    def plan(self, config: ScoringConfig, layout: Layout) -> tuple[tuple[Job, ...], ...]:
        """Batches within the config's limits; longest first."""
        kept = len(self.kept(layout))
        jobs = (lay_out(index, each, layout, kept=kept) for index, each in enumerate(self.encoded))
        return batches(jobs, max_tokens=config.batch_tokens, max_predicted=config.batch_predicted)

    def kept(self, layout: Layout) -> tuple[int, ...]:
        """What is run once; nothing where the model cannot be told what its rows may see."""
        return self.beginning if layout is Layout.SHARED else ()

    def bare_jobs(self, jobs: Sequence[Job], layout: Layout) -> list[Job]:
        """The same questions after the bare cue; none unless asked for."""
        if self.bare is None:
            return []
        return [lay_out(job.index, self.bare[job.index], layout) for job in jobs]

    def evidence(
        self,
        jobs: Sequence[Job],
        sums: Sequence[tuple[float, ...]],
        bare: Sequence[tuple[float, ...]],
    ) -> dict[int, Evidence]:
        """What was found out, by place; `bare` is empty unless asked for."""
        unconditional: Sequence[tuple[float, ...] | None] = bare or [None] * len(jobs)
        return {
            job.index: Evidence(each, self._tokens(job.index), other)
            for job, each, other in zip(jobs, sums, unconditional, strict=True)
        }

    def _tokens(self, index: int) -> tuple[int, ...]:
        return tuple(len(ids) for ids in self.encoded[index].completion_ids)


def write_paper(
    questions: Sequence[Question], orders: Sequence[Presentation], scorer: Scorer
) -> Paper:
    """Render and cut every question, in the given order of its choices."""
    if len(orders) != len(questions):
        raise InputError(f"{len(questions)} presentations", got=str(len(orders)))
    frame, tokenizer = scorer.template().frame(), scorer.tokenizer
    prompts = [frame.render(*each) for each in zip(questions, orders, strict=True)]
    encoded = encode_all(prompts, tokenizer, beginning=frame.beginning)
    bare = None
    if scorer.config.normalisation is Normalisation.UNCONDITIONAL:
        bare = encode_all([frame.unconditional(each) for each in questions], tokenizer)
    head = tokenizer.encode(frame.beginning, add_special_tokens=False)
    return Paper(encoded, bare, _common(head, encoded))


def shown_orders(questions: Sequence[Question], config: ScoringConfig) -> list[Presentation]:
    """The orders that the config's seed gives."""
    return [shown_order(question, config) for question in questions]


def shown_order(question: Question, config: ScoringConfig) -> Presentation:
    """A shuffle of the question's own under letters; the stored order where no order is shown."""
    if config.style is PromptStyle.TEXTS:
        return Presentation.identity(len(question.choices))
    return Presentation.shuffled(len(question.choices), seed=f"{config.seed}:{question.id}")


def _common(head: Sequence[int], encoded: Sequence[EncodedPrompt]) -> tuple[int, ...]:
    """The part of `head` that every prompt begins with, one token less than the shortest prompt;
    nothing when it is short. It depends on the template more than on the questions, so that one
    question alone finds what an exam before it has run.
    """
    common = tuple(head)
    for each in encoded:
        ids = each.prefix_ids[: len(common)]
        if ids != common:
            same = (one == other for one, other in zip(common, ids, strict=False))
            common = common[: next((n for n, equal in enumerate(same) if not equal), len(ids))]
        if len(each.prefix_ids) <= len(common):
            common = common[: len(each.prefix_ids) - 1]
    return common if len(common) >= SHORTEST else ()
