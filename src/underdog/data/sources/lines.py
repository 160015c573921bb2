"""Lines of a text file in bounded memory, and text from bytes that are not quite UTF-8.

A line longer than LONGEST_LINE_BYTES comes back cut and marked; what follows it is skipped in
pieces, so that a file of one 50 MB line costs one piece of memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

LONGEST_LINE_BYTES = 1 << 20
"""1 MiB. The longest line of the 62 files this was made for has 0.6 KB."""
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_LOST_QUOTE = b"\xe2\x80?"
"""A right quotation mark (e2 80 9d) after a trip through Windows-1252, which has no 9d."""


class Line(NamedTuple):
    """`number` counts from 1; `content` has no line end; `cut` tells that more was skipped."""

    number: int
    content: bytes
    cut: bool


def read_lines(path: Path) -> Iterator[Line]:
    """Every line of a file. A byte order mark is left out; CR LF counts as one line end."""
    with path.open("rb") as stream:
        number = 0
        while piece := stream.readline(LONGEST_LINE_BYTES):
            number += 1
            cut = not piece.endswith(b"\n") and len(piece) == LONGEST_LINE_BYTES
            content = piece.removeprefix(_BYTE_ORDER_MARK) if number == 1 else piece
            yield Line(number, content.rstrip(b"\r\n"), cut)
            while cut and piece and not piece.endswith(b"\n"):
                piece = stream.readline(LONGEST_LINE_BYTES)


def repair_text(content: bytes) -> tuple[str, int]:
    """Text from UTF-8 with stray Windows-1252 bytes, and how many byte runs needed it.

    Only the runs that are no UTF-8 are read as Windows-1252 (Latin-1 where that has no letter).
    """
    try:
        return content.decode("utf-8"), 0
    except UnicodeDecodeError:
        pass
    repaired = content.count(_LOST_QUOTE)
    content = content.replace(_LOST_QUOTE, "”".encode())
    text = ""
    while True:
        try:
            return text + content.decode("utf-8"), repaired
        except UnicodeDecodeError as error:
            repaired += 1
            text += content[: error.start].decode("utf-8")
            text += _western(content[error.start : error.end])
            content = content[error.end :]


def _western(run: bytes) -> str:
    try:
        return run.decode("cp1252")
    except UnicodeDecodeError:
        return run.decode("latin-1")
