"""From candidates to questions: every fault has one reason, and nothing is repaired by guessing.

In: candidates of any reader. Out: a Question with a key, or a Reject. Choices keep their order.
"""

from __future__ import annotations

import re
import string
from typing import NamedTuple

from underdog.data.reject import Reason, Reject, shorten
from underdog.data.sources.candidate import LABELLED, Broken, Candidate, KeyKind
from underdog.mcq.question import MAX_CHOICES, Question, normalise

LONGEST_TEXT_CHARACTERS = 8000
"""About 2,000 tokens: the context that the 72B recipes train with."""
LONGEST_CHOICE_CHARACTERS = 2000
_DIGITS = re.compile(r"\d{1,3}")
_NUMBERED = re.compile(r"^(?:answer|choice|option)\s*([A-Za-z]|\d{1,2})$", re.IGNORECASE)


class Checked(NamedTuple):
    """A question that passed, with where it stood and the group that its source gave ("" none).

    `settled` rows come from a source that vouches for its groups (the bank, a built set).
    """

    file: str
    row: int
    question: Question
    group: str
    settled: bool


class _Fault(NamedTuple):
    reason: Reason
    detail: str


def check(found: Candidate | Broken, *, file: str) -> Checked | Reject:
    """Judge one row of a file."""
    if isinstance(found, Broken):
        return Reject(file, found.row, found.reason, found.detail, found.excerpt)
    fault = _shape_fault(found)
    answer = None
    if fault is None:
        answer = resolve_key(found)
        fault = None if isinstance(answer, int) else answer
    if fault is not None:
        return Reject(file, found.row, fault.reason, fault.detail, found.excerpt())
    assert isinstance(answer, int)
    assert found.choices is not None
    question = Question(
        found.text,
        found.choices,
        answer,
        topic=found.topic,
        source=found.source,
        licence=found.licence,
        explanation=found.explanation,
    )
    return Checked(file, found.row, question, found.group, found.settled)


def _shape_fault(found: Candidate) -> _Fault | None:
    text, choices = found.text, found.choices
    if not any(letter.isalnum() for letter in text):
        return _Fault(Reason.NO_QUESTION, f"text {shorten(text, 40)!r}")
    if len(text) > LONGEST_TEXT_CHARACTERS:
        detail = f"{len(text)} characters, at most {LONGEST_TEXT_CHARACTERS}"
        return _Fault(Reason.TOO_LONG, f"question of {detail}")
    if choices is None or not choices:
        return _Fault(Reason.NO_CHOICES, "an open question")
    if len(choices) < 2:
        return _Fault(Reason.ONE_CHOICE, "1 choice")
    if len(choices) > MAX_CHOICES:
        return _Fault(Reason.TOO_MANY_CHOICES, f"{len(choices)} choices")
    return _choices_fault(choices)


def _choices_fault(choices: tuple[str, ...]) -> _Fault | None:
    seen: dict[str, int] = {}
    for place, choice in enumerate(choices):
        if not choice.strip():
            return _Fault(Reason.EMPTY_CHOICE, f"choice {place + 1} of {len(choices)}")
        if len(choice) > LONGEST_CHOICE_CHARACTERS:
            detail = f"{len(choice)} characters, at most {LONGEST_CHOICE_CHARACTERS}"
            return _Fault(Reason.TOO_LONG, f"choice {place + 1} of {detail}")
        first = seen.setdefault(normalise(choice), place)
        if first != place:
            detail = f"choices {first + 1} and {place + 1}: {shorten(choice, 60)!r}"
            return _Fault(Reason.DUPLICATE_CHOICES, detail)
    return None


def resolve_key(found: Candidate) -> int | _Fault:
    """The index of the right choice. `found.choices` are whole and differ from each other."""
    key, choices = found.key, found.choices or ()
    if key is None or not key.strip():
        return _Fault(Reason.NO_ANSWER, "the key is empty" if key is not None else "no key")
    places = _read_key(key, found)
    if len(places) == 1:
        return places.pop()
    named = shorten(repr(key), 60)
    if not places:
        return _Fault(Reason.ANSWER_NOT_AMONG_CHOICES, f"key {named}, {len(choices)} choices")
    both = " and ".join(str(place + 1) for place in sorted(places))
    return _Fault(Reason.AMBIGUOUS_ANSWER, f"key {named} fits choices {both}")


def _read_key(key: str, found: Candidate) -> set[int]:
    """Every choice that a text may stand for, under what the reader knows about its kind."""
    choices = found.choices or ()
    by_text = {place for place, choice in enumerate(choices) if normalise(choice) == normalise(key)}
    if found.kind is KeyKind.TEXT:
        return by_text
    index = int(key) if _DIGITS.fullmatch(key.strip()) else len(choices)
    by_index = {index} if index < len(choices) and not found.labels else set()
    if found.kind is KeyKind.INDEX:
        return by_index
    by_label = _read_label(key, found)
    if found.kind is KeyKind.LABEL and by_label:
        return by_label
    return by_text | by_label | by_index


def _read_label(key: str, found: Candidate) -> set[int]:
    """The choice under a label; with a text behind it ("A) 572") both must name the same one."""
    choices = found.choices or ()
    labels = [normalise(name) for name in found.labels or string.ascii_uppercase[: len(choices)]]
    bare = normalise(key).strip("()[]{}<>.:*\"' ")
    numbered = _NUMBERED.match(bare)
    if numbered and not found.labels and numbered[1].isdigit():
        place = int(numbered[1]) - 1
        return {place} if 0 <= place < len(choices) else set()
    name = normalise(numbered[1]) if numbered else bare
    if name in labels:
        return {labels.index(name)}
    parts = LABELLED.match(key.strip())
    if not parts or normalise(parts[1]) not in labels:
        return set()
    place = labels.index(normalise(parts[1]))
    by_text = {at for at, choice in enumerate(choices) if normalise(choice) == normalise(parts[2])}
    return by_text | {place} if by_text else set()
