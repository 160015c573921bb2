"""What a model learned, kept and forgot between two points, on the same questions.

In: marks of the same questions before and after. Out: counts, the net change with its interval and
the exact McNemar test (`compare`), and the topics where most was lost. Never: a net change without
both of its parts: ten forgotten and ten learned are not nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from underdog.errors import InputError
from underdog.evaluation.accuracy import marks
from underdog.evaluation.compare import Comparison, compare
from underdog.evaluation.predictions import Scored
from underdog.mcq.question import Question

BEFORE, AFTER = "before", "after"
MOST_TOPICS = 5
"""Topics listed with what they lost."""


@dataclass(frozen=True, slots=True)
class TopicLoss:
    """What changed among the questions of one topic."""

    topic: str
    questions: int
    learned: int
    forgotten: int


@dataclass(frozen=True, slots=True)
class Forgetting:
    """`learned` were wrong and are right, `forgotten` were right and are wrong, `kept` were right
    both times, `never` wrong both times. `left_out` questions were answered only once.
    """

    comparison: Comparison
    topics: tuple[TopicLoss, ...]
    left_out: int = 0

    @property
    def learned(self) -> int:
        """Wrong before, right after."""
        return self.comparison.counts.only_second

    @property
    def kept(self) -> int:
        """Right both times."""
        return self.comparison.counts.both_right

    @property
    def forgotten(self) -> int:
        """Right before, wrong after."""
        return self.comparison.counts.only_first

    @property
    def never(self) -> int:
        """Wrong both times."""
        return self.comparison.counts.both_wrong

    def sentence(self) -> str:
        """Counts, the net change in percentage points, and whether it can be told from none."""
        net, test = self.comparison.difference, self.comparison
        verdict = {BEFORE: "it knows less than before", AFTER: "it knows more than before"}
        found = verdict[test.winner] if test.winner else "not separable from no change"
        return (
            f"Of {net.n} questions {self.forgotten} were forgotten, {self.learned} learned, "
            f"{self.kept} kept and {self.never} never known: net {100 * net.value:+.1f} points "
            f"(95 % interval {100 * net.low:+.1f} to {100 * net.high:+.1f}; McNemar p = "
            f"{test.p_value:.2g}), {found}."
        )

    def to_json(self) -> dict[str, Any]:
        """As a plain JSON object."""
        return {
            "questions": self.comparison.counts.n,
            "learned": self.learned,
            "kept": self.kept,
            "forgotten": self.forgotten,
            "never": self.never,
            "net": self.comparison.difference.to_json(),
            "p_value": self.comparison.p_value,
            "winner": self.comparison.winner,
            "left_out": self.left_out,
            "topics": [
                {
                    "topic": each.topic,
                    "questions": each.questions,
                    "learned": each.learned,
                    "forgotten": each.forgotten,
                }
                for each in self.topics
            ],
            "sentence": self.sentence(),
        }


def forgetting(
    questions: Sequence[Question],
    before: Sequence[bool],
    after: Sequence[bool],
    *,
    left_out: int = 0,
) -> Forgetting:
    """Compare marks of the same questions in the same order, at least one question."""
    if not len(questions) == len(before) == len(after):
        raise InputError(
            "marks of the same questions",
            got=f"{len(before)} and {len(after)} for {len(questions)} questions",
        )
    comparison = compare(before, after, names=(BEFORE, AFTER))
    return Forgetting(comparison, _topics(questions, before, after), left_out)


def _topics(
    questions: Sequence[Question], before: Sequence[bool], after: Sequence[bool]
) -> tuple[TopicLoss, ...]:
    """The topics that lost most in all, most first; none that lost nothing."""
    changes: dict[str, list[tuple[bool, bool]]] = {}
    for question, was, now in zip(questions, before, after, strict=True):
        changes.setdefault(question.topic, []).append((was, now))
    found = [
        TopicLoss(topic, len(pairs), pairs.count((False, True)), pairs.count((True, False)))
        for topic, pairs in changes.items()
    ]
    losing = [each for each in found if each.forgotten]
    losing.sort(key=lambda each: (each.learned - each.forgotten, each.topic))
    return tuple(losing[:MOST_TOPICS])


def pair_answers(
    questions: Sequence[Question], before: Sequence[Scored], after: Sequence[Scored]
) -> Forgetting:
    """From stored answers: the questions that both answered and whose key is known.

    InputError when there are none.
    """
    first = {each.prediction.question_id: each.prediction for each in before}
    second = {each.prediction.question_id: each.prediction for each in after}
    both = [
        question
        for question in questions
        if question.answer is not None and question.id in first and question.id in second
    ]
    if not both:
        raise InputError(
            "answers to the same questions of this set",
            got=f"{len(first)} before, {len(second)} after, none to a question of both and the set",
        )
    was = marks(both, [first[question.id] for question in both])
    now = marks(both, [second[question.id] for question in both])
    return forgetting(both, was, now, left_out=len(first.keys() | second.keys()) - len(both))
