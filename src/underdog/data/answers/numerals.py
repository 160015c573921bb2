"""Number words, ordinals and Roman numerals: the plain tables behind reading numbers.

In: nothing. Out: tables from lower-case words to values, and how an ordinal is written in digits.
"""

from __future__ import annotations

from typing import Final

from underdog.data.answers.wordlist import word_list

_UNITS = word_list("""
    zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen
    sixteen seventeen eighteen nineteen
""")
_TENS = word_list("twenty thirty forty fifty sixty seventy eighty ninety")

SIMPLE: Final = {word: value for value, word in enumerate(_UNITS)} | {
    word: 10 * value for value, word in enumerate(_TENS, start=2)
}
"""Words with one value that stands alone: zero to nineteen, and the tens."""

SCALES: Final = {
    "hundred": 100,
    "thousand": 1000,
    "million": 10**6,
    "billion": 10**9,
    "trillion": 10**12,
    "dozen": 12,
}
"""Words that multiply what stands before them; short scale (a billion is 10^9)."""

_ORDINAL_UNITS = word_list("""
    zeroth first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth
    thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth
""")
_ORDINAL_TENS = word_list("""
    twentieth thirtieth fortieth fiftieth sixtieth seventieth eightieth ninetieth
""")

ORDINAL_VALUES: Final = (
    dict(zip(_ORDINAL_UNITS, range(20), strict=True))
    | dict(zip(_ORDINAL_TENS, range(20, 100, 10), strict=True))
    | {"hundredth": 100, "thousandth": 1000, "millionth": 10**6}
)


def suffix(number: int) -> str:
    """What makes an ordinal of a number in digits: "st", "nd", "rd" or "th"."""
    if number % 100 in (11, 12, 13):
        return "th"
    return {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")


ORDINALS: Final = {word: f"{value}{suffix(value)}" for word, value in ORDINAL_VALUES.items()}
"""Ordinal words in digits: "third" is "3rd"."""

DENOMINATORS: Final = {
    "half": 2,
    "halves": 2,
    "quarter": 4,
    "quarters": 4,
} | {
    form: value
    for word, value in ORDINAL_VALUES.items()
    if value > 2
    for form in (word, f"{word}s")
}
"""What stands below the bar in spelled fractions: "two thirds", "three quarters"."""


_ROMAN_STEPS = tuple(
    zip(
        (1000, 900, 500, 400, 100, 90, 50, 40, 10, 9, 5, 4, 1),
        word_list("m cm d cd c xc l xl x ix v iv i"),
        strict=True,
    )
)


def to_roman(number: int) -> str:
    """The Roman numeral of 1 to 3999, in lower case."""
    letters = ""
    for value, sign in _ROMAN_STEPS:
        letters += sign * (number // value)
        number %= value
    return letters


ROMAN: Final = {to_roman(number): number for number in range(1, 40)}
"""Numerals of i, v and x alone, in lower case: those with l, c, d and m are mostly words."""
