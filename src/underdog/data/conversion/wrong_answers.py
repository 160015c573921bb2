"""A model's own frequent wrong answers, from a file: the distractors that tempt it most.

In: JSON Lines, one question each: {"question": "..", "wrong": ["..", ".."]}, the most frequent
first. Out: a value that gives the wrong answers to an open question. Never: a judgement; the
conversion checks every text before it offers it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from underdog.data.open_question import OpenQuestion
from underdog.errors import SourceError
from underdog.mcq.question import normalise
from underdog.runs.files import digest_file

_HINT = 'one line per question: {"question": "..", "wrong": ["..", ".."]}'


@dataclass(frozen=True, slots=True)
class WrongAnswersFile:
    """Called with a question, it gives the file's wrong answers to that text, or none."""

    digest: str
    """SHA-256 of the file: what a build's manifest states."""
    answers: Mapping[str, tuple[str, ...]] = field(repr=False)
    """By normalised question text."""

    def __call__(self, question: OpenQuestion) -> tuple[str, ...]:
        """In the order of the file."""
        return self.answers.get(normalise(question.text), ())


def read_wrong_answers(path: Path) -> WrongAnswersFile:
    """Raises SourceError for a file that cannot be read, and for a line of another shape."""
    answers: dict[str, tuple[str, ...]] = {}
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as error:
        raise SourceError("a file of wrong answers", got=str(error), where=path) from error
    for number, line in enumerate(lines, start=1):
        if line.strip():
            text, wrong = _read_line(line, where=f"{path}:{number}")
            answers[text] = (*answers.get(text, ()), *wrong)
    return WrongAnswersFile(digest_file(path), answers)


def _read_line(line: str, *, where: str) -> tuple[str, tuple[str, ...]]:
    try:
        value: Any = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise SourceError("a line of JSON", got=str(error), where=where, hint=_HINT) from error
    text = value.get("question") if isinstance(value, Mapping) else None
    wrong = value.get("wrong") if isinstance(value, Mapping) else None
    texts = wrong if isinstance(wrong, list) else [None]
    if not isinstance(text, str) or not all(isinstance(each, str) for each in texts):
        got = line[:80]
        raise SourceError("a question and a list of texts", got=got, where=where, hint=_HINT)
    return normalise(text), tuple(texts)
