"""The loss over the options alone: its gradient, what it leaves out, and what it refuses."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from moved_adapters import moved_adapters
from small_runs import QUICK, small_job

from fakes import ByteTokenizer, letter_tokenizer
from underdog.adapters.lora import trainable_parameters
from underdog.errors import InputError
from underdog.mcq.prompt import PromptStyle
from underdog.mcq.question import Question
from underdog.runs.metrics import read_metrics
from underdog.training.batches import Encoder, Example, answer_loss, collate, collate_tree
from underdog.training.config import AnswerLoss, TrainingConfig
from underdog.training.step import share_of
from underdog.training.trainer import train

ROWS = [
    Example((7, 8, 9, 20), 3, (20, 21, 22, 23)),
    Example((7, 8, 5, 6, 22), 4, (20, 21, 22, 23)),
    Example((4, 21), 1, (20, 21)),
    Example((7, 8, 9, 20), 3, (20, 21, 22, 23)),
]
"""Two letters offered in one row, four in the others; two rows are equal."""


def reference(adapted: Any) -> torch.Tensor:
    """One row at a time, all logits, a softmax over its own options."""
    total = torch.zeros(())
    for row in ROWS:
        logits = adapted(input_ids=torch.tensor([row.token_ids[:-1]]), use_cache=False).logits
        chosen = logits[0, -1, list(row.options)].log_softmax(dim=0)
        total = total - chosen[row.options.index(row.token_ids[-1])]
    return total


def gradients(adapted: Any, loss: torch.Tensor) -> list[torch.Tensor]:
    """Of every adapter weight."""
    return list(torch.autograd.grad(loss, list(trainable_parameters(adapted).values())))


@pytest.mark.parametrize("linear", [True, False])
def test_it_is_the_softmax_over_each_rows_own_options(linear: bool) -> None:
    """Loss and whole gradients are those of a dense reference (1e-5 relative, float32), padded, and
    with a head that is not a plain linear layer too, whose columns are taken afterwards.
    """
    adapted = moved_adapters()
    if not linear:
        head = adapted.get_output_embeddings()
        adapted.get_base_model().set_output_embeddings(torch.nn.Sequential(head))
    wanted = reference(adapted)
    found = answer_loss(adapted, collate(ROWS))
    torch.testing.assert_close(found, wanted, rtol=1e-5, atol=1e-5)
    pairs = zip(gradients(adapted, found), gradients(adapted, wanted), strict=True)
    for one, other in pairs:
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-6)


def test_the_head_computes_nothing_for_other_words() -> None:
    """A hook on the head sees no row at all in, and leaves nothing behind."""
    adapted = moved_adapters()
    head, seen = adapted.get_output_embeddings(), []
    hook = head.register_forward_hook(lambda _, inputs, out: seen.append(tuple(inputs[0].shape)))
    answer_loss(adapted, collate(ROWS))
    hook.remove()
    assert seen == [(0, 32)]
    assert not head._forward_hooks
    assert not head._forward_pre_hooks


def test_parts_and_trees_carry_the_options() -> None:
    """As a tree the two equal rows are read at one node; parts of a step count one token a row."""
    tree = collate_tree(ROWS)
    assert tree.offered is not None
    assert tree.offered.words.tolist() == [20, 21, 22, 23]
    assert tree.offered.marks.sum(dim=1).tolist() == [4, 4, 2, 4]
    assert tree.targets.tolist() == [0, 2, 1, 0]
    assert int(tree.answers.sum()) == 3
    assert tree.read_at is not None
    assert tree.read_at[0] == tree.read_at[3]
    assert share_of(ROWS, parts=2, rank=0, count=1).answer_tokens == 4


def test_a_row_ends_with_its_letter_and_knows_all_of_them() -> None:
    """No end of text: scoring never reads it. The letters are the vocabulary's own tokens."""
    tokenizer = letter_tokenizer()
    question = Question("Capital of France?", ("Rome", "Paris", "Oslo"), 1)
    encoder = Encoder(tokenizer, PromptStyle.LETTERS, seed=1, loss=AnswerLoss.OPTIONS)
    example = encoder.example(question, 0)
    text = tokenizer.decode(example.token_ids)
    assert text.count(f"{text[-1]}) Paris\n") == 1
    assert sorted(map(tokenizer.decode, example.options)) == [" A", " B", " C"]
    assert example.answer_start == len(example.token_ids) - 1


def test_what_cannot_be_chosen_from_is_refused() -> None:
    """Choices as texts, letters of several tokens, and another name."""
    with pytest.raises(InputError, match='style = "letters", or loss = "vocabulary"'):
        TrainingConfig(style=PromptStyle.TEXTS, loss=AnswerLoss.OPTIONS)
    with pytest.raises(InputError, match="a loss out of vocabulary, options"):
        TrainingConfig(loss="letters")  # type: ignore[arg-type]
    encoder = Encoder(ByteTokenizer(), PromptStyle.LETTERS, seed=1, loss=AnswerLoss.OPTIONS)
    with pytest.raises(InputError, match="each of the letters as one token of its own"):
        encoder.example(Question("Capital of France?", ("Rome", "Paris"), 1), 0)


def test_a_run_with_accumulation_ends_near_one_without(base_folder: Path, tmp_path: Path) -> None:
    """The loss of every step agrees to 1e-4."""
    losses = []
    for parts in (1, 2):
        execution = replace(QUICK.execution, accumulation=parts)
        config = replace(
            QUICK, style=PromptStyle.LETTERS, loss=AnswerLoss.OPTIONS, execution=execution
        )
        job = replace(small_job(base_folder, tmp_path / str(parts) / "train"), config=config)
        job = replace(job, base=job.base._replace(tokenizer=letter_tokenizer()))
        train(job)
        losses.append([step.loss for step in read_metrics(job.out).steps])
    assert losses[0] == pytest.approx(losses[1], rel=1e-4)
