"""The editions' rules."""

from __future__ import annotations

import pytest

from underdog.errors import InputError
from underdog.protocol.editions import EDITIONS, NEWEST, find_edition


def test_time_limits_are_those_on_the_slides() -> None:
    """10 s and 6 s in both editions of 2025, 13 s and 9 s in 2026."""
    limits = {name: (each.question_s, each.answer_s) for name, each in EDITIONS.items()}
    assert limits == {"2025-07": (10, 6), "2025-10": (10, 6), "2026-02": (13, 9)}


def test_the_code_s_token_limits_never_changed() -> None:
    """Slides say 100, nothing, 150; the code says 130, 1024, 50 and 512 in every edition."""
    assert [each.stated_question_tokens for each in EDITIONS.values()] == [100, None, 150]
    for each in EDITIONS.values():
        assert (each.question_tokens, each.question_total_tokens) == (130, 1024)
        assert (each.answer_tokens, each.answer_total_tokens) == (50, 512)


def test_an_edition_is_found_by_name() -> None:
    """The newest edition is one of them."""
    assert find_edition(NEWEST) is EDITIONS["2026-02"]


def test_an_unknown_edition_names_the_nearest() -> None:
    """The message lists what there is and what to type."""
    with pytest.raises(InputError, match=r"2025-07, 2025-10, 2026-02.*--edition 2025-10"):
        find_edition("2025-11")
