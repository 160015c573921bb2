"""Answers with a value: numbers, percentages, money, quantities with a unit, dates.

In: a whole answer. Out: a `Value` with every reading that its text allows, or None. The question is
not asked here: whether 1984 is a year or a count is decided in `read`. Never: a value found in a
part of an answer ("Apollo 13" has none), or an exception.
"""

from __future__ import annotations

import re
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from underdog.data.answers.dates import DATE_WORDS, DECADES, read_date
from underdog.data.answers.fold import ARTICLES
from underdog.data.answers.kind import AnswerKind, DateParts, Numeral
from underdog.data.answers.numbers import NUMBER_WORDS, Number, read_number, read_roman
from underdog.data.answers.units import Unit, read_unit
from underdog.data.answers.wordlist import word_set

LONGEST_VALUE = 60
"""Characters; longer answers are sentences, whatever numbers they hold."""


class Value(NamedTuple):
    """`value` and `unit` as in `Answer`. `others` are further readings, as (unit, value).

    `bound` is ">" for "more than", "<" for "at most", "early", "late" and the like for parts of a
    time, "" elsewhere. `counted` tells that the unit is a counted noun ("5 players"), not measured.
    """

    kind: AnswerKind
    value: Fraction | DateParts
    unit: str = ""
    mark: str = ""
    number: Number | None = None
    others: tuple[tuple[str, Fraction | DateParts], ...] = ()
    bound: str = ""
    counted: bool = False


