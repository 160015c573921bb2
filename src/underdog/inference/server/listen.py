"""A socket, the application behind it, and an orderly end.

In: an application, and what is told when it is to end. Out: nothing; returns when the server has
stopped. On SIGTERM or SIGINT nothing new is taken while requests in flight are finished, at most
for the time of grace; a second signal ends at once. Never: the model, a route.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from underdog.errors import InputError

logger = logging.getLogger("underdog.server")

HEADER_S = 10.0
"""Seconds that a connection may take to send a request's headers; uvicorn itself waits for ever."""
KEEP_ALIVE_S = 30
"""Seconds that an idle connection stays open."""
POLL_S = 0.05
"""Between two looks at what is still in flight while stopping."""
LAST_WORDS_S = 0.5
"""After the last one, while connections that are kept alive still get a 503 rather than a cut."""


@dataclass(frozen=True, slots=True)
class ListenConfig:
    """Where to listen, and how long to finish what is in flight."""

    host: str = "127.0.0.1"
    port: int = 8000
    """0 takes any free port."""
    grace_s: float = 30.0
    """Seconds for what is in flight when the server is told to stop, at least 0."""
    connections: int = 2048
    """Open connections at a time; further ones are answered 503."""


class Stoppable(Protocol):
    """What serves, as far as its end is concerned."""

    draining: bool
    """Set once, when nothing new is to be taken."""

    @property
    def in_flight(self) -> int:
        """Requests that are still to be finished."""


def listen(
    app: ASGIApp,
    service: Stoppable,
    config: ListenConfig,
    *,
    begun: Callable[[str], None] = lambda _: None,
) -> None:
    """Serve until told to stop. `begun` gets the address once requests are taken."""
    held = _bound(config)
    host, port = held.getsockname()[:2]
    settings = uvicorn.Config(
        app,
        http=PatientProtocol,
        ws="none",
        lifespan="on",
        loop="asyncio",
        log_level="warning",
        access_log=False,
        server_header=False,
        limit_concurrency=config.connections,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=max(1, int(config.grace_s)),
    )
    address = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    StoppingServer(settings, service, config.grace_s, lambda: begun(address)).run([held])


def _bound(config: ListenConfig) -> socket.socket:
    try:
        found = socket.getaddrinfo(config.host, config.port, type=socket.SOCK_STREAM)
        family, kind, number, _, address = found[0]
        held = socket.socket(family, kind, number)
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind(address)
    except OSError as error:
        raise InputError(
            "an address that can be listened on",
            got=f"{config.host}:{config.port} ({error.strerror or error})",
            hint="another --port; 0 takes a free one",
        ) from error
    return held


class StoppingServer(uvicorn.Server):
    """Finishes what is in flight before it closes its socket."""

    def __init__(
        self, config: uvicorn.Config, service: Stoppable, grace_s: float, begun: Callable[[], None]
    ) -> None:
        super().__init__(config)
        self._service, self._grace_s, self._begun = service, grace_s, begun
        self._end_s: float | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Told when connections are taken."""
        await super().startup(sockets)
        self._begun()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Our own handlers: uvicorn's would raise the signal again when all is done, so that an
        orderly stop looked like a kill.
        """
        loop = asyncio.get_running_loop()
        signals = (signal.SIGINT, signal.SIGTERM)
        with contextlib.suppress(ValueError, RuntimeError):  # not in the main thread: no signals
            for each in signals:
                loop.add_signal_handler(each, self.stop)
        try:
            yield
        finally:
            with contextlib.suppress(ValueError, RuntimeError):
                for each in signals:
                    loop.remove_signal_handler(each)

    def stop(self) -> None:
        """Take nothing new; the second call waits for nothing."""
        if self._service.draining:
            self.should_exit = self.force_exit = True
            return
        self._service.draining = True
        self._end_s = time.monotonic() + self._grace_s
        logger.info("stopping: %d requests in flight", self._service.in_flight)

    async def on_tick(self, counter: int) -> bool:
        """Exit when nothing is in flight any more, or the grace is over."""
        if self._end_s is not None:
            while self._service.in_flight and time.monotonic() < self._end_s:
                if self.should_exit:
                    break
                await asyncio.sleep(POLL_S)
            if not self.should_exit:
                await asyncio.sleep(LAST_WORDS_S)
            self.should_exit = True
        return await super().on_tick(counter)


class PatientProtocol(H11Protocol):
    """HTTP/1.1 whose patience with the headers of a request has an end."""

    patience_s = HEADER_S

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """The first request is awaited from now."""
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        """Headers are complete when a request is being served."""
        super().data_received(data)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing to watch any more."""
        self._rest()
        super().connection_lost(exc)

    def _watch(self) -> None:
        serving = self.cycle is not None and not self.cycle.response_complete
        if serving or self.transport.is_closing():
            self._rest()
        elif self._patience is None:
            self._patience = self.loop.call_later(self.patience_s, self._give_up)

    def _rest(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _give_up(self) -> None:
        self._patience = None
        if not self.transport.is_closing():
            self.transport.close()
