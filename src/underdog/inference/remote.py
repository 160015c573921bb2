"""Questions put to a model behind an OpenAI-compatible server.

In: questions and a server. Out: predictions as from a model in memory, with `elapsed_s`. Ways, from
the most telling to the least: ECHO scores each choice's tokens behind the prompt, FIRST_TOKEN reads
the letters among the first token's likeliest, TEXT reads a short reply. A request that was not
served is an outcome (late, crashed, malformed), not an exception; a server that cannot be reached,
or that knows no such key, is a RunError. Never: a guess.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from underdog.errors import InputError
from underdog.inference.evidence import Evidence, log_sum_exp
from underdog.inference.paper import shown_order
from underdog.inference.remote_client import Cost, RemoteClient, RemoteConfig, RemoteError
from underdog.inference.scorer import Normalisation, ScoringConfig
from underdog.mcq.parse import parse_reply
from underdog.mcq.prediction import Outcome, Prediction
from underdog.mcq.presentation import Presentation
from underdog.mcq.prompt import PromptStyle, render
from underdog.mcq.question import Question

Clock = Callable[[], float]

TOP_LOGPROBS = 20
"""As many as OpenAI's chat interface tells; four letters are nearly always among them."""
INSTRUCTION = "Answer with the letter of the right choice only."
_REFUSING = frozenset({401, 403})


class Way(StrEnum):
    """How a server is asked."""

    ECHO = "echo"
    """`/completions` with `echo` and `logprobs`: vLLM, underdog serve. Any prompt style."""
    FIRST_TOKEN = "first_token"  # noqa: S105  (no password)
    """`/chat/completions` with `logprobs`: letters only."""
    TEXT = "text"
    """`/chat/completions` held to a schema of letters where it can be: no probabilities."""


@dataclass(frozen=True, slots=True)
class RemoteScorer:
    """A server, how it is asked, and what that has cost so far."""

    config: RemoteConfig
    scoring: ScoringConfig
    way: Way
    cost: Cost

    def score(
        self, questions: Sequence[Question], *, within_s: float | None = None
    ) -> tuple[Prediction, ...]:
        """One prediction per question, in input order; requests overlap. What has no answer after
        `within_s` seconds is late, however patient the client is; None waits for all.
        """
        return asyncio.run(self._score(questions, within_s))

    async def _score(
        self, questions: Sequence[Question], within_s: float | None
    ) -> tuple[Prediction, ...]:
        async with RemoteClient(self.config) as client:
            client.cost = self.cost
            asked = (self._ask(client, question, within_s) for question in questions)
            return tuple(await asyncio.gather(*asked))

    async def _ask(
        self, client: RemoteClient, question: Question, within_s: float | None
    ) -> Prediction:
        try:
            async with asyncio.timeout(within_s):
                return await ask(client, question, self.way, self.scoring)
        except TimeoutError:
            order = shown_order(question, self.scoring)
            return Prediction(question.id, order, Outcome.LATE, None, elapsed_s=within_s)


def open_remote(
    config: RemoteConfig, scoring: ScoringConfig, *, way: Way | None = None
) -> RemoteScorer:
    """Find out what the server offers, by one small request per way; RunError when it serves none.

    Choice texts can be scored by ECHO only: InputError where the server has no echo.
    """
    _check(scoring)
    chosen = way or asyncio.run(_offered(config))
    if scoring.style is PromptStyle.TEXTS and chosen is not Way.ECHO:
        raise InputError(
            "a server that echoes log-probabilities, to score choice texts",
            got=f"one that offers {chosen}",
            where=config.url,
            hint="--style letters",
        )
    return RemoteScorer(config, scoring, chosen, Cost())


def _check(scoring: ScoringConfig) -> None:
    """What only a model in memory is asked yet."""
    usual = ScoringConfig()
    asked = (scoring.shots, scoring.instruction, scoring.chat_template, scoring.spacing)
    plain = (usual.shots, usual.instruction, usual.chat_template, usual.spacing)
    if asked != plain or scoring.normalisation is Normalisation.UNCONDITIONAL:
        raise InputError(
            "plain prompts for a model behind a server",
            got="worked examples, an instruction, a chat template or unconditional scores",
        )


async def _offered(config: RemoteConfig) -> Way:
    async with RemoteClient(config) as client:
        try:
            reply = await client.post("/completions", _echo("A B"))
            _echoed(reply)
            return Way.ECHO
        except (RemoteError, KeyError, TypeError, IndexError) as error:
            if isinstance(error, RemoteError) and error.status in {None, *_REFUSING}:
                raise
        reply = await client.post("/chat/completions", _chat("Say A.", logprobs=True))
        try:
            _first_token(reply)
            return Way.FIRST_TOKEN
        except (KeyError, TypeError, IndexError):
            return Way.TEXT


async def ask(
    client: RemoteClient,
    question: Question,
    way: Way,
    scoring: ScoringConfig,
    *,
    clock: Clock = time.perf_counter,
) -> Prediction:
    """One question. `elapsed_s` includes pauses and retries, as a player would feel them."""
    order = shown_order(question, scoring)
    start = clock()
    try:
        found = await _asked(client, question, order, way, scoring)
    except RemoteError as fault:
        if fault.status in _REFUSING or (fault.status is None and not fault.late):
            raise
        outcome = Outcome.LATE if fault.late else Outcome.CRASHED
        found = Prediction(question.id, order, outcome, None)
    except (KeyError, TypeError, IndexError, ValueError):
        found = Prediction(question.id, order, Outcome.MALFORMED, None)
    return Prediction(
        found.question_id,
        found.presentation,
        found.outcome,
        found.choice,
        found.log_probs,
        clock() - start,
    )


