"""A number inside an answer: what stands around it, how it is written, another one in its place.

In: an answer as it was read. Out: a `Figure`, which writes any number as the answer writes its own:
sign, decimals, grouping commas, ordinal ending, digits or words, and the unit's singular or plural.
Never: a number in an answer that holds several ("5 feet 2 inches").
"""

from __future__ import annotations

import re
from typing import NamedTuple

from underdog.data.answers.kind import Answer, AnswerKind, Numeral
from underdog.data.answers.numerals import SIMPLE, suffix
from underdog.data.answers.wordlist import word_set
from underdog.data.conversion.slips import Bounds

NUMERIC = frozenset(
    (
        AnswerKind.INTEGER,
        AnswerKind.DECIMAL,
        AnswerKind.PERCENT,
        AnswerKind.MONEY,
        AnswerKind.QUANTITY,
        AnswerKind.YEAR,
    )
)
_LARGEST = 10**18
_ROUGH = re.compile(
    r"\b(?:about|around|approximately|roughly|nearly|almost|over|under|circa|c)\b|~"
)
_ORDINAL = re.compile(r"(?:st|nd|rd|th)\b", re.IGNORECASE)
_UNIT_WORD = re.compile(r"([\s-]*)([a-z]+)(?![\w'])")
_UNITS = {value: word for word, value in SIMPLE.items() if value <= 20 and word.isalpha()}
_TENS = {value: word for word, value in SIMPLE.items() if value in range(20, 100, 10)}
_IRREGULAR = {
    "foot": "feet",
    "inch": "inches",
    "man": "men",
    "woman": "women",
    "child": "children",
    "person": "people",
    "century": "centuries",
    "penny": "pence",
}
_IN_IE = word_set("calories movies cookies pies ties lies zombies brownies")
_SINGULAR = {many: one for one, many in _IRREGULAR.items()}
_UNCHANGED = word_set(
    "hz km kg cm mm m g lb oz mph kph ft in mi am pm million billion trillion thousand hundred"
    " series species sheep fish deer aircraft percent per dozen degrees degree celsius fahrenheit"
    " bc ad yen yuan rand"
)
_FACTORS = {"s": (60, 24, 7), "months": (12,), "m": (12, 1000), "kg": (16, 1000), "l": (8, 1000)}
"""Unit slips by base unit: minutes for hours, inches for feet, metres for kilometres, ..."""


class Figure(NamedTuple):
    """`value` counts units of the last written place: 1.50 is 150 with 2 places."""

    before: str
    after: str
    value: int
    places: int
    kind: AnswerKind
    unit: str
    grouped: bool | None
    """Thousands are grouped by commas; None where the number is too small to tell."""
    words: str
    """How a number in words is cased: "lower", "title", or "" for digits."""

    def write(self, value: int, *, grouped: bool) -> str | None:
        """The answer with another number; None where its form cannot hold it.

        `grouped` says what to do with thousands where the answer's own number does not tell.
        """
        numeral = self._numeral(value, grouped if self.grouped is None else self.grouped)
        after = _fit_unit(self.after, self.value, value) if not self.places else self.after
        if numeral is None or after is None:
            return None
        ending = _ORDINAL.match(after)
        if ending is not None and not self.places:
            after = suffix(abs(value)) + after[ending.end() :]
        return self.before + numeral + after

    def _numeral(self, value: int, grouped: bool) -> str | None:
        if self.words:
            spelled = spell(value)
            return spelled.capitalize() if spelled and self.words == "title" else spelled
        digits = str(abs(value)).rjust(self.places + 1, "0")
        whole, part = digits[: len(digits) - self.places], digits[len(digits) - self.places :]
        if grouped and self.kind is not AnswerKind.YEAR:
            whole = f"{int(whole):,}"
        return ("-" if value < 0 else "") + whole + (f".{part}" if self.places else "")

    def bounds(self, *, latest_year: int, negatives: bool) -> Bounds:
        """What other numbers may stand in its place. None is negative unless answers of this kind
        are (`negatives`); a share of a whole stays one; no year lies in the future.
        """
        if self.kind is AnswerKind.YEAR:
            return Bounds(1, max(latest_year, self.value))
        scale = 10**self.places
        percent = self.kind is AnswerKind.PERCENT and 0 <= self.value <= 100 * scale
        return Bounds(
            low=-_LARGEST if self.value < 0 or negatives else 0,
            high=100 * scale if percent else _LARGEST,
            least_change=0.15 if _ROUGH.search(self.before.lower()) else 0.0,
            factors=_FACTORS.get(self.unit, ()) if self.kind is AnswerKind.QUANTITY else (),
            whole=100 * scale if percent else None,
        )


def read_figure(answer: Answer) -> Figure | None:
    """The one number of a numeric answer; None where there is none, or more than one."""
    form, text = answer.form, answer.text
    if answer.kind not in NUMERIC or form.amount is None:
        return None
    before, written, after = text[: form.start], text[form.start : form.end], text[form.end :]
    if any(letter.isdigit() for letter in before + after):
        return None
    scaled = form.amount * 10**form.decimals
    if scaled.denominator != 1 or abs(scaled) > _LARGEST:
        return None
    value = int(scaled)
    words = ""
    if form.numeral is Numeral.WORDS:
        words = "title" if written[:1].isupper() else "lower"
    figure = Figure(
        before,
        after,
        value,
        form.decimals,
        answer.kind,
        answer.unit,
        form.grouped if abs(form.amount) >= 1000 else None,
        words,
    )
    return figure if figure.write(value, grouped=False) == text else None


def spell(value: int) -> str | None:
    """A whole number from 0 to 99 in words."""
    if not 0 <= value <= 99:
        return None
    if value in _UNITS:
        return _UNITS[value]
    tens, ones = _TENS[value - value % 10], value % 10
    return f"{tens}-{_UNITS[ones]}" if ones else tens


def _fit_unit(after: str, old: int, new: int) -> str | None:
    """The words behind a number, in the plural or the singular that the new number needs."""
    if (abs(old) == 1) == (abs(new) == 1):
        return after
    found = _UNIT_WORD.match(after)
    if found is None or found[2] in _UNCHANGED or _ORDINAL.match(after):
        return after
    word = found[2]
    changed = _many(word) if abs(old) == 1 else _one(word)
    return None if changed is None else found[1] + changed + after[found.end() :]


def _many(word: str) -> str:
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if word.endswith("y") and word[-2:-1] not in ("a", "e", "o", "u"):
        return word[:-1] + "ies"
    return word + ("es" if word.endswith(("s", "x", "ch", "sh")) else "s")


def _one(word: str) -> str | None:
    """None where the word does not look like a plural: then 1 does not fit."""
    if word in _SINGULAR:
        return _SINGULAR[word]
    if not word.endswith("s") or word.endswith("ss"):
        return None
    if word.endswith("ies") and word not in _IN_IE:
        return word[:-3] + "y"
    return word[:-2] if word.endswith(("sses", "xes", "ches", "shes", "uses")) else word[:-1]
