"""The routes of the live pages.

In: pages and their feed. Out: an ASGI application that answers GET and HEAD only. Never: a file
opened for a path, a header left to the browser's guess, a word from or to another host.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import FastAPI, Header, Request, Response
from fastapi.responses import HTMLResponse, PlainTextResponse, StreamingResponse
from starlette.datastructures import MutableHeaders
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from underdog.errors import UnderdogError
from underdog.report.tournament.live.feed import LISTENERS, Feed
from underdog.report.tournament.pages import SCRIPT_NAME, STYLE_NAME, Pages, script, style

SECURITY = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "cache-control": "no-cache",
}
"""Of every reply: scripts and styles are our own two files; nothing may frame or read a page."""
LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
_METHODS = ["GET", "HEAD"]


def create_app(pages: Pages, feed: Feed, *, hosts: Collection[str] = LOOPBACK) -> ASGIApp:
    """`hosts`: names under which it may be asked for, "*" for any. A web page elsewhere can point a
    name of its own at 127.0.0.1, and must not read ours under it.
    """

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with feed.running():
            yield

    app = FastAPI(openapi_url=None, lifespan=lifespan)

    @app.exception_handler(UnderdogError)
    async def told(_: Request, error: UnderdogError) -> Response:
        return PlainTextResponse(str(error), 503)

    @app.api_route(f"/{STYLE_NAME}", methods=_METHODS)
    async def styled() -> Response:
        return Response(style(), media_type="text/css")

    @app.api_route(f"/{SCRIPT_NAME}", methods=_METHODS)
    async def scripted() -> Response:
        return Response(script(), media_type="text/javascript")

    @app.get("/events")
    async def events(
        after: str | None = None, last_event_id: Annotated[str | None, Header()] = None
    ) -> Response:
        """A listener that comes back says what it knows in a header, a new one in the address."""
        if feed.listeners >= LISTENERS:
            return PlainTextResponse("too many listeners", 503)
        known = after if last_event_id is None else last_event_id
        return StreamingResponse(feed.events(known), media_type="text/event-stream")

    @app.api_route("/{path:path}", methods=_METHODS)
    def page(path: str) -> Response:
        found = pages.page(path or "index.html")
        return HTMLResponse(pages.missing(), 404) if found is None else HTMLResponse(found)

    return _Guarded(TrustedHostMiddleware(app, allowed_hosts=list(hosts), www_redirect=False))


class _Guarded:
    """Puts the headers on whatever is replied, refusals included."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(SECURITY)
            await send(message)

        await self._app(scope, receive, guarded)
