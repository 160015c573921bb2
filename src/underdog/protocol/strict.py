"""Strict mode: what a message must have meant, or why nothing can be made of it.

In: messages as an entry's files hold them, with the traps of the published scaffold in them. Out:
the official object they stand for with every repair named, or the reason for the refusal. One bad
message never costs another. Never: a guess; a key or an answer that names no choice stays refused.

`filters` and `scoring` are the official mode: what the published code does with the same messages.
Source: facts/evaluation-and-tournament.md 1.3 and 1.5.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby
from typing import Any

from underdog.errors import ProtocolError
from underdog.mcq.parse import parse_reply
from underdog.mcq.presentation import LETTERS, Presentation
from underdog.mcq.question import Question
from underdog.protocol.editions import EDITIONS, NEWEST, Edition
from underdog.protocol.filters import filter_answer, filter_question
from underdog.protocol.official import KEY_FIELDS, read_question, write_question
from underdog.protocol.player import StrippedQuestion
from underdog.protocol.tokens import CountTokens

_FENCE = re.compile(r"\s*```(?:json)?\s*(.*?)\s*```\s*", re.DOTALL)
_LABEL = re.compile(r"\(?([A-Za-z])[).:].*", re.DOTALL)
_DOUBLED = re.compile(r"([A-Za-z])\) \1\) .*", re.DOTALL)


class Repair(StrEnum):
    """What strict mode changed in a message; the numbers are the traps of the published code."""

    JOINED = "characters joined to a question again"
    """Trap 1: a batch of one was spread into its characters."""
    TUPLE = "text taken out of a stored tuple"
    """Trap 3: the self-repair stores (text, tokens, seconds)."""
    FENCE = "code fence taken off"
    LABELS = "doubled labels taken off"
    """Trap 4."""
    CHOICES = "choices labelled A to D"
    KEY_NAME = 'key moved to "answer"'
    """Trap 5: `expected_answer`, `correct_answer`."""
    NULL = "null taken as an empty text"
    """Trap 7."""
    LETTER = "made one upper-case letter"
    """Traps 9 and 13."""
    OBJECT = "bare answer put into an object"


@dataclass(frozen=True, slots=True)
class StrictQuestion:
    """Either a question that can be put, with what was repaired, or `refused`: the reason."""

    question: Question | None
    repairs: tuple[Repair, ...] = ()
    refused: str = ""

    @property
    def shown(self) -> dict[str, Any] | None:
        """What the other side may see: trap 10, the published file holds key and explanation."""
        found = self.question
        return StrippedQuestion(found.text, found.choices).to_json() if found else None


@dataclass(frozen=True, slots=True)
class StrictAnswer:
    """Either the one upper-case letter that was meant, or `refused`: the reason."""

    letter: str | None
    repairs: tuple[Repair, ...] = ()
    refused: str = ""


def strict_questions(
    messages: Sequence[object], count_tokens: CountTokens, edition: Edition = EDITIONS[NEWEST]
) -> tuple[StrictQuestion, ...]:
    """One verdict per question: characters are joined first, a repeat (trap 2) is refused."""
    found: list[StrictQuestion] = []
    before: set[str] = set()
    for message, joined in _joined(messages):
        each = strict_question(message, count_tokens, edition)
        if each.question and each.question.id in before:
            each = StrictQuestion(None, refused=f"question {each.question.id} was asked before")
        elif each.question:
            before.add(each.question.id)
            each = StrictQuestion(each.question, (*joined, *each.repairs))
        found.append(each)
    return tuple(found)


def strict_question(
    message: object, count_tokens: CountTokens, edition: Edition = EDITIONS[NEWEST]
) -> StrictQuestion:
    """The question that a message stands for; its choices stand in the order of their labels, so
    that a letter names label and place alike.
    """
    value, repairs = _opened(message)
    if not isinstance(value, Mapping):
        return StrictQuestion(None, refused=_no_object(value))
    try:
        question = read_question(_by_label(value))
    except ProtocolError as error:
        return StrictQuestion(None, refused=str(error))
    if question.answer is None or not question.topic:
        missing = "key" if question.answer is None else "topic"
        return StrictQuestion(None, refused=f"without a {missing}")
    clean = write_question(question, Presentation.identity(len(question.choices)))
    finding = filter_question(clean, count_tokens, edition).finding
    if finding is not None:
        return StrictQuestion(None, refused=finding.detail)
    return StrictQuestion(question, (*repairs, *_question_repairs(value, clean)))


def strict_answer(
    message: object,
    question: Question,
    count_tokens: CountTokens,
    edition: Edition = EDITIONS[NEWEST],
) -> StrictAnswer:
    """The letter that a message names; the question's choices stand in the order shown."""
    value, repairs = _opened(message)
    if isinstance(value, str):
        value, repairs = {"answer": value}, (*repairs, Repair.OBJECT)
    if not isinstance(value, Mapping):
        return StrictAnswer(None, refused=_no_object(value))
    said = value.get("answer")
    if not isinstance(said, str):
        return StrictAnswer(None, refused=f'"answer" that is a {type(said).__name__}')
    choice = parse_reply(said, question, Presentation.identity(len(question.choices))).choice
    if choice is None:
        return StrictAnswer(None, refused=f"{said[:60]!r} names no choice")
    letter = LETTERS[choice]
    reasoning = value.get("reasoning", "")
    if reasoning is None:
        reasoning, repairs = "", (*repairs, Repair.NULL)
    judged = filter_answer({"answer": letter, "reasoning": reasoning}, count_tokens, edition)
    if judged.finding is not None:
        return StrictAnswer(None, refused=judged.finding.detail)
    return StrictAnswer(letter, repairs if said == letter else (*repairs, Repair.LETTER))


