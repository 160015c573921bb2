"""Which choice a key names: by text, by label or by place, and never by a guess.

In: a candidate whose choices are whole and differ from each other. Out: the index of one choice, or
a fault. Where two readings name different choices, the row is left.
"""

from __future__ import annotations

import re
import string
from collections.abc import Mapping

from underdog.data.reject import Reason, shorten
from underdog.data.screening.fault import Fault
from underdog.data.sources.candidate import LABELLED, Candidate, KeyKind
from underdog.mcq.question import normalise

_DIGITS = re.compile(r"\d{1,3}")
_NUMBERED = re.compile(r"^(?:answer|choice|option)\s*([A-Za-z]|\d{1,2})$", re.IGNORECASE)


def resolve_key(found: Candidate, places: Mapping[str, int]) -> int | Fault:
    """The index of the right choice; `places` has each choice's place by its normalised text."""
    key = found.key
    if key is None or not key.strip():
        return Fault(Reason.NO_ANSWER, "the key is empty" if key is not None else "no key")
    read = _read_key(key, found, places)
    if len(read) == 1:
        return read.pop()
    named = shorten(repr(key), 60)
    if not read:
        detail = f"key {named}, {len(places)} choices"
        return Fault(Reason.ANSWER_NOT_AMONG_CHOICES, detail)
    both = " and ".join(str(place + 1) for place in sorted(read))
    return Fault(Reason.AMBIGUOUS_ANSWER, f"key {named} fits choices {both}")


def _read_key(key: str, found: Candidate, places: Mapping[str, int]) -> set[int]:
    """Every choice that a text may stand for, under what the reader knows about its kind."""
    if found.kind is KeyKind.INDEX:
        return _read_index(key, found)
    at = places.get(normalise(key))
    by_text = set() if at is None else {at}
    if found.kind is KeyKind.TEXT:
        return by_text
    by_label = _read_label(key, found, places)
    if found.kind is KeyKind.LABEL and by_label:
        return by_label
    return by_text | by_label | _read_index(key, found)


def _read_index(key: str, found: Candidate) -> set[int]:
    choices = found.choices or ()
    index = int(key) if _DIGITS.fullmatch(key.strip()) else len(choices)
    return {index} if index < len(choices) and not found.labels else set()


def _read_label(key: str, found: Candidate, places: Mapping[str, int]) -> set[int]:
    """The choice under a label; with a text behind it ("A) 572") both must name the same one."""
    count = len(places)
    labels = [normalise(name) for name in found.labels or string.ascii_uppercase[:count]]
    bare = normalise(key).strip("()[]{}<>.:*\"' ")
    numbered = _NUMBERED.match(bare)
    if numbered and not found.labels and numbered[1].isdigit():
        place = int(numbered[1]) - 1
        return {place} if 0 <= place < count else set()
    name = normalise(numbered[1]) if numbered else bare
    if name in labels:
        return {labels.index(name)}
    parts = LABELLED.match(key.strip())
    if not parts or normalise(parts[1]) not in labels:
        return set()
    by_text = places.get(normalise(parts[2]))
    return set() if by_text is None else {by_text, labels.index(normalise(parts[1]))}
