"""The live pages behind a real uvicorn in a thread of this process."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import uvicorn

from patience import PATIENCE_S
from underdog.inference.server.listen import PatientProtocol, StoppingServer
from underdog.report.tournament.live.app import create_app
from underdog.report.tournament.live.feed import Feed
from underdog.report.tournament.onlooker import Onlooker
from underdog.report.tournament.pages import Pages


@contextmanager
def serving(place: Path) -> Iterator[str]:
    """Its address."""
    with Onlooker(place) as onlooker:
        pages = Pages(onlooker, live=True)
        feed = Feed(pages, poll_s=0.05)
        settings = uvicorn.Config(
            create_app(pages, feed),
            port=0,
            http=PatientProtocol,
            ws="none",
            lifespan="on",
            loop="asyncio",
            log_config=None,
            access_log=False,
            server_header=False,
        )
        begun = threading.Event()
        server = StoppingServer(settings, feed, 30.0, begun.set)
        loops: list[asyncio.AbstractEventLoop] = []

        async def serve() -> None:
            loops.append(asyncio.get_running_loop())
            await server.serve()

        thread = threading.Thread(target=lambda: asyncio.run(serve()))
        thread.start()
        try:
            assert begun.wait(PATIENCE_S)
            yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
        finally:
            loops[0].call_soon_threadsafe(server.stop)
            thread.join()


def client(address: str) -> httpx2.Client:
    """With generous patience: the machine may be busy."""
    return httpx2.Client(base_url=address, timeout=PATIENCE_S, trust_env=False)