def _joined(messages: Sequence[object]) -> Iterator[tuple[object, tuple[Repair, ...]]]:
    """The messages, each run of single characters read as the JSON texts that it was."""
    for single, run in groupby(messages, lambda each: isinstance(each, str) and len(each) == 1):
        if not single:
            yield from ((each, ()) for each in run)
            continue
        rest = "".join(map(str, run)).strip()
        while rest:
            try:
                value, end = json.JSONDecoder().raw_decode(rest)
            except (ValueError, RecursionError):
                value, end = rest, len(rest)
            yield value, (Repair.JOINED,)
            rest = rest[end:].strip()


def _opened(message: object) -> tuple[object, tuple[Repair, ...]]:
    """The JSON value inside tuples, fences and texts, and what was taken off; a text that holds no
    JSON stays a text.
    """
    repairs: tuple[Repair, ...] = ()
    if isinstance(message, (list, tuple)) and message and _is_reply(message):
        message, repairs = message[0], (Repair.TUPLE,)
    if not isinstance(message, str):
        return message, repairs
    fenced = _FENCE.fullmatch(message)
    if fenced:
        message, repairs = fenced.group(1), (*repairs, Repair.FENCE)
    try:
        return json.loads(message), repairs
    except (ValueError, RecursionError):
        return message, repairs


def _is_reply(parts: Sequence[object]) -> bool:
    """(text, tokens, seconds), as the model contract of the scaffold returns it."""
    numbers = (int, float, type(None))
    return len(parts) == 3 and isinstance(parts[0], str) and isinstance(parts[1], numbers)


def _by_label(value: Mapping[str, Any]) -> dict[str, Any]:
    """The same with its choices from A on, where they carry the letters from A, each once."""
    choices = value.get("choices")
    if isinstance(choices, Mapping):
        return {**value, "choices": dict(sorted(choices.items(), key=lambda each: str(each[0])))}
    if isinstance(choices, list) and all(isinstance(each, str) for each in choices):
        labels = [part.group(1).upper() for each in choices if (part := _LABEL.fullmatch(each))]
        if sorted(labels) == list(LETTERS[: len(choices)]):
            pairs = sorted(zip(labels, choices, strict=True))
            return {**value, "choices": [choice for _, choice in pairs]}
    return dict(value)


def _no_object(value: object) -> str:
    return f"a {type(value).__name__} instead of an object"


def _question_repairs(value: Mapping[str, Any], clean: Mapping[str, Any]) -> Iterator[Repair]:
    """What `read_question` mended, by what it found."""
    choices = value["choices"]
    if isinstance(choices, list) and all(map(_DOUBLED.fullmatch, choices)):
        yield Repair.LABELS
    elif choices != clean["choices"]:
        yield Repair.CHOICES
    name = next(name for name in KEY_FIELDS if value.get(name) is not None)
    if name != "answer":
        yield Repair.KEY_NAME
    if value[name] != clean["answer"]:
        yield Repair.LETTER
    if value.get("explanation", "") is None:
        yield Repair.NULL
