"""Says that a store has something new, to everybody who listens, as server-sent events.

In: a way to look at the store (`Pages.look`), and each listener's last mark. Out: one event per
change, with the mark as its id, so that a listener that comes back with it (Last-Event-ID) is told
at once what it missed, or nothing. Never: content; a listener fetches the page, which is one truth.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator

from underdog.errors import UnderdogError
from underdog.report.tournament.pages import Pages

POLL_S = 0.3
"""Between two looks; one that finds nothing new took 29 microseconds (2026-11-21, a busy core)."""
REST = 4.0
"""After pages of a change took t seconds to make, the next change is told no sooner than REST * t
later: onlookers get a fifth of a core at most, the tournament the rest."""
KEEP_ALIVE_S = 15.0
"""A comment that keeps proxies from closing a silent connection."""
RETRY_MS = 2000
"""What browsers are told to wait before they connect again."""
LISTENERS = 256
"""At a time; further ones are answered 503, and their pages reload by themselves."""


class Feed:
    """Lives in one event loop. Its `draining` and `in_flight` are for `listen`."""

    def __init__(self, pages: Pages, *, poll_s: float = POLL_S) -> None:
        self._pages, self._poll_s = pages, poll_s
        self._mark = pages.look()
        self._news = asyncio.Event()
        self._closed = False
        self._task: asyncio.Task[None] | None = None
        self.listeners = 0
        self.in_flight = 0

    @property
    def draining(self) -> bool:
        """Whether it has been told to end."""
        return self._closed

    @draining.setter
    def draining(self, value: bool) -> None:
        """Every stream ends at once."""
        self._closed = value
        self._tell()

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Watches the store meanwhile."""
        self._task = asyncio.create_task(self._watch())
        try:
            yield
        finally:
            self.draining = True
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def events(self, known: str | None) -> AsyncIterator[bytes]:
        """For one listener that has seen `known`."""
        self.listeners += 1
        try:
            yield f"retry: {RETRY_MS}\n\n".encode()
            while not self._closed:
                news = self._news
                if self._mark != known:
                    known = self._mark
                    yield _event(known, ended=self._pages.ended)
                    continue
                try:
                    async with asyncio.timeout(KEEP_ALIVE_S):
                        await news.wait()
                except TimeoutError:
                    yield b": nothing new\n\n"
        finally:
            self.listeners -= 1

    def _tell(self) -> None:
        told, self._news = self._news, asyncio.Event()
        told.set()

    async def _watch(self) -> None:
        while not self._closed:
            with contextlib.suppress(UnderdogError):  # told with the page that meets it again
                mark = await asyncio.to_thread(self._pages.look)
                if mark != self._mark:
                    self._mark = mark
                    self._tell()
            await asyncio.sleep(max(self._poll_s, REST * self._pages.made_s))


def _event(mark: str, *, ended: bool) -> bytes:
    data = json.dumps({"mark": mark, "ended": ended})
    return f"id: {mark}\nevent: news\ndata: {data}\n\n".encode()
