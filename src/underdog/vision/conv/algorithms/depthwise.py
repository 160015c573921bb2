"""One group per channel: shifted multiply-adds, no matrix product, no loop over channels.

y = sum over taps of shifted x times one number per channel: the definition of a depthwise
convolution (Howard et al., arXiv 1704.04861, equation 3), vectorised over pixels and channels.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from underdog.vision.conv.algorithms.adjoint import Correlating
from underdog.vision.conv.algorithms.window import Piece, Pieces, Window, fill, wide_dtype
from underdog.vision.conv.algorithms.workspace import Workspace
from underdog.vision.conv.spec import ConvSpec, Part


class Depthwise(Correlating):
    """As many groups as channels in; each makes the same number of channels out."""

    name = "depthwise"
    roundings = 1.0
    """Half precision is rounded at the very end only."""

    def refusal(self, spec: ConvSpec, part: Part) -> str:
        """Why it does not serve this convolution; empty where it does."""
        if spec.groups == 1 or spec.groups != spec.channels:
            return "for one group per channel"
        several = spec.out_channels > spec.channels
        return "the gradient joins several outputs" if several and part is Part.INPUT else ""

    def correlate(self, x: Tensor, w: Tensor, y: Tensor, window: Window, work: Workspace) -> None:
        """Y (N, OH, OW, C * m) = x (N, H, W, C) seen through w (C * m, 1, KH, KW)."""
        dtype, channels = wide_dtype(x.dtype), x.shape[3]
        weights = work.copy(w[:, 0].permute(1, 2, 0), dtype=dtype).flatten(0, 1)
        size, pieces = _pieces(x, y, window, work, dtype)
        sums = work.empty(size.images * size.rows * y.shape[2] * y.shape[3], dtype=dtype)
        for piece, reads in pieces:
            target = y[piece.image : piece.image + piece.images, piece.row : piece.row + piece.rows]
            found = sums[: target.numel()].view(*target.shape[:3], channels, -1)
            for number, read in enumerate(reads):
                weight = weights[number].view(channels, -1)
                if number:
                    found.addcmul_(read.unsqueeze(4), weight)
                else:
                    torch.mul(read.unsqueeze(4), weight, out=found)
            target.copy_(found.flatten(3))

    def weight_gradient(
        self, x: Tensor, g: Tensor, dw: Tensor, window: Window, work: Workspace
    ) -> None:
        """Dw (C * m, 1, KH, KW) = sum over pixels of g (N, OH, OW, C * m) times what it read."""
        dtype, channels = wide_dtype(x.dtype), x.shape[3]
        taps = window.kernel[0] * window.kernel[1]
        total = work.zeros(taps, channels, g.shape[3] // channels, dtype=dtype)
        size, pieces = _pieces(x, g, window, work, dtype)
        products = work.empty(size.images * size.rows * g.shape[2] * g.shape[3], dtype=dtype)
        for piece, reads in pieces:
            source = g[piece.image : piece.image + piece.images, piece.row : piece.row + piece.rows]
            product = products[: source.numel()].view(*source.shape[:3], channels, -1)
            for number, read in enumerate(reads):
                torch.mul(
                    torch.unflatten(source, 3, (channels, -1)), read.unsqueeze(4), out=product
                )
                total[number] += product.sum((0, 1, 2))
        dw[:, 0].copy_(total.view(*window.kernel, -1).permute(2, 0, 1))


def _pieces(
    x: Tensor, y: Tensor, window: Window, work: Workspace, dtype: torch.dtype
) -> tuple[Pieces, Iterator[tuple[Piece, list[Tensor]]]]:
    """For each piece the views (N, rows, OW, C) of the padded image that the taps read."""
    width, channels = y.shape[2], x.shape[3]
    columns = (width - 1) * window.stride[1] + window.reach[1]
    line = columns * channels
    size = Pieces.within(
        y.shape[0],
        y.shape[1],
        chunk_bytes=work.chunk_bytes,
        row_bytes=dtype.itemsize * (window.stride[0] * line + width * y.shape[3]),
        image_bytes=dtype.itemsize * line * max(0, window.reach[0] - window.stride[0]),
    )
    rows = (size.rows - 1) * window.stride[0] + window.reach[0]
    padded = work.empty(size.images * rows * line, dtype=dtype)

    def walk() -> Iterator[tuple[Piece, list[Tensor]]]:
        for piece in size.over(y.shape[0], y.shape[1]):
            height = (piece.rows - 1) * window.stride[0] + window.reach[0]
            image = padded[: piece.images * height * line].view(
                piece.images, height, columns, channels
            )
            first = (window.stride[0] * piece.row - window.top, -window.left)
            fill(image, x[piece.image : piece.image + piece.images], first=first)
            yield piece, [_read(image, window, tap, piece.rows, width) for tap in _taps(window)]

    return size, walk()


def _taps(window: Window) -> list[tuple[int, int]]:
    return [(i, j) for i in range(window.kernel[0]) for j in range(window.kernel[1])]


def _read(image: Tensor, window: Window, tap: tuple[int, int], rows: int, width: int) -> Tensor:
    top, left = tap[0] * window.dilation[0], tap[1] * window.dilation[1]
    down, across = window.stride
    return image[
        :, top : top + (rows - 1) * down + 1 : down, left : left + (width - 1) * across + 1 : across
    ]
