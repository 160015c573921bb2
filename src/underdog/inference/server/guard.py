"""What stands before every request: the key, the size, the time a body may take, the count.

In: an ASGI application. Out: one that strangers can be let near. The body is read here, whole and
bounded, so that no route waits for a client that sends slowly. Never: a look into the body.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from underdog.errors import InputError
from underdog.inference.server.faults import ApiError, stopping
from underdog.inference.server.service import Service

OPEN_PATHS = frozenset({"/health", "/ready"})
"""Answered without a key, also while stopping."""
HUNG_UP = 499
"""The status under which a client that went away is counted (nginx's custom)."""


@dataclass(frozen=True, slots=True)
class GuardConfig:
    """What a client may do before it is served."""

    api_key: str | None = None
    """The key that clients send as a bearer token; None lets everybody in."""
    body_bytes: int = 8 * 2**20
    """Largest body, at least 1: 8 MiB are some two million tokens."""
    body_s: float = 10.0
    """Seconds that sending a body may take, above 0."""
    linger_bytes: int = 256 * 2**20
    """Of a body that is too large, how much is read and thrown away after the reply, so that a
    client that sends before it listens gets to read it. Beyond, the connection is cut."""

    def __post_init__(self) -> None:
        if self.body_bytes < 1 or not self.body_s > 0:
            raise InputError("a body size and time above 0", got=f"{self}")


class _TooLarge(Exception):  # noqa: N818  (ends a read, never leaves this module)
    """The body exceeds the limit."""


class Guard:
    """The outermost part of the application."""

    def __init__(
        self, app: ASGIApp, *, service: Service, config: GuardConfig, routes: Collection[str]
    ) -> None:
        self._app, self._service, self._config = app, service, config
        self._routes = frozenset(routes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or read the body and pass the request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        start, status = time.monotonic(), HUNG_UP

        async def counted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._serve(scope, receive, counted)
        finally:
            path = scope["path"] if scope["path"] in self._routes else "other"
            self._service.metrics.request(path, status, time.monotonic() - start)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = dict(scope["headers"])
        fault = self._refusal(scope["path"], headers)
        if fault is not None:
            await self._refuse(fault, headers, receive, send)
            return
        try:
            async with asyncio.timeout(self._config.body_s):
                body = await self._read(receive)
        except TimeoutError:
            slow = f"The body took more than {self._config.body_s:g} s"
            await reply(_closing(ApiError(408, slow, "body_too_slow")), send)
            return
        except _TooLarge:
            await self._refuse(self._too_large(), headers, receive, send)
            return
        if body is not None:
            await self._app(scope, _replay(body, receive), send)

    def _refusal(self, path: str, headers: Mapping[bytes, bytes]) -> ApiError | None:
        """What can be told before the body: stopping, no key, too large by its own account."""
        if path in OPEN_PATHS:
            return None
        if self._service.draining:
            return stopping(self._service.retry_after_s)
        if not self._knows(headers.get(b"authorization", b"")):
            message = "A valid API key is needed: Authorization: Bearer KEY"
            wanted = {"www-authenticate": "Bearer"}
            return ApiError(401, message, "invalid_api_key", headers=wanted)
        length = headers.get(b"content-length", b"0")
        if length.isdigit() and int(length) > self._config.body_bytes:
            return self._too_large()
        return None

    def _knows(self, authorization: bytes) -> bool:
        key = self._config.api_key
        if key is None:
            return True
        scheme, _, token = authorization.partition(b" ")
        same = hmac.compare_digest(token.strip(), key.encode("utf-8"))
        return same and scheme.lower() == b"bearer"

    def _too_large(self) -> ApiError:
        message = f"A body of at most {self._config.body_bytes} bytes is taken"
        return ApiError(413, message, "body_too_large")

    async def _read(self, receive: Receive) -> bytes | None:
        """The whole body; None when the client went away."""
        body = bytearray()
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return None
            body += message.get("body", b"")
            if len(body) > self._config.body_bytes:
                raise _TooLarge
            if not message.get("more_body", False):
                return bytes(body)

    async def _refuse(
        self, fault: ApiError, headers: Mapping[bytes, bytes], receive: Receive, send: Send
    ) -> None:
        """Reply, then read what is still coming: a socket closed over unread data is reset, and a
        client that has sent everything first would never see the reply.
        """
        waits = headers.get(b"expect", b"").lower() == b"100-continue"
        await reply(_closing(fault), send, more=True)
        if not waits:
            await self._linger(receive)
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _linger(self, receive: Receive) -> None:
        left = self._config.linger_bytes
        try:
            async with asyncio.timeout(self._config.body_s):
                while left > 0:
                    message = await receive()
                    left -= len(message.get("body", b""))
                    if message["type"] == "http.disconnect" or not message.get("more_body"):
                        return
        except TimeoutError:
            return


async def reply(fault: ApiError, send: Send, *, more: bool = False) -> None:
    """Send an error as JSON; with `more` the caller ends the body (which is complete)."""
    body = json.dumps(fault.body).encode("utf-8")
    headers = {
        "content-type": "application/json",
        "content-length": str(len(body)),
        **fault.headers,
    }
    raw = [(name.encode("ascii"), value.encode("ascii")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": fault.status, "headers": raw})
    await send({"type": "http.response.body", "body": body, "more_body": more})


def _closing(fault: ApiError) -> ApiError:
    """The connection ends with the reply: what else is on it cannot be told from the body."""
    headers = {**fault.headers, "connection": "close"}
    return ApiError(fault.status, fault.message, fault.code, fault.param, headers)


def _replay(body: bytes, receive: Receive) -> Receive:
    """The body as one message, then whatever the connection says (that the client went away)."""
    given = False

    async def receive_again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive_again
