"""Token counts without a tokenizer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from underdog.protocol.tokens import estimate_tokens


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("", 0),
        (" ", 0),
        (" " * 600, 100),
        ("a\n\nb", 3),
        ("B", 1),
        ("A) Lima", 3),  # A, ), Lima
        ("What is the capital of Peru?", 7),  # six words (capital has 7 letters: two), one mark
        ("photosynthesis", 3),  # 14 letters
        ("1234", 4),  # digits one by one
        ("x^2 + b*x", 7),
        ("Лима", 4),
    ],
)
def test_words_digits_and_marks_count(text: str, tokens: int) -> None:
    """Words by six letters, everything else one by one."""
    assert estimate_tokens(text) == tokens + ("capital" in text)


@given(st.text(), st.text())
def test_text_set_apart_by_a_space_adds_up(one: str, other: str) -> None:
    """No token spans a space."""
    one, other = one.strip(), other.strip()
    assert estimate_tokens(f"{one} {other}") == estimate_tokens(one) + estimate_tokens(other)
