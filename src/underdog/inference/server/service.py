"""Between requests and the model's thread: admission, deadlines, cancelling, orderly stopping.

In: questions and prompts of requests, on the event loop. Out: events of the model's thread, on the
event loop. Never: HTTP, a call that blocks the loop.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing, contextmanager
from dataclasses import dataclass

from underdog.errors import InputError
from underdog.inference.server.batcher import (
    Asked,
    Batcher,
    BatchLimits,
    Event,
    Failed,
    Job,
)
from underdog.inference.server.engine import Card, Delta, Engine, Prompt, Sampling
from underdog.inference.server.faults import (
    bad_request,
    busy,
    internal,
    late,
    refusal,
    stopping,
    unknown_model,
)
from underdog.inference.server.metrics import Metrics
from underdog.mcq.prediction import Prediction
from underdog.mcq.question import Question

logger = logging.getLogger("underdog.server")

LONGEST_WAIT_S = 60
"""Most that a client is told to wait before it tries again (openai's client believes up to 60)."""


@dataclass(frozen=True, slots=True)
class ServiceLimits:
    """What one client, and all of them together, may ask for."""

    queue: int = 256
    """Requests waiting or in work at a time, at least 1; further ones are answered 429."""
    deadline_s: float = 60.0
    """Seconds from admission to the end of the reply, above 0; then the request is given up."""
    prompts: int = 1024
    """Replies that one request may ask for (prompts x n), at least 1."""

    def __post_init__(self) -> None:
        if self.queue < 1 or self.prompts < 1 or not 0 < self.deadline_s < math.inf:
            raise InputError("a queue, prompts and a deadline above 0", got=f"{self}")


class Service:
    """One engine, its thread, and the requests in flight."""

    def __init__(
        self,
        engine: Engine,
        *,
        limits: ServiceLimits | None = None,
        batch: BatchLimits | None = None,
        metrics: Metrics | None = None,
    ) -> None:
        self.engine, self.limits = engine, limits or ServiceLimits()
        self.metrics = metrics or Metrics()
        self.cards = dict(engine.cards)
        self.draining = False
        self._in_flight = 0
        self._mean_s = 1.0
        self._inboxes: dict[Job, asyncio.Queue[tuple[Job, Event]]] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._batcher = Batcher(engine, self._deliver, limits=batch, observe=self.metrics.observe)

    def begin(self) -> None:
        """Start the model's thread; called on the event loop."""
        self._loop = asyncio.get_running_loop()
        self._batcher.begin()

    def close(self) -> None:
        """Stop the model's thread after its pass."""
        self._batcher.close()

    @property
    def ready(self) -> bool:
        """Whether a request would be taken."""
        return self._batcher.alive and not self.draining

    @property
    def in_flight(self) -> int:
        """Requests waiting or in work."""
        return self._in_flight

    @property
    def waiting(self) -> int:
        """Jobs that no pass has taken yet."""
        return self._batcher.waiting

    @property
    def retry_after_s(self) -> int:
        """Seconds after which a place is likely free: what a request takes on average now."""
        return min(max(math.ceil(self._mean_s), 1), LONGEST_WAIT_S)

    @contextmanager
    def admitted(self) -> Iterator[None]:
        """One request in flight; ApiError 429 when there are too many, 503 when stopping."""
        if self.draining:
            raise stopping(self.retry_after_s)
        if self._in_flight >= self.limits.queue:
            raise busy(self.limits.queue, self.retry_after_s)
        self._in_flight += 1
        start = time.monotonic()
        try:
            yield
        finally:
            self._in_flight -= 1
            # An exponential mean: a burst of slow requests is forgotten after some ten others.
            self._mean_s += 0.1 * (time.monotonic() - start - self._mean_s)

    def card(self, model: str | None) -> tuple[str, Card]:
        """A model by its name; the first without one. ApiError 404 for a name not served."""
        name = next(iter(self.cards)) if model is None else model
        if name not in self.cards:
            raise unknown_model(name, tuple(self.cards))
        return name, self.cards[name]

    async def answer(self, model: str, question: Question, deadline_s: float) -> Prediction:
        """Ask one question."""
        async with aclosing(self._events([Job(model, question)], deadline_s)) as events:
            _, event = await anext(events)
        assert isinstance(event, Prediction)
        return event

    async def replies(
        self, model: str, prompts: Sequence[Prompt], sampling: Sequence[Sampling], deadline_s: float
    ) -> AsyncGenerator[tuple[int, Delta], None]:
        """Deltas of all replies as they come, with the place of their prompt."""
        name, card = self.card(model)
        if not card.generates:
            raise bad_request(f"{name} answers questions only (/v1/answer)", param="model")
        jobs = [
            Job(name, Asked(prompt, each)) for prompt, each in zip(prompts, sampling, strict=True)
        ]
        places = {job: place for place, job in enumerate(jobs)}
        async with aclosing(self._events(jobs, deadline_s)) as events:
            async for job, event in events:
                assert isinstance(event, Delta)
                if event.finish is not None:
                    self.metrics.tokens(event.prompt_tokens, event.made_tokens)
                yield places[job], event

    async def _events(
        self, jobs: Sequence[Job], deadline_s: float
    ) -> AsyncGenerator[tuple[Job, Event], None]:
        """Until every job has ended; jobs are cancelled when the reader goes away."""
        inbox: asyncio.Queue[tuple[Job, Event]] = asyncio.Queue()
        open_jobs = set(jobs)
        end_s = asyncio.get_running_loop().time() + deadline_s
        self._inboxes |= dict.fromkeys(jobs, inbox)
        self._batcher.submit(jobs)
        try:
            while open_jobs:
                try:
                    async with asyncio.timeout_at(end_s):
                        job, event = await inbox.get()
                except TimeoutError as error:
                    raise late(deadline_s) from error
                if isinstance(event, Failed):
                    raise _told(event.error)
                if not isinstance(event, Delta) or event.finish is not None:
                    open_jobs.discard(job)
                yield job, event
        finally:
            for job in open_jobs:
                job.cancelled = True
            for job in jobs:
                self._inboxes.pop(job, None)

    def _deliver(self, events: Sequence[tuple[Job, Event]]) -> None:
        """On the model's thread: one wake-up of the loop for a whole pass."""
        assert self._loop is not None
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._hand_out, events)

    def _hand_out(self, events: Sequence[tuple[Job, Event]]) -> None:
        for job, event in events:
            inbox = self._inboxes.get(job)
            if inbox is not None:
                inbox.put_nowait((job, event))


def _told(error: Exception) -> Exception:
    if isinstance(error, InputError):
        return refusal(error)
    logger.error("a pass of the model failed", exc_info=error)
    return internal()
