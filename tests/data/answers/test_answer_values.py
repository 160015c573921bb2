"""Answers with a value: what is measured, counted, paid or dated."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from underdog.data.answers.kind import AnswerKind, DateParts
from underdog.data.answers.value import LONGEST_VALUE, Value, read_value

K = AnswerKind


def value_of(text: str) -> Value:
    """The value of a text that has one."""
    value = read_value(text)
    assert value is not None, text
    return value


@pytest.mark.parametrize(
    ("text", "kind", "value", "unit"),
    [
        ("7", K.INTEGER, "7", ""),
        ("about 50", K.INTEGER, "50", ""),
        ("56.4 million", K.INTEGER, "56400000", ""),
        ("VII", K.INTEGER, "7", ""),
        ("Five and a half", K.FRACTION, "11/2", ""),
        ("-13/4", K.FRACTION, "-13/4", ""),
        (".363", K.DECIMAL, "0.363", ""),
        ("50 %", K.PERCENT, "1/2", ""),
        ("fifty percent", K.PERCENT, "1/2", ""),
        ("30% of the population", K.PERCENT, "3/10", ""),
        ("$5 million", K.MONEY, "5000000", "USD"),
        ("-$5", K.MONEY, "-5", "USD"),
        ("$1.5M", K.MONEY, "1500000", "USD"),
        ("£20", K.MONEY, "20", "GBP"),
        ("20 euros", K.MONEY, "20", "EUR"),
        ("5 €", K.MONEY, "5", "EUR"),
        ("25 cents", K.MONEY, "1/4", "USD"),
        ("50p", K.MONEY, "1/2", "GBP"),
        ("one half of a cent", K.MONEY, "1/200", "USD"),
        ("$12 per hour", K.MONEY, "12", "USD/hour"),
        ("5 km", K.QUANTITY, "5000", "m"),
        ("half a mile", K.QUANTITY, "804.672", "m"),
        ("3.5 inches wide", K.QUANTITY, "0.0889", "m"),
        ("5-year", K.QUANTITY, "60", "month"),
        ("2 hours and 30 minutes", K.QUANTITY, "9000", "s"),
        ("5 feet 8 inches", K.QUANTITY, "1.7272", "m"),
        ("5'8\"", K.QUANTITY, "1.7272", "m"),
        ("100°C", K.QUANTITY, "373.15", "K"),
        ("300 000 km/s", K.QUANTITY, "300000000", "m/s"),
        ("65 million years ago", K.QUANTITY, "780000000", "month"),
        ("12 players", K.QUANTITY, "12", "players"),
        ("Two brothers", K.QUANTITY, "2", "brothers"),
        ("44 BC", K.YEAR, "-44", ""),
        ("AD 79", K.YEAR, "79", ""),
    ],
)
def test_a_value_is_exact_and_in_its_base_unit(
    text: str, kind: AnswerKind, value: str, unit: str
) -> None:
    """Numbers, shares, money in whole units and quantities in the base unit of their dimension."""
    found = value_of(text)
    assert (found.kind, found.value, found.unit) == (kind, Fraction(value), unit)


@pytest.mark.parametrize(
    "text",
    [
        *("", "no one", "76ers", "7UP", "Apollo 13", "Seven Samurai", "5-6", "10 to 20", "1-0"),
        *("(5)", "The 39 Steps", "10:30", "Around the World in 80 Days", "4 x 4", "1 in 5"),
        *(
            "5 km, 3 apples",
            "5 feet 8",
            "5 feet 1/0 inches",
            "$1st",
            "5 apples and 2 pears",
            "3 of them",
            "$",
            "$5 note",
        ),
        *("90% of its fat is saturated.", "the Beatles", "A Man", "second-hand", "5 big red cars"),
        "9" * (LONGEST_VALUE + 1),
    ],
)
def test_an_answer_that_only_holds_a_number_has_no_value(text: str) -> None:
    """Titles, names, ranges, scores, times of day and sentences are read as words."""
    assert read_value(text) is None


@pytest.mark.parametrize(
    ("text", "bound"),
    [
        ("over 50", ">"),
        ("at least 50", ">"),
        ("> 50", ">"),
        ("less than 10%", "<"),
        ("up to 3", "<"),
        ("early 1960s", "early"),
        ("the late 18th century", "late"),
        ("about 50", ""),
        ("in July 1776", ""),
    ],
)
def test_a_bound_is_kept_and_a_hedge_is_not(text: str, bound: str) -> None:
    """As bounds, "more than 50" is not 50; "about 50" is, for the purpose of comparing."""
    assert value_of(text).bound == bound


def test_a_date_stands_for_itself() -> None:
    """A day is a date, with its other reading where it has one."""
    assert value_of("1/2/2003") == Value(
        K.DATE, DateParts(2003, 1, 2), others=(("", DateParts(2003, 2, 1)),)
    )


def test_pounds_are_weight_and_money() -> None:
    """The text cannot tell: the second reading is kept."""
    found = value_of("5 pounds")
    assert (found.unit, found.others) == ("kg", (("GBP", Fraction(5)),))


def test_the_numeral_of_a_value_can_be_cut_out() -> None:
    """Conversion writes another number in its place."""
    for text, numeral, mark in (
        ("$5,000 million", "5,000", "$"),
        ("about 7 inches", "7", "inches"),
        ("16th", "16", "th"),
        ("44 BC", "44", "BC"),
        ("seven percent", "seven", "percent"),
    ):
        found = value_of(text)
        assert found.number is not None
        assert (text[found.number.start : found.number.end], found.mark) == (numeral, mark)


@settings(max_examples=80)
@given(st.integers(1, 10**7), st.sampled_from(["", "about ", "some "]))
def test_a_quantity_has_one_value_in_all_its_units(metres: int, hedge: str) -> None:
    """Metres, kilometres with decimals, and grouped digits."""
    spellings = (
        f"{metres} m",
        f"{metres / 1000:.3f} km",
        f"{metres:,} metres",
        f"{metres * 100} cm",
    )
    assert {value_of(hedge + text).value for text in spellings} == {Fraction(metres)}


@settings(max_examples=80)
@given(st.integers(1, 999), st.sampled_from([("thousand", 3), ("million", 6), ("billion", 9)]))
def test_money_has_one_value_with_and_without_its_scale_word(
    amount: int, scale: tuple[str, int]
) -> None:
    """As "$5 million", "$5,000,000", "5,000,000 dollars" and "$5M"."""
    word, power = scale
    full = amount * 10**power
    spellings = (f"${amount} {word}", f"${full:,}", f"{full:,} dollars", f"${amount}{word[0]}")
    readings = {(value_of(text).value, value_of(text).unit) for text in spellings[:3]}
    assert readings == {(Fraction(full), "USD")}
    short = read_value(spellings[3])
    assert short is None if word == "thousand" else value_of(spellings[3]).value == full


@settings(max_examples=200)
@given(st.text(max_size=40) | st.from_regex(r"[0-9 .,/$%a-f^x+'-]{0,20}", fullmatch=True))
def test_reading_a_value_never_raises(text: str) -> None:
    """Whatever the text."""
    value = read_value(text.strip())
    assert value is None or isinstance(value.value, Fraction | DateParts)
