"""The input gradient of any convolution as a few stride-1 convolutions of the output's gradient.

In one dimension, out[u] = sum_t w[t] x[s u + d t - p] has the gradient
dx[i] = sum over t with s | i + p - d t of w[t] g[(i + p - d t) / s]. For the positions
i + p = s u + a of one phase a, the taps that count are t0, t0 + T, ... with T = s / gcd(s, d), and
neighbouring taps read g at a distance of d / gcd(s, d): a stride-1 convolution with the reversed
taps. So an algorithm that can `correlate` gives this gradient too, without a scatter
(the sub-pixel view of Shi et al., arXiv 1609.07009, section 2, with dilation added).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from itertools import product
from math import gcd, prod
from typing import NamedTuple, Protocol

import torch
from torch import Tensor

from underdog.vision.conv.algorithms.window import Window
from underdog.vision.conv.algorithms.workspace import Workspace

FEW_CHANNELS = 8
"""Up to here all phases share one product: one with three columns runs far below the machine's
rate (3 -> 16, 3x3, stride 2: 168 ms phase by phase; 2026-11-21, one core)."""


WIDTH = 16
"""Channels of joined phases are rounded up to this: a product with 12 columns runs at 24 to 30
GFLOP/s a core, one with 16 at 50 to 60 (2026-11-22, MKL on an EPYC, inner size 32 to 64)."""


class Correlate(Protocol):
    """y (N, OH, OW, O) = x (N, H, W, C) seen through w (O, C / groups, KH, KW)."""

    def __call__(self, x: Tensor, w: Tensor, y: Tensor, window: Window, work: Workspace) -> None:
        """Write the result into y."""


class Phase(NamedTuple):
    """One direction's share: where results go, which taps count, how they read the gradient.

    `start` and `step` pick positions of dx; `first` and `every` pick taps, `taps` in number, none
    where no tap reaches these positions; `pad` and `dilation` are those of the stride-1 window.
    """

    start: int
    step: int
    taps: int
    first: int
    every: int
    pad: int
    dilation: int


def phases(*, size: int, kernel: int, stride: int, dilation: int, pad: int) -> list[Phase]:
    """All positions 0 .. size - 1 of dx, each in one phase."""
    common = gcd(stride, dilation)
    every, spread = stride // common, dilation // common
    found = []
    for offset in range(stride):
        unit = -(-(pad - offset) // stride)  # the first u with s u + a - p >= 0
        start = stride * unit + offset - pad
        if start >= size:
            continue
        first = next((t for t in range(kernel) if (dilation * t - offset) % stride == 0), None)
        if first is None:
            found.append(Phase(start, stride, 0, 0, every, 0, spread))
            continue
        taps = -(-(kernel - first) // every)
        back = (dilation * first - offset) // stride
        padding = back + (taps - 1) * spread - unit
        found.append(Phase(start, stride, taps, first, every, padding, spread))
    return found


def input_gradient(
    correlate: Correlate, g: Tensor, w: Tensor, dx: Tensor, window: Window, work: Workspace
) -> None:
    """Dx (N, H, W, C) from g (N, OH, OW, O) and the forward weight w (O, C / groups, KH, KW)."""
    by_group = torch.unflatten(w, 0, (window.groups, -1)).transpose(1, 2).flatten(0, 1)
    rows, columns = (
        phases(
            size=dx.shape[1 + i],
            kernel=window.kernel[i],
            stride=window.stride[i],
            dilation=window.dilation[i],
            pad=(window.top, window.left)[i],
        )
        for i in (0, 1)
    )
    if dx.shape[3] <= FEW_CHANNELS and _can_join(window, dx):
        _joined(correlate, g, by_group, dx, (rows, columns), work)
        return
    for down, across in product(rows, columns):
        target = dx[:, down.start :: down.step, across.start :: across.step]
        if not down.taps or not across.taps:
            target.zero_()
            continue
        picked = by_group[:, :, down.first :: down.every, across.first :: across.every]
        inner = Window(
            (down.taps, across.taps),
            (1, 1),
            (down.dilation, across.dilation),
            down.pad,
            across.pad,
            window.groups,
        )
        share = work.afresh()
        correlate(g, _reversed(picked, share), target, inner, share.rest())


class Correlating(ABC):
    """An algorithm that gives the input gradient, too, because it can correlate."""

    @abstractmethod
    def correlate(self, x: Tensor, w: Tensor, y: Tensor, window: Window, work: Workspace) -> None:
        """Y (N, OH, OW, O) = x (N, H, W, C) seen through w (O, C / groups, KH, KW)."""

    def input_gradient(
        self, g: Tensor, w: Tensor, dx: Tensor, window: Window, work: Workspace
    ) -> None:
        """Dx (N, H, W, C) from g (N, OH, OW, O) and w (O, C / groups, KH, KW)."""
        input_gradient(self.correlate, g, w, dx, window, work)


def _reversed(kernel: Tensor, work: Workspace) -> Tensor:
    """The kernel (O, C, KH, KW) with its taps in reverse order.

    Its taps are outermost in memory first, for reversing short rows takes a step a number: 0.05 ms
    for 0.27 with 2x2 taps between 64 and 128 channels (2026-11-22).
    """
    taps = work.copy(kernel.permute(2, 3, 1, 0), dtype=kernel.dtype)
    held = work.empty(*taps.shape, dtype=taps.dtype)
    count = taps.shape[:2].numel()
    backwards = torch.arange(count - 1, -1, -1, device=taps.device)
    torch.index_select(taps.view(count, -1), 0, backwards, out=held.view(count, -1))
    return held.permute(3, 2, 0, 1)


def _can_join(window: Window, dx: Tensor) -> bool:
    strided = window.stride != (1, 1) and window.dilation == (1, 1) and window.groups == 1
    return strided and dx.shape[1] >= window.stride[0] and dx.shape[2] >= window.stride[1]


def _joined(
    correlate: Correlate,
    g: Tensor,
    weight: Tensor,
    dx: Tensor,
    along: tuple[list[Phase], list[Phase]],
    work: Workspace,
) -> None:
    """All phases as channels of one convolution, whose kernel has room for every phase's taps.

    `weight` is (C, O, KH, KW). The results, (N, H / s, W / s, s * s * C), take as much workspace as
    so many images of dx, and are then put between each other.
    """
    # In the order of their positions, neighbouring columns of all phases lie side by side in dx.
    rows, columns = (sorted(phases, key=lambda phase: phase.start) for phases in along)
    (top, tall), (left, wide) = (_room(phases) for phases in along)
    channels, out = weight.shape[:2]
    used = len(rows) * len(columns) * channels
    joined = work.zeros(-(-used // WIDTH) * WIDTH, out, tall, wide, dtype=weight.dtype)
    by_phase = joined[:used].view(len(rows), len(columns), channels, out, tall, wide)
    for (i, down), (j, across) in product(enumerate(rows), enumerate(columns)):
        if down.taps and across.taps:
            picked = weight[:, :, down.first :: down.every, across.first :: across.every]
            low, near = top - down.pad, left - across.pad
            place = by_phase[i, j, :, :, low : low + down.taps, near : near + across.taps]
            place.copy_(picked.flip(2, 3))
    height, width = -(-dx.shape[1] // len(rows)), -(-dx.shape[2] // len(columns))
    inner = Window((tall, wide), (1, 1), (1, 1), top, left, 1)
    image_bytes = height * width * len(joined) * dx.element_size()
    images = max(1, min(len(dx), work.chunk_bytes // image_bytes))
    found = work.empty(images, height, width, len(joined), dtype=dx.dtype)
    for image in range(0, len(dx), images):
        target = dx[image : image + images]
        part = found[: len(target)]
        correlate(g[image : image + images], joined, part, inner, work.rest())
        _interleave(part, target, rows, columns)


def _interleave(found: Tensor, target: Tensor, rows: list[Phase], columns: list[Phase]) -> None:
    """Target (N, H, W, C), phases between each other, from (N, H', W', rows * columns * C)."""
    channels, shape = target.shape[3], (len(rows), len(columns), target.shape[3])
    by_phase = found[..., : prod(shape)].unflatten(3, shape)  # type: ignore[no-untyped-call]
    if all(
        [phase.start for phase in phases] == list(range(phases[0].step))
        and target.shape[1 + i] == found.shape[1 + i] * len(phases)
        for i, phases in enumerate((rows, columns))
    ):
        split = (found.shape[1], len(rows), found.shape[2], len(columns))
        place = target.view(len(target), *split, channels).transpose(2, 3)
        if place.stride()[4:] == (channels, 1):
            # A pixel's columns lie side by side in both.
            place, by_phase = _in_long_words(place.flatten(4), by_phase.flatten(4))
        place.copy_(by_phase)
        return
    for i, down in enumerate(rows):
        for j, across in enumerate(columns):
            place = target[:, down.start :: down.step, across.start :: across.step]
            place.copy_(by_phase[:, : place.shape[1], : place.shape[2], i, j])


def _in_long_words(*tensors: Tensor) -> tuple[Tensor, ...]:
    """The same memory as numbers twice as long, for copying, where all of them fall into such."""
    long = {2: torch.int32, 4: torch.int64}.get(tensors[0].element_size())
    if long is None or not all(map(_in_pairs, tensors)):
        return tensors
    return tuple(each.view(long) for each in tensors)


def _in_pairs(tensor: Tensor) -> bool:
    """Whether all its numbers lie in pairs, each beginning at an even place of the memory."""
    places = (tensor.storage_offset(), tensor.shape[-1], *tensor.stride()[:-1])
    return tensor.stride(-1) == 1 and not any(place % 2 for place in places)


def _room(phases: list[Phase]) -> tuple[int, int]:
    """Padding and taps of a kernel that holds every phase's taps, each where it reads."""
    reached = [phase for phase in phases if phase.taps]
    pad = max(phase.pad for phase in reached)
    return pad, pad + max(phase.taps - phase.pad for phase in reached)