CURRENCY_MARKS = {
    "$": "USD",
    "US$": "USD",
    "A$": "AUD",
    "AU$": "AUD",
    "C$": "CAD",
    "CA$": "CAD",
    "NZ$": "NZD",
    "HK$": "HKD",
    "£": "GBP",
    "€": "EUR",
    "¥": "JPY",
    "₹": "INR",
    "₩": "KRW",
    "₽": "RUB",
    "USD": "USD",
    "EUR": "EUR",
    "GBP": "GBP",
}
_CURRENCY_WORDS = {
    **dict.fromkeys(
        ("dollar", "dollars", "buck", "bucks", "us dollars", "american dollars"), "USD"
    ),
    **dict.fromkeys(("u.s. dollars", "usd", "us"), "USD"),
    **dict.fromkeys(("euro", "euros", "eur"), "EUR"),
    **dict.fromkeys(("pounds sterling", "pound sterling", "gbp", "quid", "british pounds"), "GBP"),
    "yen": "JPY",
    **dict.fromkeys(("rupee", "rupees"), "INR"),
    **dict.fromkeys(("franc", "francs"), "franc"),
    **dict.fromkeys(("peso", "pesos"), "peso"),
    **dict.fromkeys(("ruble", "rubles", "rouble", "roubles"), "RUB"),
    "yuan": "CNY",
    **dict.fromkeys(("mark", "marks", "deutschmarks"), "DEM"),
}
_HUNDREDTHS = {
    **dict.fromkeys(("cent", "cents", "¢", "c"), "USD"),
    **dict.fromkeys(("penny", "pennies"), "USD"),
    **dict.fromkeys(("pence", "p"), "GBP"),
}
_MARKS = "|".join(re.escape(mark) for mark in sorted(CURRENCY_MARKS, key=len, reverse=True))
_MONEY = re.compile(rf"(?P<sign>[-+])?(?P<mark>{_MARKS})\s?(?=[\d.])")
_SHORT_SCALE = re.compile(
    r"\s?(k|thousand|m|mm|mil|mill|million|mln|b|bn|bil|billion|bln)\b\.?", re.IGNORECASE
)
_SHORT_SCALES = {"k": 10**3, "t": 10**3, "m": 10**6, "b": 10**9}
_RATE = re.compile(r"(?:per|an?|/|each)\s?([a-z]+)?$", re.IGNORECASE)
_PERCENT = re.compile(
    r"\s?-?(%|percent|per cent|pct\.?|percentage)(?:\s+(?:of(?: \w+){1,3}|chance))?", re.IGNORECASE
)
_HEDGE = re.compile(
    r"(?:(?:just|about|approximately|approx\.?|around|roughly|nearly|almost|circa|ca?\.|only|exactly|"
    r"some|in|on|by|since|during|all)\s+|~\s?)+(?:the\s+(?=\w))?(?:year\s+)?(?=[\w$£€'’.+-])",
    re.IGNORECASE,
)
_BOUND = re.compile(
    r"(?:(?P<more>more than|over|greater than|at least|above|>=?)"
    r"|(?P<less>less than|under|fewer than|below|at most|up to|<=?)"
    r"|(?:the\s+)?(?P<part>early|mid|middle|late|before|after|beginning|end)(?:\s+of)?)(?:\s+the)?[\s-]+"
    r"|(?:>=?|<=?)\s?(?=\d)",
    re.IGNORECASE,
)
_NOUNS = re.compile(r"[a-z]+(?: [a-z]+)?")
_NO_NOUN = word_set("""
    of and to or in by out x on at from for with is are was a an the per more less plus minus am pm
    oclock th st
""")
_IRREGULAR = word_set("people children men women teeth feet mice geese sheep fish deer")
_HALF_A = re.compile(r"^(?:of )?an? ", re.IGNORECASE)
_SPANS = word_set("minute hour day week month year decade century millennium mile kilometer")
_SINGLE = re.compile(rf"(an?) ({'|'.join(sorted(_SPANS))})", re.IGNORECASE)
_YEAR_DIGITS = re.compile(r"\d[\d,]*")
_PRIMES = re.compile(r"(\d+)\s?(?:'|’|′|ft\.?)\s?(\d+(?:\.\d+|\s\d/\d|½)?)\s?(?:\"|''|”|″|in\.?)?")
_NUMERIC = re.compile(r"[\d½¼¾⅐-⅞]")
_TIME_PARTS = word_set("early mid middle late beginning end")
_FIRST_WORD = re.compile(r"[A-Za-z]+|[~<>=]+")
_LONE_DIGITS = re.compile(r"\d{1,15}")
_STARTS = (
    NUMBER_WORDS
    | DATE_WORDS
    | frozenset(DECADES)
    | word_set("""
    about approximately approx around roughly nearly almost circa only exactly some in on by since
    during more over greater at above less under fewer below up early mid middle late before after
    beginning end just all
""")
)
"""First words, in lower case, of answers without a digit that may have a value."""
_BEHIND_ARTICLES = (
    NUMBER_WORDS | DATE_WORDS | frozenset(DECADES) | _TIME_PARTS | _SPANS
) - ARTICLES
"""Second words of such answers that begin with an article: "a dozen", "the early sixties"."""


@lru_cache(maxsize=1 << 15)
def read_value(text: str) -> Value | None:
    """The value of an answer without outer white space, None where it has none."""
    if _LONE_DIGITS.fullmatch(text):
        value = Fraction(int(text))
        end = len(text)
        return Value(
            AnswerKind.INTEGER, value, number=Number(value, value, 0, end, end, Numeral.DIGITS)
        )
    if not _may_have_value(text):
        return None
    bare = text.rstrip(' .!?;:"”') if text[-1:] in ' .!?;:"”' else text
    if text.startswith(("(", '"', "“")):
        return None
    hedge = _HEDGE.match(bare)
    at = hedge.end() if hedge is not None else 0
    bound = _BOUND.match(bare, at)
    if bound is None:
        return _read_whole(bare, at) or (_read_whole(bare, 0) if at else None)
    found = _read_whole(bare, bound.end()) or _read_whole(bare, 0)
    return None if found is None else found._replace(bound=_name_bound(bound))


