"""JSON files of any size, read piece by piece: members of the outer object, items of its arrays.

In: a text stream. Out: decoded values with the line they start on. Never: more in memory than one
piece and the one value being read; a whole number that went through a float.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from json.decoder import WHITESPACE  # type: ignore[attr-defined]  # not in typeshed
from pathlib import Path
from typing import Any, NamedTuple, TextIO, TypeVar

from underdog.errors import InputError
from underdog.runs.progress import SILENT, Progress

Item = TypeVar("Item")
PIECE_CHARACTERS = 1 << 20
_LARGEST_VALUE = 1 << 28
"""Characters of one value (not of an array of values): more is refused instead of collected."""
_IN_NUMBERS = frozenset("0123456789.eE+-")
_NEAR_END = 1 << 12
"""A fault this near to the end of what was read may be a value that goes on; read more first."""


class Member(NamedTuple):
    """A key of the outer object and the line (from 1) it stands on."""

    key: str
    line: int


class Text(NamedTuple):
    """A decoded value, the text it was decoded from, and where that starts, from 1."""

    value: Any
    source: str
    line: int
    column: int


class JsonStream:
    """Reads forward only. Faults are InputErrors with file and line."""

    def __init__(
        self,
        stream: TextIO,
        where: Path | str,
        *,
        piece_characters: int = PIECE_CHARACTERS,
        progress: Progress = SILENT,
    ) -> None:
        """`progress` is advanced by characters."""
        self._stream, self._where, self._piece = stream, where, piece_characters
        self._progress = progress
        self._decode = json.JSONDecoder().raw_decode
        self._buffer, self._ended = "", False
        self._began, self._at = 0, 0  # the last value's first character, and the next one to read
        self._counted, self._line = 0, 1
        self._dropped, self._line_start = 0, 0  # characters forgotten; where the line began
        self._pending = False
        self.closing_line = 1
        """The line of the outer object's last bracket, once `members` is through."""

    def members(self) -> Iterator[Member]:
        """The keys of the outer object. Before the next one is asked for, its value may be taken by
        `items`, `value` or `text`; else it is skipped.
        """
        self._expect("{", "an object, { ... }, as the outer value")
        if self._peek() == "}":
            self._at += 1
        else:
            yield from self._each_member()
        self.finish()

    def _each_member(self) -> Iterator[Member]:
        while True:
            self._peek()
            line = self.line
            key = self._scan()
            if not isinstance(key, str):
                raise self._fault("a key in quotation marks", line)
            self._expect(":", f"a colon after {key!r}")
            self._pending = True
            yield Member(key, line)
            if self._pending:
                self._skip()
            if self._ends("}"):
                self.closing_line = self.line
                return

    def items(self) -> Iterator[Any]:
        """The items of an array, one by one; the current value must be one. At the very start the
        outer value is the current one.
        """
        return self._each_item(self._scan_value)

    def item_texts(self) -> Iterator[Text]:
        """The same with their sources."""
        return self._each_item(self._scan_text)

    def finish(self) -> None:
        """InputError when anything but white space is left."""
        if self._peek() != "":
            raise self._fault("nothing after the outer value")

    def _each_item(self, read: Callable[[], Item]) -> Iterator[Item]:
        self._pending = False
        self._expect("[", "an array, [ ... ]")
        if self._peek() == "]":
            self._at += 1
            return
        while True:
            yield read()
            if self._ends("]"):
                return

    def _scan_value(self) -> Any:
        self._peek()
        return self._scan()

    def _scan_text(self) -> Text:
        self._peek()
        line = self.line
        column = self._dropped + self._at - self._line_start + 1
        value = self._scan()
        return Text(value, self._buffer[self._began : self._at], line, column)

    def value(self) -> Any:
        """The current value, whole."""
        self._pending = False
        return self._scan_value()

    def text(self) -> Text:
        """The current value with its source."""
        self._pending = False
        return self._scan_text()

    @property
    def line(self) -> int:
        """The line of the place that is read next, from 1."""
        lines = self._buffer.count("\n", self._counted, self._at)
        if lines:
            self._line += lines
            self._line_start = self._dropped + self._buffer.rfind("\n", 0, self._at) + 1
        self._counted = self._at
        return self._line

    def _skip(self) -> None:
        if self._peek() == "[":
            for _ in self.items():
                pass
        else:
            self.value()

    def _ends(self, close: str) -> bool:
        """Step over a comma (False) or the closing bracket (True)."""
        found = self._peek()
        if found not in (",", close):
            raise self._fault(f"a comma or {close}")
        self._at += 1
        return found == close

    def _expect(self, character: str, wanted: str) -> None:
        if self._peek() != character:
            raise self._fault(wanted)
        self._at += 1

    def _peek(self) -> str:
        """The next character that is no white space, empty at the end of the file."""
        while True:
            self._at = WHITESPACE.match(self._buffer, self._at).end()
            if self._at < len(self._buffer) or not self._more():
                return self._buffer[self._at : self._at + 1]

    def _scan(self) -> Any:
        """Decode the value at the current place and step behind it."""
        while True:
            size = len(self._buffer)
            try:
                value, end = self._decode(self._buffer, self._at)
            except (ValueError, RecursionError) as error:
                fault_at, reason, goes_on = _explain(error)
                if not (goes_on or fault_at >= size - _NEAR_END) or not self._more():
                    where = self.line + self._buffer.count("\n", self._at, max(fault_at, self._at))
                    raise self._fault(reason, where) from error
                continue
            # What looks like a whole number may go on: 1, 1., 1.5, 1.5e, 1.5e3.
            open_end = not isinstance(value, (str, list, dict)) and (
                end == size or self._buffer[end] in _IN_NUMBERS
            )
            if not open_end or not self._more():
                self._began, self._at = self._at, end
                return value

    def _more(self) -> bool:
        """Read another piece, forgetting what was consumed; False at the end of the file."""
        if self._ended:
            return False
        kept = len(self._buffer) - self._at
        if kept > _LARGEST_VALUE:
            raise self._fault(f"values of at most {_LARGEST_VALUE >> 20} million characters")
        try:
            # As much again as is kept, so that long values are not scanned over and over.
            piece = self._stream.read(max(self._piece, kept))
        except UnicodeDecodeError as error:
            raise self._fault(f"UTF-8 text ({error.reason})") from error
        self._progress.advance(len(piece))
        self._line = self.line
        self._dropped += self._at
        self._buffer = self._buffer[self._at :] + piece
        self._at = self._counted = 0
        self._ended = not piece
        return bool(piece)

    def _fault(self, wanted: str, line: int | None = None) -> InputError:
        shown = self._buffer[self._at : self._at + 40]
        return InputError(
            wanted,
            got=repr(shown) if shown else "the end of the file",
            where=f"{self._where}:{self.line if line is None else line}",
        )


class _Explained(NamedTuple):
    at: int
    reason: str
    goes_on: bool


def _explain(error: Exception) -> _Explained:
    """Where decoding failed, why, and whether the value may simply not be read to its end."""
    if isinstance(error, json.JSONDecodeError):
        return _Explained(error.pos, f"JSON ({error.msg})", error.msg.startswith("Unterminated"))
    return _Explained(-1, f"JSON that can be read ({error})", False)
