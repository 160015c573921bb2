"""The views that rules take of a row."""

from __future__ import annotations

from rows import asked, opened


def test_a_row_is_seen_in_parts_with_names() -> None:
    """The text, then the choices; the answer in place of choices for an open question."""
    item = asked("Which?", "Oslo", "Lima", right=1)
    assert item.parts == ("Which?", "Oslo", "Lima")
    assert [item.name_part(place) for place in range(3)] == ["text", "choice 1", "choice 2"]
    assert (item.answer, item.whole, item.low_whole) == (
        "Lima", "Which?\nOslo\nLima", "which?\noslo\nlima",
    )  # fmt: skip
    question = opened("Which?", "Lima")
    assert question.parts == ("Which?", "Lima")
    assert [question.name_part(place) for place in range(2)] == ["text", "answer"]
    assert (question.right, question.choices) == (None, ())
