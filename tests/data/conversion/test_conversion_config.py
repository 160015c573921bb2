"""The settings of a conversion."""

import pytest

from underdog.data.conversion.config import ConversionConfig, TwoOptions
from underdog.errors import InputError


def test_defaults_are_the_competition_s() -> None:
    """Four choices, and two for yes/no."""
    assert ConversionConfig() == ConversionConfig(4, TwoOptions.KEEP, 96, 120, 2026)


def test_words_of_a_recipe_are_understood() -> None:
    """Settings read from a file name the enumeration by its value."""
    assert ConversionConfig(yes_no="reject").yes_no is TwoOptions.REJECT  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"choices": 2}, "3 to 8 choices; got 2"),
        ({"choices": 9}, "3 to 8 choices; got 9"),
        ({"cell": 23}, "a cell of 24 to 1000 answers; got 23"),
        ({"longest_answer": 0}, "a longest_answer of 1 to 2000; got 0"),
        ({"latest_year": 10000}, "a latest_year from 1900 to 9999; got 10000"),
    ],
)
def test_impossible_settings_are_named(settings: dict[str, int], message: str) -> None:
    """A setting out of its range raises, and the message says which range."""
    with pytest.raises(InputError, match=message):
        ConversionConfig(**settings)  # type: ignore[arg-type]
