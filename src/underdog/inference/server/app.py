"""The routes of the server.

In: a `Service`. Out: an ASGI application with OpenAI's interface, `/v1/answer`, the contestants'
`/answer_question`, health and metrics. Never: model work, a wait for the model's thread on the loop.
"""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from typing import Any, TypeVar

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, StreamingResponse
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp

from underdog import __version__
from underdog.errors import InputError
from underdog.inference.server import replyjson
from underdog.inference.server.engine import Delta, Prompt, Sampling
from underdog.inference.server.faults import ApiError, bad_request, internal, refusal
from underdog.inference.server.guard import HUNG_UP, Guard, GuardConfig
from underdog.inference.server.replyjson import Head, Whole
from underdog.inference.server.service import Service
from underdog.inference.server.wire import (
    AnswerRequest,
    ChatRequest,
    CompletionRequest,
    deadline_of,
)

T = TypeVar("T")


def create_app(service: Service, guard: GuardConfig | None = None) -> ASGIApp:
    """The whole application; the model's thread starts and ends with it."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        service.begin()
        yield
        await asyncio.to_thread(service.close)

    app = FastAPI(title="underdog", version=__version__, lifespan=lifespan)
    _add_faults(app)
    _add_watching(app, service)
    _add_openai(app, service)
    _add_answers(app, service)
    routes = [path for route in app.routes if (path := getattr(route, "path", None))]
    return Guard(app, service=service, config=guard or GuardConfig(), routes=routes)


def _add_faults(app: FastAPI) -> None:
    @app.exception_handler(ApiError)
    async def told(_: Request, error: ApiError) -> Response:
        return JSONResponse(error.body, error.status, headers=dict(error.headers))

    @app.exception_handler(InputError)
    async def wrong(request: Request, error: InputError) -> Response:
        return await told(request, refusal(error))

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        return await told(request, _validation_fault(error))

    @app.exception_handler(HTTPException)
    async def routed(request: Request, error: HTTPException) -> Response:
        code = {404: "not_found", 405: "method_not_allowed"}.get(error.status_code, "bad_request")
        where = f"{request.method} {request.url.path}"[:200]
        return await told(request, ApiError(error.status_code, f"{error.detail}: {where}", code))

    @app.exception_handler(Exception)
    async def failed(request: Request, _: Exception) -> Response:
        return await told(request, internal())


def _validation_fault(error: RequestValidationError) -> ApiError:
    first = error.errors()[0]
    place = [str(each) for each in first["loc"] if each != "body"]
    if first["type"] == "json_invalid":
        reason = (first.get("ctx") or {}).get("error", "")
        return bad_request(f"The body is not JSON: {reason}", code="invalid_json")
    message = f"{'.'.join(place) or 'body'}: {first['msg']}"[:400]
    return bad_request(message, param=place[0] if place else None, code="invalid_value")


def _add_watching(app: FastAPI, service: Service) -> None:
    @app.get("/health")
    async def health() -> dict[str, Any]:
        """The process answers."""
        return {"status": "ok", "model": next(iter(service.cards))}

    @app.get("/ready")
    async def ready() -> Response:
        """Requests are taken: 200, or 503 while stopping."""
        state = "ready" if service.ready else "stopping"
        return JSONResponse({"status": state}, 200 if service.ready else 503)

    @app.get("/metrics")
    async def metrics() -> Response:
        """For Prometheus."""
        service.metrics.in_flight.set(service.in_flight)
        service.metrics.waiting.set(service.waiting)
        return Response(service.metrics.text(), media_type="text/plain; version=0.0.4")


def _add_openai(app: FastAPI, service: Service) -> None:
    created = int(time.time())

    @app.get("/v1/models")
    async def models() -> dict[str, Any]:
        """Every name that `model` may take."""
        return {"object": "list", "data": [_model(name) for name in service.cards]}

    @app.get("/v1/models/{name:path}")
    async def model(name: str) -> dict[str, Any]:
        """One of them."""
        return _model(service.card(name)[0])

    def _model(name: str) -> dict[str, Any]:
        card = service.cards[name]
        told = {"id": name, "object": "model", "created": created, "owned_by": "underdog"}
        return {**told, "max_model_len": card.context, "generates": card.generates}

    @app.post("/v1/completions")
    async def completions(wanted: CompletionRequest, request: Request) -> Response:
        """Text after a prompt; with `echo` and `logprobs` the log-probabilities of a prompt."""
        name, _ = service.card(wanted.model)
        work = _Work(service, request, name, wanted.prompts(), wanted.sampling(), wanted.replies)
        head = Head(f"cmpl-{uuid.uuid4().hex}", int(time.time()), name)
        if wanted.stream:
            return await _streamed(work, _CompletionStream(head, work, wanted.wants_usage))
        with service.admitted():
            replies = await work.whole()
        told = wanted.logprobs is not None
        choices = [
            replyjson.completion_choice(index, each.text, each.logs if told else None, each.finish)
            for index, each in enumerate(replies)
        ]
        used = replyjson.usage(replies, wanted.replies)
        return JSONResponse(replyjson.completion(head, choices, used))

    @app.post("/v1/chat/completions")
    async def chat(wanted: ChatRequest, request: Request) -> Response:
        """The next turn of a chat."""
        name, _ = service.card(wanted.model)
        work = _Work(service, request, name, [wanted.prompt()], wanted.sampling(), wanted.replies)
        head = Head(f"chatcmpl-{uuid.uuid4().hex}", int(time.time()), name)
        if wanted.stream:
            return await _streamed(work, _ChatStream(head, work, wanted.wants_usage))
        with service.admitted():
            replies = await work.whole()
        choices = [
            replyjson.chat_choice(
                index, each.text, each.logs if wanted.logprobs else None, each.finish
            )
            for index, each in enumerate(replies)
        ]
        used = replyjson.usage(replies, wanted.replies)
        return JSONResponse(replyjson.chat(head, choices, used))


def _add_answers(app: FastAPI, service: Service) -> None:
    async def ask(wanted: AnswerRequest, request: Request) -> dict[str, Any]:
        name, _ = service.card(wanted.model)
        question = wanted.to_question()
        deadline_s = deadline_of(
            request.headers.get("x-deadline-seconds"), service.limits.deadline_s
        )
        start = time.monotonic()
        with service.admitted():
            asked = service.answer(name, question, deadline_s)
            prediction = await unless_gone(request, asked)
        head = Head(f"answer-{uuid.uuid4().hex}", int(time.time()), name)
        told = replyjson.answer(
            head, prediction, labels=wanted.labels(), texts=question.choices
        )
        return {**told, "elapsed_s": time.monotonic() - start}

    @app.post("/v1/answer")
    async def answer(wanted: AnswerRequest, request: Request) -> dict[str, Any]:
        """The most probable choice of a question, with the probability of each."""
        return await ask(wanted, request)

    @app.post("/answer_question")
    async def answer_question(wanted: AnswerRequest, request: Request) -> dict[str, Any]:
        """The same in the shape that contestants' own servers have."""
        told = await ask(wanted, request)
        return {"answer": told["answer"], "answer_time": told["elapsed_s"]}


