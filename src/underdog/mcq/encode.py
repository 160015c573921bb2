"""Prompts as token ids. The one place that decides how text is cut into tokens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from underdog.mcq.prompt import Prompt


class Tokenizer(Protocol):
    """The part of a Hugging Face tokenizer that is used here."""

    @property
    def eos_token_id(self) -> int | None:
        """Id of the end-of-sequence token, or None."""

    def encode(self, text: str, *, add_special_tokens: bool) -> list[int]:
        """Text to token ids."""


@dataclass(frozen=True, slots=True)
class EncodedPrompt:
    """Token ids of a prompt. Lengths vary by row; `completion_ids[i]` belongs to choice i."""

    prefix_ids: tuple[int, ...]
    completion_ids: tuple[tuple[int, ...], ...]


def encode(prompt: Prompt, tokenizer: Tokenizer) -> EncodedPrompt:
    """Cut prefix and completions apart, so that the prefix's ids never depend on the answer."""

    def ids(text: str) -> tuple[int, ...]:
        return tuple(tokenizer.encode(text, add_special_tokens=False))

    return EncodedPrompt(ids(prompt.prefix), tuple(ids(text) for text in prompt.completions))