async def _asked(
    client: RemoteClient, question: Question, order: Presentation, way: Way, scoring: ScoringConfig
) -> Prediction:
    match way:
        case Way.ECHO:
            return await _by_echo(client, question, order, scoring)
        case Way.FIRST_TOKEN:
            return await _by_first_token(client, question, order)
        case Way.TEXT:
            return await _by_short_text(client, question, order)


async def _by_echo(
    client: RemoteClient, question: Question, order: Presentation, scoring: ScoringConfig
) -> Prediction:
    """The tokens behind the prompt are told apart by `text_offset`: the server's own count."""
    prompt = render(question, order, scoring.style)
    body = {**_echo(""), "prompt": [prompt.prefix + each for each in prompt.completions]}
    reply = await client.post("/completions", body)
    choices = sorted(reply["choices"], key=lambda each: int(each["index"]))
    start = len(prompt.prefix)
    logs = [
        _behind(told["logprobs"], start, start + len(text))
        for text, told in zip(prompt.completions, choices, strict=True)
    ]
    evidence = Evidence(tuple(map(math.fsum, logs)), tuple(map(len, logs)))
    return evidence.scored(question, order, scoring.normalisation).prediction


def _behind(told: dict[str, Any], start: int, end: int) -> list[float]:
    """Log-probabilities of the tokens of the echoed text from character `start` to `end`."""
    pairs = zip(told["text_offset"], told["token_logprobs"], strict=True)
    found = [float(logprob) for offset, logprob in pairs if start <= offset < end]
    if not found or not all(map(math.isfinite, found)):
        raise ValueError("no token begins where the choice begins")
    return found


async def _by_first_token(
    client: RemoteClient, question: Question, order: Presentation
) -> Prediction:
    """A letter's probability is that of its likeliest spelling ("B", " B"). Where a letter is not
    among the tokens told, its probability is at most the least told one, which is taken for it.
    """
    prefix = render(question, order, PromptStyle.LETTERS).prefix
    reply = await client.post("/chat/completions", _chat(prefix, logprobs=True))
    top = _first_token(reply)
    least = min(top.values())
    letters = [order.letter(index) for index in range(len(question.choices))]
    told = {
        letter: max((value for text, value in top.items() if text.strip() == letter), default=None)
        for letter in letters
    }
    if all(value is None for value in told.values()):
        return _by_text(reply, question, order)
    scores = [least if (value := told[letter]) is None else value for letter in letters]
    return _predicted(question, order, scores)


async def _by_short_text(
    client: RemoteClient, question: Question, order: Presentation
) -> Prediction:
    """Held to a schema first; a server that knows none is asked in plain words."""
    prefix = render(question, order, PromptStyle.LETTERS).prefix
    letters = [order.letter(index) for index in range(len(question.choices))]
    schema = {
        "type": "object",
        "properties": {"answer": {"type": "string", "enum": letters}},
        "required": ["answer"],
        "additionalProperties": False,
    }
    held = {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema}}
    body = {**_chat(prefix), "max_tokens": 32}
    try:
        reply = await client.post("/chat/completions", {**body, "response_format": held})
    except RemoteError as fault:
        if fault.status not in {400, 422}:
            raise
        reply = await client.post("/chat/completions", body)
    return _by_text(reply, question, order)


def _by_text(reply: dict[str, Any], question: Question, order: Presentation) -> Prediction:
    choice = reply["choices"][0]
    message = choice["message"]
    if message.get("refusal"):
        return Prediction(question.id, order, Outcome.REFUSED, None)
    found = parse_reply(str(message["content"] or ""), question, order)
    cut = choice.get("finish_reason") == "length" and found.outcome is Outcome.MALFORMED
    outcome = Outcome.TRUNCATED if cut else found.outcome
    return Prediction(question.id, order, outcome, found.choice)


def _predicted(question: Question, order: Presentation, scores: Sequence[float]) -> Prediction:
    total = log_sum_exp(scores)
    log_probs = tuple(min(each - total, 0.0) for each in scores)
    choice = max(range(len(scores)), key=lambda index: (scores[index], -index))
    return Prediction(question.id, order, Outcome.CLEAN, choice, log_probs)


def _echo(prompt: str) -> dict[str, Any]:
    """One token is made and not read: some servers refuse `max_tokens` 0."""
    return {"prompt": prompt, "max_tokens": 1, "temperature": 0, "logprobs": 1, "echo": True}


def _echoed(reply: dict[str, Any]) -> None:
    logs = reply["choices"][0]["logprobs"]
    _behind(logs, 1, 3)


def _chat(text: str, *, logprobs: bool = False) -> dict[str, Any]:
    body = {
        "messages": [{"role": "user", "content": f"{INSTRUCTION}\n\n{text}"}],
        "max_tokens": 1,
        "temperature": 0,
    }
    return {**body, "logprobs": True, "top_logprobs": TOP_LOGPROBS} if logprobs else body


def _first_token(reply: dict[str, Any]) -> dict[str, float]:
    top = reply["choices"][0]["logprobs"]["content"][0]["top_logprobs"]
    found: dict[str, float] = {}
    for each in top:
        text, value = str(each["token"]), float(each["logprob"])
        found[text] = max(value, found.get(text, -math.inf))
    if not found:
        raise KeyError("top_logprobs")
    return found
