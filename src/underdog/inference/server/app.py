"""The routes of the server.

In: a `Service`. Out: an ASGI application with OpenAI's interface, `/v1/answer`, the contestants'
`/answer_question`, health and metrics. Never: model work on the event loop.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp

from underdog import __version__
from underdog.errors import InputError
from underdog.inference.server import replyjson
from underdog.inference.server.faults import ApiError, bad_request, internal, refusal
from underdog.inference.server.guard import Guard, GuardConfig
from underdog.inference.server.replyjson import Head
from underdog.inference.server.service import Service
from underdog.inference.server.wire import (
    AnswerRequest,
    ChatRequest,
    CompletionRequest,
    deadline_of,
)
from underdog.inference.server.work import Stream, Work, streamed, unless_gone

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
    if not place and isinstance(first.get("input"), bytes):
        return bad_request("Send JSON with the header content-type: application/json")
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
        work = Work(service, request, name, wanted.prompts(), wanted.sampling(), wanted.replies)
        head = Head(f"cmpl-{uuid.uuid4().hex}", int(time.time()), name)
        if wanted.stream:
            return await streamed(
                work, Stream(head, work, wants_usage=wanted.wants_usage, chat=False)
            )
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
        work = Work(service, request, name, [wanted.prompt()], wanted.sampling(), wanted.replies)
        head = Head(f"chatcmpl-{uuid.uuid4().hex}", int(time.time()), name)
        if wanted.stream:
            return await streamed(
                work, Stream(head, work, wants_usage=wanted.wants_usage, chat=True)
            )
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
        told = replyjson.answer(head, prediction, labels=wanted.labels(), texts=question.choices)
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
