"""What one request asks of the service, as one reply or as a stream of server-sent events.

In: a request's prompts and sampling. Out: whole replies, or the bytes of a stream. The work ends
with the request: when its client hangs up, what is left of it is cancelled. Never: a route.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine
from contextlib import aclosing
from dataclasses import replace
from typing import Any, TypeVar

from fastapi import Request, Response
from fastapi.responses import StreamingResponse

from underdog.inference.server import replyjson
from underdog.inference.server.engine import Delta, Prompt, Sampling
from underdog.inference.server.faults import ApiError, bad_request
from underdog.inference.server.guard import HUNG_UP
from underdog.inference.server.replyjson import Head, Whole
from underdog.inference.server.service import Service
from underdog.inference.server.wire import deadline_of

T = TypeVar("T")


class Work:
    """The replies that one request asks for: `n` to every prompt."""

    def __init__(
        self,
        service: Service,
        request: Request,
        model: str,
        prompts: list[Prompt],
        sampling: Sampling,
        replies: int,
    ) -> None:
        self.service, self.request, self._model = service, request, model
        self.sampling, self.per_prompt = sampling, replies
        self.count = len(prompts) * replies
        if not 1 <= self.count <= service.limits.prompts:
            raise bad_request(
                f"1 to {service.limits.prompts} replies in one request, not {self.count}",
                param="prompt",
            )
        self._prompts = [prompt for prompt in prompts for _ in range(replies)]
        header = request.headers.get("x-deadline-seconds")
        self._deadline_s = deadline_of(header, service.limits.deadline_s)

    def deltas(self) -> AsyncGenerator[tuple[int, Delta], None]:
        """As they come; the second of `n` replies draws with the next seed."""
        seed, shift = self.sampling.seed, range(self.per_prompt)
        each = [
            replace(self.sampling, seed=None if seed is None else seed + by) for by in shift
        ] * (self.count // self.per_prompt)
        return self.service.replies(self._model, self._prompts, each, self._deadline_s)

    async def whole(self) -> list[Whole]:
        """All replies, complete."""
        return await unless_gone(self.request, self._gather())

    async def _gather(self) -> list[Whole]:
        replies = [Whole() for _ in range(self.count)]
        async with aclosing(self.deltas()) as deltas:
            async for index, delta in deltas:
                replies[index].add(delta)
        return replies


class Stream:
    """Turns deltas into the parts of a streamed reply."""

    def __init__(self, head: Head, work: Work, *, wants_usage: bool, chat: bool) -> None:
        self._head, self._work, self._wants_usage = head, work, wants_usage
        self._parts = chat_parts if chat else completion_parts
        self._last = replyjson.chat_part if chat else replyjson.completion
        self._sent = [Whole() for _ in range(work.count)]

    def parts(self, index: int, delta: Delta) -> list[dict[str, Any]]:
        """What is sent for a delta; nothing when it says nothing."""
        before = self._sent[index]
        if not (delta.text or delta.logs or delta.finish is not None or before.fresh):
            return []
        told = self._parts(self._head, index, delta, before)
        before.add(delta)
        return told

    def ending(self) -> list[dict[str, Any]]:
        """What follows the last delta: a part without a choice that tells the tokens used."""
        if not self._wants_usage:
            return []
        return [self._last(self._head, [], replyjson.usage(self._sent, self._work.per_prompt))]


def completion_parts(head: Head, index: int, delta: Delta, _: Whole) -> list[dict[str, Any]]:
    """For `/v1/completions`."""
    logs = delta.logs or None
    choice = replyjson.completion_choice(index, delta.text, logs, delta.finish)
    return [replyjson.completion(head, [choice])]


def chat_parts(head: Head, index: int, delta: Delta, before: Whole) -> list[dict[str, Any]]:
    """For `/v1/chat/completions`: the role first, the reason of the end last."""
    parts: list[dict[str, Any]] = []
    if before.fresh:
        role = {"role": "assistant", "content": ""}
        parts.append(replyjson.chat_delta(index, role, None, None))
    if delta.text or delta.logs:
        content = {"content": delta.text}
        parts.append(replyjson.chat_delta(index, content, delta.logs, None))
    if delta.finish is not None:
        parts.append(replyjson.chat_delta(index, {}, None, delta.finish))
    return [replyjson.chat_part(head, [part]) for part in parts]


async def streamed(work: Work, stream: Stream) -> Response:
    """Server-sent events. The first delta is awaited, so that a refusal still has its status."""
    events = _lines(work, stream)

    async def begin() -> bytes:
        return await anext(events)

    first = await unless_gone(work.request, begin())

    async def lines() -> AsyncIterator[bytes]:
        async with aclosing(events):
            yield first
            async for line in events:
                yield line

    return StreamingResponse(lines(), media_type="text/event-stream")


async def _lines(work: Work, stream: Stream) -> AsyncGenerator[bytes, None]:
    begun = False
    with work.service.admitted():
        try:
            async with aclosing(work.deltas()) as deltas:
                async for index, delta in deltas:
                    for part in stream.parts(index, delta):
                        begun = True
                        yield _event(part)
            for part in stream.ending():
                yield _event(part)
            yield b"data: [DONE]\n\n"
        except ApiError as error:
            if not begun:
                raise
            yield _event(error.body)


def _event(value: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(value, allow_nan=False).encode("utf-8") + b"\n\n"


async def unless_gone(request: Request, work: Coroutine[Any, Any, T]) -> T:
    """The result of `work`, which is cancelled when the client hangs up."""
    doing = asyncio.ensure_future(work)
    gone = asyncio.ensure_future(_hung_up(request))
    try:
        await asyncio.wait({doing, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not doing.done():
            raise ApiError(HUNG_UP, "The client hung up", "client_closed_request")
        return doing.result()
    finally:
        for task in (doing, gone):
            task.cancel()
        await asyncio.gather(doing, gone, return_exceptions=True)


async def _hung_up(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
