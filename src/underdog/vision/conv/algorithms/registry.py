"""All candidates, and how one of them computes one part of a convolution.

In: a spec, a part, its two operands (N, C, H, W) in either layout. Out: a tensor of the part's
shape, in the spec's layout. The budget binds every temporary; operands are not changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Protocol

import torch
from torch import Tensor

from underdog.vision.conv.algorithms.depthwise import Depthwise
from underdog.vision.conv.algorithms.flat import Flat
from underdog.vision.conv.algorithms.gemm import Gemm
from underdog.vision.conv.algorithms.grouped import Grouped
from underdog.vision.conv.algorithms.im2col import Im2col
from underdog.vision.conv.algorithms.shift import Shift
from underdog.vision.conv.algorithms.window import Window, wide_dtype
from underdog.vision.conv.algorithms.winograd import Winograd
from underdog.vision.conv.algorithms.winograd_1d import Winograd1d
from underdog.vision.conv.algorithms.winograd_4x4 import Winograd4x4
from underdog.vision.conv.algorithms.workspace import Workspace
from underdog.vision.conv.reference import pad, unpad
from underdog.vision.conv.spec import ZEROS, ConvSpec, Layout, Part
from underdog.vision.conv.workers import on_cores


class Algorithm(Protocol):
    """What a candidate offers; images are views (N, H, W, C), whatever their strides."""

    name: str
    roundings: float
    """How many times a half-precision result is rounded at most; see `bounds.py`."""

    def refusal(self, spec: ConvSpec, part: Part) -> str:
        """Why it does not serve this part; empty where it does. Padding modes are not its care."""

    def correlate(self, x: Tensor, w: Tensor, y: Tensor, window: Window, work: Workspace) -> None:
        """Write the convolution of x with w into y."""

    def input_gradient(
        self, g: Tensor, w: Tensor, dx: Tensor, window: Window, work: Workspace
    ) -> None:
        """Write the gradient of the input into dx."""

    def weight_gradient(
        self, x: Tensor, g: Tensor, dw: Tensor, window: Window, work: Workspace
    ) -> None:
        """Write the gradient of the weight into dw."""


ALGORITHMS: dict[str, Algorithm] = {
    each.name: each
    for each in (
        Gemm(),
        Flat(),
        Shift(),
        Im2col(),
        Winograd(),
        Winograd1d(),
        Winograd4x4(),
        Depthwise(),
        Grouped(),
    )
}
"""By name; PyTorch's own kernels (`native.py`) stand beside them, not among them."""


def compute(
    algorithm: Algorithm,
    spec: ConvSpec,
    part: Part,
    a: Tensor,
    b: Tensor,
    works: Sequence[Workspace],
) -> Tensor:
    """One part by one candidate, the images shared out among as many cores as workspaces."""
    if spec.padding_mode != ZEROS and any(spec.pads):
        return _padded_first(algorithm, spec, part, a, b, works)
    out, window = empty(spec, part, a), Window.of(spec)
    if part is Part.WEIGHT:
        _weight_gradient(algorithm, _pixels(a), _pixels(b), out, window, works)
        return out
    borders = [number * spec.batch // len(works) for number in range(len(works) + 1)]

    def piece(work: Workspace, low: int, high: int) -> None:
        source, target = _pixels(a)[low:high], _pixels(out)[low:high]
        if part is Part.FORWARD:
            algorithm.correlate(source, b, target, window, work)
        else:
            algorithm.input_gradient(source, b, target, window, work)

    on_cores([partial(piece, *each) for each in zip(works, borders, borders[1:], strict=False)])
    return out


def _weight_gradient(
    algorithm: Algorithm,
    x: Tensor,
    g: Tensor,
    out: Tensor,
    window: Window,
    works: Sequence[Workspace],
) -> None:
    """The sum of what the shares of the images give, in their order."""
    if len(works) == 1:
        algorithm.weight_gradient(x, g, out, window, works[0])
        return
    borders = [number * len(x) // len(works) for number in range(len(works) + 1)]

    def piece(work: Workspace, low: int, high: int) -> Tensor:
        share = work.empty(*out.shape, dtype=wide_dtype(out.dtype))
        algorithm.weight_gradient(x[low:high], g[low:high], share, window, work)
        return share

    pieces = [partial(piece, *each) for each in zip(works, borders, borders[1:], strict=False)]
    first, *others = on_cores(pieces)
    for other in others:
        first += other
    out.copy_(first)


def empty(spec: ConvSpec, part: Part, like: Tensor) -> Tensor:
    """An uninitialised result; weight gradients are contiguous, images in the spec's layout."""
    return torch.empty(
        spec.shape_of(part), dtype=like.dtype, device=like.device, memory_format=form(spec, part)
    )


def form(spec: ConvSpec, part: Part) -> torch.memory_format:
    """How the part's result lies in memory."""
    channels_last = spec.layout is Layout.CHANNELS_LAST and part is not Part.WEIGHT
    return torch.channels_last if channels_last else torch.contiguous_format


def _pixels(images: Tensor) -> Tensor:
    return images.permute(0, 2, 3, 1)


def _padded_first(
    algorithm: Algorithm,
    spec: ConvSpec,
    part: Part,
    a: Tensor,
    b: Tensor,
    works: Sequence[Workspace],
) -> Tensor:
    """Reflected, repeated or circular borders are made before, and their gradient folded back."""
    bare = spec.without_mode()
    if part is Part.INPUT:
        folded = unpad(compute(algorithm, bare, part, a, b, works), spec)
        return folded.contiguous(memory_format=form(spec, part))
    return compute(algorithm, bare, part, pad(a, spec), b, works)
