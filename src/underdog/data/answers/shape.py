"""The surface form of an answer: words, case, article, plural, and how its number is written.

In: an answer and its value, if it has one. Out: a `Form`. Never: an exception.
"""

from __future__ import annotations

from fractions import Fraction

from underdog.data.answers.fold import ARTICLES, SMALL_WORDS
from underdog.data.answers.kind import Case, Form, Numeral
from underdog.data.answers.value import Value
from underdog.data.answers.wordlist import word_set

_NO_NUMBER = (Numeral.NONE, 0, 0, None, 0, False, "")
_NO_PLURAL = ("ss", "us", "is", "'s")
_SHORTENED = word_set("jr. sr. inc. ltd. co. st. mt. dr. mr. u.s. d.c. etc. no.")


def read_form(text: str, value: Value | None) -> Form:
    """The form of an answer without outer white space."""
    words = text.split()
    if not words:
        return Form(0, Case.NONE, "", False, False, *_NO_NUMBER)
    first, last = words[0].lower(), words[-1]
    return Form(
        len(words),
        _case(text, words),
        first if first in ARTICLES and len(words) > 1 else "",
        _is_plural(last.rstrip(".,!?\"')")),
        last[-1] == "." and _stops(last, len(words)),
        *(_NO_NUMBER if value is None else _number_form(value)),
    )


def _number_form(value: Value) -> tuple[Numeral, int, int, Fraction | None, int, bool, str]:
    number = value.number
    if number is None:
        return (*_NO_NUMBER[:-1], value.mark)
    where = (number.numeral, number.start, number.end, number.amount)
    return (*where, number.decimals, number.grouped, value.mark)


def _is_plural(word: str) -> bool:
    return word[-1:] == "s" and len(word) > 3 and word.isalpha() and not word.endswith(_NO_PLURAL)


def _stops(last: str, count: int) -> bool:
    """Whether the full stop behind the last word ends a sentence, not an abbreviation."""
    if count < 2 or last.lower() in _SHORTENED:
        return False
    return len(last) > 3 or not last[0].isupper()


def _case(text: str, words: list[str]) -> Case:
    if text.islower():
        return Case.LOWER
    if text.istitle():
        return Case.TITLE
    if text.isupper():
        return Case.UPPER
    if not words[0][0].isupper():
        return Case.NONE if text.upper() == text.lower() else Case.MIXED
    rest = [word[0] for word in words[1:] if word not in SMALL_WORDS and word[0].isalpha()]
    letters = "".join(rest)
    if not rest or letters.isupper():
        # "Out of" is no title; "McDonald" and "Lord of the Rings" are.
        return Case.TITLE if rest or len(words) == 1 else Case.SENTENCE
    return Case.SENTENCE if letters.islower() else Case.MIXED
