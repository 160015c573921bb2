"""Batches that do not fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
import torch

from fakes import ByteTokenizer, numbered_questions, tiny_qwen2
from underdog.errors import RunError
from underdog.inference.halving import Halving
from underdog.inference.score import score
from underdog.inference.scorer import Scorer, ScoringConfig

QUESTIONS = numbered_questions(12)
CONFIG = ScoringConfig(batch_tokens=100_000)


def with_room_for(rows: int, tried: list[int]) -> Scorer:
    """A model that runs out of memory above so many rows."""
    model = tiny_qwen2()

    def check(_: Any, inputs: tuple[torch.Tensor, ...]) -> None:
        tried.append(inputs[0].shape[0])
        if inputs[0].shape[0] > rows:
            raise torch.OutOfMemoryError("HIP out of memory. Tried to allocate 2.00 GiB")

    model.get_input_embeddings().register_forward_pre_hook(check)
    return Scorer(model, ByteTokenizer(), CONFIG)


@pytest.mark.parametrize("rows", [1, 5])
def test_a_batch_that_does_not_fit_is_halved_until_it_does(rows: int) -> None:
    """With results equal to those of enough memory, within 1e-4 nats, in the same order."""
    tried: list[int] = []
    found = score(QUESTIONS, with_room_for(rows, tried))
    wanted = score(QUESTIONS, Scorer(tiny_qwen2(), ByteTokenizer(), CONFIG))
    assert tried[0] == 12
    for one, other in zip(found, wanted, strict=True):
        assert (one.question_id, one.choice) == (other.question_id, other.choice)
        assert one.log_probs == pytest.approx(other.log_probs, abs=1e-4)


def test_what_did_not_fit_is_not_tried_again() -> None:
    """One failure per size, not one per batch."""
    tried: list[int] = []
    scorer = with_room_for(3, tried)
    score(QUESTIONS, replace(scorer, config=replace(CONFIG, batch_tokens=450)))
    failed = [rows for rows in tried if rows > 3]
    assert len(failed) == 1


def test_a_question_that_does_not_fit_alone_is_an_error_with_a_remedy() -> None:
    """Nothing is left to halve."""
    with pytest.raises(RunError, match=r"one question of .* tokens is needed; got HIP out of mem"):
        score(QUESTIONS[:2], with_room_for(0, []))


def test_other_errors_are_not_hidden() -> None:
    """Only a lack of memory is repeated: any other fault comes through the first time."""
    tried: list[int] = []

    def broken(jobs: Sequence[Any]) -> list[Any]:
        tried.append(len(jobs))
        raise RuntimeError("shapes differ")

    with pytest.raises(RuntimeError, match="shapes differ"):
        Halving(broken)(["one", "two"])  # type: ignore[list-item]
    assert tried == [2]