def _may_have_value(text: str) -> bool:
    if len(text) > LONGEST_VALUE or not text:
        return False
    if _NUMERIC.search(text) is not None:
        return True
    first = _FIRST_WORD.match(text)
    if first is None:
        return False
    word = first[0].lower()
    if word in ARTICLES:
        second = _FIRST_WORD.match(text, first.end() + 1)
        return second is not None and second[0].lower() in _BEHIND_ARTICLES
    return word in _STARTS or (text.isupper() and read_roman(text) is not None)


def _name_bound(found: re.Match[str]) -> str:
    if found["part"]:
        return found["part"].lower()
    return ">" if found["more"] or found[0].startswith(">") else "<"


def _read_whole(text: str, at: int) -> Value | None:
    """Everything from `at` on, as one value."""
    money = _MONEY.match(text, at)
    if money is not None:
        return _read_money(text, money)
    primes = _PRIMES.fullmatch(text, at)
    if primes is not None:
        return _read_primes(primes)
    number = read_number(text, at)
    if number is None:
        return _read_single(text, at) or _read_named(text, at)
    if number.stop == len(text):
        return _plain_number(number)
    return _dated(text, at) or _with_unit(text, number)


def _read_single(text: str, at: int) -> Value | None:
    """One unit of time or distance behind an article: "an hour". Others are things: "a foot"."""
    found = _SINGLE.fullmatch(text, at)
    if found is None:
        return None
    one = Fraction(1)
    start, end = found.span(1)
    number = Number(one, one, start, end, end, Numeral.WORDS)
    return _read_quantity(text, number, rest=found[2])


def _parted(rest: str, number: Number) -> bool:
    """Whether the number really ends there: "76ers", "5-6" and "7UP" are no numbers."""
    if rest[0] == "-":
        return number.numeral is not Numeral.WORDS and rest[1:2].isalpha()
    return rest[0] in " %°\"'¢€£$′″”" or (rest[0].isalpha() and rest.isalpha() and len(rest) <= 4)


def _read_named(text: str, at: int) -> Value | None:
    """Values that begin with neither a digit nor a number word: months, decades, Roman numerals."""
    roman = read_roman(text[at:])
    if roman is not None:
        shifted = roman._replace(start=at, end=len(text), stop=len(text))
        return Value(AnswerKind.INTEGER, roman.value, number=shifted)
    return _dated(text, at)


def _dated(text: str, at: int) -> Value | None:
    dates = read_date(text[at:])
    if dates is None:
        return None
    parts = dates.parts
    others: tuple[tuple[str, DateParts], ...] = tuple(("", other) for other in dates.others)
    if parts.month is None and parts.span == 1 and parts.year is not None:
        return _year_with_era(text, parts.year)
    return Value(AnswerKind.DATE, parts, others=others)


def _year_with_era(text: str, year: int) -> Value:
    digits = _YEAR_DIGITS.search(text)
    assert digits is not None
    amount = Fraction(abs(year))
    start, end = digits.span()
    grouped = "," in digits[0]
    number = Number(amount, amount, start, end, end, Numeral.DIGITS, grouped=grouped)
    return Value(AnswerKind.YEAR, Fraction(year), mark="BC" if year < 0 else "AD", number=number)


def _plain_number(number: Number) -> Value:
    kind = AnswerKind.INTEGER
    if number.decimals and (number.value == number.amount or number.value.denominator > 1):
        kind = AnswerKind.DECIMAL
    elif number.ratio and (number.value.denominator > 1 or number.numeral is Numeral.DIGITS):
        kind = AnswerKind.FRACTION
    return Value(kind, number.value, mark=number.ordinal, number=number)


def _read_money(text: str, money: re.Match[str]) -> Value | None:
    number = read_number(text, money.end())
    if number is None or number.ordinal:
        return None
    value, stop = number.value, number.stop
    scale = _SHORT_SCALE.match(text, stop)
    if scale is not None:
        value *= _SHORT_SCALES[scale[1][0].lower()]
        stop = scale.end()
    rest = text[stop:].strip().lower()
    unit = CURRENCY_MARKS[money["mark"]]
    rate = _RATE.fullmatch(rest)
    if rate is not None:
        unit = f"{unit}/{rate[1] or 'each'}"
    elif rest and rest not in _CURRENCY_WORDS:
        return None
    if money["sign"] == "-":
        value = -value
    return Value(AnswerKind.MONEY, value, unit, mark=money["mark"], number=number)


