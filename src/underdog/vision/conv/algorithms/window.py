"""How a kernel slides over an image, and how images are cut into pieces and padded.

Shapes here: images are views (N, H, W, C), whatever their strides, so that both memory layouts go
through one code; N images, H rows, W columns, C channels.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from underdog.vision.conv.algorithms.workspace import Workspace
from underdog.vision.conv.spec import ConvSpec, Pair

HALVES = (torch.float16, torch.bfloat16)
LARGE_KERNEL = 1 << 17
"""Numbers in a kernel, from which on it is turned in two steps."""


class Window(NamedTuple):
    """Output (u, v) reads x[stride * u + dilation * tap - (top, left)]; outside x there are zeros.

    `top` and `left` may be negative: the first rows or columns are then never read.
    """

    kernel: Pair
    stride: Pair
    dilation: Pair
    top: int
    left: int
    groups: int

    @classmethod
    def of(cls, spec: ConvSpec) -> Window:
        """The window of a convolution whose padding is zeros."""
        return cls(
            spec.kernel, spec.stride, spec.dilation, spec.pads.top, spec.pads.left, spec.groups
        )

    @property
    def reach(self) -> Pair:
        """Rows and columns that one output reads, holes of the dilation included."""
        return (
            self.dilation[0] * (self.kernel[0] - 1) + 1,
            self.dilation[1] * (self.kernel[1] - 1) + 1,
        )


class Piece(NamedTuple):
    """Images [image, image + images) and, in each, output rows [row, row + rows)."""

    image: int
    images: int
    row: int
    rows: int

    def of(self, y: Tensor) -> Tensor:
        """Its part of y (N, OH, OW, O)."""
        return y[self.image : self.image + self.images, self.row : self.row + self.rows]


class Pieces(NamedTuple):
    """The largest piece: several whole images, or some rows of one."""

    images: int
    rows: int

    @classmethod
    def within(
        cls, images: int, rows: int, *, chunk_bytes: int, row_bytes: int, image_bytes: int = 0
    ) -> Pieces:
        """Pieces near `chunk_bytes`, at least one row each.

        A piece of r rows of one image needs `image_bytes` + r * `row_bytes`.
        """
        fitting = min(rows, max(1, (chunk_bytes - image_bytes) // row_bytes))
        if fitting < rows:
            # Equal pieces: a last one of two rows would cost as many calls as a whole one.
            return cls(1, -(-rows // -(-rows // fitting)))
        whole = image_bytes + rows * row_bytes
        return cls(min(images, max(1, chunk_bytes // whole)), rows)

    def over(self, images: int, rows: int) -> Iterator[Piece]:
        """Every image and row once."""
        for image in range(0, images, self.images):
            for row in range(0, rows, self.rows):
                yield Piece(
                    image, min(self.images, images - image), row, min(self.rows, rows - row)
                )


def fill(
    buffer: Tensor, x: Tensor, *, first: Pair, step: Pair = (1, 1), sides: bool = True
) -> None:
    """buffer[n, u, v] = x[n, first + step * (u, v)], else 0; both (N, rows, columns, C).

    `sides` False where the columns outside x are known to be zeros already, as in a buffer of
    zeros that only this function writes to.
    """
    height, width = buffer.shape[1:3]
    top, bottom = inside(height, x.shape[1], first[0], step[0])
    left, right = inside(width, x.shape[2], first[1], step[1])
    if top:
        buffer[:, :top].zero_()
    if bottom < height:
        buffer[:, bottom:].zero_()
    if top == bottom:
        return
    if sides and left:
        buffer[:, top:bottom, :left].zero_()
    if sides and right < width:
        buffer[:, top:bottom, right:].zero_()
    if left < right:
        rows = slice(first[0] + step[0] * top, first[0] + step[0] * (bottom - 1) + 1, step[0])
        columns = slice(first[1] + step[1] * left, first[1] + step[1] * (right - 1) + 1, step[1])
        buffer[:, top:bottom, left:right].copy_(x[:, rows, columns])


def inside(size: int, source: int, first: int, step: int = 1) -> Pair:
    """The range of buffer positions that fall into the source."""
    low = min(size, max(0, -(first // step)))
    return low, max(low, min(size, -(-(source - first) // step)))


def turn(kernel: Tensor, dw: Tensor, work: Workspace) -> None:
    """Write kernel (KH, KW, C, O) into dw (O, C, KH, KW).

    A large one goes by way of (C, KH, KW, O), while there is room, whose rows one transposition of
    a matrix brings into place: 3x3 from 256 to 256 channels in 0.5 ms, at once in 1.5; up to 64 x
    64 channels at once is quicker (2026-11-22).
    """
    rows = kernel.permute(2, 0, 1, 3)
    fits = work.has_room_for(*rows.shape, dtype=kernel.dtype)
    if kernel.numel() < LARGE_KERNEL or not fits or not dw.is_contiguous():
        dw.copy_(kernel.permute(3, 2, 0, 1))
        return
    held = work.rest().copy(rows, dtype=kernel.dtype)
    dw.view(len(dw), -1).copy_(held.view(-1, len(dw)).t())


def wide_dtype(dtype: torch.dtype) -> torch.dtype:
    """float32 for half precisions: what sums of several products are kept in."""
    return torch.float32 if dtype in HALVES else dtype


def product_dtype(x: Tensor) -> torch.dtype:
    """What a single matrix product runs in: half precision only where the hardware has it.

    Matrix units accumulate in float32 and round once; a CPU without them converts anyway.
    """
    return wide_dtype(x.dtype) if x.device.type == "cpu" else x.dtype
