"""Word lists as running text: the reader sees words, not quotation marks.

In: words in one text, parted by white space. Out: a set or a tuple of them.
"""

from __future__ import annotations


def word_set(text: str) -> frozenset[str]:
    """The words of a text, without order."""
    return frozenset(text.split())


def word_list(text: str) -> tuple[str, ...]:
    """The words of a text, in order."""
    return tuple(text.split())
