"""Prompts as token ids. The one place that decides how text is cut into tokens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from underdog.mcq.prompt import Prompt


class Tokenizer(Protocol):
    """The part of a Hugging Face tokenizer that is used here. One that can also be called with many
    texts (as those of Hugging Face can) is called once.
    """

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
    return encode_all([prompt], tokenizer)[0]


def encode_all(
    prompts: Sequence[Prompt], tokenizer: Tokenizer, *, beginning: str = ""
) -> tuple[EncodedPrompt, ...]:
    """The same for many: every different text is cut once, all of them in one call.

    A `beginning` that all prefixes share is cut once as well, where that gives the same ids. That
    is looked at for every way in which the prompts go on after it, because a tokenizer may join
    what stands left and right of a seam.
    """
    rests = [prompt.prefix.removeprefix(beginning) for prompt in prompts]
    if not (beginning and all(rests) and _seam_holds(beginning, rests, tokenizer)):
        beginning, rests = "", [prompt.prefix for prompt in prompts]
    texts = dict.fromkeys(rests)
    texts |= dict.fromkeys(text for prompt in prompts for text in prompt.completions)
    ids = dict(zip(texts, _ids(list(texts), tokenizer), strict=True))
    (head,) = _ids([beginning], tokenizer) if beginning else ((),)
    return tuple(
        EncodedPrompt(head + ids[rest], tuple(ids[text] for text in prompt.completions))
        for prompt, rest in zip(prompts, rests, strict=True)
    )


_SEAM_CHARACTERS = 24, 4
"""How far to the left and right of a seam it is looked at; the longest white space or word that
tokenizers join across a colon and a space is far shorter."""


def _seam_holds(beginning: str, rests: Sequence[str], tokenizer: Tokenizer) -> bool:
    """Whether cutting left and right apart gives the ids of both together."""
    left, right = _SEAM_CHARACTERS
    end = beginning[-left:]
    starts = list(dict.fromkeys(rest[:right] for rest in rests))
    (alone,) = _ids([end], tokenizer)
    joined = _ids([end + start for start in starts], tokenizer)
    apart = _ids(starts, tokenizer)
    return all(one == alone + other for one, other in zip(joined, apart, strict=True))


def _ids(texts: list[str], tokenizer: Tokenizer) -> list[tuple[int, ...]]:
    if len(texts) > 1 and callable(tokenizer):
        many: Any = tokenizer(texts, add_special_tokens=False)
        return [tuple(each) for each in many["input_ids"]]
    return [tuple(tokenizer.encode(text, add_special_tokens=False)) for text in texts]
