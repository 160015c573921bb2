"""Questions put to a base that is cut up: where memory lacks in one process, all give up together.

The others would wait inside of a layer for the one that has left it. So that one goes on taking
part in putting layers together, without computing, to the end of the pass; and before each pass,
and at the end, all tell each other whether memory has lacked.

In: a function that asks, called in all processes at the same time. Out: what it gives, or the same
error in all. Never: one process that asks alone. A process without room for the weights of one
layer cannot take part either: it ends, and the others with it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from torch.distributed.fsdp import FSDPModule

from underdog.hardware.memory_errors import is_out_of_memory
from underdog.training.processes import Processes

T = TypeVar("T")


class AgreedLackError(MemoryError):
    """Memory has lacked in some process, and all know."""


def ask_agreed(ask: Callable[[], T], model: Any, processes: Processes) -> T:
    """A collective call. Raises AgreedLackError in all processes when memory lacks in one."""
    layers: list[Any] = [each for each in model.modules() if isinstance(each, FSDPModule)]
    entered = len(layers)  # of the present pass; all, outside of one

    def begin(*_: Any) -> None:
        nonlocal entered
        agree(None, processes)
        entered = 0

    def enter(*_: Any) -> None:
        nonlocal entered
        entered += 1

    hooks = [model.get_base_model().register_forward_pre_hook(begin)]
    hooks += [layer.register_forward_pre_hook(enter) for layer in layers]
    lacking: str | None = None
    try:
        found = ask()
    except AgreedLackError:
        raise
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        lacking = str(error) or type(error).__name__
    finally:
        for hook in hooks:
            hook.remove()
    if lacking is not None:  # outside of the handler: the traceback holds the pass's tensors
        _take_part(layers, entered)
    agree(lacking, processes)
    return found


def agree(lacking: str | None, processes: Processes) -> None:
    """Tell the others why memory lacked here, or None. Raises for all what one has told."""
    for rank, told in enumerate(processes.gather(lacking)):
        if told is not None:
            raise AgreedLackError(f"process {rank}: {told.splitlines()[0]}")


def _take_part(layers: Sequence[Any], entered: int) -> None:
    """Let go of the layer that failed, and put the ones after it together with the others."""
    for layer in layers[max(0, entered - 1) : entered]:
        layer.reshard()
    for layer in layers[entered:]:
        layer.unshard()
        layer.reshard()
