"""Questions that ask what is not so."""

import pytest

from underdog.data.conversion.convert import PoolAnswer, convert
from underdog.data.conversion.negated import asks_what_is_not
from underdog.data.open_question import OpenQuestion
from underdog.data.reject import Reason


@pytest.mark.parametrize(
    "text",
    [
        "Which lake is NOT one of the Great Lakes?",
        "Who was not one of the creators of the show?",
        "What does an elephant not do with its trunk?",
        "Which actress doesnt belong with the others?",
        "Which city didn't serve as the capital?",
        "He played in all of them. Of the films below, which was not a success?",
        "It leads to all of the following EXCEPT this one.",
        "Which country has never been a member of the union?",
    ],
)
def test_an_exception_is_asked_for(text: str) -> None:
    """However it is written, with or without an apostrophe."""
    assert asks_what_is_not(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Which lake is one of the Great Lakes?",
        "Who said, I dont care?",
        "Which film contains the line, It is not over?",
        "Who is the only king who was not crowned?",
        "His best known song, which is not about a dancer, was sung by whom?",
        "What percentage of people do not vote?",
        "WHICH LAKE IS NOT DEEP AT ALL SAID HE?",
        "Nothing was there. Who came?",
    ],
)
def test_other_questions_only_have_a_not_in_them(text: str) -> None:
    """Quotations, shares, asides, and what there is one of."""
    assert not asks_what_is_not(text)


def test_exceptions_are_not_converted() -> None:
    """Other lakes would be right as well, so the reason is told and none is offered."""
    pool = [PoolAnswer(f"Lake {name}", f"Which lake is near {name}?") for name in "ABCDEFGHIJKL"]
    asked = OpenQuestion("lakes.csv", 1, "Which lake is not one of the Great Lakes?", "Lake Zug")
    made = convert([asked], seed=1, pool=pool)
    assert not made.rows
    (reject,) = made.rejects
    assert reject.reason is Reason.TOO_FEW_DISTRACTORS
    assert reject.detail == "it asks what is not so: other answers are right as well"
