"""Choices that repeat the question."""

from __future__ import annotations

from rows import asked, opened

from underdog.data.reject import Reason
from underdog.data.screening.echo import find_echo
from underdog.data.screening.fault import Fault


def test_a_choice_that_holds_the_whole_question_is_found() -> None:
    """Equal to it, or with it inside, whatever case and marks."""
    text = "What is the capital of Peru?"
    for choice in (text, "WHAT is the capital of Peru", f"The question: {text} It is Lima"):
        assert find_echo(asked(text, "Lima", choice)) == Fault(
            Reason.REPEATS_QUESTION, f"choice 2: {choice!r}"
        )
    assert find_echo(opened(text, text)) == Fault(Reason.REPEATS_QUESTION, f"answer: {text!r}")


def test_parts_of_the_question_and_short_stems_are_left() -> None:
    """An answer may stand in its question, and a choice may complete a stem of one or two words."""
    assert find_echo(asked("What is the name of the island of Taiwan?", "Java", "Taiwan")) is None
    assert find_echo(asked("The moon", "the moon orbits the earth", "it is a star")) is None
    assert find_echo(asked("Who was it?", "It is who it was and not she", "She")) is None
    assert find_echo(opened("What is the capital of Peru?", "Lima")) is None
