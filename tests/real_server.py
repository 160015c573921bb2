"""A real uvicorn in a thread of this process, and what talks to it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2
import uvicorn

from fakes import byte_level_tokenizer, tiny_qwen2
from patience import PATIENCE_S
from underdog.inference.scorer import Scorer, ScoringConfig
from underdog.inference.server.app import create_app
from underdog.inference.server.engine import Engine
from underdog.inference.server.guard import GuardConfig
from underdog.inference.server.listen import PatientProtocol, StoppingServer
from underdog.inference.server.service import Service, ServiceLimits


@dataclass
class Running:
    """A server that takes requests."""

    address: str
    service: Service
    server: StoppingServer
    thread: threading.Thread = field(repr=False)

    def client(self, **headers: str) -> httpx2.Client:
        """A client with generous patience: the machine may be busy."""
        return httpx2.Client(
            base_url=self.address, timeout=PATIENCE_S, headers=headers, trust_env=False
        )


@contextmanager
def serving(
    engine: Engine,
    *,
    limits: ServiceLimits | None = None,
    guard: GuardConfig | None = None,
    protocol: type[PatientProtocol] = PatientProtocol,
) -> Iterator[Running]:
    """A real uvicorn on a free port of this machine."""
    service = Service(engine, limits=limits)
    config = uvicorn.Config(
        create_app(service, guard),
        port=0,
        http=protocol,
        ws="none",
        lifespan="on",
        loop="asyncio",
        log_config=None,
        access_log=False,
    )
    begun = threading.Event()
    server = StoppingServer(config, service, PATIENCE_S, begun.set)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        assert begun.wait(PATIENCE_S)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield Running(f"http://127.0.0.1:{port}", service, server, thread)
    finally:
        server.should_exit = True
        thread.join()


def tiny_scorer(**config: Any) -> Scorer:
    """A random model with a token per byte."""
    return Scorer(tiny_qwen2(), byte_level_tokenizer(), ScoringConfig(**config))
