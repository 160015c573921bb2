"""Labels, marks and placeholders inside choices."""

from __future__ import annotations

import pytest
from rows import asked

from underdog.data.reject import Reason
from underdog.data.screening.fault import Fault
from underdog.data.screening.labels import find_labels


@pytest.mark.parametrize(
    ("choices", "detail"),
    [
        (("B) Oslo", "A) Rome"), "choice 2: 'A) Rome'"),
        (("Paris", "(b) Oslo", "(c) Rome"), "choice 3: '(c) Rome'"),
        (("1) Oslo", "2] Rome", "Lima"), "choice 2: '2] Rome'"),
        (("Oslo (correct)", "Rome"), "choice 1: 'Oslo (correct)'"),
        (("Oslo", "Rome [correct answer]"), "choice 2: 'Rome [correct answer]'"),
        (("Oslo", "Option 2"), "choice 2: 'Option 2'"),
        (("Oslo", "choice C"), "choice 2: 'choice C'"),
        (("Oslo", "Distractor1"), "choice 2: 'Distractor1'"),
    ],
)
def test_what_belongs_to_the_page_is_found(choices: tuple[str, ...], detail: str) -> None:
    """Labels that the reader could not take off, the key marked, a choice without text."""
    assert find_labels(asked("Which?", *choices)) == Fault(Reason.LABEL_IN_CHOICE, detail)


@pytest.mark.parametrize(
    "choices",
    [
        ("1) Malay, 2) Azeri", "1) Azeri, 2) Malay"),
        ("A) Oslo", "Rome"),
        ("D. H. Lawrence", "E. M. Forster"),
        ("f(x) = 2", "g(x) = 3"),
        ("a.m.", "p.m."),
        ("politically correct", "correct"),
        ("Optional", "Choices"),
        ("5) ", "6) "),
        ("Option A", "Option B"),
    ],
)
def test_choices_that_only_look_so_are_left(choices: tuple[str, ...]) -> None:
    """The same label in each, one label alone, initials, functions, words."""
    assert find_labels(asked("Which?", *choices)) is None
