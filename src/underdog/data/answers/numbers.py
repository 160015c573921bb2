"""Numbers at the start of a text, exactly: digits, fractions, powers, number words, ordinals.

In: a text and a place in it. Out: a `Number` with its exact value, where it stands and how it is
written, or None. Never: a float, or a number read out of the middle of a word.
"""

from __future__ import annotations

import re
import unicodedata
from fractions import Fraction
from typing import NamedTuple

from underdog.data.answers.kind import Numeral
from underdog.data.answers.numerals import (
    DENOMINATORS,
    ORDINAL_VALUES,
    ROMAN,
    SCALES,
    SIMPLE,
    suffix,
)

LONGEST_NUMERAL = 60
"""Characters; longer rows of digits are no number that anybody asks for, and slow to compute."""
_LARGEST_POWER = 400
_VULGAR = "¼½¾⅐⅑⅒⅓⅔⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞"
_DIGITS = re.compile(
    r"(?P<sign>[-+]\s?)?"
    r"(?:(?P<whole>\d{1,3}(?:,\d{3})+(?!\d)|\d{1,3}(?: \d{3})+(?![\d/])|\d+)(?P<point>\.\d+)?"
    r"|(?P<bare>\.\d+))"
    rf"(?:\s?/\s?(?P<below>\d+)|(?:\s|-)(?P<up>\d+)/(?P<down>\d+)|\s?(?P<vulgar>[{_VULGAR}]))?"
)
_LONE_VULGAR = re.compile(rf"(?P<sign>[-+]\s?)?(?P<vulgar>[{_VULGAR}])")
_POWER = re.compile(
    r"(?:\s?[x*·]\s?10|e(?=[-+]?\d))\^?\s?(?P<power>[-+]?\d{1,3}|[⁻⁺]?[⁰¹²³⁴-⁹]{1,3})"
)
_TEN_POWER = re.compile(r"10\s?\^\s?(?P<power>[-+]?\d{1,3})|10(?P<raised>[⁻⁺]?[⁰¹²³⁴-⁹]{1,3})")
_SCALE = re.compile(r"\s?-?(hundred|thousand|million|billion|trillion|dozen)\b", re.IGNORECASE)
_ORDINAL = re.compile(r"(?:st|nd|rd|th)\b", re.IGNORECASE)
_WORD = re.compile(r"[a-z]+", re.IGNORECASE)
_GAP = re.compile(r"(?:\s+|-|,\s)(?=[a-z])", re.IGNORECASE)
_SIGNS = {"minus": -1, "negative": -1, "plus": 1}

NUMBER_WORDS = frozenset(
    [*SIMPLE, *SCALES, *ORDINAL_VALUES, *_SIGNS, "half", "a", "an", "quarter", "three-quarters"]
)
"""First words with which a spelled number can begin, in lower case."""


class Number(NamedTuple):
    """`text[start:end]` is the numeral, of value `amount`; with its scale word it ends at `stop`.

    `value` is `amount` times the scale. `ratio` tells that it is written as a fraction; `ordinal`
    is "st", "nd", "rd" or "th" for ordinals, "" for others.
    """

    value: Fraction
    amount: Fraction
    start: int
    end: int
    stop: int
    numeral: Numeral
    decimals: int = 0
    grouped: bool = False
    ratio: bool = False
    ordinal: str = ""


def read_number(text: str, at: int = 0) -> Number | None:
    """The number that begins at `at`, as long as it can be read; what follows is not looked at."""
    number = _read_digits(text, at) or _read_words(text, at)
    if number is None or number.ordinal or number.numeral is Numeral.WORDS:
        return number
    scale = _SCALE.match(text, number.stop)
    while scale is not None:
        value = number.value * SCALES[scale[1].lower()]
        number = number._replace(value=value, stop=scale.end())
        scale = _SCALE.match(text, number.stop)
    return number


def read_roman(text: str) -> Number | None:
    """A text that is a Roman numeral and nothing else: upper case, two letters or more of I V X."""
    if 2 <= len(text) <= 8 and text.isupper() and text.lower() in ROMAN:
        value = Fraction(ROMAN[text.lower()])
        return Number(value, value, 0, len(text), len(text), Numeral.ROMAN)
    return None


