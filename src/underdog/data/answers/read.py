"""From the text of an answer, and its question where there is one, to an `Answer`.

In: an answer as somebody wrote it, and the question it answers. Out: its kind, exact value and
form. A value is read from the answer alone; the question decides between a year and a count,
between pounds of weight and of money, and what kind of name a name is. Without a question the
embedded bank's names, common given names and the pattern of capitals decide. Never: an exception,
or a kind by a part of a word ("no" in "Norway").
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache

from underdog.data.answers.focus import read_focus, wanted
from underdog.data.answers.fold import plain
from underdog.data.answers.formula import is_algebra, is_formula
from underdog.data.answers.identity import NO, YES
from underdog.data.answers.kind import Answer, AnswerKind, Form, Numeral
from underdog.data.answers.naming import name_kind
from underdog.data.answers.nouns import Wanted
from underdog.data.answers.shape import read_form
from underdog.data.answers.value import Value, read_value

_NAMES = {
    Wanted.PERSON: AnswerKind.PERSON,
    Wanted.PLACE: AnswerKind.PLACE,
    Wanted.ORGANISATION: AnswerKind.ORGANISATION,
    Wanted.WORK: AnswerKind.WORK,
}
FIRST_YEAR, LAST_YEAR = 100, 2100
"""Numbers that are years where the question asks "when"; asked for a year, from 1 on."""
FIRST_LIKELY_YEAR, LAST_LIKELY_YEAR = 1500, 2040
"""Numbers that are years where the question asks for nothing known."""
_NAME_MONTHS = frozenset(("April", "May", "June", "August"))
"""Months that are names and words as well: months only where the question asks for a time."""
_LONGEST_YES_NO = 12
_TIMES = (Wanted.DATE, Wanted.YEAR, None)


def read_answer(text: str, question: str = "") -> Answer:
    """Read one answer. Any text is an answer; what cannot be told is a phrase."""
    return _read(text, read_focus(question) if question else "")


@lru_cache(maxsize=1 << 15)
def _read(text: str, focus: str) -> Answer:
    bare = text.strip()
    value = read_value(bare)
    kind = _kind(bare, value, wanted(focus), focus=focus)
    form = _placed(read_form(bare, value), len(text) - len(text.lstrip()))
    if value is None or kind in _NAMELIKE:
        return Answer(text, kind, None, "", form)
    if kind is AnswerKind.MONEY and value.kind is not AnswerKind.MONEY:
        unit, amount = value.others[0]
        return Answer(text, kind, amount, unit, form)
    return Answer(text, kind, value.value, value.unit, form)


def has_value(text: str) -> bool:
    """Whether an answer may be a number, a date or another value, whatever its question."""
    return read_value(text.strip()) is not None


def says_yes_or_no(text: str) -> bool:
    """Whether an answer is yes, no, true, false or the like, and nothing else."""
    bare = text.strip()
    if len(bare) > _LONGEST_YES_NO:
        return False
    low = plain(bare).rstrip(".!")
    return low in YES or low in NO


def _placed(form: Form, margin: int) -> Form:
    """The form of a text that has `margin` white-space characters in front."""
    if not margin or form.end == 0:
        return form
    return form._replace(start=form.start + margin, end=form.end + margin)


_NAMELIKE = frozenset(
    (
        AnswerKind.PERSON,
        AnswerKind.PLACE,
        AnswerKind.ORGANISATION,
        AnswerKind.WORK,
        AnswerKind.PHRASE,
    )
)


def _kind(bare: str, value: Value | None, want: Wanted | None, *, focus: str) -> AnswerKind:
    if says_yes_or_no(bare):
        return AnswerKind.YES_NO
    if value is not None and not (bare in _NAME_MONTHS and want not in _TIMES):
        return _value_kind(value, want)
    if want not in _NAMES and (is_formula(bare) or is_algebra(bare)):
        return AnswerKind.FORMULA
    return name_kind(bare, want, focus=focus)


def _value_kind(value: Value, want: Wanted | None) -> AnswerKind:
    """The question decides what a number is; a number can also be a name: the film "1917"."""
    named = _NAMES.get(want) if want is not None else None
    titled = named is AnswerKind.WORK or value.kind is not AnswerKind.INTEGER
    if named not in (None, AnswerKind.PLACE) and titled and value.kind is not AnswerKind.YEAR:
        return named
    if value.kind is AnswerKind.QUANTITY and want is Wanted.MONEY:
        return AnswerKind.MONEY if _is_pounds(value) else AnswerKind.QUANTITY
    if value.kind is AnswerKind.INTEGER and _is_year(value, want):
        return AnswerKind.YEAR
    return value.kind


def _is_pounds(value: Value) -> bool:
    return bool(value.others) and value.others[0][0] == "GBP"


def _is_year(value: Value, want: Wanted | None) -> bool:
    number, exact = value.number, value.value
    if number is None or not isinstance(exact, Fraction) or want in (Wanted.NUMBER, Wanted.MONEY):
        return False
    if number.numeral is not Numeral.DIGITS or number.ordinal or number.grouped or value.bound:
        return False
    if want is Wanted.YEAR:
        return 1 <= exact <= LAST_YEAR
    first = FIRST_YEAR if want is Wanted.DATE else FIRST_LIKELY_YEAR
    return first <= exact <= (LAST_YEAR if want is Wanted.DATE else LAST_LIKELY_YEAR)
