"""Rows as tensors, and the loss at answer positions."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from small_runs import make_rows

from fakes import ByteTokenizer, numbered_questions
from underdog.adapters.base import Base
from underdog.data.row import Band, Row, Split
from underdog.errors import InputError
from underdog.mcq.prompt import PromptStyle
from underdog.mcq.question import Question
from underdog.training.batches import (
    BatchTensors,
    Encoder,
    Example,
    answer_loss,
    choose_rows,
    collate,
    cut_evenly,
)

EXAMPLES = st.lists(
    st.builds(
        lambda prefix, answer: Example((*prefix, *answer), len(prefix)),
        st.lists(st.integers(1, 250), min_size=1, max_size=12),
        st.lists(st.integers(1, 250), min_size=1, max_size=5),
    ),
    min_size=1,
    max_size=6,
)


@given(EXAMPLES)
def test_exactly_the_answer_tokens_are_targets(examples: list[Example]) -> None:
    """Fed at an answer position, the next token is the target; nothing else is marked."""
    batch = collate(examples)
    rows, columns = batch.answers.nonzero(as_tuple=True)
    expected = [token for each in examples for token in each.token_ids[each.answer_start :]]
    assert batch.targets.tolist() == expected
    for row, column, target in zip(rows.tolist(), columns.tolist(), expected, strict=True):
        assert examples[row].token_ids[column + 1] == target
        assert batch.input_ids[row, column] == examples[row].token_ids[column]
    assert batch.input_tokens == sum(len(each.token_ids) - 1 for each in examples)
    assert batch.input_ids.shape[1] == max(len(each.token_ids) for each in examples) - 1


@given(st.integers(1, 40), st.integers(1, 9))
def test_cutting_a_step_loses_no_row(rows: int, pieces: int) -> None:
    """Parts are non-empty, at most as many as asked for, and in order."""
    given_rows: list[Any] = list(range(rows))
    parts = cut_evenly(given_rows, pieces)
    assert [row for part in parts for row in part] == given_rows
    assert len(parts) <= pieces
    assert all(parts)


def examples_of(base: Base, style: PromptStyle, count: int = 9) -> list[Example]:
    encoder = Encoder(base.tokenizer, style, seed=0)
    texts = ("x" * (5 * at) for at in range(count))  # rows of different lengths
    return [
        encoder.example(Question(f"{text} {question.text}", question.choices, question.answer), 0)
        for text, question in zip(texts, numbered_questions(count), strict=True)
    ]


def slow_loss(model: Any, example: Example) -> torch.Tensor:
    """One row at a time, all logits, labels as transformers wants them."""
    ids = torch.tensor([example.token_ids])
    labels = ids.clone()
    labels[:, : example.answer_start] = -100
    answer_tokens = len(example.token_ids) - example.answer_start
    loss: torch.Tensor = model(input_ids=ids, labels=labels, use_cache=False).loss * answer_tokens
    return loss


@pytest.mark.parametrize("style", list(PromptStyle))
def test_loss_and_gradients_equal_the_slow_reference(base: Base, style: PromptStyle) -> None:
    """Padded, gathered, no mask: equal to one row at a time with full logits and transformers'
    own labels. Tolerance 1e-4 relative on whole gradients: sums in another order, float32.
    """
    examples = examples_of(base, style)
    model = base.model
    fast = answer_loss(model, collate(examples))
    fast.backward()
    fast_gradients = {name: weight.grad.clone() for name, weight in model.named_parameters()}
    model.zero_grad()
    slow = sum((slow_loss(model, example) for example in examples), torch.zeros(()))
    slow.backward()
    torch.testing.assert_close(fast, slow, rtol=1e-5, atol=1e-5)
    for name, weight in model.named_parameters():
        torch.testing.assert_close(fast_gradients[name], weight.grad, rtol=1e-4, atol=1e-4)


def test_padding_never_reaches_a_real_row(base: Base) -> None:
    """Whatever stands in the padding, the loss is the same to the last bit."""
    batch = collate(examples_of(base, PromptStyle.TEXTS))
    other = batch.input_ids.clone()
    for row, (last,) in enumerate(
        mask.nonzero().max(dim=0).values.tolist() for mask in batch.answers
    ):
        other[row, last + 1 :] = 77
    assert not torch.equal(other, batch.input_ids)
    changed = BatchTensors(other, batch.answers, batch.targets, batch.input_tokens)
    with torch.no_grad():
        assert answer_loss(base.model, batch) == answer_loss(base.model, changed)


def test_rows_end_with_the_end_of_sequence() -> None:
    """Prompt, right answer, end token: nothing before, between or after."""
    question = Question("Capital of France?", ("Rome", "Paris"), 1)
    example = Encoder(ByteTokenizer(), PromptStyle.TEXTS, seed=0).example(question, 0)
    text = ByteTokenizer().decode(example.token_ids)
    assert text == "Question: Capital of France?\nAnswer: Paris"
    assert example.token_ids[-1] == 256
    assert ByteTokenizer().decode(example.token_ids[example.answer_start :]) == " Paris"


def test_letters_are_shown_in_a_new_order_at_each_showing() -> None:
    """Over 400 showings of one question the right letter is A, B, C and D a quarter of the time
    each (between 70 and 130 of 400), and each letter names the right text.
    """
    question = Question("Capital of France?", ("Rome", "Paris", "Oslo", "Bonn"), 1)
    encoder = Encoder(ByteTokenizer(), PromptStyle.LETTERS, seed=5)
    letters: Counter[str] = Counter()
    for showing in range(400):
        text = ByteTokenizer().decode(encoder.example(question, showing).token_ids)
        assert text.count(f"{text[-1]}) Paris\n") == 1
        letters[text[-1]] += 1
    assert sorted(letters) == list("ABCD")
    assert all(70 <= count <= 130 for count in letters.values())


def test_rows_that_cannot_be_trained_on_are_counted_by_reason() -> None:
    """Too long and without an answer are kept apart, in order, and the rest is untouched."""
    rows = list(make_rows(4, chunks=1))
    unknown = Question("Who knows?", ("a", "b"), None)
    rows.insert(1, Row(unknown, "g", 0.5, Band.HARD, Split.TRAIN, 0, 9))
    long = Question("y" * 300, ("a", "b"), 0)
    rows.append(Row(long, "h", 0.5, Band.HARD, Split.TRAIN, 0, 10))
    encoder = Encoder(ByteTokenizer(), PromptStyle.TEXTS, seed=0)
    kept, lengths, left_out = choose_rows(rows, encoder, max_tokens=120)
    assert [row.position for row in kept] == [0, 1, 2, 3]
    assert all(length <= 120 for length in lengths)
    assert left_out.too_long == (long.id,)
    assert left_out.without_answer == (unknown.id,)


def test_a_tokenizer_without_an_end_is_refused() -> None:
    """Training would never teach the model to stop."""
    tokenizer = ByteTokenizer()
    tokenizer.eos_token_id = None
    with pytest.raises(InputError, match="end-of-sequence"):
        Encoder(tokenizer, PromptStyle.TEXTS, seed=0)


def test_a_question_without_an_answer_is_never_encoded() -> None:
    """Asked directly, the encoder says which question it was."""
    unknown = Question("Who knows?", ("a", "b"), None)
    with pytest.raises(InputError, match=unknown.id):
        Encoder(ByteTokenizer(), PromptStyle.TEXTS, seed=0).example(unknown, 0)
