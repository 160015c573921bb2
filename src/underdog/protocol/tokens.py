"""Token counts for the rules' limits, where no tokenizer is at hand.

The official code counts with Qwen3-4B's tokenizer, or with the agent's own. Both are callables from
text to a number; `estimate_tokens` is one that needs no file.
"""

from __future__ import annotations

import re
from collections.abc import Callable

CountTokens = Callable[[str], int]
"""Text to its number of tokens, without special tokens."""
ESTIMATE = "estimate"
"""What `estimate_tokens` is called in the record of a match."""
_PIECE = re.compile(r"[^\W\d_]+|\d|[^\w\s]|_|\n+|[^\S\n]{2,}")
LETTERS_PER_TOKEN = 6
"""A word of up to six letters counts as one token, up to twelve as two: common English words are
single tokens in vocabularies of 150,000, rarer and longer ones are split."""


def estimate_tokens(text: str) -> int:
    """About what a byte-level BPE of 150,000 words gives for English: words, digits one by one
    (Qwen splits numbers so), marks, white space beyond single blanks. Other letters count one each.
    """
    return sum(
        -(-len(piece) // LETTERS_PER_TOKEN) if piece.isascii() else len(piece)
        for piece in _PIECE.findall(text)
    )
