"""From tokens to text while tokens are still coming.

In: token ids one by one. Out: whole characters, held back while they may belong to a stop text.
Never: half a character, a part of a stop text.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

Decode = Callable[[Sequence[int]], str]

BROKEN = "\ufffd"
"""What a decoder gives for bytes that are no character yet."""


class TextStream:
    """The text of one reply as it grows."""

    def __init__(self, decode: Decode, stop: Sequence[str] = ()) -> None:
        self._decode, self._stop = decode, tuple(stop)
        self._ids: list[int] = []
        self._start = self._read = 0
        self._held = ""
        self.stopped = False

    def add(self, token: int) -> str:
        """The text that is certain now. After a stop text, `stopped` is true and nothing comes."""
        self._ids.append(token)
        # Decoding from a few tokens back: a tokenizer may treat the first one of a text apart
        # (SentencePiece drops its space), so that pieces decoded alone do not add up to the text.
        before = self._decode(self._ids[self._start : self._read])
        now = self._decode(self._ids[self._start :])
        if len(now) <= len(before) or now.endswith(BROKEN):
            return ""
        self._start, self._read = self._read, len(self._ids)
        return self._release(now[len(before) :])

    def finish(self) -> str:
        """What was held back, when no stop text came; bytes that are no character included."""
        if self.stopped:
            return ""
        before = self._decode(self._ids[self._start : self._read])
        rest = self._decode(self._ids[self._start :])[len(before) :]
        self._start = self._read = len(self._ids)
        fresh = self._release(rest)
        held, self._held = self._held, ""
        return fresh + held

    def _release(self, fresh: str) -> str:
        text = self._held + fresh
        places = [place for place in (text.find(each) for each in self._stop) if place >= 0]
        if places:
            self.stopped, self._held = True, ""
            return text[: min(places)]
        kept = max((_overlap(text, each) for each in self._stop), default=0)
        self._held = text[len(text) - kept :]
        return text[: len(text) - kept]


def _overlap(text: str, stop: str) -> int:
    """Length of the longest end of `text` that is a true beginning of `stop`."""
    sizes = range(min(len(text), len(stop) - 1), 0, -1)
    return next((size for size in sizes if text.endswith(stop[:size])), 0)
