"""Texts too short to ask anything: a bare name, or a single letter.

Short is no fault by itself: "Fungi" with "can do their food chain jobs without ingestion" is a
sentence to complete, "Calculate 6!" is whole. A bare name above capitalised names ("Jerry West":
"Mr. Clutch", ..) has lost the sentence that stood above its quiz. Measured on 54,268 rows of
OpenTriviaQA, ARC and OpenBookQA (2026-11-21): 20 rows, all read, all without a question; 100 good
rows have texts as short.
"""

from __future__ import annotations

import re

from underdog.data.reject import Reason, shorten
from underdog.data.screening.fault import Fault, Item

_WORD = re.compile(r"\w+(?:['’.-]\w+)*")
_NAME_WORDS = 2
_LONGEST_NAME_CHARACTERS = 40
_ASKS = re.compile(
    r"(?:what|who|whom|whose|which|where|when|why|how|define|name|calculate|compute|solve|evaluate"
    r"|simplify|find|complete|translate|convert|is|are|was|were|do|does|did|can)\b",
    re.IGNORECASE,
)
_SAYS = re.compile(r"\b(?:is|are|was|were|can|may|will|must|has|have|needs?|allows?)\b")


def find_shortness(item: Item) -> Fault | None:
    """A single letter, or up to two capitalised words above choices that begin with capitals."""
    if len(item.text) > _LONGEST_NAME_CHARACTERS:
        return None
    words = _WORD.findall(item.text)
    letters = sum(map(len, words))
    bare_name = (
        len(words) <= _NAME_WORDS
        and all(word[0].isupper() or word[0].isdigit() for word in words)
        and not _ASKS.match(item.text)
        and not _SAYS.search(item.low)
        and all(choice[0].isupper() for choice in item.choices or (item.answer,))
    )
    if letters > 1 and not bare_name:
        return None
    return Fault(Reason.TOO_SHORT, f"{shorten(item.text, 40)!r} asks nothing")
