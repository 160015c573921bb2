"""Answers at the end of their working."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from underdog.data.sources.worked import LONGEST_ANSWER_CHARACTERS, Worked, read_worked


@pytest.mark.parametrize(
    ("text", "worked"),
    [
        ("5+4=<<5+4=9>>9\n#### 9", Worked("9", "5+4=9")),
        ("#### 1,080", Worked("1,080", "")),
        ("a #### b #### $7.50 ", Worked("$7.50", "a #### b")),
        ("It is <<not closed\n#### 3", Worked("3", "It is <<not closed")),
    ],
)
def test_gsm8k_answers_stand_behind_the_last_mark(text: str, worked: Worked) -> None:
    """The calculator's marks are no part of the working."""
    assert read_worked(text) == worked


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (r"so $x = \boxed{3}$.", "3"),
        (r"so $\boxed{\frac{3}{4}}$", r"\frac{3}{4}"),
        (r"first \boxed{1}, then \boxed{\text{two } \{2\}}.", r"\text{two } \{2\}"),
        (r"$x=\boxed 7$", "7"),
        (r"$x=\fbox{8}$", "8"),
        (r"\boxed{ 9 } units", "9"),
    ],
)
def test_math_answers_stand_in_the_last_box(text: str, key: str) -> None:
    """Braces are counted, escaped ones are letters; the whole solution explains."""
    assert read_worked(text) == Worked(key, text)


def test_a_box_alone_explains_nothing() -> None:
    """There is no working beside it."""
    assert read_worked(r"$\boxed{5}$.") == Worked("5", "")


@pytest.mark.parametrize(
    "text",
    [
        "", "72", "The box is red", r"\boxed{never closed", r"\boxed{}", "working ####",
        "a sandbox", "#### a\nb", f"#### {'9' * (LONGEST_ANSWER_CHARACTERS + 1)}",
    ],
)  # fmt: skip
def test_other_texts_are_no_worked_answers(text: str) -> None:
    """Nothing behind the mark, a box that never ends, no mark at all."""
    assert read_worked(text) is None


@given(st.text(st.sampled_from("ab{}\\boxed# <>$\n1"), max_size=60))
def test_no_text_makes_the_reader_fail(text: str) -> None:
    """It finds an answer of one line, or none."""
    worked = read_worked(text)
    assert worked is None or (worked.key and "\n" not in worked.key)
