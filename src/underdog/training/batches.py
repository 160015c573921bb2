"""Rows as token ids, and batches of them as tensors, with the loss at answer positions only.

In: rows, a tokenizer, a prompt style. Out: what one forward pass needs. Never: a padding mask.

Shape letters: B rows, L tokens, N nodes of a tree, A answer tokens of the whole batch, V
vocabulary.

Rows become one tree without padding (`adapters.prefix_tree`), or, for a model that takes none, are
padded on the right; attention is causal, so no real token ever sees padding and no
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
from underdog.adapters.prefix_tree import PrefixTree, grow_tree
from underdog.data.row import Row
from underdog.errors import InputError
from underdog.mcq.encode import EncodedPrompt, Tokenizer, encode
from underdog.mcq.presentation import Presentation
from underdog.mcq.prompt import Prompt, PromptStyle, render
from underdog.mcq.question import Question
from underdog.training.config import AnswerLoss

T = TypeVar("T")
PADDING_ID = 0
"""Any id would do: padding is neither seen by real tokens nor predicted."""


@dataclass(frozen=True, slots=True)
class Example:
    """One row as tokens: prompt, right answer, end of sequence. Answer tokens start at
    `answer_start`. Under the loss over options the answer is one letter, without an end, and
    `options` are the ids of all letters offered.
    """

    token_ids: tuple[int, ...]
    answer_start: int
    options: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Rows that are not trained on, by reason; the ids are those of the questions."""

    too_long: tuple[str, ...]
    without_answer: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Offered:
    """What an answer is chosen from: `words` (C,) are the ids of every letter in the batch, `marks`
    (A, C) is True for those that a row offers.
    """

    words: torch.Tensor
    marks: torch.Tensor

    def to(self, device: torch.device) -> Offered:
        """The same on another device."""
        return Offered(self.words.to(device), self.marks.to(device))


@dataclass(frozen=True, slots=True)
class BatchTensors:
    """`input_ids` (B, L) are padded on the right; `answers` (B, L) is True where the next token is
    an answer token; `targets` (A,) are those tokens, row by row. With a tree both are of its nodes,
    (1, N), and `read_at` (A,) says which of the marked nodes predicts which target, or is None
    where each predicts one, in order. With `offered`, targets are places among its words.
    """

    input_ids: torch.Tensor
    answers: torch.Tensor
    targets: torch.Tensor
    input_tokens: int
    tree: PrefixTree | None = None
    read_at: torch.Tensor | None = None
    offered: Offered | None = None

    def to(self, device: torch.device) -> BatchTensors:
        """The same batch on another device."""
        return BatchTensors(
            self.input_ids.to(device),
            self.answers.to(device),
            self.targets.to(device),
            self.input_tokens,
            None if self.tree is None else self.tree.to(device),
            None if self.read_at is None else self.read_at.to(device),
            None if self.offered is None else self.offered.to(device),
        )


class Encoder:
    """Turns questions into examples. Under LETTERS the choices are shown in a new order at every
    showing, drawn from the seed, the question's id and the showing: no position is ever right.
    """

    def __init__(
        self,
        tokenizer: Tokenizer,
        style: PromptStyle,
        *,
        seed: int,
        loss: AnswerLoss = AnswerLoss.VOCABULARY,
    ) -> None:
        if tokenizer.eos_token_id is None:
            raise InputError(
                "a tokenizer with an end-of-sequence token is needed",
                got="none",
                hint='set "eos_token" in its tokenizer_config.json',
            )
        self._tokenizer, self._eos_id = tokenizer, tokenizer.eos_token_id
        self._style, self._seed, self._loss = style, seed, loss
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
        if self._loss is AnswerLoss.OPTIONS:
            return _with_options(encode(prompt, self._tokenizer), question.answer)
        right = Prompt(prompt.prefix, (prompt.completions[question.answer],))
        encoded = encode(right, self._tokenizer)
        answer = (*encoded.completion_ids[0], self._eos_id)
        return Example((*encoded.prefix_ids, *answer), len(encoded.prefix_ids))


