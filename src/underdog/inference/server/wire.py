"""Requests as clients send them, checked and turned into our own values.

In: JSON by OpenAI's interface, and the contestants' own. Out: prompts, sampling, questions. A field
that would change the reply and is not supported is refused; fields that would not are ignored.
Never: a default that OpenAI's interface does not have.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictInt

from underdog.errors import InputError
from underdog.inference.server.engine import Message, Prompt, Sampling
from underdog.inference.server.faults import ApiError, bad_request
from underdog.inference.server.grammar import any_object
from underdog.mcq.presentation import LETTERS
from underdog.mcq.question import Question

MOST_REPLIES = 16
"""Largest `n`."""
Ids = list[StrictInt]
Temperature = Annotated[float, Field(ge=0, le=2)]
TopP = Annotated[float, Field(gt=0, le=1)]
Texts = str | list[str] | None


class _Request(BaseModel):
    """What both of OpenAI's interfaces share."""

    model_config = ConfigDict(extra="allow", strict=False)

    model: str | None = None
    temperature: Temperature | None = None
    top_p: TopP | None = None
    seed: int | None = None
    stop: Texts = None
    n: Annotated[int, Field(ge=1, le=MOST_REPLIES)] | None = None
    stream: bool | None = None
    stream_options: dict[str, Any] | None = None

    @property
    def wants_usage(self) -> bool:
        """Whether a stream ends with the number of tokens."""
        return bool((self.stream_options or {}).get("include_usage"))

    @property
    def replies(self) -> int:
        """How many replies per prompt."""
        return self.n or 1

    def _stops(self) -> tuple[str, ...]:
        given = [self.stop] if isinstance(self.stop, str) else self.stop or []
        return tuple(each for each in given if each)

    def _refuse_unsupported(self, neutral: Mapping[str, Sequence[Any]]) -> None:
        """`neutral`: the values of unsupported fields that change nothing."""
        for name, harmless in neutral.items():
            value = (self.model_extra or {}).get(name)
            if value is not None and value not in harmless:
                raise bad_request(
                    f"{name} is not supported; leave it out", param=name, code="unsupported_value"
                )


_NEUTRAL: Mapping[str, Sequence[Any]] = {
    "presence_penalty": (0,),
    "frequency_penalty": (0,),
    "logit_bias": ({},),
}


class CompletionRequest(_Request):
    """`POST /v1/completions`."""

    prompt: str | Ids | list[str] | list[Ids]
    max_tokens: Annotated[int, Field(ge=0)] | None = None
    logprobs: Annotated[int, Field(ge=0, le=20)] | None = None
    echo: bool | None = None

    def prompts(self) -> list[Prompt]:
        """In order; a list of numbers is one prompt of tokens."""
        self._refuse_unsupported({**_NEUTRAL, "best_of": (1, self.replies), "suffix": ("",)})
        if isinstance(self.prompt, str):
            return [self.prompt]
        numbers = tuple(each for each in self.prompt if isinstance(each, int))
        if len(numbers) == len(self.prompt):
            return [numbers]
        return [
            each if isinstance(each, str) else tuple(each)
            for each in self.prompt
            if not isinstance(each, int)
        ]

    def sampling(self) -> Sampling:
        """For every reply; `n` replies take the seeds that follow."""
        return Sampling(
            max_tokens=16 if self.max_tokens is None else self.max_tokens,
            temperature=1.0 if self.temperature is None else self.temperature,
            top_p=1.0 if self.top_p is None else self.top_p,
            seed=self.seed,
            stop=self._stops(),
            top_logprobs=self.logprobs,
            echo=bool(self.echo),
        )


class _Part(BaseModel):
    type: str
    text: str | None = None


class _Turn(BaseModel):
    model_config = ConfigDict(extra="ignore")

    role: Literal["system", "developer", "user", "assistant"]
    content: str | list[_Part] | None = None

    def message(self) -> Message:
        parts = self.content if isinstance(self.content, list) else []
        other = [part.type for part in parts if part.type != "text"]
        if other:
            raise bad_request(f"content of type text only, not {other[0]!r}", param="messages")
        text = self.content if isinstance(self.content, str) else None
        joined = "".join(part.text or "" for part in parts) if text is None else text
        return Message("system" if self.role == "developer" else self.role, joined)


class _SchemaOf(BaseModel):
    model_config = ConfigDict(extra="ignore", populate_by_name=True)

    json_schema: dict[str, Any] = Field(alias="schema")


class _Format(BaseModel):
    type: Literal["text", "json_object", "json_schema"]
    json_schema: _SchemaOf | None = None

    def schema_text(self) -> str | None:
        if self.type == "text":
            return None
        if self.type == "json_object":
            return any_object()
        if self.json_schema is None:
            raise bad_request("json_schema with a schema is needed", param="response_format")
        return json.dumps(self.json_schema.json_schema)


class ChatRequest(_Request):
    """`POST /v1/chat/completions`."""

    messages: Annotated[list[_Turn], Field(min_length=1)]
    max_tokens: Annotated[int, Field(ge=1)] | None = None
    max_completion_tokens: Annotated[int, Field(ge=1)] | None = None
    logprobs: bool | None = None
    top_logprobs: Annotated[int, Field(ge=0, le=20)] | None = None
    response_format: _Format | None = None

    def prompt(self) -> Prompt:
        """The turns of the chat."""
        self._refuse_unsupported(
            {**_NEUTRAL, "tools": ([],), "functions": ([],), "audio": (), "modalities": (["text"],)}
        )
        return tuple(turn.message() for turn in self.messages)

    def sampling(self) -> Sampling:
        """As `CompletionRequest.sampling`; without a limit the context is the limit."""
        if self.top_logprobs is not None and not self.logprobs:
            raise bad_request("top_logprobs needs logprobs: true", param="top_logprobs")
        limit = self.max_completion_tokens
        return Sampling(
            max_tokens=self.max_tokens if limit is None else limit,
            temperature=1.0 if self.temperature is None else self.temperature,
            top_p=1.0 if self.top_p is None else self.top_p,
            seed=self.seed,
            stop=self._stops(),
            top_logprobs=(self.top_logprobs or 0) if self.logprobs else None,
            schema=None if self.response_format is None else self.response_format.schema_text(),
        )


class AnswerRequest(BaseModel):
    """`POST /v1/answer`: a question with its choices as a list, or by letter."""

    model_config = ConfigDict(extra="ignore")

    question: str
    choices: list[str] | dict[str, str]
    model: str | None = None

    def labels(self) -> tuple[str, ...]:
        """The letters by which the client knows its choices."""
        if isinstance(self.choices, dict):
            return tuple(self.choices)
        return tuple(LETTERS[: len(self.choices)])

    def to_question(self) -> Question:
        """ApiError 400 that says what is wrong with it."""
        given = self.choices
        texts = tuple(given.values()) if isinstance(given, dict) else tuple(given)
        try:
            return Question(text=self.question, choices=texts, answer=None)
        except InputError as error:
            raise bad_request(error.sentence(), param="choices") from error


def deadline_of(header: str | None, longest_s: float) -> float:
    """Seconds for this request: what its `x-deadline-seconds` says, at most the server's own."""
    if header is None:
        return longest_s
    try:
        wanted = float(header)
    except ValueError:
        wanted = 0.0
    if not wanted > 0:
        raise ApiError(400, "x-deadline-seconds is a number above 0", "bad_request")
    return min(wanted, longest_s)
