"""What stands round a question when a model is asked: instruction, worked examples, chat turns.

In: questions. Out: `Prompt`s that share a beginning. Never: a token, a model, an example that is
also asked (`draw_shots` is told what is).

Plain, the answer continues the line "Answer:", so a letter brings its space: " A". In a chat it
opens the assistant's turn, where nothing stands before it: "A". The two are different tokens, and
asking for the wrong one measures how a model guesses at typing errors.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import NamedTuple

from underdog.errors import InputError
from underdog.mcq.presentation import Presentation
from underdog.mcq.prompt import ANSWER_CUE, QUESTION_CUE, Prompt, PromptStyle, render
from underdog.mcq.question import Question

ChatWriter = Callable[[Sequence[Mapping[str, str]]], str]
"""Messages ({"role", "content"}) to the text up to where the assistant begins to write."""
_PAUSE = "\n\n"
"""Between instruction, examples and question."""


class Spacing(StrEnum):
    """Whether an answer begins with a space."""

    AUTOMATIC = "automatic"
    """As the template needs it: a space in plain text, none at the start of a chat turn."""
    SPACE = "space"
    """Always " A"."""
    NONE = "none"
    """Always "A"."""


@dataclass(frozen=True, slots=True)
class Template:
    """How questions become prompts. Every shot needs a key."""

    style: PromptStyle
    shots: tuple[Question, ...] = ()
    """Worked examples, in the order shown."""
    instruction: str = ""
    """First line of all; the system's message in a chat."""
    spacing: Spacing = Spacing.AUTOMATIC
    seed: int = 0
    """Decides the order in which a shot's choices are shown under letters."""
    chat: ChatWriter | None = field(default=None, repr=False)
    """None for plain text."""

    def __post_init__(self) -> None:
        keyless = [shot.id for shot in self.shots if shot.answer is None]
        if keyless:
            raise InputError("worked examples with known answers", got=", ".join(keyless))

    def render(self, question: Question, order: Presentation) -> Prompt:
        """One question with all that stands round it."""
        return self.frame().render(question, order)

    def frame(self) -> Frame:
        """What is the same for all questions, put together once."""
        worked = [self._worked(shot) for shot in self.shots]
        if self.chat is None:
            parts = [f"{prefix}{answer}" for prefix, answer in worked]
            before = "".join(f"{part}{_PAUSE}" for part in [self.instruction, *parts] if part)
            return Frame(before, "", self)
        messages = [{"role": "system", "content": self.instruction}] if self.instruction else []
        for prefix, answer in worked:
            messages.append({"role": "user", "content": prefix})
            messages.append({"role": "assistant", "content": answer.strip()})
        return _chat_frame(self, messages)

    def _worked(self, shot: Question) -> tuple[str, str]:
        order = Presentation.shuffled(len(shot.choices), seed=f"{self.seed}:shot:{shot.id}")
        plain = render(shot, order, self.style)
        assert shot.answer is not None
        return plain.prefix, self.spaced(plain.completions)[shot.answer]

    def spaced(self, completions: Sequence[str]) -> tuple[str, ...]:
        """Completions as `mcq.prompt` writes them (a space before each), spaced as asked for."""
        automatic = self.spacing is Spacing.AUTOMATIC
        bare = self.chat is not None if automatic else self.spacing is Spacing.NONE
        return tuple(each.lstrip(" ") if bare else each for each in completions)


class Frame(NamedTuple):
    """Text `before` and `after` each question's own part."""

    before: str
    after: str
    template: Template

    @property
    def beginning(self) -> str:
        """The text with which every prompt of the template begins; no word crosses its end."""
        return self.before + QUESTION_CUE

    def render(self, question: Question, order: Presentation) -> Prompt:
        """One question with all that stands round it."""
        plain = render(question, order, self.template.style)
        prefix = f"{self.before}{plain.prefix}{self.after}"
        return Prompt(prefix, self.template.spaced(plain.completions))

    def unconditional(self, question: Question) -> Prompt:
        """The same completions after the bare cue, without question and examples: what the answers
        are worth by themselves (Brown et al. 2020, arXiv 2005.14165, section 2.4).
        """
        order = Presentation.identity(len(question.choices))
        plain = render(question, order, self.template.style)
        bare = replace(self.template, shots=(), instruction="").frame()
        return Prompt(
            f"{bare.before}{ANSWER_CUE}{bare.after}", self.template.spaced(plain.completions)
        )


def _chat_frame(template: Template, messages: Sequence[Mapping[str, str]]) -> Frame:
    """The template of a chat is asked once: questions have no white space at their ends, so what it
    writes round one is what it writes round any.
    """
    assert template.chat is not None
    mark = f"{QUESTION_CUE} \x02 {ANSWER_CUE}"
    parts = template.chat([*messages, {"role": "user", "content": mark}]).split(mark)
    if len(parts) != 2:
        raise InputError(
            "a chat template that shows the user's message once, as it is",
            got=f"{len(parts) - 1} times",
            hint="plain prompts, without the chat template",
        )
    return Frame(parts[0], parts[1], template)


def draw_shots(
    pool: Sequence[Question], count: int, *, seed: int, asked: Collection[str] = ()
) -> tuple[Question, ...]:
    """`count` worked examples out of a pool: keyed, not among the ids `asked`, the same for equal
    seeds whatever the order of the pool. InputError when there are too few.
    """
    fit = {each.id: each for each in pool if each.answer is not None and each.id not in asked}
    if count > len(fit):
        raise InputError(
            f"{count} questions with known answers to draw examples from, none of them asked",
            got=str(len(fit)),
        )
    drawn = random.Random(f"shots:{seed}").sample(sorted(fit), count)
    return tuple(fit[each] for each in drawn)
