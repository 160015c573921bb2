"""A contestant's server as a player, asked over HTTP with a deadline over each whole exchange.

The contract (facts/evaluation-and-tournament.md 1.6), at a base URL:

    GET  /health             -> {"status": "ready"}; with "choices": "list" it is asked with a list
    POST /generate_question  {"topic": ...} -> a question in any shape that `official` reads
    POST /answer_question    {"question": ..., "choices": {"A": ...} or ["A) ...", ...]}
                             -> {"answer": "B"}

In: calls of the referee. Out: what came back, unjudged. Never: a redirect followed, a proxy or
password of this machine's used, more than a bounded reply read.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx2

from underdog.errors import InputError
from underdog.mcq.presentation import LETTERS
from underdog.protocol.editions import EDITIONS, NEWEST, Edition
from underdog.protocol.player import (
    Entrant,
    PlayerFault,
    PlayerFaultKind,
    QuestionCall,
    StrippedQuestion,
    label,
)
from underdog.tournament.machine import machine_fault

REPLY_BYTES = 256 * 1024
"""The largest reply that is read; an official question is below 8 KB."""
HEALTH_S = 10.0
KEPT_NAMES = ("correct_answer", "expected_answer")


@dataclass(slots=True)
class Server:
    """One entry behind a URL."""

    url: str
    edition: Edition = EDITIONS[NEWEST]
    choices: str | None = field(default=None)
    """"list" or "dict": how it wants choices; None until it was asked."""

    def ask(self, call: QuestionCall) -> list[object]:
        """One exchange per question."""
        topics = call.topics[call.start : call.stop]
        return [
            _official(self._post("/generate_question", {"topic": topic}, self.edition.question_s))
            for topic in topics
        ]

    def answer(self, questions: Sequence[StrippedQuestion]) -> list[object]:
        """One exchange per question."""
        return [
            self._post("/answer_question", self._shown(each), self.edition.answer_s)
            for each in questions
        ]

    def _shown(self, question: StrippedQuestion) -> dict[str, Any]:
        if self.choices is None:
            self.choices = self._wish()
        shown: object = label(question.choices)
        if self.choices == "dict":
            shown = dict(zip(LETTERS, question.choices, strict=False))
        return {"question": question.text, "choices": shown}

    def _wish(self) -> str:
        """Asked once; a server without /health gets the shape that contestants' servers had."""
        try:
            health = asyncio.run(exchange("GET", f"{self.url}/health", None, HEALTH_S))
        except PlayerFault:
            return "dict"
        wish = health.get("choices") if isinstance(health, dict) else None
        return "list" if wish == "list" else "dict"

    def _post(self, path: str, body: object, within_s: float) -> Any:
        return asyncio.run(exchange("POST", f"{self.url}{path}", body, within_s))


def url_entrant(url: str, *, edition: Edition) -> Entrant:
    """A server as a team on both sides. It is not contacted before it is asked."""
    if not url.startswith(("http://", "https://")) or "@" in url:
        raise InputError("a URL that starts with http:// or https://, no password in it", got=url)
    player = Server(url.rstrip("/"), edition)
    return Entrant(url, player, player, {"url": player.url, "isolation": "another machine"})


async def exchange(method: str, url: str, body: object, within_s: float) -> Any:
    """One request and its JSON reply. PlayerFault, with what the server did, for anything else."""
    try:
        async with asyncio.timeout(within_s):
            return await _exchange(method, url, body)
    except TimeoutError as error:
        raise PlayerFault(PlayerFaultKind.LATE, f"no whole reply in {within_s:g} s") from error
    except httpx2.HTTPError as error:
        ours = machine_fault(error)
        if ours is not None:
            raise ours from error
        said = f"{type(error).__name__}: {error}"
        raise PlayerFault(PlayerFaultKind.CRASHED, said[:200]) from error
    except (ValueError, RecursionError) as error:
        raise PlayerFault(PlayerFaultKind.INVALID, f"no JSON in UTF-8: {error}"[:200]) from error


async def _exchange(method: str, url: str, body: object) -> Any:
    headers = {"accept": "application/json", "accept-encoding": "identity"}
    async with (
        httpx2.AsyncClient(follow_redirects=False, trust_env=False, timeout=None) as client,
        client.stream(method, url, json=body, headers=headers) as reply,
    ):
        if reply.headers.get("content-encoding", "identity") != "identity":
            raise PlayerFault(
                PlayerFaultKind.INVALID, "a compressed reply, which was not asked for"
            )
        if reply.is_redirect:
            raise PlayerFault(PlayerFaultKind.INVALID, "a redirect; none is followed")
        content = bytearray()
        async for piece in reply.aiter_raw():
            content += piece
            if len(content) > REPLY_BYTES:
                raise PlayerFault(PlayerFaultKind.INVALID, f"more than {REPLY_BYTES:,} bytes")
        if reply.status_code != 200:
            said = bytes(content[:100]).decode("utf-8", "replace")
            raise PlayerFault(PlayerFaultKind.CRASHED, f"status {reply.status_code} {said}".strip())
    return json.loads(content.decode("utf-8"))


def _official(value: object) -> object:
    """Choices as a labelled list, and the key under its official name; anything else as it came."""
    if not isinstance(value, dict):
        return value
    shown = dict(value)
    choices = shown.get("choices")
    texts = list(choices.values()) if isinstance(choices, dict) else []
    named = list(map(str, choices)) if isinstance(choices, dict) else []
    if texts and named == list(LETTERS[: len(texts)]) and all(isinstance(t, str) for t in texts):
        shown["choices"] = label(texts)
    for name in KEPT_NAMES:
        if name in shown and "answer" not in shown:
            shown["answer"] = shown.pop(name)
    return shown
