"""Short reasoning about a question: a few written words, and the question read again with them.

In: a writer of text, a way to score, a clock. Out: a `Thought` before the time given is over.
Never: a token begun for which there is no time; a question whose key is known.

Time is kept from token to token: after each one, what the slowest token took so far, twice, and
what reading the question again took last time, twice, must still fit. Before the first token only
the reading is known, so the prompt's own reading is what a first thought risks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from underdog.agents.model_answerer import Score, Thought
from underdog.inference.pace import SAFETY, Pace
from underdog.inference.server.engine import Prompt, Sampling
from underdog.inference.writer import Written
from underdog.mcq.prompt import QUESTION_CUE
from underdog.mcq.question import Question

TOKENS = 48
"""About two sentences."""
CUE = "Reasoning:"


class Writes(Protocol):
    """What `inference.writer.Writer` is."""

    def write(
        self,
        prompts: Sequence[Prompt],
        sampling: Sequence[Sampling],
        *,
        more: Callable[[], bool] = ...,
    ) -> list[Written]:
        """One reply per prompt; nothing after the first False of `more`."""


@dataclass(slots=True)
class Reasoner:
    """Writes the likeliest words, so that the same question gets the same thought."""

    writer: Writes
    score: Score
    clock: Callable[[], float]
    tokens: int = TOKENS
    """Most tokens of a thought, at least 1."""
    pace: Pace = field(default_factory=Pace)
    """Of reading a question again."""

    def __call__(self, question: Question, *, within_s: float) -> Thought | None:
        """None where no word came, or the prompt is too long for the model."""
        begun = self.clock()
        watch = _Watch(self.clock, begun + within_s, self.pace.seconds([question]) or 0.0)
        sampling = Sampling(max_tokens=self.tokens, temperature=0.0, stop=("\n",))
        (written,) = self.writer.write([prompt_of(question)], [sampling], more=watch.more)
        text = " ".join(written.text.split())
        if not text:
            return None
        again = Question(f"{question.text}\n{text}", question.choices, None)
        allowed_s = self.pace.seconds([again])
        left_s = begun + within_s - self.clock()
        if left_s <= (allowed_s if allowed_s is not None else within_s / 2):
            return Thought(text, None)
        start = self.clock()
        (prediction,) = self.score([again])
        self.pace.note([again], self.clock() - start)
        return Thought(text, prediction)


def prompt_of(question: Question) -> str:
    """The question with its choices and a cue to think aloud."""
    shown = "\n".join(question.choices)
    return f"{QUESTION_CUE} {question.text.strip()}\n{shown}\n{CUE}"


@dataclass(slots=True)
class _Watch:
    """Whether there is time for one more token, and for reading the question again after it."""

    clock: Callable[[], float]
    end_s: float
    reading_s: float
    slowest_s: float = 0.0
    before_s: float | None = None

    def more(self) -> bool:
        now = self.clock()
        if self.before_s is not None:
            self.slowest_s = max(self.slowest_s, now - self.before_s)
        self.before_s = now
        return now + SAFETY * self.slowest_s + self.reading_s < self.end_s
