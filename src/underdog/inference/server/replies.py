"""Replies of one model in work: prompts are read, tokens drawn, and finished rows leave.

In: prompts as token ids and how to draw. Out: what every pass added to each reply. Never: a thread,
a prompt's text (the engine turns it into ids).

Shape letters: B rows, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import torch

from underdog.inference.server.engine import Delta, Finish, Sampling, TokenLog
from underdog.inference.server.grammar import Matcher
from underdog.inference.server.keyvalues import (
    KeyValues,
    Piece,
    Prefilled,
    read_prompts,
    read_tokens,
)
from underdog.inference.server.sampling import draw, new_generator
from underdog.inference.server.text import Decode, TextStream


class Vocabulary(NamedTuple):
    """What replies need of a tokenizer: text of ids, and the ids that end a reply."""

    decode: Callable[[Sequence[int]], str]
    ends: frozenset[int]


@dataclass(slots=True, eq=False)
class Reply:
    """One row. `limit` is the most tokens to make; `matcher` guards a schema."""

    key: int
    prompt: tuple[int, ...]
    sampling: Sampling
    limit: int
    text: TextStream
    matcher: Matcher | None = None
    made: int = 0
    last: int = 0
    logs: list[TokenLog] = field(default_factory=list)
    told: TextStream | None = None
    characters: int = 0
    generator: torch.Generator = field(init=False)

    def __post_init__(self) -> None:
        self.generator = new_generator(self.sampling)

    def note(self, token: int, log: TokenLog, decode: Decode) -> None:
        """Keep a log with its place in the text: tokens that are parts of characters share one."""
        self.told = self.told or TextStream(decode)
        self.logs.append(log._replace(offset=self.characters))
        self.characters += len(self.told.add(token))


class Replies:
    """The rows of one model that generate together."""

    def __init__(self, vocabulary: Vocabulary, *, logit_rows: int) -> None:
        """`logit_rows`: positions whose logits are built at a time while prompts are echoed."""
        self._vocabulary, self._logit_rows = vocabulary, logit_rows
        self._rows: list[Reply] = []
        self._held: KeyValues | None = None

    @property
    def keys(self) -> tuple[int, ...]:
        """Of the replies in work."""
        return tuple(row.key for row in self._rows)

    def start(self, model: Any, fresh: Sequence[Reply]) -> list[Delta]:
        """Read the prompts of `fresh` in one batch and draw their first tokens."""
        for row in fresh:
            if row.sampling.echo and row.sampling.top_logprobs is not None:
                first = TokenLog(self._vocabulary.decode(row.prompt[:1]), None)
                row.note(row.prompt[0], first, self._vocabulary.decode)
        echo = any(row.sampling.echo and row.sampling.top_logprobs is not None for row in fresh)
        prompts = [row.prompt for row in fresh]
        for part in read_prompts(model, prompts, limit=self._logit_rows if echo else None):
            if isinstance(part, Piece):
                self._log_prompts(part, fresh)
                continue
            deltas = [self._first(row, part.last[place]) for place, row in enumerate(fresh)]
            self._adopt(fresh, part, deltas)
        return deltas

    def step(self, model: Any) -> list[Delta]:
        """One more token of every row."""
        if self._held is None:
            return []
        logits_BV = read_tokens(model, self._held, [row.last for row in self._rows])
        deltas = [
            self._advance(row, logits) for row, logits in zip(self._rows, logits_BV, strict=True)
        ]
        self._retain([delta.finish is None for delta in deltas])
        return deltas

    def drop(self, keys: Collection[int]) -> None:
        """Forget these rows."""
        if any(row.key in keys for row in self._rows):
            self._retain([row.key not in keys for row in self._rows])

    def _adopt(self, fresh: Sequence[Reply], read: Prefilled, deltas: Sequence[Delta]) -> None:
        staying = [place for place, delta in enumerate(deltas) if delta.finish is None]
        held = read.held.keep(staying)
        if held is None:
            return
        self._held = held if self._held is None else self._held.join(held)
        self._rows += [fresh[place] for place in staying]

    def _retain(self, stays: Sequence[bool]) -> None:
        if all(stays) or self._held is None:
            return
        places = [place for place, stay in enumerate(stays) if stay]
        self._held = self._held.keep(places)
        self._rows = [self._rows[place] for place in places]

    def _first(self, row: Reply, logits: torch.Tensor) -> Delta:
        prompt = self._vocabulary.decode(row.prompt) if row.sampling.echo else ""
        if row.limit == 0:
            return self._delta(row, prompt, Finish.LENGTH)
        delta = self._advance(row, logits)
        return delta._replace(text=prompt + delta.text)

    def _advance(self, row: Reply, logits: torch.Tensor) -> Delta:
        masked_V = logits
        if row.matcher is not None:
            banned_V = ~row.matcher.allowed().to(logits.device)
            masked_V = logits.masked_fill(banned_V, -torch.inf)
        token = row.last = draw(masked_V, row.sampling, row.generator)
        row.made += 1
        complete = row.matcher is not None and row.matcher.consume(token)
        # The end token is told as well (its text is not): lm-eval counts one made token per prompt.
        if row.sampling.top_logprobs is not None:
            (log,) = self._logs(logits[None], [token], row.sampling.top_logprobs)
            row.note(token, log, self._vocabulary.decode)
        if token in self._vocabulary.ends:
            return self._delta(row, row.text.finish(), Finish.STOP)
        text = row.text.add(token)
        if row.text.stopped or complete:
            return self._delta(row, text + row.text.finish(), Finish.STOP)
        if row.made >= row.limit:
            return self._delta(row, text + row.text.finish(), Finish.LENGTH)
        return self._delta(row, text, None)

    def _delta(self, row: Reply, text: str, finish: Finish | None) -> Delta:
        logs, row.logs = tuple(row.logs), []
        return Delta(row.key, text, logs, len(row.prompt), row.made, finish)

    def _log_prompts(self, piece: Piece, fresh: Sequence[Reply]) -> None:
        """The log-probability of every prompt token that a position of the piece predicts."""
        kept, tokens, owners = list[int](), list[int](), list[Reply]()
        for index, (number, place) in enumerate(zip(piece.rows, piece.places, strict=True)):
            row = fresh[number]
            told = row.sampling.echo and row.sampling.top_logprobs is not None
            if told and place + 1 < len(row.prompt):
                kept.append(index)
                tokens.append(row.prompt[place + 1])
                owners.append(row)
        if not kept:
            return
        top = max(row.sampling.top_logprobs or 0 for row in owners)
        logs = self._logs(piece.logits[kept], tokens, top)
        for row, token, log in zip(owners, tokens, logs, strict=True):
            cut = log._replace(top=log.top[: row.sampling.top_logprobs])
            row.note(token, cut, self._vocabulary.decode)

    def _logs(self, logits: torch.Tensor, tokens: Sequence[int], top: int) -> list[TokenLog]:
        """Under a float32 log-softmax over the whole vocabulary, before temperature and schema."""
        total_P1 = logits.logsumexp(dim=-1, keepdim=True)
        chosen_P1 = torch.tensor(tokens, device=logits.device)[:, None]
        own = (logits.gather(1, chosen_P1) - total_P1).clamp(max=0)[:, 0].tolist()
        best = logits.topk(min(top, logits.shape[1]), dim=-1)
        values = (best.values - total_P1).clamp(max=0).tolist()
        decode = self._vocabulary.decode
        return [
            TokenLog(
                decode([token]),
                logprob,
                tuple((decode([each]), value) for each, value in zip(ids, row, strict=True)),
            )
            for token, logprob, ids, row in zip(
                tokens, own, best.indices.tolist(), values, strict=True
            )
        ]
