"""Texts too short to ask anything."""

from __future__ import annotations

import pytest
from rows import asked, opened

from underdog.data.reject import Reason
from underdog.data.screening.fault import Fault
from underdog.data.screening.shortness import find_shortness

NICKNAMES = ("Mr. Gearhead", "Mr. Amazing", "Mr. Clutch")


@pytest.mark.parametrize("text", ["Jerry West", "Psalm 69", "Operation: Mindcrime", "Ooga-booga!"])
def test_a_bare_name_above_names_asks_nothing(text: str) -> None:
    """Its quiz said above what to do with it."""
    fault = Fault(Reason.TOO_SHORT, f"{text!r} asks nothing")
    assert find_shortness(asked(text, *NICKNAMES)) == fault
    assert find_shortness(opened(text, "Mr. Clutch")) == fault


def test_a_single_letter_asks_nothing() -> None:
    """Whatever the choices are."""
    assert find_shortness(asked("A", "lung cell", "tail cell")) is not None
    assert find_shortness(asked("?7", "lung cell", "tail cell")) is not None


@pytest.mark.parametrize(
    ("text", "choices"),
    [
        ("Fungi", ("can be eaten", "are plants")),
        ("Stars are", ("Hot gas", "Cold rock")),
        ("Calculate 6!", ("720", "36")),
        ("Define alarms.", ("What wakes", "Nothing")),
        ("Why?", ("Because", "So")),
        ("2+2", ("4", "5")),
        ("Snakes are deaf.", ("True", "False")),
        ("Bats fly", ("True", "False")),
    ],
)
def test_short_questions_and_sentences_to_complete_are_whole(
    text: str, choices: tuple[str, ...]
) -> None:
    """Short is no fault by itself."""
    assert find_shortness(asked(text, *choices)) is None
