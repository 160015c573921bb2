"""Rows as token ids, and batches of them as tensors, with the loss at answer positions only.

In: rows, a tokenizer, a prompt style. Out: what one forward pass needs. Never: a padding mask.

Shape letters: B rows, L tokens, A answer tokens of the whole batch, V vocabulary.

Rows are padded on the right and attention is causal, so no real token ever sees padding and no
mask is needed; the kernels without a mask are faster. The last token of a row (end of sequence) is
only predicted, so it is never fed. Hidden states are gathered at the answer positions before the
output head: logits are A x V, never B x L x V.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import torch

from underdog.adapters.positions import logits_at
from underdog.data.row import Row
from underdog.errors import InputError
from underdog.mcq.encode import Tokenizer, encode
from underdog.mcq.presentation import Presentation
from underdog.mcq.prompt import Prompt, PromptStyle, render
from underdog.mcq.question import Question

T = TypeVar("T")
PADDING_ID = 0
"""Any id would do: padding is neither seen by real tokens nor predicted."""


@dataclass(frozen=True, slots=True)
class Example:
    """One row as tokens: prompt, right answer, end of sequence. Answer tokens start at
    `answer_start`.
    """

    token_ids: tuple[int, ...]
    answer_start: int


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Rows that are not trained on, by reason; the ids are those of the questions."""

    too_long: tuple[str, ...]
    without_answer: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BatchTensors:
    """`input_ids` (B, L) are padded on the right; `answers` (B, L) is True where the next token is
    an answer token; `targets` (A,) are those tokens, row by row.
    """

    input_ids: torch.Tensor
    answers: torch.Tensor
    targets: torch.Tensor
    input_tokens: int

    def to(self, device: torch.device) -> BatchTensors:
        """The same batch on another device."""
        return BatchTensors(
            self.input_ids.to(device),
            self.answers.to(device),
            self.targets.to(device),
            self.input_tokens,
        )


class Encoder:
    """Turns questions into examples. Under LETTERS the choices are shown in a new order at every
    showing, drawn from the seed, the question's id and the showing: no position is ever right.
    """

    def __init__(self, tokenizer: Tokenizer, style: PromptStyle, *, seed: int) -> None:
        if tokenizer.eos_token_id is None:
            raise InputError(
                "a tokenizer with an end-of-sequence token is needed",
                got="none",
                hint='set "eos_token" in its tokenizer_config.json',
            )
        self._tokenizer, self._eos_id = tokenizer, tokenizer.eos_token_id
        self._style, self._seed = style, seed
        self._kept: dict[str, Example] = {}

    def example(self, question: Question, showing: int) -> Example:
        """The question as shown for the showing-th time (from 0)."""
        if self._style is PromptStyle.LETTERS:
            return self._encode(question, showing)
        if question.id not in self._kept:  # no order is shown, so every showing is the same
            self._kept[question.id] = self._encode(question, 0)
        return self._kept[question.id]

    def _encode(self, question: Question, showing: int) -> Example:
        if question.answer is None:
            raise InputError("a question with a known answer is needed", got=question.id)
        seed = f"{self._seed} {question.id} {showing}"
        order = Presentation.shuffled(len(question.choices), seed=seed)
        prompt = render(question, order, self._style)
        right = Prompt(prompt.prefix, (prompt.completions[question.answer],))
        encoded = encode(right, self._tokenizer)
        answer = (*encoded.completion_ids[0], self._eos_id)
        return Example((*encoded.prefix_ids, *answer), len(encoded.prefix_ids))


def choose_rows(
    rows: Sequence[Row], encoder: Encoder, *, max_tokens: int
) -> tuple[tuple[Row, ...], tuple[int, ...], LeftOut]:
    """Rows that can be trained on, their lengths in tokens, and those left out with the reason."""
    kept: list[Row] = []
    lengths: list[int] = []
    too_long: list[str] = []
    without_answer: list[str] = []
    for row in rows:
        if row.question.answer is None:
            without_answer.append(row.question.id)
            continue
        length = len(encoder.example(row.question, 0).token_ids)
        if length > max_tokens:
            too_long.append(row.question.id)
            continue
        kept.append(row)
        lengths.append(length)
    return tuple(kept), tuple(lengths), LeftOut(tuple(too_long), tuple(without_answer))


def cut_evenly(rows: Sequence[T], pieces: int) -> list[Sequence[T]]:
    """A step's rows in at most `pieces` parts for gradient accumulation; no part is empty."""
    size = -(-len(rows) // pieces)
    return [rows[start : start + size] for start in range(0, len(rows), size)]


def collate(examples: Sequence[Example]) -> BatchTensors:
    """Pad a batch to its longest row."""
    longest = max(len(example.token_ids) for example in examples) - 1
    ids: list[list[int]] = []
    answers: list[list[bool]] = []
    targets: list[int] = []
    for example in examples:
        fed, start = len(example.token_ids) - 1, example.answer_start
        padding = longest - fed
        ids.append([*example.token_ids[:-1], *[PADDING_ID] * padding])
        # Position p predicts token p + 1, so the first answer token is predicted at start - 1.
        predicting = fed - start + 1
        answers.append([False] * (start - 1) + [True] * predicting + [False] * padding)
        targets += example.token_ids[start:]
    return BatchTensors(
        torch.tensor(ids, dtype=torch.long),
        torch.tensor(answers, dtype=torch.bool),
        torch.tensor(targets, dtype=torch.long),
        sum(len(example.token_ids) - 1 for example in examples),
    )


def answer_loss(model: Any, batch: BatchTensors) -> torch.Tensor:
    """Sum of -ln p over the batch's answer tokens, in nats, in float32 whatever the model's type.

    Sums add up over the parts of a step, so accumulation changes the loss by rounding only.
    """
    logits_AV = logits_at(model, batch.answers, input_ids=batch.input_ids)
    return torch.nn.functional.cross_entropy(logits_AV.float(), batch.targets, reduction="sum")
