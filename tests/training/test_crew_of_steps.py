"""Rows shared out over threads: nothing lost, the same gradient, the same bytes each time."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from moved_adapters import moved_adapters
from small_runs import QUICK, adapter_digests, small_job

from underdog.adapters.crew import crew_of
from underdog.adapters.fused import fused_lora
from underdog.adapters.last_layer import last_layer_where_read
from underdog.adapters.lora import trainable_parameters
from underdog.runs.metrics import read_metrics
from underdog.training.batches import Example
from underdog.training.checkpoint import Trained
from underdog.training.step import forward_and_backward, share_of
from underdog.training.trainer import train


def test_threads_give_the_gradient_of_one_pass() -> None:
    """Eight rows on one thread and on two: the losses to 1e-5, whole gradients to 1e-4 relative,
    lying in memory alike; on two threads the same bytes every time.
    """
    adapted = moved_adapters()
    generator = torch.Generator().manual_seed(3)
    drawn = torch.randint(2, 60, (8, 40), generator=generator).tolist()
    rows = [Example((2, 3, *row[: 33 + at]), 30) for at, row in enumerate(drawn)]
    share = share_of(rows, parts=1, rank=0, count=1)
    optimizer = torch.optim.AdamW(trainable_parameters(adapted).values())
    found = []
    with fused_lora(adapted), last_layer_where_read(adapted) as reading, crew_of(2) as crew:
        for used in (None, crew, crew):
            adapted.zero_grad(set_to_none=True)
            trained = Trained(adapted, optimizer, reading, trees=True, crew=used)
            loss = forward_and_backward(share, trained, _Alone())
            gradients = [weight.grad for weight in trainable_parameters(adapted).values()]
            found.append((loss, gradients))
    (plain, one), (first, two), (again, three) = found
    assert first == again != plain
    assert first == pytest.approx(plain, rel=1e-5)
    assert all(torch.equal(a, b) for a, b in zip(two, three, strict=True))
    for a, b in zip(one, two, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-6, check_stride=True)


class _Alone:
    """What a step needs of accelerate's object."""

    device = torch.device("cpu")

    @staticmethod
    def backward(loss: torch.Tensor) -> None:
        loss.backward()


def test_a_run_on_two_threads_can_be_repeated_and_learns_as_one_does(
    base_folder: Path, tmp_path: Path
) -> None:
    """Twice the same bytes; every step's loss is that of a run on one thread to 1e-4."""
    schedule = replace(QUICK.schedule, batch_size=16)
    losses, digests = [], []
    for turn, threads in enumerate((2, 2, 1)):
        execution = replace(QUICK.execution, threads=threads)
        config = replace(QUICK, schedule=schedule, execution=execution)
        out = tmp_path / str(turn) / "train"
        train(replace(small_job(base_folder, out), config=config))
        losses.append([step.loss for step in read_metrics(out).steps])
        digests.append(adapter_digests(out))
    assert digests[0] == digests[1] != digests[2]
    assert losses[0] == losses[1] == pytest.approx(losses[2], rel=1e-4)
