"""A wrong choice that says the same as the key: two right answers, one of them marked wrong.

Equal means: the same letters once a leading article and the end stop are gone, or the same
number (0.5 = 1/2 = 50 %, 1,000 = 1000.0, "two" = 2) with the same unit. Plurals and inner marks
are not folded: of 12 such pairs in 54,263 rows of OpenTriviaQA, ARC and OpenBookQA none was the
same answer ("Alien" / "Aliens", "AB+" / "AB-", "Mr." / "Mrs. Potato Head"; measured 2026-11-21).
Twins among the wrong choices are left: they cost a distractor, not the key.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

from underdog.data.reject import Reason, shorten
from underdog.data.screening.fault import Fault, Item

_ARTICLES = ("the ", "a ", "an ")
_LEADS = (*_ARTICLES, '"', "“")
_END = " .,"
_QUOTED = re.compile(r"[\"“](.+)[\"”]", re.DOTALL)
_NUMBER = re.compile(
    r"(?P<mark>[$€£¥]?)\s*(?P<sign>[-−+]?)\s*(?P<mark2>[$€£¥]?)\s*"
    r"(?P<digits>\d{1,3}(?:,\d{3})+|\d+|(?=\.\d))(?P<decimals>\.\d+)?"
    r"(?:\s*/\s*(?P<below>\d+))?\s*(?P<unit>\D*)",
    re.DOTALL,
)
_LONGEST_NUMBER_CHARACTERS = 40
_NUMBER_STARTS = frozenset("0123456789.-−+$€£¥")
_WORDS = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven",
    "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
    "twenty",
)  # fmt: skip
_VALUES = {word: str(value) for value, word in enumerate(_WORDS)}


_FORM_MATTERS = re.compile(
    r"\b(?:time signature|beats?|rhythm|simpl\w+|lowest terms|reduced?|decimals?|percent\w*"
    r"|fractions?|round\w*|significant|notation)\b"
)
"""Where the question is about the form of a number, equal values are different answers: 3/4 and 6/8
time, 1/2 "as a decimal"."""


def find_twin(item: Item) -> Fault | None:
    """A wrong choice that equals the key."""
    if item.right is None:
        return None
    key = item.lows[item.right].rstrip(_END)
    if key.startswith(_LEADS):
        key = _bare(key).text
    if item.low_whole.count(key) != 1:  # most often it stands in its own place alone
        twin = _find_wording(item, key)
        if twin is not None:
            return _fault(item, twin)
    twin = _find_amount(item.choices, item.right)
    if twin is None or _FORM_MATTERS.search(item.low):
        return None
    return _fault(item, twin)


def _find_wording(item: Item, key: str) -> int | None:
    """The choice that is worded like the key."""
    bares = {place: _bare(low) for place, low in enumerate(item.lows) if key in low}
    alike = [place for place, bare in bares.items() if bare.text == key]
    if len(alike) != 2:  # three or more are a question about articles
        return None
    both_have_one = all(bares[place].article for place in alike)  # "a hour", "an hour"
    return None if both_have_one else alike[alike[0] == item.right]


def _find_amount(choices: tuple[str, ...], right: int) -> int | None:
    """The choice that is the same number as the key."""
    key = choices[right]
    if key[0] not in _NUMBER_STARTS and key.lower() not in _VALUES:
        return None
    if all(map(str.isdecimal, choices)):  # years and counts, by far the most
        return _first_equal([*map(int, choices)], right)
    amounts = [_amount(choice) for choice in choices]
    return None if amounts[right] is None else _first_equal(amounts, right)


def _first_equal(values: Sequence[object], right: int) -> int | None:
    if values.count(values[right]) == 1:
        return None
    return next(
        place for place, value in enumerate(values) if value == values[right] and place != right
    )


def _fault(item: Item, place: int) -> Fault:
    both = f"{shorten(item.answer, 40)!r} and {shorten(item.choices[place], 40)!r}"
    return Fault(Reason.KEY_NOT_UNIQUE, both)


class _Bare(NamedTuple):
    text: str
    article: str


def _bare(low: str) -> _Bare:
    """Without leading article, end stop and quotation marks. Nothing else: "5!" is not "5"."""
    text = low.rstrip(_END)
    if text[:1] in '"“' and (quoted := _QUOTED.fullmatch(text)):
        text = quoted[1]
    if text.startswith(_ARTICLES):
        article, _, rest = text.partition(" ")
        return _Bare(rest.lstrip(), article)
    return _Bare(text or low, "")


def _amount(choice: str) -> tuple[Fraction, str] | None:
    """The exact value and its unit, or None for what is no plain number."""
    text = _VALUES.get(choice.lower(), choice.strip())
    if text[:1] not in _NUMBER_STARTS or len(text) > _LONGEST_NUMBER_CHARACTERS:
        return None
    found = _NUMBER.fullmatch(text)
    if found is None or found["below"] == "0":
        return None
    value = Fraction(f"{found['digits'].replace(',', '') or '0'}{found['decimals'] or ''}")
    if found["below"]:
        value /= int(found["below"])
    unit = " ".join(found["unit"].rstrip(" .").split())
    if unit.startswith(("%", "percent")):
        value, unit = value / 100, unit.removeprefix("%").removeprefix("percent").strip()
    negative = found["sign"] in ("-", "−")
    return (-value if negative else value), f"{found['mark'] or found['mark2']}{unit}"
