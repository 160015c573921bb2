"""What a client is told when a request cannot be served, in the shape OpenAI gives errors.

In: what went wrong. Out: a status, a JSON body, headers. Never: a traceback in a reply.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from underdog.errors import InputError

CONTEXT_CODE = "context_length_exceeded"


@dataclass
class ApiError(Exception):
    """Ends a request. `code` is for programs, `message` for people, `param` names the field."""

    status: int
    message: str
    code: str
    param: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def body(self) -> dict[str, Any]:
        """As OpenAI's interface gives errors."""
        return {
            "error": {
                "message": self.message,
                "type": _kind(self.status),
                "param": self.param,
                "code": self.code,
            }
        }


def _kind(status: int) -> str:
    if status == 401:
        return "authentication_error"
    if status == 429:
        return "rate_limit_error"
    return "invalid_request_error" if status < 500 else "server_error"


def bad_request(message: str, *, param: str | None = None, code: str = "bad_request") -> ApiError:
    """The client has to change something."""
    return ApiError(400, message, code, param)


def refusal(error: InputError) -> ApiError:
    """An InputError of the engine, told to the client."""
    text = error.sentence()
    return bad_request(text, code=CONTEXT_CODE if CONTEXT_CODE in text else "bad_request")


def unknown_model(name: str, known: tuple[str, ...]) -> ApiError:
    """As OpenAI answers a wrong name."""
    message = f"The model {name[:200]!r} is not served here; served: {', '.join(known)}"
    return ApiError(404, message, "model_not_found", "model")


def busy(limit: int, retry_after_s: int) -> ApiError:
    """The queue is full."""
    message = f"{limit} requests are waiting or in work, which is the limit; try again later"
    return ApiError(429, message, "queue_full", headers={"retry-after": str(retry_after_s)})


def stopping(retry_after_s: int) -> ApiError:
    """The server finishes what it has and takes nothing new."""
    headers = {"retry-after": str(retry_after_s), "connection": "close"}
    return ApiError(503, "The server is stopping", "stopping", headers=headers)


def late(deadline_s: float) -> ApiError:
    """The deadline passed; the work was given up."""
    return ApiError(504, f"No answer within the deadline of {deadline_s:g} s", "deadline_exceeded")


def internal() -> ApiError:
    """Our fault; what it was is in the server's log."""
    return ApiError(500, "The server failed on this request; its log says why", "internal_error")
