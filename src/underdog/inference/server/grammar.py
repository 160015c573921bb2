"""Replies that satisfy a JSON schema: at every step, which tokens may come.

In: a tokenizer, a JSON schema. Out: masks over the vocabulary. The work is done by llguidance,
which compiles schemas to grammars over a trie of the vocabulary. Never: a token chosen here.
"""

from __future__ import annotations

import json
from functools import cached_property
from typing import Any

import numpy as np
import torch
from llguidance import LLMatcher
from llguidance.hf import from_tokenizer

from underdog.errors import InputError


class Grammars:
    """Makes matchers; the vocabulary is prepared once, on the first schema (a second or so)."""

    def __init__(self, tokenizer: Any, vocabulary: int) -> None:
        self._tokenizer, self._vocabulary = tokenizer, vocabulary

    def matcher(self, schema: str) -> Matcher:
        """InputError for a schema that is no JSON schema, or uses what llguidance cannot do."""
        # One fixed spacing: a small model would otherwise fill its tokens with blanks.
        try:
            grammar = LLMatcher.grammar_from_json_schema(
                schema, defaults={"whitespace_flexible": False}
            )
        except ValueError as error:
            raise _bad_schema(str(error)) from error
        found = LLMatcher(self._prepared, grammar, log_level=0)
        if found.is_error():
            raise _bad_schema(found.get_error())
        return Matcher(found, self._vocabulary)

    @cached_property
    def _prepared(self) -> Any:
        try:
            return from_tokenizer(self._tokenizer, n_vocab=self._vocabulary)
        except ValueError as error:
            raise InputError("a fast tokenizer for JSON schemas", got=str(error)[:200]) from error


class Matcher:
    """One reply on its way through the grammar."""

    def __init__(self, matcher: Any, vocabulary: int) -> None:
        self._matcher, self._vocabulary = matcher, vocabulary

    def allowed(self) -> torch.Tensor:
        """[V] bool, at least one true: the end token where the reply may end."""
        bits = np.frombuffer(self._matcher.compute_bitmask(), dtype=np.uint8)
        mask = np.unpackbits(bits, bitorder="little")[: self._vocabulary].astype(bool)
        return torch.from_numpy(mask)

    def consume(self, token: int) -> bool:
        """Take a token that was allowed; true when the reply is complete."""
        assert self._matcher.consume_token(token), self._matcher.get_error()
        return bool(self._matcher.is_stopped())


def _bad_schema(fault: str) -> InputError:
    return InputError("a JSON schema that can be turned into a grammar", got=_first_line(fault))


def _first_line(text: str) -> str:
    return text.strip().splitlines()[0][:200] if text.strip() else "one that cannot"


def any_object() -> str:
    """The schema of OpenAI's ``json_object`` format."""
    return json.dumps({"type": "object"})
