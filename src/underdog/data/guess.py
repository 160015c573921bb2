"""How hard a question probably is, guessed from its wording, its source and its choices.

In: questions. Out: for each a score from 0 to 1, of which only the order matters, with the parts it
is made of. Never: a model, a file, or another question of the set.

The score is a weighted sum of six parts, each from 0 to 1. It goes back to the rules of the
project's first team (base value per source, longer and explaining questions up, naming questions
down), with distractors added; WEIGHTS and MEANINGS state the parts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from operator import add
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from underdog.data.answers.kind import AnswerKind
from underdog.data.answers.read import read_answer
from underdog.mcq.question import Question, normalise

Floats = NDArray[np.float64]
WEIGHTS = MappingProxyType(
    {
        "source": 0.30,
        "closeness": 0.25,
        "wording": 0.15,
        "answer": 0.12,
        "length": 0.10,
        "chance": 0.08,
    }
)
"""Share of each part in the score; they sum to 1. Fixed, not fitted: on ARC, all parts but the
source order Challenge above Easy with a rank correlation of 0.16 (3,367 questions, 2026-11-21)."""
MEANINGS = MappingProxyType(
    {
        "source": "how hard its source is known to be",
        "closeness": "how like the right answer the other choices are",
        "wording": "“not”, “except”, “why” up; “who”, “where” down",
        "answer": "numbers and dates up, yes and no down",
        "length": "words of the question, 50 or more count as 1",
        "chance": "probability of guessing wrong",
    }
)
UNKNOWN_SOURCE = 0.5
_SOURCES = {
    "arc-easy": 0.25,
    "arc-challenge": 0.65,
    "openbookqa": 0.55,
    "opentriviaqa": 0.45,
}
"""Order after the accuracies of published models on these sets; the values are our estimate."""
_TOPICS = {"for-kids": 0.15, "brain-teasers": 0.8}
_LONG_WORDS = 50
_BETWEEN_WORDS = '?,.:;!"“”()-–—/_'
"""Replaced one by one, which takes half the time of a regular expression."""
_TWISTED = frozenset(
    ("except", "not", "never", "odd", "incorrect", "false", "least", "without")
).union(("isnt", "isn't", "isn’t", "doesnt", "doesn't", "doesn’t"))
_REASON = frozenset(
    ("why", "because", "cause", "causes", "caused", "best", "analyze", "analyse")
).union(("explain", "explains", "explained", "explaining", "explanation"))
_COUNTED = frozenset(("many", "much", "old", "long", "far", "often", "tall", "high"))
"""After "how" these ask for a number, not for a reason."""
_NAMING = frozenset(("who", "where", "when", "what", "which", "name", "whose"))
_YES_NO = frozenset(("yes", "no", "true", "false"))
_NAMES = frozenset((AnswerKind.PERSON, AnswerKind.PLACE, AnswerKind.ORGANISATION, AnswerKind.WORK))
_YES_NO_ANSWER, _WORDS_ANSWER, _NUMBER_ANSWER = 0.1, 0.4, 0.8
"""What is calculated, measured or dated is harder: a third of the ARC questions are Challenge, but
two thirds of those whose answer is a quantity, an integer or a decimal. Enumerations, and numbers
in words ("one year"), are not harder than other words there (3,367 questions, 2026-11-21)."""
_DIGIT = re.compile(r"\d")
_NUMBER = re.compile(r"[-+$€£]?\d[\d,]*(?:\.\d+)?")
_COMPARED_CHARACTERS = 200
"""Choices are compared by their beginnings; a choice of 2,000 letters costs no more than this."""


class Guesses(NamedTuple):
    """One entry per question in `scores` and in every part, in their order.

    `parts` and `weights` go by name; `scores` are their weighted sums.
    """

    scores: Floats
    parts: Mapping[str, Floats]
    weights: Mapping[str, float]


def guess(questions: Sequence[Question]) -> Guesses:
    """The guess for each question; it depends on that question alone."""
    rows = [_parts(question) for question in questions]
    table = np.asarray(rows, np.float64).reshape(len(rows), len(WEIGHTS))
    parts = {name: table[:, at] for at, name in enumerate(WEIGHTS)}
    return Guesses(weigh(parts, WEIGHTS), parts, WEIGHTS)


def weigh(parts: Mapping[str, Floats], weights: Mapping[str, float]) -> Floats:
    """The weighted sum, rounded to 6 decimals.

    One part after the other, never a matrix product: that would round differently on another
    machine.
    """
    total = np.zeros(len(next(iter(parts.values()))), np.float64)
    for name, weight in weights.items():
        total += parts[name] * weight
    return np.round(total, 6)


def _parts(question: Question) -> tuple[float, ...]:
    """In the order of WEIGHTS."""
    text = normalise(question.text)
    source = _SOURCES.get(normalise(question.source), UNKNOWN_SOURCE)
    return (
        _TOPICS.get(question.topic, source),
        closeness(question),
        _wording(_words(text)),
        _answer(question),
        min((text.count(" ") + 1) / _LONG_WORDS, 1.0),
        1 - 1 / len(question.choices),
    )


def _words(text: str) -> list[str]:
    for mark in _BETWEEN_WORDS:
        text = text.replace(mark, " ")
    return text.split()


def _wording(words: Sequence[str]) -> float:
    if not _TWISTED.isdisjoint(words):
        return 1.0
    if not _REASON.isdisjoint(words) or _asks_how(words) or "likely" in words:
        return 0.7
    return 0.4 if _NAMING.isdisjoint(words) else 0.2


def _asks_how(words: Sequence[str]) -> bool:
    """Whether "how" asks for a way, rather than for a number ("how many")."""
    if "how" not in words:
        return False
    after = words[words.index("how") + 1 :][:1]
    return not after or after[0] not in _COUNTED


def _answer(question: Question) -> float:
    """By the kind of the right answer; a question without a key counts as words.

    Only answers with a digit are read, which takes 25 µs: one in eight of trivia.
    """
    if question.answer is None:
        return _WORDS_ANSWER
    text = question.choices[question.answer]
    if text.casefold() in _YES_NO:
        return _YES_NO_ANSWER
    if _DIGIT.search(text) is None:
        return _WORDS_ANSWER
    kind = read_answer(text).kind
    if kind is AnswerKind.PHRASE or kind is AnswerKind.SET:
        # "40 m/s north" is a number in all but name; "Only 2 of them" is not.
        return _NUMBER_ANSWER if _NUMBER.match(text.lstrip()) else _WORDS_ANSWER
    return _WORDS_ANSWER if kind in _NAMES else _NUMBER_ANSWER


def closeness(question: Question) -> float:
    """Mean likeness of the other choices to the right answer, from 0 to 1; 0.5 without a key.

    Numbers: one minus their relative distance. Texts: Jaccard index of letter pairs, with a bonus
    for equal length.
    """
    if question.answer is None:
        return 0.5
    texts = [normalise(choice)[:_COMPARED_CHARACTERS] for choice in question.choices]
    answer = texts.pop(question.answer)
    number, pairs = _number(answer), set(map(add, answer, f"{answer[1:]} "))
    total = 0.0
    for other in texts:
        value = None if number is None else _number(other)
        if number is not None and value is not None:
            largest = max(abs(number), abs(value), 1e-9)
            total += 1 - min(abs(number - value) / largest, 1.0)
            continue
        others = set(map(add, other, f"{other[1:]} "))
        shared = len(pairs & others)
        total += 0.7 * shared / (len(pairs) + len(others) - shared)
        total += 0.3 * min(len(answer), len(other)) / max(len(answer), len(other))
    return total / len(texts)


def _number(text: str) -> float | None:
    found = _NUMBER.search(text)
    return None if found is None else float(found[0].lstrip("+$€£").replace(",", ""))
