"""Columns of pieces of an image: what each output reads, side by side, for `im2col` and `grouped`.

Only a piece at a time is unfolded, into a buffer that is used again for the next, and backward
unfolds again instead of keeping columns (Chellapilla et al., "High Performance Convolutional Neural
Networks for Document Processing", 2006, describe unfolding; the piecewise form is ours).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from underdog.vision.conv.algorithms.window import Piece, Pieces, Window, fill
from underdog.vision.conv.algorithms.workspace import Workspace


class Columns(NamedTuple):
    """A piece and its columns (groups, pixels, KH * KW * C / groups)."""

    piece: Piece
    matrix: Tensor


def unfolded(
    x: Tensor,
    out: torch.Size,
    window: Window,
    work: Workspace,
    *,
    dtype: torch.dtype,
    per_pixel: int,
) -> tuple[Pieces, Iterator[Columns]]:
    """Columns of x (N, H, W, C) for outputs of shape `out` (N, OH, OW, O), piece by piece.

    `per_pixel` numbers are taken by the caller for each output pixel; they count for the chunk.
    """
    images, height, width, _ = out
    channels, taps = x.shape[3], window.kernel[0] * window.kernel[1]
    columns = (width - 1) * window.stride[1] + window.reach[1]
    pixel = taps * channels + per_pixel
    line = columns * channels
    size = Pieces.within(
        images,
        height,
        chunk_bytes=work.chunk_bytes,
        row_bytes=dtype.itemsize * (width * pixel + window.stride[0] * line),
        image_bytes=dtype.itemsize * line * max(0, window.reach[0] - window.stride[0]),
    )
    rows = (size.rows - 1) * window.stride[0] + window.reach[0]
    padded = work.zeros(size.images * rows * line, dtype=dtype)
    matrix = work.empty(size.images * size.rows * width * taps * channels, dtype=dtype)
    return size, _pieces(x, (images, height, width), window, size, padded, matrix)


def _pieces(
    x: Tensor,
    out: tuple[int, int, int],
    window: Window,
    size: Pieces,
    padded: Tensor,
    matrix: Tensor,
) -> Iterator[Columns]:
    images, height, _ = out
    views: dict[tuple[int, int], _Views] = {}
    for piece in size.over(images, height):
        shape = (piece.images, piece.rows)
        if shape not in views:
            views[shape] = _views(shape, out[2], x.shape[3], window, padded, matrix)
        image, read, target, columns = views[shape]
        first = (window.stride[0] * piece.row - window.top, -window.left)
        # The sides are zeros from the start: pieces of every size have the same columns.
        fill(image, x[piece.image : piece.image + piece.images], first=first, sides=False)
        target.copy_(read)
        yield Columns(piece, columns)


class _Views(NamedTuple):
    """What a piece of one size is written to and read through; made once, for views cost, too."""

    image: Tensor
    read: Tensor
    target: Tensor
    columns: Tensor


def _views(
    shape: tuple[int, int],
    width: int,
    channels: int,
    window: Window,
    padded: Tensor,
    matrix: Tensor,
) -> _Views:
    (images, lines), groups = shape, window.groups
    columns = (width - 1) * window.stride[1] + window.reach[1]
    (kh, kw), (sh, sw), (dh, dw) = window.kernel, window.stride, window.dilation
    rows = (lines - 1) * sh + window.reach[0]
    image = padded[: images * rows * columns * channels].view(images, rows, columns, channels)
    n, r, c, one = image.stride()
    read = image.as_strided(
        (groups, images, lines, width, kh, kw, channels // groups),
        (channels // groups, n, r * sh, c * sw, r * dh, c * dw, one),
    )
    target = matrix[: read.numel()].view(read.shape)
    return _Views(image, read, target, target.view(groups, images * lines * width, -1))
