"""What strangers write, made fit to be seen."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from underdog.report.tournament.text import LONGEST, LONGEST_NAME, visible, visible_name


@given(st.text(alphabet=st.characters(), max_size=300))
def test_nothing_that_hides_or_turns_text_is_left(text: str) -> None:
    """No control character but the end of a line, none that sets a direction, no half surrogate,
    and never more than three accents on one letter, whatever went in.
    """
    shown = visible(text)
    shown.encode("utf-8")
    for character in shown:
        if character not in "\n\t\u200c\u200d":
            assert unicodedata.category(character) not in {"Cc", "Cs"}, hex(ord(character))
            assert unicodedata.bidirectional(character) not in {
                *("LRE", "RLE", "PDF", "LRO", "RLO", "LRI", "RLI", "FSI", "PDI")
            }
    assert "\u0301" * 4 not in visible("e" + "\u0301" * 50)


def test_what_turned_is_spelt_out_and_the_rest_is_as_it_was() -> None:
    """A reader sees that something was there; languages and emoji are left alone."""
    assert visible("abc\u202edcba") == "abc[U+202E]dcba"
    for text in ("Ünïcode عربي עברית", "می\u200cخواهم", "👩\u200d🔬", "a\nb", "1 < 2 & 3"):
        assert visible(text) == text


def test_long_text_is_cut_and_says_how_long_it_was() -> None:
    """100 KB become a bounded text; a name becomes a short line that is never empty."""
    shown = visible("x" * 100_000)
    assert len(shown) < LONGEST + 40
    assert shown.endswith("… (100\u202f000 characters)")
    assert visible("a" + "\n" * 5000 + "b"[:0]).count("\n") <= 2
    assert len(visible_name("n" * 100_000)) == LONGEST_NAME
    assert visible_name(" \n ") == "(no name)"
    assert "\n" not in visible_name("two\nlines")