class _Work:
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
        self.service, self._request, self._model = service, request, model
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
        return await unless_gone(self._request, self._gather())

    async def _gather(self) -> list[Whole]:
        replies = [Whole() for _ in range(self.count)]
        async with aclosing(self.deltas()) as deltas:
            async for index, delta in deltas:
                replies[index].add(delta)
        return replies


class _Stream:
    """Turns deltas into the parts of a streamed reply."""

    def __init__(self, head: Head, work: _Work, wants_usage: bool) -> None:
        self.head, self.work, self._wants_usage = head, work, wants_usage
        self.replies = [Whole() for _ in range(work.count)]

    def parts(self, index: int, delta: Delta) -> list[dict[str, Any]]:
        """What is sent for a delta; nothing when it says nothing."""
        reply = self.replies[index]
        fresh = reply.finish is None and not reply.prompt_tokens
        offset = len(reply.text)
        reply.add(delta)
        if not (delta.text or delta.logs or delta.finish is not None or fresh):
            return []
        return self.told(index, delta, offset, fresh=fresh)

    def told(self, index: int, delta: Delta, offset: int, *, fresh: bool) -> list[dict[str, Any]]:
        """The parts for a delta that says something."""
        raise NotImplementedError

    def ending(self) -> list[dict[str, Any]]:
        """What follows the last delta."""
        if not self._wants_usage:
            return []
        return [self.last(replyjson.usage(self.replies, self.work.per_prompt))]

    def last(self, used: dict[str, int]) -> dict[str, Any]:
        """A part without a choice that tells the tokens used."""
        raise NotImplementedError

    def logs(self, delta: Delta) -> tuple[Any, ...] | None:
        """None where no log-probabilities were asked for."""
        return None if self.work.sampling.top_logprobs is None else delta.logs


class _CompletionStream(_Stream):
    def told(self, index: int, delta: Delta, offset: int, *, fresh: bool) -> list[dict[str, Any]]:
        choice = replyjson.completion_choice(
            index, delta.text, self.logs(delta), delta.finish, offset=offset
        )
        return [replyjson.completion(self.head, [choice])]

    def last(self, used: dict[str, int]) -> dict[str, Any]:
        return replyjson.completion(self.head, [], used)


class _ChatStream(_Stream):
    def told(self, index: int, delta: Delta, offset: int, *, fresh: bool) -> list[dict[str, Any]]:
        parts: list[dict[str, Any]] = []
        if fresh:
            role = {"role": "assistant", "content": ""}
            parts.append(replyjson.chat_delta(index, role, None, None))
        if delta.text or delta.logs:
            content = {"content": delta.text}
            parts.append(replyjson.chat_delta(index, content, self.logs(delta), None))
        if delta.finish is not None:
            parts.append(replyjson.chat_delta(index, {}, None, delta.finish))
        return [replyjson.chat_part(self.head, [part]) for part in parts]

    def last(self, used: dict[str, int]) -> dict[str, Any]:
        return replyjson.chat_part(self.head, [], used)


async def _streamed(work: _Work, stream: _Stream) -> Response:
    """Server-sent events. The first delta is awaited, so that a refusal still has its status."""
    events = _lines(work, stream)
    first = await anext(events)

    async def lines() -> AsyncIterator[bytes]:
        async with aclosing(events):
            yield first
            async for line in events:
                yield line

    return StreamingResponse(lines(), media_type="text/event-stream")


async def _lines(work: _Work, stream: _Stream) -> AsyncGenerator[bytes, None]:
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
