"""From the text of a reply to a choice: strict first, then repairs in a fixed order.

Never guesses: a letter inside a word ("BECAUSE") is not an answer, and a reply that names two
different choices is malformed.
"""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple

from underdog.mcq.prediction import Outcome
from underdog.mcq.presentation import LETTERS, Presentation
from underdog.mcq.question import Question, normalise

_FENCE = re.compile(r"```(?:json)?\s*(.*?)```", re.DOTALL)
_LABELLED = re.compile(r"^\(?([A-Za-z])[).:\]](?=\s|$)")
_STATED = re.compile(r"\b(?i:answer)\s*(?:is|:|=)\s*\(?\*{0,2}([A-Z])\b(?!')")
_REFUSAL = re.compile(r"\b(?:i (?:cannot|can't|won't|am unable)|as an ai)\b", re.IGNORECASE)


class Reply(NamedTuple):
    """`choice` is a canonical index, or None when the outcome carries none."""

    outcome: Outcome
    choice: int | None


def parse_reply(text: str, question: Question, presentation: Presentation) -> Reply:
    """A bare shown letter is clean; JSON, labels, phrases and choice texts are repairs."""
    stripped = text.strip()
    if len(stripped) == 1 and stripped in LETTERS[: len(presentation.order)]:
        return Reply(Outcome.CLEAN, presentation.choice(stripped))
    found = {
        choice
        for candidate in _candidates(stripped)
        if (choice := _resolve(candidate, question, presentation)) is not None
    }
    if len(found) == 1:
        return Reply(Outcome.REPAIRED, found.pop())
    refused = not found and _REFUSAL.search(stripped)
    return Reply(Outcome.REFUSED if refused else Outcome.MALFORMED, None)


def _candidates(text: str) -> list[str]:
    """Every string of the reply that may be an answer, most explicit first."""
    fenced = _FENCE.search(text)
    body = fenced.group(1).strip() if fenced else text
    stated = _json_answer(body)
    if stated is not None:
        return [stated]
    phrases = [match.group(1) for match in _STATED.finditer(body)]
    return phrases or [body, body.splitlines()[0].strip() if body else ""]


def _json_answer(body: str) -> str | None:
    start, end = body.find("{"), body.rfind("}")
    if not 0 <= start < end:
        return None
    try:
        value: Any = json.loads(body[start : end + 1])
    except (ValueError, RecursionError):
        return None
    answer = value.get("answer") if isinstance(value, dict) else None
    return answer.strip() if isinstance(answer, str) else None


def _resolve(candidate: str, question: Question, presentation: Presentation) -> int | None:
    exact = {normalise(choice): index for index, choice in enumerate(question.choices)}
    if normalise(candidate) in exact:
        return exact[normalise(candidate)]
    label = _LABELLED.match(candidate)
    letter = label.group(1) if label else candidate.strip("()[]*. ")
    place = LETTERS.find(letter.upper()) if len(letter) == 1 else -1
    return presentation.order[place] if 0 <= place < len(presentation.order) else None
