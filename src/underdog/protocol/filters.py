"""The official filters, check by check, in the order in which the code makes them.

In: a JSON value (or a string that holds one) and a token counter. Out: None when the official code
lets it pass, else what is wrong. Some values do not fail there but end the whole program; they are
told apart (`Fault.CRASHES`). Never: repaired, and nothing is raised for a bad message. What the
official filter lets pass may still be unusable: `official.read_question` judges that.

Source: facts/evaluation-and-tournament.md 1.3 and 1.5.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any, NamedTuple, cast

from underdog.errors import ProtocolError
from underdog.protocol.editions import EDITIONS, NEWEST, Edition
from underdog.protocol.tokens import CountTokens

CHOICES = 4
KEYS = ("topic", "question", "choices", "answer")
LETTERS = "ABCD"
FREE_TOKENS = 15
"""What the labels of the choices cost; the official code takes it off."""


class Fault(StrEnum):
    """Why the official filter does not let a message pass."""

    FORMAT = "format"
    """A key, a type or a letter is wrong."""
    TOO_LONG = "too_long"
    """A token limit is passed."""
    CRASHES = "crashes_filter"
    """The official program ends with a traceback: every other message is lost with this one."""


class Finding(NamedTuple):
    """A fault, and what exactly was found."""

    fault: Fault
    detail: str


class Filtered(NamedTuple):
    """Either the message as a mapping, or the finding against it."""

    value: Mapping[str, Any] | None
    finding: Finding | None


def filter_question(
    message: object, count_tokens: CountTokens, edition: Edition = EDITIONS[NEWEST]
) -> Filtered:
    """Judge one question as the official `filter_questions` does."""
    value, finding = _loaded(message, KEYS)
    finding = finding or _question_finding(value, count_tokens, edition)
    return Filtered(None, finding) if finding else Filtered(value, None)


def filter_answer(
    message: object, count_tokens: CountTokens, edition: Edition = EDITIONS[NEWEST]
) -> Filtered:
    """Judge one answer as the official `filter_answers` does."""
    value, finding = _loaded(message, ("answer",))
    finding = finding or _answer_finding(value, count_tokens, edition)
    return Filtered(None, finding) if finding else Filtered(value, None)


def filter_questions(
    messages: Sequence[object], count_tokens: CountTokens
) -> tuple[Mapping[str, Any], ...]:
    """What the official code hands to the other team: empty when fewer than half are valid, which
    disqualifies. ProtocolError where the official code itself ends.
    """
    passed = [_or_crash(filter_question(each, count_tokens), each) for each in messages]
    valid = tuple(value for value in passed if value is not None)
    return valid if enough(len(valid), len(messages)) else ()


def filter_answers(
    messages: Sequence[object], count_tokens: CountTokens
) -> tuple[Mapping[str, Any] | None, ...]:
    """One entry per message, None where it does not pass, so that places stay aligned.

    ProtocolError where the official code itself ends.
    """
    return tuple(_or_crash(filter_answer(each, count_tokens), each) for each in messages)


def enough(valid: int, of: int) -> bool:
    """Whether a team that asked `of` questions, `valid` of them in order, stays in the match."""
    return valid >= 0.5 * of


def _or_crash(filtered: Filtered, message: object) -> Mapping[str, Any] | None:
    if filtered.finding and filtered.finding.fault is Fault.CRASHES:
        raise ProtocolError(
            "a message that the official filter survives",
            got=f"{filtered.finding.detail}: {message!r:.120}",
        )
    return filtered.value


def _loaded(message: object, keys: Sequence[str]) -> tuple[Mapping[str, Any], Finding | None]:
    """The message as a mapping that has all keys."""
    value = message
    if isinstance(message, str):
        try:
            value = json.loads(message)
        except RecursionError:
            return {}, Finding(Fault.CRASHES, "JSON nested too deeply")
        except ValueError as error:
            return {}, Finding(Fault.FORMAT, f"not JSON: {error}")
    elif not isinstance(message, Mapping):
        return {}, Finding(Fault.FORMAT, f"a {type(message).__name__} instead of an object")
    if not isinstance(value, Mapping):
        return {}, _odd_json(value, keys)
    missing = [key for key in keys if key not in value]
    if missing:
        return {}, Finding(Fault.FORMAT, f"without {', '.join(missing)}")
    return cast("Mapping[str, Any]", value), None


def _odd_json(value: Any, keys: Sequence[str]) -> Finding:
    """Python's `in` fails on numbers, and finds keys in lists and strings that then have none."""
    kind = f"JSON that is a {type(value).__name__}"
    if isinstance(value, (str, list)) and not all(key in value for key in keys):
        return Finding(Fault.FORMAT, kind)
    return Finding(Fault.CRASHES, kind)


def _question_finding(
    value: Mapping[str, Any], count_tokens: CountTokens, edition: Edition
) -> Finding | None:
    choices = value["choices"]
    if not isinstance(choices, Iterable):
        return Finding(Fault.CRASHES, f"choices that are a {type(choices).__name__}")
    if not isinstance(choices, list) or len(choices) != CHOICES:
        return Finding(Fault.FORMAT, f"choices that are not a list of {CHOICES}")
    if not all(map(_is_choice, choices)):
        return Finding(
            Fault.FORMAT, "choices that are not all texts of 3 letters or more, first A to D"
        )
    return _question_length(value, count_tokens, edition)


def _is_choice(choice: object) -> bool:
    return isinstance(choice, str) and len(choice) > 2 and choice[0].upper() in LETTERS


def _question_length(
    value: Mapping[str, Any], count_tokens: CountTokens, edition: Edition
) -> Finding | None:
    for key in ("question", "answer"):
        if not isinstance(value[key], str):
            return Finding(Fault.CRASHES, f"{key} that is a {type(value[key]).__name__}")
    texts = [value["question"], value["answer"], *value["choices"]]
    size = sum(map(count_tokens, texts)) - FREE_TOKENS
    if size >= edition.question_tokens:
        return Finding(
            Fault.TOO_LONG, f"{size} tokens, below {edition.question_tokens} are allowed"
        )
    explanation = value.get("explanation", "None")
    if not isinstance(explanation, str):
        return Finding(Fault.CRASHES, f"explanation that is a {type(explanation).__name__}")
    total = size + count_tokens(explanation)
    if total > edition.question_total_tokens:
        limit = edition.question_total_tokens
        return Finding(Fault.TOO_LONG, f"{total} tokens with the explanation, {limit} are allowed")
    return None


def _answer_finding(
    value: Mapping[str, Any], count_tokens: CountTokens, edition: Edition
) -> Finding | None:
    answer = value["answer"]
    if not isinstance(answer, str):
        return Finding(Fault.FORMAT, f"answer that is a {type(answer).__name__}")
    if len(answer) == 1 and answer not in LETTERS + LETTERS.lower():
        return Finding(Fault.FORMAT, f"the answer {answer!r} instead of a letter from A to D")
    size = count_tokens(answer)
    if size >= edition.answer_tokens:
        return Finding(Fault.TOO_LONG, f"{size} tokens, below {edition.answer_tokens} are allowed")
    reasoning = value.get("reasoning", "None")
    if not isinstance(reasoning, str):
        return Finding(Fault.CRASHES, f"reasoning that is a {type(reasoning).__name__}")
    total = size + count_tokens(reasoning)
    if total >= edition.answer_total_tokens:
        limit = edition.answer_total_tokens
        return Finding(Fault.TOO_LONG, f"{total} tokens with the reasoning, below {limit} allowed")
    return None
