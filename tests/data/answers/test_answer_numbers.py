"""Numbers in all spellings, exactly."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from underdog.data.answers.kind import Numeral
from underdog.data.answers.numbers import read_number, read_roman
from underdog.data.answers.numerals import ROMAN, SIMPLE, suffix, to_roman

TENS = {value: word for word, value in SIMPLE.items()}


def spell(number: int) -> str:
    """A whole number below a billion in English words."""
    if number >= 10**6:
        return _join(spell(number // 10**6) + " million", number % 10**6)
    if number >= 1000:
        return _join(spell(number // 1000) + " thousand", number % 1000)
    if number >= 100:
        return _join(spell(number // 100) + " hundred", number % 100)
    if number in TENS:
        return TENS[number]
    return f"{TENS[number // 10 * 10]}-{TENS[number % 10]}"


def _join(head: str, rest: int) -> str:
    return f"{head} {spell(rest)}" if rest else head


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("7", "7"),
        ("-7", "-7"),
        ("1,000", "1000"),
        ("1 000 000", "1000000"),
        ("3.14", "157/50"),
        (".5", "1/2"),
        ("1/2", "1/2"),
        ("2 1/2", "5/2"),
        ("2½", "5/2"),
        ("-½", "-1/2"),
        ("⅓", "1/3"),
        ("5 million", "5000000"),
        ("1.5 hundred thousand", "150000"),
        ("10^6", "1000000"),
        ("3 x 10^8", "300000000"),
        ("6.02*10²", "602"),
        ("10⁻³", "1/1000"),
        ("1e3", "1000"),
        ("16th", "16"),
        ("seven", "7"),
        ("one hundred and five", "105"),
        ("a dozen", "12"),
        ("a hundred", "100"),
        ("half a million", "500000"),
        ("one half", "1/2"),
        ("half", "1/2"),
        ("a third", "1/3"),
        ("two thirds", "2/3"),
        ("three-quarters", "3/4"),
        ("two and a half", "5/2"),
        ("two and a half million", "2500000"),
        ("third", "3"),
        ("twenty-third", "23"),
        ("one hundred and first", "101"),
        ("two hundredth", "200"),
        ("nineteen eighty-four", "1984"),
        ("minus five", "-5"),
        ("one thousand first", "1001"),
        ("a hundred thousand", "100000"),
        ("negative 5", "-5"),
    ],
)
def test_a_number_is_read_to_its_last_letter(text: str, value: str) -> None:
    """Digits, fractions, powers, words and ordinals have their exact value, and nothing is left."""
    number = read_number(text)
    assert number is not None
    assert (number.value, number.stop) == (Fraction(value), len(text))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "no one",
        "Million Dollar Baby",
        "1/0",
        "1 2/0",
        "10^999",
        "9" * 70,
        "minus",
        "minus (5)",
        "minus: 5",
    ],
)
def test_what_is_no_number_is_none(text: str) -> None:
    """Articles, scale words alone, divisions by zero and endless rows of digits are no number."""
    assert read_number(text) is None


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("101 Dalmatians", " Dalmatians"),
        ("5-6", "-6"),
        ("one and only", " and only"),
        ("twenty thirty forty", " forty"),
        ("half of the people", " of the people"),
        ("two point five", " point five"),
        ("one half third", " third"),
        ("one thousand a million", " a million"),
        ("two and five", " and five"),
        ("one hundred twenty thirty", " thirty"),
        ("twenty tenth", " tenth"),
    ],
)
def test_a_number_ends_where_its_words_end(text: str, left: str) -> None:
    """What does not belong to the number is left over."""
    number = read_number(text)
    assert number is not None
    assert text[number.stop :] == left


def test_a_number_says_where_and_how_it_is_written() -> None:
    """The numeral, its decimals and grouping commas, without sign word or scale."""
    number = read_number("in 1,234.50 million", 3)
    assert number is not None
    assert (number.start, number.end, number.decimals, number.grouped) == (3, 11, 2, True)
    assert (number.amount, number.value) == (Fraction("1234.50"), Fraction(1234500000))
    assert (number.numeral, number.ordinal, number.ratio) == (Numeral.DIGITS, "", False)


@settings(max_examples=150)
@given(st.integers(0, 10**9 - 1))
def test_a_spelled_number_means_what_its_digits_mean(number: int) -> None:
    """Words, plain digits and grouped digits have one value."""
    for text in (spell(number), str(number), f"{number:,}"):
        found = read_number(text)
        assert found is not None, text
        assert (found.value, found.stop) == (number, len(text))


@settings(max_examples=100)
@given(st.integers(-(10**9), 10**9), st.integers(0, 4))
def test_a_decimal_has_its_exact_value(digits: int, decimals: int) -> None:
    """No float ever comes between: the value is the fraction that the digits say."""
    text = f"{'-' if digits < 0 else ''}{abs(digits) / 10**decimals:.{decimals}f}"
    found = read_number(text)
    assert found is not None
    assert found.value == Fraction(text)


@given(st.integers(1, 39))
def test_roman_numerals_of_i_v_and_x_are_numbers_and_no_other_letters_are(number: int) -> None:
    """Upper case, two letters or more: "I" is a word, "MIX" and "vi" as well."""
    roman = to_roman(number).upper()
    found = read_roman(roman)
    assert (None if found is None else found.value) == (number if len(roman) > 1 else None)
    assert ROMAN[roman.lower()] == number
    assert read_roman(roman.lower()) is None
    assert read_roman("MIX") is None


def test_ordinals_end_as_they_are_spoken() -> None:
    """The teens end in "th", whatever their last digit."""
    numbers = (1, 2, 3, 4, 11, 12, 13, 21, 22, 101, 111)
    assert [suffix(number) for number in numbers] == [
        *("st", "nd", "rd", "th", "th", "th", "th", "st", "nd", "st", "th")
    ]
