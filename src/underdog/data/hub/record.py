"""Records in our own field names, as `data/sources/record.py` reads them.

In: the parts of one question. Out: a dict with `question`, `choices` and `answer_index`, or with
`question`, `answer` and `aliases` for an open one, and `topic`, `explanation`, `group` where given.
Never: a judgement. A row without a key keeps no key, and `data build` counts it as such.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any, NamedTuple

from underdog.mcq.question import normalise

Record = dict[str, Any]


class Placed(NamedTuple):
    """Choices with the place of the right one."""

    choices: tuple[str, ...]
    answer: int


def choice_record(
    question: str,
    choices: Sequence[str],
    *,
    answer: int | None,
    topic: str,
    explanation: str = "",
    group: str = "",
) -> Record:
    """A question with its choices; `answer` counts from 0, None when the key is not given.

    `question` is made of the row's own words. A line of ours behind every text of a set, such as
    "Which way is better?", would make near-duplicates of its short texts (`data/likeness.py`).
    `group` is a name shared by the rows that must not be parted (one passage, one video).
    """
    return _without_empty(
        {
            "question": question,
            "choices": list(choices),
            "answer_index": answer,
            "topic": topic,
            "explanation": explanation,
            "group": group,
        }
    )


def open_record(
    question: str, answers: Sequence[str], *, topic: str, explanation: str = ""
) -> Record:
    """A question without choices: the first answer that is not empty is the key.

    The others are aliases, each once (case and white space folded).
    """
    seen: dict[str, str] = {}
    for answer in answers:
        if answer:
            seen.setdefault(normalise(answer), answer)
    right, *aliases = [*seen.values()] or [""]
    return _without_empty(
        {
            "question": question,
            "answer": right,
            "aliases": aliases,
            "topic": topic,
            "explanation": explanation,
        }
    )


def put_right(question: str, right: str, *, wrong: Sequence[str]) -> Placed:
    """Choices in an order of their own, for sets that name the right answer apart.

    The question's hash gives the place, so that it is balanced over a set and equal on every run.
    """
    digest = hashlib.sha256(question.encode("utf-8", "replace")).digest()
    place = digest[0] % (len(wrong) + 1)
    return Placed((*wrong[:place], right, *wrong[place:]), place)


def ask(text: str) -> str:
    """A query as a question: a capital first, a question mark last where no sign stands."""
    whole = text.strip()
    if whole and whole[-1] not in "?!.:":
        whole += "?"
    return whole[:1].upper() + whole[1:]


def _without_empty(fields: Record) -> Record:
    return {name: value for name, value in fields.items() if value not in (None, "", [])}
