"""Which questions have two possible answers."""

import pytest

from underdog.data.conversion.two_options import find_two_options, names_its_options


@pytest.mark.parametrize(
    ("text", "answer", "options"),
    [
        ("Is the sun a star?", "Yes", ("Yes", "No")),
        ("Is the sun a planet?", "no.", ("yes.", "no.")),
        ("True or false: cats are dogs.", "FALSE", ("TRUE", "FALSE")),
        ("Cats are dogs.", "False", ("True", "False")),
        ("Does it rain, yes or no?", "Yes, it does", ("Yes, it does", "No it does not")),
        ("Who is taller, Ann Lee or Bob Ray?", "Bob Ray", ("Ann Lee", "Bob Ray")),
        ("Who is taller, Ann Lee or Bob Ray?", "Ann Lee", ("Ann Lee", "Bob Ray")),
        ("Is a tomato a fruit or a vegetable?", "Vegetable", ("Fruit", "Vegetable")),
        ("Is a tomato a fruit or a vegetable?", "A fruit", ("A fruit", "A vegetable")),
        ("Is lead heavier or lighter than gold?", "lighter", None),
        ("Is lead heavier or lighter?", "lighter", ("heavier", "lighter")),
        ("Which band wrote Roundabout?", "Yes", None),
        ("In French, what does non mean?", "No", None),
        ("What is the 25th letter?", "Y", None),
        ("Did it end well (y/n)? Is it over?", "Y", ("Y", "N")),
        ("Which side is starboard?", "Right", None),
        ("What is the capital of France?", "Paris", None),
        ("Was it he or she or they?", "she", None),
        ("Which is it, this or that one here?", "neither", None),
        ("Cats or dogs?", "Dogs", None),
        ("What is tea or coffee made of when you are at home or at work?", "leaves", None),
    ],
)
def test_options_are_found(text: str, answer: str, options: tuple[str, str] | None) -> None:
    """Yes/no, true/false and "A or B?" have two options, in the order in which they are named and
    written like the answer; other questions have none.
    """
    assert find_two_options(text, answer) == options


@pytest.mark.parametrize(
    ("text", "answer", "named"),
    [
        ("Is it red, green or blue?", "red", True),
        ("Is it red, green, or blue?", "the red", True),
        ("Is it red, green or blue?", "re", False),
        ("Is it red, green or blue?", "yellow", False),
        ("Which colour is red?", "red", False),
        ("Is it red or blue?", "red", False),
    ],
)
def test_lists_of_options_are_seen(text: str, answer: str, named: bool) -> None:
    """An answer that stands in a list of three or more options is seen, word for word."""
    assert names_its_options(text, answer) is named
