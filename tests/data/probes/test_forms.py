"""Measures of the surface of choices."""

from __future__ import annotations

import numpy as np
import pytest

from underdog.data.probes.forms import measure_forms
from underdog.data.probes.sheet import draw
from underdog.mcq.question import Question


def column(choices, name):
    """The value of each choice, in the order given."""
    sheet = draw([Question("?a", tuple(choices), 0)], groups=None, seed=0, limit=1).sheet
    forms = measure_forms(sheet)
    values = forms.values[:, forms.names.index(name)]
    return [float(values[sheet.texts.index(text)]) for text in choices]


@pytest.mark.parametrize(
    ("name", "choices", "expected"),
    [
        ("characters", ("ab", "abcd"), [np.log(3), np.log(5)]),
        ("words", ("one", "one more"), [0, np.log(2)]),
        ("capital first", ("Ab", "bB", "1A"), [1, 0, 0]),
        ("capital words", ("Ab Cd", "bb Cd", "cc cd"), [np.log(3), np.log(2), 0]),
        ("small words", ("Ab Cd", "bb Cd"), [0, np.log(2)]),
        ("capitals", ("AB", "Ac", "ad"), [1, 0.5, 0]),
        ("no capitals", ("AB", "ac", "1"), [0, 1, 1]),
        ("foreign letters", ("Zoë", "Zoe"), [np.log(2), 0]),
        ("loose blanks", ("a b", "a  c", " d"), [0, 2, 1]),
        ("full stops", ("U.S.", "US"), [np.log(3), 0]),
        ("percent signs", ("5%", "5"), [np.log(2), 0]),
        ("number", ("about 7", "seven"), [1, 0]),
        ("size", ("1,000", "10"), [np.log(1001), np.log(11)]),
        ("digits", ("1,000", "10.25", "x"), [4, 2, 0]),
        ("trailing zeros", ("1,000", "101", "120"), [3, 0, 1]),
        ("even", ("12", "13"), [1, 0]),
        ("ends in 5", ("15", "51"), [1, 0]),
        ("decimals", ("1.25", "3"), [2, 0]),
    ],
)
def test_measures(name, choices, expected):
    """Each measure is what its name says."""
    assert np.allclose(column(choices, name), expected, atol=1e-6)


def test_the_distance_column_finds_the_middle():
    """The value nearest to the question's mean has the least distance."""
    assert np.argmin(column(("a", "abcd", "abcdefghijkl"), "distance of characters")) == 1


def test_the_hub_is_most_like_the_others():
    """The choice that the others are variants of has the greatest likeness, and the odd one out
    the least; numbers count as near when their ratio is.
    """
    choices = ("barking mad", "barking sad", "larking mad", "zebra")
    likeness = column(choices, "likeness")
    assert np.argmax(likeness) == 0
    assert np.argmin(likeness) == 3
    assert np.argmin(column(("10", "20", "40", "9000"), "from other sizes")) == 1


def test_common_trigrams_are_counted_over_all_choices():
    """A choice made of what many choices share is more common than one of its own."""
    common = column(("rivers", "river", "riverside", "sphinx"), "common trigrams")
    assert np.argmin(common) == 3
