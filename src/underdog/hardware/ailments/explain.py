"""Reads a log, however long, and names what it complains of: one entry for each ailment.

In: a stream of bytes. Out: an Explanation: every ailment with how often it stands in the log, the
first line and its number. Memory is bounded by PIECE, whatever the length of the log or of its
lines: a line is judged by at most CONTEXT bytes on either side of the anchor. A tqdm bar that
rewrites its line with carriage returns counts as one line, of which the part with the anchor is
shown. Text in UTF-16, which PowerShell writes, is read too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from underdog.hardware.ailments.ailment import Ailment, known_ailments
from underdog.hardware.ailments.anchors import AnchorFinder
from underdog.hardware.doctor.finding import EXIT_STATUS, Severity

PIECE = 1 << 20
"""Bytes read at a time: small enough for the caches of a processor."""
CONTEXT = 2048
SHOWN = 300
"""Characters of a line that are shown."""
UTF16 = b"\xff\xfe"


class Stream(Protocol):
    """What is read from: an open file or a pipe, in bytes."""

    def read(self, size: int, /) -> bytes:
        """At most so many bytes; none at the end."""


@dataclass(frozen=True, slots=True)
class Found:
    """`count` lines show the ailment; `line_number` counts from 1; `line` is the first of them."""

    ailment: Ailment
    count: int
    line_number: int
    line: str

    def to_json(self) -> dict[str, Any]:
        """As a plain JSON object."""
        ailment = self.ailment
        return {
            "name": ailment.name,
            "title": ailment.title,
            "severity": ailment.severity.value,
            "count": self.count,
            "line_number": self.line_number,
            "line": self.line,
            "cause": ailment.cause,
            "fix": ailment.fix,
            "versions": ailment.versions,
            "link": ailment.link,
        }


@dataclass(frozen=True, slots=True)
class Explanation:
    """`found` is worst first, then by line; `known` ailments were looked for."""

    found: tuple[Found, ...]
    lines: int
    size_bytes: int
    known: int

    @property
    def exit_status(self) -> int:
        """0 nothing or harmless, 1 warnings, 2 errors."""
        return max((EXIT_STATUS[each.ailment.severity] for each in self.found), default=0)

    def to_json(self) -> dict[str, Any]:
        """As a plain JSON object."""
        return {
            "found": [each.to_json() for each in self.found],
            "lines": self.lines,
            "size_bytes": self.size_bytes,
            "known": self.known,
            "exit_status": self.exit_status,
        }


def explain(
    stream: Stream, ailments: tuple[Ailment, ...] | None = None, piece: int = PIECE
) -> Explanation:
    """Read to the end."""
    known = known_ailments() if ailments is None else ailments
    reader = _Reader(known)
    for content, last in _pieces(stream, piece):
        reader.take(content, last=last)
    order = list(Severity)
    found = sorted(
        reader.found.values(),
        key=lambda each: (-order.index(each.ailment.severity), each.line_number),
    )
    return Explanation(tuple(found), reader.lines, reader.size_bytes, len(known))


def finder_of(ailments: tuple[Ailment, ...]) -> AnchorFinder:
    """Finds their anchors, in the order of the ailments; their own prose says what is common."""
    prose = "\n".join(f"{each.title} {each.cause} {each.fix} {each.example}" for each in ailments)
    return AnchorFinder([anchor for each in ailments for anchor in each.anchors], prose.encode())


def _pieces(stream: Stream, size: int) -> Iterator[tuple[bytes, bool]]:
    """Pieces of the stream, and whether each is the last one."""
    content = stream.read(size)
    wide = content.startswith(UTF16)
    while True:
        following = stream.read(size)
        yield (content.replace(b"\0", b"") if wide else content), not following
        if not following:
            return
        content = following


@dataclass(slots=True)
class _Reader:
    """State between pieces. `kept` is the end of the text before, which anchors may reach out of;
    `lines` counts line ends up to the place that was counted last.
    """

    ailments: tuple[Ailment, ...]
    found: dict[str, Found] = field(default_factory=dict)
    size_bytes: int = 0
    kept: bytes = b""
    settled: int = 0
    ends: int = 0
    open_line: bool = False
    last_line: dict[str, int] = field(default_factory=dict)
    owners: list[Ailment] = field(init=False)
    leads: list[int] = field(init=False)
    finder: AnchorFinder = field(init=False)

    def __post_init__(self) -> None:
        pairs = [(anchor, each) for each in self.ailments for anchor in each.anchors]
        self.owners = [each for _, each in pairs]
        self.leads = [int(anchor.startswith(b"\n")) for anchor, _ in pairs]
        self.finder = finder_of(self.ailments)

    @property
    def lines(self) -> int:
        """Lines so far; a last one without its end counts."""
        return self.ends + self.open_line

    def take(self, content: bytes, *, last: bool) -> None:
        """Judge the anchors of `kept` and `content`, but those near the end only if it is the last.

        `settled` is the place in `kept` before which everything was judged.
        """
        text = self.kept + content
        array = np.frombuffer(text, np.uint8)
        until = len(text) if last else max(self.settled, len(text) - CONTEXT)
        counted = self.settled
        for found_at, index in self.finder.find(text):
            at = found_at + self.leads[index]
            if self.settled <= at < until:
                self.ends += text.count(b"\n", counted, at)
                counted = at
                self._judge(text, at, self.owners[index])
        self.ends += int(np.count_nonzero(array[counted:until] == 10))
        self.size_bytes += len(content)
        if last:
            self.open_line = bool(text) and not text.endswith(b"\n")
        start = max(0, until - CONTEXT)
        self.kept, self.settled = text[start:], until - start

    def _judge(self, text: bytes, at: int, ailment: Ailment) -> None:
        if self.last_line.get(ailment.name) == self.ends:
            return  # another anchor of it in the same line
        line = _line_around(text, at)
        if not ailment.shows_in(line):
            return
        self.last_line[ailment.name] = self.ends
        before = self.found.get(ailment.name)
        if before is None:
            shown = line.decode("utf-8", errors="replace").strip()
            found = Found(ailment, 1, self.ends + 1, _shortened(shown))
        else:
            found = Found(ailment, before.count + 1, before.line_number, before.line)
        self.found[ailment.name] = found


def _line_around(text: bytes, at: int) -> bytes:
    """The line around a place, at most CONTEXT bytes of it on either side."""
    low, high = max(0, at - CONTEXT), at + CONTEXT
    start = max(low, text.rfind(b"\n", low, at) + 1, text.rfind(b"\r", low, at) + 1)
    ends = [end for mark in (b"\n", b"\r") if (end := text.find(mark, at, high)) >= 0]
    return text[start : min(ends, default=high)]


def _shortened(line: str) -> str:
    return line if len(line) <= SHOWN else f"{line[:SHOWN]} [...]"
