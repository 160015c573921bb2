"""The right answer of a record without choices, and everything else that it says is right.

In: the fields of a record and the key that stands in them as a text, if any. Out: the answer, its
aliases and its working. Understood besides a text: a list of right texts (the first is the answer),
TriviaQA's {"value", "aliases", "normalized_aliases"}, lists of aliases beside the answer, and an
answer at the end of its working (`worked`).
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from underdog.data.sources.candidate import tidy
from underdog.data.sources.fields import ALIAS_NAMES, CHOICE_NAMES, KEY_NAMES, plain
from underdog.data.sources.worked import read_worked

_SOLUTION = "solution"
_LONGEST_LIST_CHARACTERS = 100_000


class RightAnswer(NamedTuple):
    """`key` is None where the record has none; `aliases` never hold the key itself."""

    key: str | None
    aliases: tuple[str, ...]
    explanation: str


def read_right_answer(fields: Mapping[str, Any], key: str | None) -> RightAnswer:
    """Everything that the record says is right. The key is the first of it."""
    texts = (tidy(text) for text in (key or "", *_structured(fields), *_aliases(fields)))
    right = [text for text in dict.fromkeys(texts) if text]
    if not right:
        return RightAnswer(key, (), "")
    worked = read_worked(right[0])
    if worked is not None:
        return RightAnswer(worked.key, tuple(right[1:]), tidy(worked.explanation))
    solution = tidy(plain(fields.get(_SOLUTION)))
    return RightAnswer(right[0], tuple(right[1:]), "" if solution == right[0] else solution)


def lost_choices(fields: Mapping[str, Any], key: str | None) -> bool:
    """Whether a record that gave no choices speaks of some: in a field that holds something else,
    or in an empty one beside a key that is a bare label.
    """
    named = [name for name in CHOICE_NAMES if name in fields]
    is_label = key is not None and len(key) == 1 and key.isalpha()
    return any(fields[name] not in (None, "") for name in named) or (bool(named) and is_label)


def parse_list(text: str) -> Any:
    """A list in a table's cell: JSON, or what Python prints for a list of texts; else None."""
    if not text.lstrip().startswith(("[", "{")) or len(text) > _LONGEST_LIST_CHARACTERS:
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        pass
    try:
        return ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return None


def _structured(fields: Mapping[str, Any]) -> Iterator[str]:
    for value in _filled(fields, KEY_NAMES):
        if isinstance(value, (list, tuple)):
            yield from map(plain, value)
        elif isinstance(value, Mapping):
            yield plain(value.get("value"))
            yield from _aliases(value)


def _aliases(fields: Mapping[str, Any]) -> Iterator[str]:
    for value in _filled(fields, ALIAS_NAMES):
        if isinstance(value, str):
            value = parse_list(value)
        if isinstance(value, (list, tuple)):
            yield from map(plain, value)


def _filled(fields: Mapping[str, Any], names: Sequence[str]) -> list[Any]:
    return [fields[name] for name in names if name in fields]
