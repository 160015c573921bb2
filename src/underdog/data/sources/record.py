"""One record of named fields, by our own names or by the common aliases, into a candidate.

Understood: `choices` as a list, a dict of labels, a list of {label, text}, a pair of lists, one
field per choice, or a right answer with its distractors; choices that carry their labels ("A) 5").
A record without choices is an open question (`answer`). Never decided here: whether the row is any
good (`quality`), or what its key means.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import re
import string
from collections.abc import Mapping
from typing import Any, NamedTuple

from underdog.data.reject import Reason, shorten
from underdog.data.sources.answer import lost_choices, parse_list, read_right_answer
from underdog.data.sources.candidate import LABELLED, Broken, Candidate, KeyKind, tidy
from underdog.data.sources.fields import (
    CHOICE_NAMES,
    EXPLANATION_NAMES,
    INDEX_NAMES,
    KEY_NAMES,
    LATE_KEY_NAMES,
    TEXT_KEY_NAMES,
    TEXT_NAMES,
    TOPIC_NAMES,
    WRONG_NAMES,
    first,
    plain,
)
from underdog.data.sources.instruction import is_instruction, read_instruction
from underdog.mcq.question import MAX_CHOICES

_PER_CHOICE = re.compile(r"^(?:choice|option|answer|opt)?[ _]?([a-z]|\d{1,2})$")
_DISTRACTOR = re.compile(r"^(?:distractor|wrong|incorrect)(?:_answer)?[ _]?\d{1,2}$")
_LETTERS = tuple(string.ascii_uppercase)
_NUMBERS = tuple(str(number) for number in range(MAX_CHOICES + 10))
_FENCE = re.compile(r"^```(?:json)?\s*(.*?)\s*```$", re.DOTALL)


class _Choices(NamedTuple):
    texts: tuple[str, ...]
    labels: tuple[str, ...]
    written: bool
    """The labels stood in the row, so a letter is a label first."""


def read_record(row: int, value: Any) -> Candidate | Broken:
    """A record, or a JSON text that holds one (as question agents write them)."""
    from_text = isinstance(value, str)
    if from_text:
        value = _parse_text(value)
    if not isinstance(value, Mapping):
        detail = f"{type(value).__name__} where a record with named fields was expected"
        return Broken(row, Reason.NOT_A_RECORD, detail, shorten(repr(value)[:400]))
    fields = {str(name).strip().casefold(): item for name, item in value.items()}
    if is_instruction(fields):
        return read_instruction(row, fields)
    found = _read_fields(row, fields)
    return found._replace(shape=f"{found.shape} as text") if from_text else found


def _parse_text(text: str) -> Any:
    fenced = _FENCE.match(text.strip())
    try:
        return json.loads(fenced[1] if fenced else text)
    except (ValueError, RecursionError):
        return text


def _read_fields(row: int, fields: Mapping[str, Any]) -> Candidate:
    question = next((fields[name] for name in TEXT_NAMES if fields.get(name) is not None), None)
    if isinstance(question, Mapping):  # ARC's own files: {"question": {"stem", "choices"}}
        fields = {**fields, **{str(name): item for name, item in question.items()}}
        question = question.get("stem", question.get("text"))
    text = tidy(plain(question))
    key, kind = _find_key(fields)
    choices = _find_choices(fields) or _with_distractors(text, fields)
    if choices is None:
        found = _read_open(Candidate(row, text, None, key, kind), fields)
    else:
        found = _read_closed(Candidate(row, text, choices.texts, key, kind), choices, fields)
    group = tidy(first(fields, "group"))
    return found._replace(
        topic=tidy(first(fields, *TOPIC_NAMES)),
        source=tidy(first(fields, "source", "dataset")),
        licence=tidy(first(fields, "licence", "license")),
        explanation=tidy(first(fields, *EXPLANATION_NAMES)) or found.explanation,
        group=group,
        settled=found.shape == "underdog rows" and bool(group),
    )


def _read_closed(found: Candidate, choices: _Choices, fields: Mapping[str, Any]) -> Candidate:
    if choices.written and found.kind is KeyKind.ANY:
        return found._replace(kind=KeyKind.LABEL, labels=choices.labels, shape="labelled choices")
    own = found.kind is KeyKind.INDEX and "id" in fields
    return found._replace(labels=choices.labels, shape="underdog rows" if own else "records")


def _read_open(found: Candidate, fields: Mapping[str, Any]) -> Candidate:
    right = read_right_answer(fields, found.key)
    return found._replace(
        choices=() if lost_choices(fields, right.key) else None,
        key=right.key,
        kind=KeyKind.INDEX if found.kind is KeyKind.INDEX else KeyKind.TEXT,
        explanation=right.explanation,
        shape="open questions",
        aliases=right.aliases,
    )


def _find_key(fields: Mapping[str, Any]) -> tuple[str | None, KeyKind]:
    """Our own rows (they have `id`, `text`, `choices`) hold an index; others say less."""
    own = all(name in fields for name in ("id", "text", "choices"))
    for names, kind in (
        (INDEX_NAMES, KeyKind.INDEX),
        (TEXT_KEY_NAMES, KeyKind.TEXT),
        (KEY_NAMES, KeyKind.INDEX if own else KeyKind.ANY),
        (LATE_KEY_NAMES, KeyKind.ANY),
    ):
        for name in names:
            if (key := plain(fields.get(name)).strip()) != "":
                return key, kind
    return None, KeyKind.ANY


def _find_choices(fields: Mapping[str, Any]) -> _Choices | None:
    for name in CHOICE_NAMES:
        value = fields.get(name)
        if value is None:
            continue
        if isinstance(value, str):
            value = parse_list(value)
        if isinstance(value, Mapping):
            return _from_mapping(value)
        if isinstance(value, (list, tuple)):
            return _from_list(list(value))
    return _from_separate_fields(fields)


def _from_separate_fields(fields: Mapping[str, Any]) -> _Choices | None:
    """Fields named a, b, c or choice_1, option 2, ...: the longest run from A, 0 or 1."""
    named = {match[1]: name for name in fields if (match := _PER_CHOICE.match(name))}
    runs = [
        list(itertools.takewhile(named.__contains__, names))
        for names in (string.ascii_lowercase, _NUMBERS, _NUMBERS[1:])
    ]
    run = max(runs, key=len)
    filled = [(label.upper(), plain(fields[named[label]])) for label in run]
    while len(filled) > 2 and not filled[-1][1].strip():
        filled.pop()  # tables pad rows of fewer choices with empty cells at the end
    if len(filled) < 2:
        return None
    return _strip_labels([text for _, text in filled], tuple(label for label, _ in filled))


def _from_mapping(value: Mapping[str, Any]) -> _Choices:
    texts, labels = value.get("text"), value.get("label")
    if isinstance(texts, (list, tuple)) and isinstance(labels, (list, tuple)):
        pairs = list(zip(labels, texts, strict=False)) if len(texts) == len(labels) else []
    else:
        pairs = list(value.items())
    named = tuple(plain(label).strip() for label, _ in pairs)
    return _strip_labels([plain(text) for _, text in pairs], named)


def _from_list(value: list[Any]) -> _Choices:
    if value and all(isinstance(item, Mapping) and "text" in item for item in value):
        texts = [plain(item["text"]) for item in value]
        labels = tuple(plain(item.get("label")).strip() for item in value)
        return _strip_labels(texts, labels if all(labels) else ())
    return _strip_labels([plain(item) for item in value], ())


def _strip_labels(texts: list[str], labels: tuple[str, ...]) -> _Choices:
    """Labels come off only when every choice carries the one of its place: "A) ..", "B) .."."""
    whole = tuple(tidy(text) for text in texts)
    found = [LABELLED.match(text) for text in whole]
    marks = [(match[1].upper(), tidy(match[2])) for match in found if match]
    names = tuple(name for name, _ in marks)
    if len(names) == len(whole) >= 2 and names in (
        _LETTERS[: len(names)],
        _NUMBERS[1:][: len(names)],
    ):
        return _Choices(tuple(text for _, text in marks), names, written=True)
    return _Choices(whole, labels, written=bool(labels))


def _with_distractors(text: str, fields: Mapping[str, Any]) -> _Choices | None:
    """A right answer and wrong ones have no order of their own: the question's hash gives one."""
    wrong = next(
        (list(fields[name]) for name in WRONG_NAMES if isinstance(fields.get(name), list)), []
    )
    wrong += [fields[name] for name in sorted(fields) if _DISTRACTOR.match(name)]
    right = first(fields, *KEY_NAMES)
    if not wrong or not right:
        return None
    texts = [tidy(plain(item)) for item in wrong]
    place = hashlib.sha256(text.encode("utf-8", "replace")).digest()[0] % (len(texts) + 1)
    texts.insert(place, tidy(right))
    return _Choices(tuple(texts), (), written=False)
