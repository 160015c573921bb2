"""The input gradient of a strided convolution: products first, columns added up afterwards.

Tap (i, j) of output (u, v) belongs to pixel (s u + d i - top, s v + d j - left), so the gradient is
a sum over taps of products with one tap's weight, put down at those places: col2im, the reverse of
unfolding (Chellapilla et al., "High Performance Convolutional Neural Networks for Document
Processing", 2006). Here all taps of a kernel row go into one product, (pixels, O) @ (O, KW * C);
the kernel rows that reach the same row of the image add up in the product, which reads the
gradient's rows where they lie; and what is left to add are the few taps of a row that meet in one
column, when it is written.

Phase by phase, as in `adjoint.py`, each product has C columns, and a matrix routine is slow with
few: 16 -> 32 channels, 3x3, stride 2, 320 x 320 pixels, took 18.7 ms by the fastest algorithm of
that kind and 17.4 this way, 32 -> 64 at 160 x 160 15.0 and 12.2, 64 -> 128 at 80 x 80 12.7 and 10.8
(lower quartiles in turns, 2026-11-22, two cores of an EPYC).

Legend: N images, O and C channels, q rows of one row phase of the image, R of them in a piece.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from underdog.vision.conv.algorithms.window import Pieces, Window, wide_dtype
from underdog.vision.conv.algorithms.workspace import Workspace
from underdog.vision.conv.spec import Pair


class Tap(NamedTuple):
    """Position q of a phase takes what position q + `shift` of the gradient gives this tap."""

    number: int
    shift: int


def taps_of(phase: int, *, kernel: int, stride: int, dilation: int, pad: int) -> tuple[Tap, ...]:
    """The taps that reach positions phase, phase + stride, ... in one direction."""
    offsets = ((number, phase + pad - dilation * number) for number in range(kernel))
    return tuple(Tap(number, off // stride) for number, off in offsets if off % stride == 0)


def add_up(g: Tensor, w: Tensor, dx: Tensor, window: Window, work: Workspace) -> None:
    """Dx (N, H, W, C) from g (N, OH, OW, O) and the forward weight w (O, C, KH, KW).

    Half precision is summed in float32 and rounded once.
    """
    dtype, (kernel_rows, kernel_columns) = wide_dtype(g.dtype), window.kernel
    (out_rows, width, out), height, channels = g.shape[1:], dx.shape[1], dx.shape[3]
    (down, across), line = window.stride, kernel_columns * channels
    weights = work.copy(w.permute(2, 0, 3, 1), dtype=dtype).view(kernel_rows, out, line)
    by_row, by_column = (
        [
            taps_of(
                phase,
                kernel=window.kernel[i],
                stride=window.stride[i],
                dilation=window.dilation[i],
                pad=(window.top, window.left)[i],
            )
            for phase in range(min(window.stride[i], dx.shape[1 + i]))
        ]
        for i in (0, 1)
    )
    shifts = [tap.shift for taps in by_row for tap in taps]
    above, below = (min(shifts), max(shifts)) if shifts else (0, 0)
    direct = g.is_contiguous() and g.dtype == dtype
    row_bytes = dtype.itemsize * width * (line + (0 if direct else out))
    size = Pieces.within(
        1,
        -(-height // down),
        chunk_bytes=work.chunk_bytes,
        row_bytes=row_bytes,
        image_bytes=0 if direct else dtype.itemsize * width * out * (below - above),
    )
    held = work.empty(
        0 if direct else size.rows + below - above, width, 0 if direct else out, dtype=dtype
    )
    found = work.empty(size.rows, width, kernel_columns, channels, dtype=dtype)
    for piece in size.over(len(dx), -(-height // down)):
        first = max(0, min(out_rows, piece.row + above))
        last = max(first, min(out_rows, piece.row + piece.rows + below))
        source = g[piece.image, first:last]
        if not direct:
            source = held[: last - first].copy_(source)
        for phase, taps in enumerate(by_row):
            target = dx[piece.image, phase::down][piece.row : piece.row + piece.rows]
            if not taps or not len(target):
                target.zero_()
                continue
            sums = found[: len(target)]
            moved = [Tap(tap.number, tap.shift + piece.row - first) for tap in taps]
            _products(source, weights, moved, sums)
            for column, meeting in enumerate(by_column):
                _write(sums, meeting, target[:, column::across], work)


def _products(source: Tensor, weights: Tensor, taps: Sequence[Tap], sums: Tensor) -> None:
    """Sums (R, OW, KW, C): row q over the kernel rows' products with row q + shift of the source,
    (rows, OW, O), where there is one.
    """
    reached = [(tap, *_inside(tap, len(sums), len(source))) for tap in taps]
    # One that reaches all rows comes first and writes what the others add to.
    reached.sort(key=lambda each: each[1] - each[2])
    (_, low, high), flat = reached[0], sums.view(len(sums) * sums.shape[1], -1)
    whole = high - low == len(sums)
    if not whole:
        flat.zero_()
    width = sums.shape[1]
    for number, (tap, low, high) in enumerate(reached):
        if low == high:
            continue
        read = source[low + tap.shift : high + tap.shift].flatten(0, 1)
        if whole and not number:
            torch.mm(read, weights[tap.number], out=flat)
        else:
            flat[low * width : high * width].addmm_(read, weights[tap.number])


def _write(sums: Tensor, taps: Sequence[Tap], target: Tensor, work: Workspace) -> None:
    """Target (R, columns, C): column q over the taps of column q + shift of the sums, where there
    is one; the sums are overwritten.
    """
    if not taps:
        target.zero_()
        return
    width = target.shape[1]
    ranges = [_inside(tap, width, sums.shape[1]) for tap in taps]
    low = max(low for low, _ in ranges)
    high = max(low, min(high for _, high in ranges))
    for side in (slice(low), slice(high, width)):
        edge = range(width)[side]
        if not edge:
            continue
        total = work.rest().zeros(len(sums), len(edge), sums.shape[3], dtype=sums.dtype)
        for tap, (start, end) in zip(taps, ranges, strict=True):
            start, end = max(start, edge.start), min(end, edge.stop)
            if start < end:
                part = sums[:, start + tap.shift : end + tap.shift, tap.number]
                total[:, start - edge.start : end - edge.start] += part
        target[:, side] = total
    first, *others = (sums[:, low + tap.shift : high + tap.shift, tap.number] for tap in taps)
    if low == high:
        return
    if not others:
        target[:, low:high] = first
        return
    for other in others[:-1]:
        first += other
    torch.add(first, others[-1], out=target[:, low:high])


def _inside(tap: Tap, count: int, held: int) -> Pair:
    """The positions, of so many, for which position + shift is one of so many."""
    low = min(count, max(0, -tap.shift))
    return low, max(low, min(count, held - tap.shift))
