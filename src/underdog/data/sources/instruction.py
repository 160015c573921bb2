"""Instruction records: the question and its choices stand in one text, "Answer1: .. Answer2: ..".

The form of the ARC and OpenBookQA files in common instruction collections: `instruction` holds
"Please choose the correct answer to the question: TEXT Answer1: .. Answer format: ..", `answer` is
"answerN", N counted from 1.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from underdog.data.reject import Reason, shorten
from underdog.data.sources.candidate import Broken, Candidate, KeyKind, tidy

_LEAD = re.compile(r"^\s*please choose the correct \w+ to (?:the|this) question:\s*", re.IGNORECASE)
_TAIL = re.compile(r"\n\s*answer format:.*\Z", re.IGNORECASE | re.DOTALL)
_CHOICE = re.compile(r"(?:^|(?<=\s))(?:Answer|Option|Choice)\s?(\d{1,2}):(?=\s|$)")
_KEY = re.compile(r"\b(?:answer|option|choice)\s?(\d{1,2})\b", re.IGNORECASE)


def is_instruction(fields: Mapping[str, Any]) -> bool:
    """Whether a record has the shape that this module reads."""
    text = fields.get("instruction")
    return isinstance(text, str) and _CHOICE.search(text) is not None


def read_instruction(row: int, fields: Mapping[str, Any]) -> Candidate | Broken:
    """One record. Labels that do not run 1, 2, 3, ... make it broken."""
    text = _TAIL.sub("", fields["instruction"])
    marks = list(_CHOICE.finditer(text))
    numbers = [int(mark[1]) for mark in marks]
    if numbers != list(range(1, len(numbers) + 1)):
        detail = f"choices are numbered {numbers[:30]}"
        return Broken(row, Reason.NOT_A_RECORD, detail, shorten(text))
    ends = [mark.start() for mark in marks[1:]] + [len(text)]
    choices = tuple(tidy(text[mark.end() : end]) for mark, end in zip(marks, ends, strict=True))
    question = tidy(_LEAD.sub("", text[: marks[0].start()]))
    key = _find_key(fields)
    return Candidate(row, question, choices, key, KeyKind.INDEX, shape="instructions")


def _find_key(fields: Mapping[str, Any]) -> str | None:
    """The place in `answer`, else in `output`; a text that names none is kept to be reported."""
    for name in ("answer", "output"):
        value = fields.get(name)
        if isinstance(value, str) and value.strip():
            found = _KEY.search(value)
            return str(int(found[1]) - 1) if found else value
    return None
