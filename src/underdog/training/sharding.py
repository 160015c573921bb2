"""A base cut up over the processes (FSDP2), with whole adapters on top.

In: a model with adapters, all in one piece in every process. Out: each frozen weight of its layers
lies in slices over the processes and is put together while its layer computes (`fully_shard` of
torch; Zhao et al. 2023, arXiv 2304.11277). Never: a slice of an adapter: adapters, gradients and
moments stay whole and equal everywhere, so gradients, guards, snapshots and checkpoints are those
of a run without it. Embeddings, norms outside of layers and the output head stay whole too.

All processes have to pass through the layers equally often: each pass is a conversation.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from accelerate import Accelerator
from accelerate.utils import patch_environment
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard

from underdog.adapters.lora import trainable_parameters
from underdog.adapters.settings import AdapterKind, AdapterSettings
from underdog.errors import InputError, RunError
from underdog.training.batches import Example, answer_loss, collate, cut_evenly
from underdog.training.checkpoint import Trained


def check_shardable(adapter: AdapterSettings) -> None:
    """InputError for DoRA, whose norms are made of whole weights after every step."""
    if adapter.kind is AdapterKind.DORA:
        raise InputError(
            "whole copies of the base are needed for DoRA: its norms |W + s B A| are computed from "
            "whole weights after every step",
            got="a base cut up over the processes",
            hint='kind = "lora", "rslora" or "oplora", or sharding = "none"',
        )


def shard_base(adapted: Any, *, count: int, device: torch.device) -> None:
    """Cut up the frozen weights of every layer; the base stays so. A collective call."""
    names = getattr(adapted.get_base_model(), "_no_split_modules", None) or ()
    layers = [each for each in adapted.modules() if type(each).__name__ in names]
    if not layers:
        raise InputError(
            "a model that names its layers is needed to cut it up",
            got=type(adapted.get_base_model()).__name__,
            hint='sharding = "none"',
        )
    mesh = init_device_mesh(device.type, (count,))
    whole = set(trainable_parameters(adapted).values())
    for layer in layers:
        # Each layer is the root of its own tree, and roots stay whole after a pass unless told.
        fully_shard(
            layer,
            mesh=mesh,
            reshard_after_forward=True,
            ignored_params=whole & set(layer.parameters()),
        )
        # Put together once here: first done under torch's inference mode, where questions are
        # asked, a layer's weights would be tensors that autograd refuses for ever.
        layer.unshard()
        layer.reshard()


def keep_pace(
    examples: Sequence[Example], trained: Trained, accelerator: Accelerator, *, passes: int
) -> None:
    """Pass through the layers as often as the others do; adds zeros to the gradient."""
    for _ in range(passes):
        batch = collate(examples[:1]).to(accelerator.device)
        if trained.reading is not None:
            trained.reading.wanted = batch.answers
        accelerator.backward(0.0 * answer_loss(trained.model, batch))


def most_passes(examples: Sequence[Example], *, parts: int, count: int) -> int:
    """Of the process with most of a step's parts (`step.share_of`)."""
    return -(-len(cut_evenly(examples, max(parts, count))) // count)


def no_room_in_one(cause: str) -> RunError:
    """The others wait inside of a layer for the one without room: no step can be tried again."""
    return RunError(
        "memory for a pass is needed in every process that holds a slice of the base",
        got=cause.splitlines()[0][:200] if cause else "none left",
        hint="a larger accumulation or more processes; the last checkpoint goes on with either",
    )


@contextmanager
def unprepared() -> Iterator[None]:
    """`accelerate launch --use_fsdp` asks accelerate's own objects to cut up the model: not while
    this lasts.
    """
    with patch_environment(accelerate_use_fsdp="false"):
        yield
