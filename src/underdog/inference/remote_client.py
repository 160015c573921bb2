"""Calls to an OpenAI-compatible server: patient with what passes, quick to tell what does not.

In: a path and a JSON body. Out: the JSON reply. Tries again, after a growing and jittered pause or
the one the server names, when the server is busy, broken or unreachable; never when the request
itself is wrong. Counts calls, retries and tokens. Never: a question, a thread.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from typing import Any, Self

import httpx2

from underdog.errors import InputError, RunError

RETRYABLE = frozenset({408, 409, 425, 429, 500, 502, 503, 504})
"""As openai's own client (408, 409, 429, 5xx), with 425 (too early, RFC 8470); 501 is for good."""


@dataclass(frozen=True, slots=True)
class RemoteConfig:
    """Where a server is, and how patiently it is asked."""

    url: str
    """With the version part, such as ``http://127.0.0.1:8000/v1``."""
    model: str
    """Its name there."""
    api_key_env: str | None = None
    """Environment variable that holds the key; None sends none."""
    timeout_s: float = 60.0
    """For one try, above 0."""
    tries: int = 5
    """At least 1."""
    pause_s: float = 0.5
    """Before the second try; doubles with each, at least 0."""
    longest_pause_s: float = 30.0
    """A server that wants a longer pause is given up for this question."""
    concurrency: int = 16
    """Requests in flight, at least 1."""

    def __post_init__(self) -> None:
        if not self.url.startswith(("http://", "https://")):
            raise InputError("a URL that starts with http:// or https://", got=self.url)
        if self.tries < 1 or self.concurrency < 1 or not self.timeout_s > 0 or self.pause_s < 0:
            raise InputError("tries, concurrency and timeout above 0", got=f"{self}")


@dataclass(slots=True)
class Cost:
    """What was spent; tokens as the server counts them."""

    calls: int = 0
    retries: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0

    def add(self, usage: Any) -> None:
        """The `usage` of a reply, which some servers leave out."""
        if isinstance(usage, dict):
            self.prompt_tokens += int(usage.get("prompt_tokens") or 0)
            self.completion_tokens += int(usage.get("completion_tokens") or 0)

    def to_json(self) -> dict[str, int]:
        """As a plain JSON object."""
        return asdict(self)


class RemoteError(RunError):
    """A request that was not served. `status` is None when no reply came; `late` says that time ran
    out; `retry_after` is what the server named, as it wrote it.
    """

    status: int | None = None
    late: bool = False
    retry_after: str | None = None


class RemoteClient:
    """One server. Use as an asynchronous context."""

    def __init__(
        self,
        config: RemoteConfig,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self.config, self.cost = config, Cost()
        self._sleep, self._jitter = sleep, jitter
        headers = {"authorization": f"Bearer {key}"} if (key := _key(config)) else {}
        limits = httpx2.Limits(max_connections=config.concurrency)
        self._http = httpx2.AsyncClient(
            base_url=config.url.rstrip("/"),
            headers=headers,
            timeout=config.timeout_s,
            limits=limits,
        )
        self._places = asyncio.Semaphore(config.concurrency)

    async def __aenter__(self) -> Self:
        """Connections are opened when needed."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close them."""
        await self._http.aclose()

    async def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """The reply's JSON object; RemoteError when no try was served, or none could be."""
        async with self._places:
            for number in range(1, self.config.tries + 1):
                try:
                    return await self._once(path, body)
                except RemoteError as fault:
                    pause_s = self._pause_s(fault, number)
                    if pause_s is None:
                        raise
                self.cost.retries += 1
                await self._sleep(pause_s)
        raise AssertionError("the last try returns or raises")

    async def _once(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        self.cost.calls += 1
        try:
            reply = await self._http.post(path, json={"model": self.config.model, **body})
        except httpx2.TimeoutException as error:
            raise _fault("a reply in time", repr(error), self.config.url, late=True) from error
        except httpx2.TransportError as error:
            raise _fault("a server that can be reached", repr(error), self.config.url) from error
        if reply.status_code >= 400:
            got = f"{reply.status_code}: {_message(reply)}"
            fault = _fault("a request that the server serves", got, self.config.url)
            fault.status = reply.status_code
            fault.late = reply.status_code in {408, 504}
            fault.retry_after = reply.headers.get("retry-after")
            raise fault
        try:
            value = reply.json()
        except ValueError:
            value = None
        if not isinstance(value, dict):
            raise _fault("a JSON object", repr(reply.text[:80]), self.config.url)
        self.cost.add(value.get("usage"))
        return value

    def _pause_s(self, fault: RemoteError, number: int) -> float | None:
        """Seconds before the next try; None when there is none."""
        if number >= self.config.tries or (
            fault.status is not None and fault.status not in RETRYABLE
        ):
            return None
        named = _seconds(fault.retry_after)
        if named is not None:
            return named if named <= self.config.longest_pause_s else None
        # Full jitter above one half: clients that were refused together do not return together.
        grown = min(self.config.pause_s * 2.0 ** (number - 1), self.config.longest_pause_s)
        return grown * (0.5 + 0.5 * self._jitter())


def _fault(wanted: str, got: str, where: str, *, late: bool = False) -> RemoteError:
    fault = RemoteError(wanted, got=got[:300], where=where)
    fault.late = late
    return fault


def _message(reply: httpx2.Response) -> str:
    try:
        error = reply.json()["error"]
        return str(error["message"] if isinstance(error, dict) else error)
    except (ValueError, KeyError, TypeError):
        return reply.text[:200]


def _seconds(text: str | None) -> float | None:
    """`Retry-After` in seconds; dates are not followed, the growing pause is used instead."""
    try:
        return max(float(text), 0.0) if text is not None else None
    except ValueError:
        return None


def _key(config: RemoteConfig) -> str | None:
    if config.api_key_env is None:
        return None
    key = os.environ.get(config.api_key_env, "").strip()
    if not key:
        raise InputError(
            "an environment variable that holds the API key",
            got="nothing in it",
            where=config.api_key_env,
        )
    return key
