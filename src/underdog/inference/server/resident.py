"""A base in memory with its adapters, as an engine.

In: a `Scorer` per name, all on one base; questions and prompts. Out: predictions and replies. A
pass is over requests of one adapter, which is put on before it and put back after it. Never: a
thread, HTTP.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

import torch

from underdog.errors import InputError
from underdog.inference.evidence import tempered
from underdog.inference.score import score
from underdog.inference.scorer import Scorer
from underdog.inference.server.engine import (
    Card,
    Delta,
    Generation,
    Message,
    Prompt,
    Refused,
)
from underdog.inference.server.grammar import Grammars
from underdog.inference.server.replies import Replies, Reply, Vocabulary
from underdog.inference.server.text import TextStream
from underdog.mcq.prediction import Prediction
from underdog.mcq.question import Question

DEFAULT_CONTEXT = 2048
"""Tokens of prompt and reply for a model that does not say how many it was made for."""
TOKEN_TEXTS = 200_000
"""Texts of single tokens that are remembered: a whole vocabulary of today."""


class Asked(Protocol):
    """Something that answers questions as one model: an ensemble."""

    def score(self, questions: Sequence[Question]) -> Sequence[Prediction]:
        """One prediction per question."""


@dataclass(frozen=True, slots=True)
class Voice:
    """A model by its name. `scorer` says which adapter is on the base; `temperature` tempers its
    probabilities (1: as they are). Where `asked` is given, it answers questions instead, and the
    name makes no text.
    """

    scorer: Scorer
    temperature: float = 1.0
    asked: Asked | None = None

    def __post_init__(self) -> None:
        if not 0 < self.temperature < math.inf:
            raise InputError("a temperature above 0", got=str(self.temperature))


class ResidentEngine:
    """One base, several voices on it."""

    def __init__(self, voices: Mapping[str, Voice]) -> None:
        """At least one voice; all share the first one's base and tokenizer."""
        if not voices:
            raise InputError("at least one model to serve", got="none")
        self._voices = dict(voices)
        first = next(iter(voices.values())).scorer
        self._tokenizer: Any = first.tokenizer
        self._config = _text_config(first.model)
        self._ends = _end_tokens(first)
        self._grammars = Grammars(self._tokenizer, int(self._config.vocab_size))
        self._limits = first.config
        decode = lru_cache(TOKEN_TEXTS)(self._decode)
        vocabulary = Vocabulary(lambda ids: decode(tuple(ids)), self._ends)
        self._replies = {
            name: Replies(vocabulary, logit_rows=first.config.batch_predicted) for name in voices
        }

    @property
    def cards(self) -> Mapping[str, Card]:
        """As `Engine` asks."""
        attends = _attends(self._config)
        return {
            name: Card(attends and voice.asked is None, self._context)
            for name, voice in self._voices.items()
        }

    @property
    def _context(self) -> int:
        return int(getattr(self._config, "max_position_embeddings", None) or DEFAULT_CONTEXT)

    def answer(self, model: str, questions: Sequence[Question]) -> Sequence[Prediction]:
        """As `Engine` asks."""
        voice = self._voices[model]
        asked = voice.asked
        found = score(questions, voice.scorer) if asked is None else asked.score(questions)
        return [tempered(each, voice.temperature) for each in found]

    def start(self, model: str, wanted: Sequence[Generation]) -> Sequence[Delta | Refused]:
        """As `Engine` asks; prompts of like length are read together."""
        rows: list[Reply] = []
        told: list[Delta | Refused] = []
        for each in wanted:
            try:
                rows.append(self._reply(each))
            except InputError as error:
                told.append(Refused(each.key, error))
        with torch.inference_mode(), self._voices[model].scorer.ready() as ready:
            for batch in self._batches(rows):
                told += self._replies[model].start(ready, batch)
        return told

    def step(self, model: str) -> Sequence[Delta]:
        """As `Engine` asks."""
        with torch.inference_mode(), self._voices[model].scorer.ready() as ready:
            return self._replies[model].step(ready)

    def running(self) -> Mapping[str, Collection[int]]:
        """As `Engine` asks."""
        return {name: replies.keys for name, replies in self._replies.items() if replies.keys}

    def drop(self, model: str, keys: Collection[int]) -> None:
        """As `Engine` asks."""
        self._replies[model].drop(keys)

    def _reply(self, wanted: Generation) -> Reply:
        prompt = self._ids(wanted.prompt)
        sampling, room = wanted.sampling, self._context - len(prompt)
        limit = max(room, 0) if sampling.max_tokens is None else sampling.max_tokens
        # A prompt that is only scored may fill the context: lm-eval asks for its log-probabilities
        # and one token more, which is drawn from the last position and never read.
        if room < 0 or (limit > max(room, 1) and sampling.max_tokens is not None):
            raise InputError(
                f"a prompt and reply of at most {self._context} tokens (context_length_exceeded)",
                got=f"{len(prompt)} in the prompt and {limit} to make",
                hint="a shorter prompt or a smaller max_tokens",
            )
        matcher = None if sampling.schema is None else self._grammars.matcher(sampling.schema)
        text = TextStream(self._decode, sampling.stop)
        return Reply(wanted.key, prompt, sampling, limit, text, matcher)

    def _ids(self, prompt: Prompt) -> tuple[int, ...]:
        if isinstance(prompt, str):
            ids = tuple(self._tokenizer.encode(prompt, add_special_tokens=True))
        elif prompt and isinstance(prompt[0], Message):
            turns = [each for each in prompt if isinstance(each, Message)]
            ids = self._chat_ids(turns)
        else:
            ids = tuple(each for each in prompt if isinstance(each, int))
        vocabulary = int(self._config.vocab_size)
        outside = [each for each in ids if not 0 <= each < vocabulary]
        if not ids or outside:
            raise InputError(
                f"a prompt of at least one token, ids from 0 to {vocabulary - 1}",
                got=f"{outside[:3]}" if outside else "an empty one",
            )
        return ids

    def _chat_ids(self, turns: Sequence[Message]) -> tuple[int, ...]:
        """By the model's own template. A base that has none reads the texts, one per line."""
        if not getattr(self._tokenizer, "chat_template", None):
            text = "\n".join(turn.content for turn in turns)
            return tuple(self._tokenizer.encode(text, add_special_tokens=True))
        messages = [turn._asdict() for turn in turns]
        try:
            text = self._tokenizer.apply_chat_template(
                messages, add_generation_prompt=True, tokenize=False
            )
        except Exception as error:  # a template is a program by a stranger
            raise InputError("messages that the chat template takes", got=str(error)) from error
        return tuple(self._tokenizer.encode(text, add_special_tokens=False))

    def _batches(self, rows: Sequence[Reply]) -> Iterator[list[Reply]]:
        """Longest first, (rows) x (longest) tokens within the scorer's limit; echoed apart."""
        for echo in (False, True):
            ordered = [row for row in rows if row.sampling.echo is echo]
            ordered.sort(key=lambda row: -len(row.prompt))
            while ordered:
                most = max(1, self._limits.batch_tokens // len(ordered[0].prompt))
                yield ordered[:most]
                ordered = ordered[most:]

    def _decode(self, ids: Sequence[int]) -> str:
        text: str = self._tokenizer.decode(
            list(ids), skip_special_tokens=False, clean_up_tokenization_spaces=False
        )
        return text


def _text_config(model: Any) -> Any:
    inner = model.get_base_model() if hasattr(model, "get_base_model") else model
    return inner.config.get_text_config()


def _attends(config: Any) -> bool:
    """Whether keys and values are all that a layer remembers: no recurrent or convolution state."""
    kinds = set(getattr(config, "layer_types", None) or ["full_attention"])
    return kinds <= {"full_attention", "sliding_attention"}


def _end_tokens(scorer: Scorer) -> frozenset[int]:
    given = getattr(scorer.model, "generation_config", None)
    ends = getattr(given, "eos_token_id", None)
    many = ends if isinstance(ends, list) else [ends]
    return frozenset(each for each in (*many, scorer.tokenizer.eos_token_id) if each is not None)
