"""Two processes that hold halves of a base, and one of them without memory."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import torch
from many import held_port
from torch.distributed.tensor import DTensor

from children import CHILDREN
from fakes import tiny_qwen2
from patience import PATIENCE_S
from underdog.adapters.adapter import attach
from underdog.adapters.settings import AdapterSettings
from underdog.training.agreement import AgreedLackError, ask_agreed
from underdog.training.processes import ALONE, join_processes
from underdog.training.sharding import shard_base

IDS = torch.arange(2, 14).reshape(2, 6)


def test_alone_it_is_just_a_call_and_errors_keep_their_kind() -> None:
    """What is given comes back, a lack of memory is told with its rank, other errors pass."""
    adapted = attach(tiny_qwen2(), AdapterSettings(rank=2), seed=0)

    def lack() -> None:
        raise torch.OutOfMemoryError("HIP out of memory. Tried to allocate\n2 GiB")

    assert ask_agreed(lambda: 7, adapted, ALONE) == 7
    with pytest.raises(AgreedLackError, match=r"^process 0: HIP out of memory. Tried to allocate$"):
        ask_agreed(lack, adapted, ALONE)
    with pytest.raises(ZeroDivisionError):
        ask_agreed(lambda: 1 // 0, adapted, ALONE)
    assert not adapted.get_base_model()._forward_pre_hooks


def member(rank: int, port: int, out: Path) -> None:
    """One of two; writes what it met."""
    os.environ |= {
        "RANK": str(rank),
        "LOCAL_RANK": str(rank),
        "WORLD_SIZE": "2",
        "LOCAL_WORLD_SIZE": "2",
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
        "GLOO_SOCKET_IFNAME": "lo",
    }
    torch.set_num_threads(1)
    processes = join_processes(cpu=True, sharded=True)
    adapted = attach(tiny_qwen2(), AdapterSettings(rank=2), seed=0).eval()
    whole = forward(adapted)
    shard_base(adapted, count=2, device=torch.device("cpu"))
    layers = adapted.get_base_model().model.layers
    met = []
    for place in ("first layer", "last layer", "after a pass"):
        sabotage = _Sabotage(rank, place, layers)
        with pytest.raises(AgreedLackError, match="process 1: HIP out of memory"):
            ask_agreed(lambda told=sabotage: told.ask(adapted), adapted, processes)
        met.append(place)
        sabotage.hook.remove()
    again = ask_agreed(lambda: (forward(adapted), forward(adapted)), adapted, processes)
    assert all(torch.equal(each, whole) for each in again)
    assert all(isinstance(layer.mlp.up_proj.base_layer.weight, DTensor) for layer in layers)
    out.with_name(f"{out.name}-{rank}").write_text(", ".join(met))
    os._exit(0)


class _Sabotage:
    """In process 1 memory lacks once: inside of a layer, or between two passes."""

    def __init__(self, rank: int, place: str, layers: Any) -> None:
        self.due, self.between = rank == 1, place == "after a pass"
        inside = layers[-1 if place == "last layer" else 0].mlp
        self.hook = inside.register_forward_pre_hook(self.fail)

    def fail(self, *_: Any) -> None:
        if self.due and not self.between:
            raise torch.OutOfMemoryError("HIP out of memory")

    def ask(self, adapted: Any) -> None:
        forward(adapted)
        if self.due:
            raise torch.OutOfMemoryError("HIP out of memory")
        forward(adapted)


def forward(adapted: Any) -> torch.Tensor:
    with torch.no_grad():
        logits: torch.Tensor = adapted(input_ids=IDS, use_cache=False).logits
    return logits


def test_all_give_up_together_and_can_ask_again(tmp_path: Path) -> None:
    """Inside of the first layer, of the last one, and between two passes: both processes meet the
    same error, then both give the logits of the whole base, to the last bit, and after that every
    layer lies in slices.
    """
    with held_port() as port:
        members = [
            CHILDREN.Process(target=member, args=(rank, port, tmp_path / "met")) for rank in (0, 1)
        ]
        for each in members:
            each.start()
        for each in members:
            each.join(PATIENCE_S)
        hanging = [each.is_alive() for each in members]
        for each in members:
            each.kill()
            each.join()
    assert hanging == [False, False]
    assert [each.exitcode for each in members] == [0, 0]
    for rank in (0, 1):
        met = (tmp_path / f"met-{rank}").read_text()
        assert met == "first layer, last layer, after a pass"
