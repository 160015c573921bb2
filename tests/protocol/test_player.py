"""What players are told."""

from __future__ import annotations

import pytest

from underdog.errors import InputError
from underdog.protocol.player import QuestionCall, StrippedQuestion


def test_a_stripped_question_has_the_official_shape_and_no_more() -> None:
    """Trap 10: the official file for the A-agent holds key and explanation; ours does not."""
    question = StrippedQuestion("Capital of Peru?", ("Quito", "Lima", "Bogota", "La Paz"))
    assert question.to_json() == {
        "question": "Capital of Peru?",
        "choices": ["A) Quito", "B) Lima", "C) Bogota", "D) La Paz"],
    }


@pytest.mark.parametrize(("start", "stop"), [(-1, 1), (1, 1), (0, 3), (2, 1)])
def test_a_call_stays_within_its_draw(start: int, stop: int) -> None:
    """At least one question, none beyond the topics."""
    with pytest.raises(InputError, match="a range of questions from 0 to 2"):
        QuestionCall(("arts", "arts"), 0, start, stop)
