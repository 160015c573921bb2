"""What the server asks of whatever answers: one model, several adapters, an ensemble, or a fake.

In: questions and prompts for a model by its name. Out: predictions, and tokens as they are made.
All calls come from one thread. Never: HTTP, an event loop, torch.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, Protocol

from underdog.errors import InputError
from underdog.mcq.prediction import Prediction
from underdog.mcq.question import Question

MOST_TOP_LOGPROBS = 20
"""As OpenAI's chat interface allows."""


class Message(NamedTuple):
    """One turn of a chat."""

    role: str
    content: str


Prompt = str | tuple[int, ...] | tuple[Message, ...]
"""Text, token ids, or the turns of a chat; the engine knows how its model wants them."""


@dataclass(frozen=True, slots=True)
class Sampling:
    """How tokens are drawn."""

    max_tokens: int | None = 16
    """Most tokens to make, at least 0; None: what the model's context leaves."""
    temperature: float = 1.0
    """At least 0; 0 takes the likeliest token."""
    top_p: float = 1.0
    """Above 0, at most 1: only the likeliest tokens that together have this probability."""
    seed: int | None = None
    """Equal seeds draw equal tokens; None draws afresh."""
    stop: tuple[str, ...] = ()
    """Texts that end the reply; they are not part of it."""
    top_logprobs: int | None = None
    """None: no log-probabilities; otherwise how many of the likeliest tokens are told as well."""
    echo: bool = False
    """Whether the prompt's tokens (and log-probabilities) are told too."""
    schema: str | None = None
    """A JSON schema, as JSON, that the reply must satisfy."""

    def __post_init__(self) -> None:
        if self.max_tokens is not None and self.max_tokens < 0:
            raise InputError("max_tokens of at least 0", got=str(self.max_tokens))
        if not 0 <= self.temperature <= 100:
            raise InputError("a temperature from 0 to 100", got=str(self.temperature))
        if not 0 < self.top_p <= 1:
            raise InputError("top_p above 0 and at most 1", got=str(self.top_p))
        if self.top_logprobs is not None and not 0 <= self.top_logprobs <= MOST_TOP_LOGPROBS:
            raise InputError(
                f"log-probabilities of 0 to {MOST_TOP_LOGPROBS} tokens", got=str(self.top_logprobs)
            )
        if not all(self.stop):
            raise InputError("stop texts that are not empty", got=f"{self.stop}")


@dataclass(frozen=True, slots=True)
class Generation:
    """One reply to make; `key` is unique among those that run."""

    key: int
    prompt: Prompt
    sampling: Sampling


class Finish(StrEnum):
    """Why a reply ended, in OpenAI's words."""

    STOP = "stop"
    LENGTH = "length"


class TokenLog(NamedTuple):
    """A token with the natural logarithm of its probability, and the likeliest ones at its place,
    likeliest first. `logprob` is None for the first token of a prompt: nothing predicts it. Before
    the token stand `offset` whole characters.
    """

    text: str
    logprob: float | None
    top: tuple[tuple[str, float], ...] = ()
    offset: int = 0


class Delta(NamedTuple):
    """What one pass added to a reply. `text` is whole characters; `logs` are there when asked for,
    those of an echoed prompt first. `finish` is None while more will come.
    """

    key: int
    text: str
    logs: tuple[TokenLog, ...]
    prompt_tokens: int
    made_tokens: int
    finish: Finish | None


class Refused(NamedTuple):
    """A reply that cannot be made: the prompt is too long, the schema has no grammar."""

    key: int
    error: InputError


@dataclass(frozen=True, slots=True)
class Card:
    """What a model can do. `context` is the most tokens of prompt and reply, None when unknown."""

    generates: bool
    context: int | None = None


class Engine(Protocol):
    """Models by name; replies in work are the engine's, from `start` until they finish."""

    @property
    def cards(self) -> Mapping[str, Card]:
        """Every model that can be asked; the first is taken when a request names none."""

    def answer(self, model: str, questions: Sequence[Question]) -> Sequence[Prediction]:
        """One prediction per question, with calibrated log-probabilities."""

    def start(self, model: str, wanted: Sequence[Generation]) -> Sequence[Delta | Refused]:
        """Read prompts and make the first token of each; unfinished replies join the others."""

    def step(self, model: str) -> Sequence[Delta]:
        """One more token of every reply in work."""

    def running(self) -> Mapping[str, Collection[int]]:
        """Keys of the replies in work, by model."""

    def drop(self, model: str, keys: Collection[int]) -> None:
        """Forget replies; unknown keys are no error."""