def _read_digits(text: str, at: int) -> Number | None:
    found = _DIGITS.match(text, at)
    if found is None:
        return _read_lone_vulgar(text, at)
    if found.end() - at > LONGEST_NUMERAL:
        return None
    ten = _TEN_POWER.match(text, at)
    if ten is not None:
        return _ten_power(ten)
    power = _POWER.match(text, found.end())
    value, ratio = _value_of(found)
    if value is None:
        return None
    end = found.end()
    if power is not None and abs(_exponent(power["power"])) <= _LARGEST_POWER:
        value *= Fraction(10) ** _exponent(power["power"])
        end = power.end()
    ordinal = _ORDINAL.match(text, end)
    return Number(
        value,
        value,
        at,
        end,
        ordinal.end() if ordinal else end,
        Numeral.DIGITS,
        decimals=max(len(found["point"] or found["bare"] or ".") - 1, 0),
        grouped="," in (found["whole"] or ""),
        ratio=ratio,
        ordinal=ordinal[0].lower() if ordinal else "",
    )


def _value_of(found: re.Match[str]) -> tuple[Fraction | None, bool]:
    """The exact value and whether it is written as a fraction; None for a division by zero."""
    whole = (found["whole"] or "0").replace(",", "").replace(" ", "")
    value = Fraction(whole + (found["point"] or found["bare"] or ""))
    ratio = True
    if found["below"]:
        below = int(found["below"])
        if below == 0:
            return None, ratio
        value /= below
    elif found["up"]:
        down = int(found["down"])
        if down == 0:
            return None, ratio
        value += Fraction(int(found["up"]), down)
    elif found["vulgar"]:
        value += _vulgar(found["vulgar"])
    else:
        ratio = False
    return (-value if (found["sign"] or "").startswith("-") else value), ratio


def _vulgar(letter: str) -> Fraction:
    return Fraction(unicodedata.numeric(letter)).limit_denominator(10)


def _read_lone_vulgar(text: str, at: int) -> Number | None:
    found = _LONE_VULGAR.match(text, at)
    if found is None:
        return None
    value = _vulgar(found["vulgar"]) * (-1 if (found["sign"] or "").startswith("-") else 1)
    end = found.end()
    return Number(value, value, at, end, end, Numeral.DIGITS, ratio=True)


def _ten_power(found: re.Match[str]) -> Number | None:
    exponent = _exponent(found["power"] or found["raised"])
    if abs(exponent) > _LARGEST_POWER:
        return None
    value = Fraction(10) ** exponent
    return Number(value, value, found.start(), found.end(), found.end(), Numeral.DIGITS)


def _exponent(digits: str) -> int:
    return int(unicodedata.normalize("NFKC", digits).replace("\u2212", "-"))


class _Words(NamedTuple):
    """Number words read so far: `total` of finished thousands, `current` below them."""

    total: Fraction = Fraction(0)
    current: Fraction | None = None
    ratio: bool = False
    ordinal: int | None = None
    closed: bool = False

    @property
    def value(self) -> Fraction:
        return self.total + (self.current or 0)


def _read_words(text: str, at: int) -> Number | None:
    first = _WORD.match(text, at)
    if first is None or first[0].lower() not in NUMBER_WORDS:
        return None
    sign = _SIGNS.get(first[0].lower(), 0)
    place = at
    if sign:
        gap = _GAP.match(text, first.end())
        if gap is None:
            return _read_signed_digits(text, first, sign=sign)
        place = gap.end()
    state, stop = _walk(text, place)
    if stop == place:
        return None
    value = state.value if state.ordinal is None else state.value + state.ordinal
    value *= sign or 1
    ordinal = "" if state.ordinal is None else suffix(int(abs(value)))
    return Number(value, value, at, stop, stop, Numeral.WORDS, ratio=state.ratio, ordinal=ordinal)


