"""The text a model reads: one renderer for training, evaluation and play, so they cannot drift.

A prompt is a prefix and one completion per choice, in canonical order. Training learns the right
completion; scoring compares the log-probabilities of all of them. Never: a token, a model.

The space belongs to the completion (" B", " Paris"): byte-level BPE vocabularies hold " Paris" as
one token, and a prefix that ends in a space would force a split that training never saw.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from underdog.mcq.presentation import Presentation
from underdog.mcq.question import Question

QUESTION_CUE, ANSWER_CUE = "Question:", "Answer:"
"""How every prompt begins and ends."""


class PromptStyle(StrEnum):
    """How the answer is asked for."""

    LETTERS = "letters"
    """Choices are listed and the answer is a letter: one token, for instruction-tuned models."""
    TEXTS = "texts"
    """Choices are not listed; each one's text is scored: for models too small to learn letters."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """What is read, and what may be written next. `completions[i]` answers with choice i."""

    prefix: str
    completions: tuple[str, ...]


def render(question: Question, presentation: Presentation, style: PromptStyle) -> Prompt:
    """Render one question. Under TEXTS the presentation has no effect: no order is shown."""
    head = f"{QUESTION_CUE} {question.text.strip()}\n"
    if style is PromptStyle.TEXTS:
        return Prompt(
            f"{head}{ANSWER_CUE}", tuple(f" {choice.strip()}" for choice in question.choices)
        )
    shown = presentation.show(question.choices)
    rows = (
        f"{presentation.letter(presentation.order[place])}) {choice.strip()}\n"
        for place, choice in enumerate(shown)
    )
    letters = tuple(f" {presentation.letter(index)}" for index in range(len(question.choices)))
    return Prompt(f"{head}{''.join(rows)}{ANSWER_CUE}", letters)
