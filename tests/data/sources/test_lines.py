"""Lines in bounded memory, and text from bytes that are not quite UTF-8."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from underdog.data.sources.lines import LONGEST_LINE_BYTES, read_lines, repair_text


def test_line_ends_and_the_byte_order_mark_are_left_out(tmp_path: Path) -> None:
    """LF, CR LF and no end at all; numbers count from 1."""
    path = tmp_path / "f"
    path.write_bytes(b"\xef\xbb\xbfone\r\ntwo\n\nfour")
    assert [tuple(line) for line in read_lines(path)] == [
        (1, b"one", False),
        (2, b"two", False),
        (3, b"", False),
        (4, b"four", False),
    ]


def test_a_line_beyond_the_limit_is_cut_and_the_next_one_is_whole(tmp_path: Path) -> None:
    """Three limits long: one cut line, then the rest of the file as it is."""
    path = tmp_path / "f"
    path.write_bytes(b"x" * (3 * LONGEST_LINE_BYTES) + b"\nnext\n")
    first, second = read_lines(path)
    assert (first.number, len(first.content), first.cut) == (1, LONGEST_LINE_BYTES, True)
    assert tuple(second) == (2, b"next", False)


def test_a_line_of_exactly_the_limit_without_an_end_is_whole_enough(tmp_path: Path) -> None:
    """The last line may fill the limit to the byte; nothing follows it."""
    path = tmp_path / "f"
    path.write_bytes(b"x" * LONGEST_LINE_BYTES)
    assert len(list(read_lines(path))) == 1


@pytest.mark.parametrize(
    ("content", "text", "repaired"),
    [
        (b"Caf\xc3\xa9", "Café", 0),
        (b"Caf\xe9", "Café", 1),
        (b"\x93east\x94 and Caf\xc3\xa9", "“east” and Café", 2),
        (b"\xe2\x80\x9cKing\xe2\x80? of", "“King” of", 1),
        (b"\x81", "\x81", 1),
        (b"cut \xe2\x82", "cut â‚", 1),
    ],
)
def test_stray_western_bytes_become_letters(content: bytes, text: str, repaired: int) -> None:
    """Only what is no UTF-8 is read as Windows-1252; a lost closing quote comes back."""
    assert repair_text(content) == (text, repaired)


@given(st.text())
def test_whole_utf8_is_never_changed(text: str) -> None:
    """Repair does nothing to text that needs none."""
    content = text.encode("utf-8", "ignore")
    assert repair_text(content) == (content.decode(), 0)


@given(st.binary())
def test_any_bytes_become_text(content: bytes) -> None:
    """Repair never fails."""
    assert isinstance(repair_text(content)[0], str)
