"""Numbers inside answers, and others in their place."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from underdog.data.answers.read import read_answer
from underdog.data.conversion.figures import Figure, read_figure, spell
from underdog.data.conversion.slips import Bounds


def figure(text: str, question: str = "How many are there?") -> Figure:
    found = read_figure(read_answer(text, question))
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("text", "value", "written"),
    [
        ("17", 23, "23"),
        ("1,250", 99000, "99,000"),
        ("1250", 99000, "99000"),
        ("0.75", 8, "0.08"),
        ("-40", 40, "40"),
        ("$5 million", 6, "$6 million"),
        ("35%", 7, "7%"),
        ("1 year", 3, "3 years"),
        ("3 years", 1, "1 year"),
        ("2 feet", 1, "1 foot"),
        ("1 inch", 12, "12 inches"),
        ("1 baby", 2, "2 babies"),
        ("4 babies", 1, "1 baby"),
        ("7 boxes", 1, "1 box"),
        ("7 movies", 1, "1 movie"),
        ("60 minutes", 1, "1 minute"),
        ("1 glass", 3, "3 glasses"),
        ("5 km", 1, "1 km"),
        ("five", 21, "twenty-one"),
        ("Five", 30, "Thirty"),
        ("11th", 22, "22nd"),
    ],
)
def test_another_number_takes_the_form(text: str, value: int, written: str) -> None:
    """Commas, decimals, sign, mark, unit, ordinal ending, words and capitals stay as they were."""
    assert figure(text).write(value, grouped=False) == written


def test_what_does_not_fit_is_not_written() -> None:
    """A number too large for words, and 1 of something that is no plural, cannot be written."""
    assert figure("five").write(100, grouped=False) is None
    assert figure("3 series").write(1, grouped=False) == "1 series"
    assert figure("3 people").write(1, grouped=False) == "1 person"
    assert figure("3 people")._replace(after=" oxen").write(1, grouped=False) is None


def test_thousands_follow_the_set_where_a_number_does_not_tell() -> None:
    """900 becomes 1,800 or 1800 as the other answers write theirs; a year never takes a comma."""
    small = figure("900")
    assert (small.write(1800, grouped=True), small.write(1800, grouped=False)) == ("1,800", "1800")
    year = figure("1969", "In what year did it happen?")
    assert year.write(1970, grouped=True) == "1970"


@pytest.mark.parametrize("text", ["5 feet 2 inches", "10 to 12", "3/4", "Paris", "XIV", "2^10"])
def test_answers_without_one_plain_number_have_no_figure(text: str) -> None:
    """Two numbers, a fraction, a power, a Roman numeral or a name are no figure."""
    assert read_figure(read_answer(text, "How much is it?")) is None


@given(st.integers(0, 10**9), st.integers(0, 3))
def test_writing_the_same_number_changes_nothing(value: int, places: int) -> None:
    """A figure that writes its own value gives the text it was read from."""
    whole, part = divmod(value, 10**places)
    text = f"{whole}.{part:0{places}d}" if places else str(whole)
    found = read_figure(read_answer(text, "How many are there?"))
    assert found is not None
    assert (found.value, found.write(found.value, grouped=False)) == (value, text)


def test_bounds_know_the_kind() -> None:
    """No year beyond the latest one or the right one, no share above the whole, no number below
    zero where none is, nothing close to a rough number.
    """
    year = figure("1969", "In what year did it happen?")
    assert year.bounds(latest_year=2026, negatives=False) == Bounds(1, 2026)
    assert year._replace(value=2050).bounds(latest_year=2026, negatives=False).high == 2050
    share = figure("35%").bounds(latest_year=2026, negatives=False)
    assert (share.low, share.high, share.whole) == (0, 100, 100)
    assert figure("150%").bounds(latest_year=2026, negatives=False).whole is None
    assert figure("-4").bounds(latest_year=2026, negatives=False).low < 0
    assert figure("4").bounds(latest_year=2026, negatives=True).low < 0
    rough = figure("about 8 minutes", "How long does it take?")
    assert rough.bounds(latest_year=2026, negatives=False).least_change == 0.15
    assert rough.bounds(latest_year=2026, negatives=False).factors == (60, 24, 7)


def test_numbers_below_a_hundred_are_spelled() -> None:
    """0 to 99 have words, others none; all words differ."""
    words = [spell(value) for value in range(100)]
    assert (words[0], words[13], words[40], words[99]) == (
        "zero",
        "thirteen",
        "forty",
        "ninety-nine",
    )
    assert len(set(words)) == 100
    assert (spell(-1), spell(100)) == (None, None)
