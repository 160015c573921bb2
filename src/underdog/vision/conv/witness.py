"""Watches which library computes every convolution and norm of a model while it runs.

In: a model and a batch. Out: one `Sighting` per operation. Operations are seen where PyTorch
dispatches them, forward and backward, whoever calls them; for a convolution PyTorch's own backend
selection (`torch._C._select_conv_backend`, the function that `aten::convolution` asks) is asked
with the operation's arguments and the flags of that moment. A candidate that computes by matrix
products calls no convolution, so there is nothing to see.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

VENDORS = ("miopen", "cudnn", "mkldnn")
"""AMD's, NVIDIA's and Intel's libraries, as operations and backends are named after them."""
UNNAMED = "???"
"""How PyTorch's binding shows a backend it has no name for: oneDNN's transposed convolution in
torch 2.13. What has no name is counted as a vendor's."""


class Sighting(NamedTuple):
    """An operation, the module it ran in ("(backward)" for gradients) and its backend."""

    operation: str
    module: str
    backend: str

    @property
    def vendor(self) -> bool:
        """Whether a vendor's library computes it."""
        named = any(name in self.backend.lower() for name in VENDORS)
        return named or self.backend == UNNAMED


class Witness(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Sees every operation below autograd; `sightings` counts equal ones."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.sightings: Counter[Sighting] = Counter()
        self.inside: list[str] = []

    def __torch_dispatch__(
        self,
        func: Any,
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        """Note convolutions, batch norms and whatever bears a vendor's name; change nothing."""
        name = func.overloadpacket.__name__
        backend = _backend(name, args)
        if backend:
            module = self.inside[-1] if self.inside else "(backward)"
            self.sightings[Sighting(name, module, backend)] += 1
        return func(*args, **(kwargs or {}))


def _backend(name: str, args: tuple[Any, ...]) -> str:
    """The library that computes an operation; empty where the question does not arise."""
    if name in ("convolution", "convolution_overrideable"):
        return _conv_backend(args[0], args[1], args[2], args[3:9])
    if name == "convolution_backward":
        return _conv_backend(args[1], args[2], None, args[4:10])
    if any(vendor in name for vendor in VENDORS):
        return name
    return "Native" if "batch_norm" in name else ""


def _conv_backend(x: Tensor, w: Tensor, bias: Tensor | None, rest: tuple[Any, ...]) -> str:
    chosen = torch._C._select_conv_backend(x, w, bias, *rest)
    return str(chosen).rpartition(".")[2]


@contextmanager
def watching(model: nn.Module) -> Iterator[Witness]:
    """A witness of everything in the block, which knows in which module of `model` it happens."""
    witness = Witness()
    hooks = []
    for path, module in model.named_modules():
        hooks.append(module.register_forward_pre_hook(_enter(witness, path or "(model)")))
        hooks.append(module.register_forward_hook(_leave(witness), always_call=True))
    try:
        with witness:
            yield witness
    finally:
        for hook in hooks:
            hook.remove()


def witnessed(model: nn.Module, batch: Tensor) -> Counter[Sighting]:
    """Run forward and backward of the sum of all outputs once; the model's gradients are added to.

    `batch` is what `model` takes; its result may be a tensor or any nesting of tensors.
    """
    with watching(model) as witness:
        outputs = [each for each in _tensors(model(batch)) if each.requires_grad]
        if outputs:
            sum(each.float().sum() for each in outputs).backward()  # type: ignore[union-attr]
    return witness.sightings


def _enter(witness: Witness, path: str) -> Callable[..., None]:
    return lambda *_: witness.inside.append(path)


def _leave(witness: Witness) -> Callable[..., None]:
    def leave(*_: Any) -> None:
        witness.inside.pop()

    return leave


def _tensors(value: Any) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, dict):
        yield from _tensors(list(value.values()))
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _tensors(each)