def _read_primes(found: re.Match[str]) -> Value:
    """Feet and inches: 5'8"."""
    inches = read_number(found[2])
    feet = Fraction(int(found[1]))
    high = Fraction(0) if inches is None else inches.value
    start, end = found.span(1)
    number = Number(feet, feet, start, end, end, Numeral.DIGITS)
    value = (12 * feet + high) * Fraction(254, 10000)
    return Value(AnswerKind.QUANTITY, value, "m", mark="ft", number=number)


def _with_unit(text: str, number: Number) -> Value | None:
    rest = text[number.stop :]
    if number.ordinal or not _parted(rest, number):
        return None
    percent = _PERCENT.fullmatch(rest)
    if percent is not None:
        share = number.value / 100
        return Value(AnswerKind.PERCENT, share, mark=percent[1], number=number)
    bare = _HALF_A.sub("", rest.strip().strip("-"))
    low = bare.lower()
    if low in _CURRENCY_WORDS or low in CURRENCY_MARKS:
        unit = _CURRENCY_WORDS.get(low) or CURRENCY_MARKS[low]
        return Value(AnswerKind.MONEY, number.value, unit, mark=bare, number=number)
    if low in _HUNDREDTHS and (low != "c" or (number.decimals == 0 and rest == "c")):
        unit, value = _HUNDREDTHS[low], number.value / 100
        return Value(AnswerKind.MONEY, value, unit, mark=bare, number=number)
    measured = _read_quantity(text, number, rest=bare)
    if measured is not None or not rest.startswith(" "):
        return measured
    return _read_count(number, rest=bare)


def _read_quantity(text: str, number: Number, *, rest: str) -> Value | None:
    unit = read_unit(rest)
    if unit is None:
        return _read_compound(text, number)
    value = _in_base(number.value, unit)
    others = () if unit.other is None else ((unit.other[0], number.value * unit.other[1]),)
    return Value(AnswerKind.QUANTITY, value, unit.base, mark=rest, number=number, others=others)


def _in_base(amount: Fraction, unit: Unit) -> Fraction:
    return amount * unit.factor + unit.offset


def _read_compound(text: str, first: Number) -> Value | None:
    """Amounts of one dimension, added: "2 hours and 30 minutes", "5 feet 8 inches"."""
    total, base, number, mark = Fraction(0), "", first, ""
    while True:
        split = _next_number(text, number.stop)
        named = text[number.stop : split if split is not None else len(text)]
        unit = read_unit(named.strip(" ,-&").removesuffix(" and"))
        if unit is None or unit.offset or (base and unit.base != base):
            return None
        total += number.value * unit.factor
        base, mark = unit.base, mark or named.strip(" ,-")
        if split is None:
            return Value(AnswerKind.QUANTITY, total, base, mark=mark, number=first)
        following = read_number(text, split)
        if following is None:
            return None
        number = following


def _next_number(text: str, at: int) -> int | None:
    for place in range(at + 1, len(text)):
        if text[place].isdigit() and not text[place - 1].isalnum():
            return place
    return None


def _read_count(number: Number, *, rest: str) -> Value | None:
    """A counted noun in lower case, at most two words: "5 players"."""
    if number.ratio or number.value.denominator != 1 or not _NOUNS.fullmatch(rest):
        return None
    first, last = rest.split(" ")[0], rest.split(" ")[-1]
    plural = (last.endswith("s") and not last.endswith("ss")) or last in _IRREGULAR
    if first in _NO_NOUN or last in _NO_NOUN or not (plural or number.value == 1):
        return None
    return Value(AnswerKind.QUANTITY, number.value, rest, mark=rest, number=number, counted=True)
