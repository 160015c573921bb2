"""Replies as OpenAI's clients expect them.

In: deltas of the engine. Out: plain JSON objects. Never: a wait.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from underdog.inference.server.engine import Delta, Finish, TokenLog
from underdog.mcq.prediction import Prediction


class Head(NamedTuple):
    """What every part of a reply repeats."""

    id: str
    created: int
    model: str


@dataclass(slots=True)
class Whole:
    """One reply, put together from its deltas."""

    text: str = ""
    logs: list[TokenLog] = field(default_factory=list)
    prompt_tokens: int = 0
    made_tokens: int = 0
    finish: Finish | None = None

    @property
    def fresh(self) -> bool:
        """Whether nothing came yet."""
        return self.prompt_tokens == 0

    def add(self, delta: Delta) -> None:
        """The next part."""
        self.text += delta.text
        self.logs += delta.logs
        self.prompt_tokens, self.made_tokens = delta.prompt_tokens, delta.made_tokens
        self.finish = delta.finish


def usage(replies: Sequence[Whole], per_prompt: int) -> dict[str, int]:
    """Tokens of a request: every prompt counts once, however many replies it got."""
    prompt = sum(each.prompt_tokens for each in replies[::per_prompt])
    made = sum(each.made_tokens for each in replies)
    return {"prompt_tokens": prompt, "completion_tokens": made, "total_tokens": prompt + made}


def completion(
    head: Head, choices: Sequence[dict[str, Any]], used: dict[str, int] | None = None
) -> dict[str, Any]:
    """`/v1/completions`, whole or one part of a stream."""
    body = {"id": head.id, "object": "text_completion", "created": head.created}
    body |= {"model": head.model, "choices": list(choices)}
    return body if used is None else {**body, "usage": used}


def completion_choice(
    index: int, text: str, logs: Sequence[TokenLog] | None, finish: Finish | None
) -> dict[str, Any]:
    """One reply, or a part of it."""
    told = None if logs is None else _completion_logs(logs)
    return {"index": index, "text": text, "logprobs": told, "finish_reason": finish}


def _completion_logs(logs: Sequence[TokenLog]) -> dict[str, Any]:
    return {
        "tokens": [log.text for log in logs],
        "token_logprobs": [log.logprob for log in logs],
        "top_logprobs": [None if log.logprob is None else _table(log) for log in logs],
        "text_offset": [log.offset for log in logs],
    }


def _table(log: TokenLog) -> dict[str, float]:
    """The likeliest tokens, and the token itself. Of tokens with equal text the likelier stands."""
    table = {log.text: log.logprob} if log.logprob is not None else {}
    for text, logprob in log.top:
        table[text] = max(logprob, table.get(text, -math.inf))
    return table


def chat(
    head: Head, choices: Sequence[dict[str, Any]], used: dict[str, int] | None = None
) -> dict[str, Any]:
    """`/v1/chat/completions`, whole."""
    body = {"id": head.id, "object": "chat.completion", "created": head.created}
    body |= {"model": head.model, "choices": list(choices)}
    return body if used is None else {**body, "usage": used}


def chat_part(
    head: Head, choices: Sequence[dict[str, Any]], used: dict[str, int] | None = None
) -> dict[str, Any]:
    """One part of a streamed chat."""
    return {**chat(head, choices, used), "object": "chat.completion.chunk"}


def chat_choice(
    index: int, text: str, logs: Sequence[TokenLog] | None, finish: Finish | None
) -> dict[str, Any]:
    """One reply of a chat."""
    message = {"role": "assistant", "content": text, "refusal": None}
    return {
        "index": index,
        "message": message,
        "logprobs": _chat_logs(logs),
        "finish_reason": finish,
    }


def chat_delta(
    index: int, delta: dict[str, Any], logs: Sequence[TokenLog] | None, finish: Finish | None
) -> dict[str, Any]:
    """One part of a reply of a chat."""
    told = _chat_logs(logs) if logs else None
    return {"index": index, "delta": delta, "logprobs": told, "finish_reason": finish}


def _chat_logs(logs: Sequence[TokenLog] | None) -> dict[str, Any] | None:
    if logs is None:
        return None
    content = [
        {
            **_chat_token(log.text, log.logprob or 0.0),
            "top_logprobs": [_chat_token(text, logprob) for text, logprob in log.top],
        }
        for log in logs
    ]
    return {"content": content, "refusal": None}


def _chat_token(text: str, logprob: float) -> dict[str, Any]:
    """Bytes are left out where a token is a part of a character."""
    whole = None if "\ufffd" in text else list(text.encode("utf-8"))
    return {"token": text, "logprob": logprob, "bytes": whole}


def answer(
    head: Head, prediction: Prediction, *, labels: Sequence[str], texts: Sequence[str]
) -> dict[str, Any]:
    """`/v1/answer`. `answer` is the client's own label of the choice; probabilities add up to 1."""
    choice = prediction.choice
    log_probs = prediction.log_probs
    table = None
    if log_probs is not None:
        table = {label: math.exp(value) for label, value in zip(labels, log_probs, strict=True)}
    return {
        "id": head.id,
        "object": "answer",
        "created": head.created,
        "model": head.model,
        "outcome": prediction.outcome.value,
        "answer": None if choice is None else labels[choice],
        "choice": None if choice is None else texts[choice],
        "probabilities": table,
    }
