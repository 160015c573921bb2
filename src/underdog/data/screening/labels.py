"""Choices that carry what belongs to the page they came from: labels, marks, placeholders.

Readers take labels off where every choice has the one of its place; what is left here has some that
do not fit ("B) x", "A) y"), or had two. "1) Malay, 2) Papiamento" in every choice is no label: they
all begin with the same one.
"""

from __future__ import annotations

import re

from underdog.data.reject import Reason, shorten
from underdog.data.screening.fault import Fault, Item

_LABEL = re.compile(r"\(?([a-h]|\d)[)\]]\s*\S")
_MARKED = re.compile(r"[(\[*](?:the )?correct(?: answer| choice| option)?[)\]*]\s*$")
_PLACEHOLDER = re.compile(r"(?:option|choice|answer|distractor)s? ?#?(?:\d{1,2}|[a-h])")
_WORTH_A_LOOK = re.compile(r"\n(?:\(?[a-h\d][)\]]|option|choice|answer|distractor)")


def find_labels(item: Item) -> Fault | None:
    """Two choices with labels that differ, a choice that says it is right, or one that pads others
    ("Option 4"). Where all are called so, they stand for something in the text.
    """
    if not _WORTH_A_LOOK.search(item.low_whole) and "correct" not in item.low_whole:
        return None
    labels: dict[str, int] = {}
    for place, low in enumerate(item.lows):
        if _MARKED.search(low):
            return _fault(item, place)
        if labelled := _LABEL.match(low):
            labels.setdefault(labelled[1], place)
    if len(labels) > 1:
        return _fault(item, max(labels.values()))
    padded = [place for place, low in enumerate(item.lows) if _PLACEHOLDER.fullmatch(low)]
    return _fault(item, padded[0]) if 0 < len(padded) < len(item.lows) else None


def _fault(item: Item, place: int) -> Fault:
    detail = f"choice {place + 1}: {shorten(item.choices[place], 60)!r}"
    return Fault(Reason.LABEL_IN_CHOICE, detail)