def _with_options(encoded: EncodedPrompt, answer: int) -> Example:
    letters = encoded.completion_ids
    options = tuple(ids[0] for ids in letters if len(ids) == 1)
    if len(set(options)) < len(letters):
        raise InputError(
            "a tokenizer that writes each of the letters as one token of its own is needed for the "
            "loss over options",
            got=f"tokens {list(map(list, letters))}",
            hint='loss = "vocabulary"',
        )
    return Example((*encoded.prefix_ids, options[answer]), len(encoded.prefix_ids), options)


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
    offered, targets = _offered(examples, targets)
    return BatchTensors(
        torch.tensor(ids, dtype=torch.long),
        torch.tensor(answers, dtype=torch.bool),
        torch.tensor(targets, dtype=torch.long),
        sum(len(example.token_ids) - 1 for example in examples),
        offered=offered,
    )


def collate_tree(examples: Sequence[Example]) -> BatchTensors:
    """The same batch as a tree. Rows that are equal up to an answer share what predicts it."""
    tree = grow_tree([example.token_ids[:-1] for example in examples])
    nodes = [
        tree.nodes[row, example.answer_start - 1 : len(example.token_ids) - 1]
        for row, example in enumerate(examples)
    ]
    marked, read_at = torch.unique(torch.cat(nodes), return_inverse=True)
    answers = torch.zeros(1, len(tree.tokens), dtype=torch.bool)
    answers[0, marked] = True
    targets = [token for example in examples for token in example.token_ids[example.answer_start :]]
    offered, targets = _offered(examples, targets)
    return BatchTensors(
        tree.tokens.unsqueeze(0),
        answers,
        torch.tensor(targets, dtype=torch.long),
        sum(len(example.token_ids) - 1 for example in examples),
        tree,
        None if len(marked) == len(read_at) else read_at,
        offered,
    )


def _offered(examples: Sequence[Example], targets: list[int]) -> tuple[Offered | None, list[int]]:
    """What answers are chosen from, and the targets as places in it; the ids themselves where that
    is the vocabulary.
    """
    words = sorted({word for example in examples for word in example.options})
    if not words:
        return None, targets
    marks = [[word in example.options for word in words] for example in examples]
    offered = Offered(torch.tensor(words, dtype=torch.long), torch.tensor(marks))
    return offered, [words.index(target) for target in targets]


_ANY_MASK = (1, 1, 1, 1)
"""The shape of a mask that transformers hands on as it is: attention over rows needs none, and none
is made from the places of nodes."""


def answer_loss(model: Any, batch: BatchTensors) -> torch.Tensor:
    """Sum of -ln p over the batch's answer tokens, in nats, in float32 whatever the model's type; p
    is a share of the vocabulary, or of the options offered.

    Sums add up over the parts of a step, so accumulation changes the loss by rounding only.
    """
    logits = _answer_logits(model, batch).float()
    if batch.offered is not None:
        logits = logits.masked_fill(~batch.offered.marks, float("-inf"))
    return torch.nn.functional.cross_entropy(logits, batch.targets, reduction="sum")


def _answer_logits(model: Any, batch: BatchTensors) -> torch.Tensor:
    """Logits (A, V), or (A, C) of the words offered, at the answer positions, row by row."""
    inputs: dict[str, Any] = {"input_ids": batch.input_ids}
    if batch.offered is not None:
        inputs["words"] = batch.offered.words
    if batch.tree is not None:
        inputs |= {
            "position_ids": batch.tree.depths.unsqueeze(0),
            "attention_mask": batch.input_ids.new_ones(_ANY_MASK, dtype=torch.bool),
            "prefix_tree": batch.tree,
        }
    logits = logits_at(model, batch.answers, **inputs)
    return logits if batch.read_at is None else logits[batch.read_at]
