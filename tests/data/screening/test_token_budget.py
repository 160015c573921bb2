"""Rows beyond the token budget, with any way of counting."""

from __future__ import annotations

from rows import asked, opened

from underdog.data.reject import Reason
from underdog.data.screening.fault import Fault
from underdog.data.screening.token_budget import find_excess
from underdog.protocol.tokens import estimate_tokens


def test_text_and_choices_count_together() -> None:
    """Exactly the limit is allowed, one more is not; an open question counts its answer."""
    item = asked("one two three", "four", "five")
    assert find_excess(item, 5, estimate_tokens) is None
    assert find_excess(item, 4, estimate_tokens) == Fault(
        Reason.OVER_TOKEN_BUDGET, "5 tokens, at most 4"
    )
    assert find_excess(opened("one two three", "four"), 3, estimate_tokens) == Fault(
        Reason.OVER_TOKEN_BUDGET, "4 tokens, at most 3"
    )


def test_short_texts_are_not_even_counted() -> None:
    """A token holds at least a byte, and "é" is two of them."""

    def never(text: str) -> int:
        raise AssertionError(text)

    assert find_excess(asked("x" * 40, "y", "z"), 44, never) is None
    assert find_excess(asked("é" * 40, "y", "z"), 84, never) is None
    assert find_excess(asked("é" * 40, "y", "z"), 44, lambda text: len(text.encode())) is not None
