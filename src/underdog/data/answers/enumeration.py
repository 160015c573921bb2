"""Enumerations: "A, B and C" taken apart.

In: an answer. Out: its members in order, or none. Never: a sentence cut at its commas, or a place
with its country ("Paris, France"), or a name with "Jr." behind it.
"""

from __future__ import annotations

import re

from underdog.data.answers.wordlist import word_set

_SPLIT = re.compile(r"\s*;\s*|\s*,\s*(?:and|&|or)?\s+|\s+(?:and|&|\+)\s+|,(?!\d)")
LONGEST_ENUMERATION = 300
"""Characters; what is longer is a sentence."""
_LONGEST_MEMBER_WORDS = 4
_LINK = re.compile(r"[,;]| (?:and|&|\+) ")
_AND = re.compile(r" (?:and|&) ")
_CLAUSE = re.compile(
    r"\b(?:is|are|was|were|be|been|has|have|had|do|does|did|can|could|will|would|should|that|which|"
    r"who|because|when|if|it|they|he|she|you|we|his|her|their|to|than|then|but|as|with)\b",
    re.IGNORECASE,
)
_NO_MEMBER = word_set("jr sr jr. sr. inc inc. ltd ltd. md phd ii iii esq")


def split_enumeration(text: str) -> tuple[str, ...]:
    """The members of an enumeration, () where the text is none.

    Two members need an "and", "&" or "+" between them; three or more may all stand behind commas.
    """
    if len(text) > LONGEST_ENUMERATION or ":" in text or _LINK.search(text) is None:
        return ()
    members = tuple(part for part in _SPLIT.split(text.rstrip(". ")) if part)
    if len(members) < 2 or len(set(members)) < len(members) or _CLAUSE.search(text):
        return ()
    if any(len(part.split()) > _LONGEST_MEMBER_WORDS for part in members):
        return ()
    named_once = any(part.lower() in _NO_MEMBER for part in members)
    parted = len(members) == 2 and "," in text and _AND.search(text) is None
    return () if named_once or parted else members


def is_enumeration(text: str) -> bool:
    """Whether the text enumerates two things or more."""
    return bool(split_enumeration(text))