def _read_signed_digits(text: str, first: re.Match[str], *, sign: int) -> Number | None:
    """As in "minus 5": a sign in words before digits."""
    if text[first.end() : first.end() + 1] != " ":
        return None
    number = _read_digits(text, first.end() + 1)
    if number is None:
        return None
    value = number.value * sign
    return number._replace(value=value, amount=value, start=first.start())


def _walk(text: str, place: int) -> tuple[_Words, int]:
    """Take words as long as they make a number; the end of the last one that did."""
    state, stop = _Words(), place
    pending: tuple[str, ...] = ()
    at = place
    while not state.closed:
        found = _WORD.match(text, at)
        if found is None:
            break
        word = found[0].lower()
        if word in ("and", "a", "an", "of") and len(pending) < 2:
            pending = (*pending, word)
        else:
            step = _step(state, word, pending=pending)
            if step is None:
                break
            state, stop, pending = step, found.end(), ()
        gap = _GAP.match(text, found.end())
        if gap is None:
            break
        at = gap.end()
    return state, stop


def _step(state: _Words, word: str, *, pending: tuple[str, ...]) -> _Words | None:
    """The state after one more number word, or None where the word does not belong to it."""
    started = state.current is not None or state.total > 0
    if word in SIMPLE and pending in ((), ("and",)):
        return _add(state, SIMPLE[word], linked=bool(pending))
    if word in SCALES:
        return _scale(state, SCALES[word], started=started, pending=pending)
    if word in DENOMINATORS:
        part = _part(state, word, started=started, pending=pending)
        if part is not None:
            return part
    if word in ORDINAL_VALUES and pending in ((), ("and",)):
        return _ordinal(state, ORDINAL_VALUES[word], started=started)
    return None


def _add(state: _Words, value: int, *, linked: bool) -> _Words | None:
    current = state.current
    if current is None:
        return state._replace(current=Fraction(value)) if state.total or not linked else None
    if 13 <= current <= 20 and 10 <= value <= 90 and not (state.total or state.ratio or linked):
        # A year as it is spoken: "nineteen eighty-four".
        return state._replace(current=100 * current + value)
    if state.ratio or not 0 < value < _room(current):
        return None
    return state._replace(current=current + value)


def _scale(state: _Words, scale: int, *, started: bool, pending: tuple[str, ...]) -> _Words | None:
    if pending not in ((), ("a",), ("an",)) or (not started and not pending):
        return None
    current = state.current if state.current is not None else Fraction(1)
    if scale <= 100:
        return state._replace(current=current * scale)
    if pending and state.current is None and started:
        return None
    return _Words(total=state.total + current * scale, ratio=state.ratio)


def _part(state: _Words, word: str, *, started: bool, pending: tuple[str, ...]) -> _Words | None:
    """Halves, thirds and quarters: "one half", "a third", "half", "two and a half"."""
    share = Fraction(1, DENOMINATORS[word])
    plural = word.endswith("s")
    if not started:
        lone = pending in (("a",), ("an",)) or (word == "half" and not pending)
        return _Words(current=share, ratio=True) if lone else None
    if pending == ("and", "a") and not plural:
        return state._replace(current=(state.current or 0) + share, ratio=True)
    current = state.current
    if pending or current is None or state.ratio or state.total:
        return None
    # "Twenty-third" is an ordinal, "two thirds" and "one third" are fractions.
    return _Words(current=current * share, ratio=True) if current == 1 or plural else None


def _ordinal(state: _Words, value: int, *, started: bool) -> _Words | None:
    if not started:
        return _Words(ordinal=value, closed=True)
    current = state.current
    if current is None or state.ratio:
        return state._replace(ordinal=value, closed=True) if current is None else None
    if value >= 100:
        return state._replace(current=current * value, ordinal=0, closed=True)
    return state._replace(ordinal=value, closed=True) if value < _room(current) else None


def _room(current: Fraction) -> int:
    """What may be added must be below this: 100 behind hundreds, 10 behind tens, else nothing."""
    if current % 100 == 0:
        return 100
    return 10 if current % 10 == 0 and current % 100 >= 20 else 0
