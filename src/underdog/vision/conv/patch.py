"""Takes the vendor library out of every convolution and batch norm of a process, and puts it back.

In: an `Engine`. Out: while the patch is on, `torch.nn.Conv2d` and `torch.nn.ConvTranspose2d` of all
models, those made or loaded later too, compute by the engine; everything else that would ask the
vendor library (batch norm, functional and 1-D or 3-D convolutions) takes PyTorch's own kernels. It
changes two class attributes and two flags, no module and no tensor, so checkpoints stay clean.

Never at import. As a context manager `patched(engine)`, or as a switch with `on` and `off`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from underdog.errors import InputError
from underdog.vision.conv.algorithms.native import set_vendor_libraries, vendor_flags
from underdog.vision.conv.engine import Engine
from underdog.vision.conv.function import conv2d, conv_transpose2d
from underdog.vision.conv.spec import DTYPES

_TARGETS = ((nn.Conv2d, "_conv_forward"), (nn.ConvTranspose2d, "forward"))
_FLAGS = ("torch.backends.cudnn.enabled", "torch.backends.mkldnn.enabled")


class Patch:
    """`calls` counts convolutions by what became of them; `changed` names what was replaced."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.calls: Counter[str] = Counter()
        self._originals: list[tuple[type[nn.Module], str, Callable[..., Tensor]]] = []
        self._flags: tuple[bool, bool] | None = None

    @property
    def changed(self) -> tuple[str, ...]:
        """Full names of what is replaced at present; empty when the patch is off."""
        names = tuple(f"torch.nn.{kind.__name__}.{name}" for kind, name, _ in self._originals)
        return names + _FLAGS if names else ()

    def on(self) -> None:
        """Replace; InputError when this patch is on already."""
        if self._originals:
            raise InputError("a patch that is off", got="one that is on", hint="call off() first")
        self._flags = vendor_flags()
        replacements = (self._conv_forward, self._conv_transpose_forward)
        for (kind, name), make in zip(_TARGETS, replacements, strict=True):
            original = kind.__dict__[name]
            self._originals.append((kind, name, original))
            setattr(kind, name, make(original))
        set_vendor_libraries(cudnn=False, mkldnn=False)

    def off(self) -> None:
        """Put everything back; does nothing when the patch is off."""
        for kind, name, original in reversed(self._originals):
            setattr(kind, name, original)
        self._originals.clear()
        if self._flags is not None:
            set_vendor_libraries(cudnn=self._flags[0], mkldnn=self._flags[1])
            self._flags = None

    def listed(self, model: nn.Module) -> dict[str, str]:
        """The model's 2-D convolutions by path, each with what the patch makes of it."""
        return {
            path: self._fate(module)
            for path, module in model.named_modules()
            if isinstance(module, nn.Conv2d | nn.ConvTranspose2d)
        }

    def _fate(self, module: nn.Module) -> str:
        kind, name = _TARGETS[0] if isinstance(module, nn.Conv2d) else _TARGETS[1]
        if getattr(type(module), name) is not kind.__dict__[name]:
            return f"own {name}: PyTorch's kernels"
        return "engine" if self._originals else "unchanged"

    def _conv_forward(self, original: Callable[..., Tensor]) -> Callable[..., Tensor]:
        def _conv_forward(
            module: nn.Conv2d,
            input: Tensor,  # noqa: A002 - PyTorch's name
            weight: Tensor,
            bias: Tensor | None,
        ) -> Tensor:
            if not self._serves("Conv2d", input, weight):
                return original(module, input, weight, bias)
            return conv2d(
                input,
                weight,
                bias,
                engine=self.engine,
                stride=module.stride,
                padding=module.padding,
                dilation=module.dilation,
                groups=module.groups,
                padding_mode=module.padding_mode,
            )

        return _conv_forward

    def _conv_transpose_forward(self, original: Callable[..., Tensor]) -> Callable[..., Tensor]:
        def forward(
            module: nn.ConvTranspose2d,
            input: Tensor,  # noqa: A002
            output_size: list[int] | None = None,
        ) -> Tensor:
            more = _output_padding(module, input, output_size)
            if any(m >= s for m, s in zip(more, module.stride, strict=True)) or not self._serves(
                "ConvTranspose2d", input, module.weight
            ):
                return original(module, input, output_size)
            return conv_transpose2d(
                input,
                module.weight,
                module.bias,
                engine=self.engine,
                stride=module.stride,
                padding=module.padding,  # type: ignore[arg-type]  # never a string here
                output_padding=more,
                dilation=module.dilation,
                groups=module.groups,
            )

        return forward

    def _serves(self, kind: str, x: Tensor, weight: Tensor) -> bool:
        """Count the call; False for what is left to PyTorch's kernels (compiled, odd dtypes)."""
        names = {str(each.dtype).removeprefix("torch.") for each in (x, weight)}
        mixed = len(names) > 1 and not torch.is_autocast_enabled(x.device.type)
        left = torch.compiler.is_compiling() or mixed or not names <= set(DTYPES)
        # Empty batches have no convolution to choose for.
        left = left or x.numel() == 0
        self.calls[f"{kind} left to PyTorch" if left else kind] += 1
        return not left


def _output_padding(module: Any, x: Tensor, output_size: list[int] | None) -> list[int]:
    """The module's own rule for the extra rows and columns."""
    found: list[int] = module._output_padding(
        x,
        output_size,
        module.stride,
        module.padding,
        module.kernel_size,
        2,
        module.dilation,
    )
    return found


@contextmanager
def patched(engine: Engine) -> Iterator[Patch]:
    """The patch for the duration of a block; put back also when the block raises."""
    patch = Patch(engine)
    patch.on()
    try:
        yield patch
    finally:
        patch.off()
