"""Shift and multiply in place: no padded copy of the image, no sums beside the result.

Where results are as wide as the image, output (u, v) and pixel (u, v) have the same number
f = u W + v, and tap (i, j) of output f reads pixel f + (i - top) W + j - left, whatever f is. So
with channels last one kernel row of all outputs is one matrix product of the image as it lies in
memory, written or added to the result as it lies in memory; as in `shift`, it falls into several
sets of outputs, since neighbours' runs overlap. What is wrong then are the first and last columns,
whose runs begin or end in another row: they are computed again from strips of the image, and in the
weight gradient what they gave is taken away and their own part added.

The kn2row family is that of Anderson et al., arXiv 1709.03395; without the copies of `shift` the
input gradient of the benchmark's second layer took 16 ms for 20 (2026-11-22).

Legend: N images, C and O channels, K = inner size of one product.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from underdog.vision.conv.algorithms.adjoint import Correlating
from underdog.vision.conv.algorithms.split_k import SplitK
from underdog.vision.conv.algorithms.window import HALVES, Piece, Pieces, Window, fill, turn
from underdog.vision.conv.algorithms.workspace import Workspace
from underdog.vision.conv.spec import ZEROS, ConvSpec, Layout, Pair, Part


class Flat(Correlating):
    """Results as wide as the image, channels last, one group, float32 or float64.

    Sums are made in the result, so in half precision every kernel row would be rounded. A weight
    gradient with an infinity in the first or last columns may have NaN where the definition has
    infinities or, in the taps at the sides, numbers.
    """

    name = "flat"
    roundings = 1.0
    """Nothing is rounded to half precision."""

    def refusal(self, spec: ConvSpec, part: Part) -> str:
        """Why it does not serve this convolution; empty where it does."""
        reach = spec.dilation[1] * (spec.kernel[1] - 1) + 1
        served = {
            "for one group and more than one tap": spec.groups == 1 and spec.kernel != (1, 1),
            "for channels last": spec.layout is Layout.CHANNELS_LAST,
            "sums in the result, which half precision would round": getattr(torch, spec.dtype)
            not in HALVES,
            "for padding with zeros": spec.padding_mode == ZEROS,
            "for stride 1": part is Part.INPUT or spec.stride == (1, 1),
            # An input gradient is made of convolutions of g with results as wide as g.
            "for results as wide as the image": spec.width == spec.stride[1] * spec.out_width,
            "for images as wide as the kernel": reach <= spec.out_width,
        }
        return next((reason for reason, holds in served.items() if not holds), "")

    def correlate(self, x: Tensor, w: Tensor, y: Tensor, window: Window, work: Workspace) -> None:
        """Y (N, OH, OW, O) = x (N, H, W, C) seen through w (O, C, KH, KW)."""
        runs = _Runs.of(x, y, window, work)
        matrix = work.copy(w.permute(2, 3, 1, 0), dtype=x.dtype).view(-1, y.shape[3])
        weights = matrix.chunk(len(runs.taps))
        direct = y.is_contiguous()
        sums = None if direct else work.empty(*runs.largest(y), dtype=y.dtype)
        for piece in runs.pieces():
            target = piece.of(y)
            found = target if sums is None else sums[:, : piece.rows]
            self._sum(runs, piece, found, weights)
            if sums is not None:
                target.copy_(found)
        by_tap = matrix.view(*window.kernel, x.shape[3], y.shape[3])
        for column in runs.sides():
            share = work.rest()
            taps, strip = runs.strip(column, share)
            weight = share.copy(by_tap[:, taps], dtype=x.dtype).view(strip.shape[1], y.shape[3])
            result = share.empty(len(strip), y.shape[3], dtype=y.dtype)
            y[:, :, column] = torch.mm(strip, weight, out=result).view(len(y), *y.shape[1::2])

    def weight_gradient(
        self, x: Tensor, g: Tensor, dw: Tensor, window: Window, work: Workspace
    ) -> None:
        """Dw (O, C, KH, KW) = sum over pixels of g (N, OH, OW, O) times what it read of x."""
        runs = _Runs.of(x, g, window, work)
        rows = runs.size.rows * runs.width // runs.run
        total = work.zeros(len(runs.taps), runs.run * runs.channels, g.shape[3], dtype=x.dtype)
        sums = [SplitK(rows, part, work, dtype=x.dtype) for part in total]
        source = g if g.is_contiguous() else work.copy(g, dtype=g.dtype)
        for piece in runs.pieces():
            for tap, read, gradient in list(runs.products(piece, piece.of(source))):
                sums[tap].add(read, gradient)
        for tap, read, gradient in runs.wrapped(source):
            sums[tap].add(read, gradient, alpha=-1)
        for each in sums:
            each.finish()
        by_tap = total.view(*window.kernel, x.shape[3], g.shape[3])
        for column in runs.sides():
            share = work.rest()
            taps, strip = runs.strip(column, share)
            gradient = share.copy(source[:, :, column], dtype=g.dtype).view(len(strip), -1)
            result = share.empty(strip.shape[1], g.shape[3], dtype=g.dtype)
            torch.mm(strip.t(), gradient, out=result)
            by_tap[:, taps] += result.view(by_tap[:, taps].shape)
        turn(by_tap, dw, work)

    def _sum(self, runs: _Runs, piece: Piece, found: Tensor, weights: tuple[Tensor, ...]) -> None:
        """All kernel rows into the piece's results; the first columns and the last are wrong."""
        whole = runs.whole(piece)
        if whole is None:
            found.zero_()
        for tap, read, target in list(runs.products(piece, found, first=whole)):
            if tap == whole:
                torch.mm(read, weights[tap], out=target)
            else:
                target.addmm_(read, weights[tap])


class _Tap(NamedTuple):
    """One product: how far its rows and pixels lie from the output's own."""

    row: int
    pixel: int


class _Runs(NamedTuple):
    """The images as runs of pixels that outputs read, `run` pixels at a time."""

    image: Tensor
    height: int
    width: int
    channels: int
    out_rows: int
    window: Window
    run: int
    taps: tuple[_Tap, ...]
    size: Pieces

    @classmethod
    def of(cls, x: Tensor, y: Tensor, window: Window, work: Workspace) -> _Runs:
        """Of x (N, H, W, C) for results of y's shape (N, OH, W, O)."""
        (kh, kw), (dh, dw) = window.kernel, window.dilation
        merged = dw == 1 or kw == 1
        taps = tuple(
            _Tap(dh * i - window.top, dw * j - window.left)
            for i in range(kh)
            for j in range(1 if merged else kw)
        )
        channels, width = x.shape[3], x.shape[2]
        row_bytes = x.element_size() * width * (channels + y.shape[3])
        size = Pieces.within(1, y.shape[1], chunk_bytes=work.chunk_bytes, row_bytes=row_bytes)
        flat = x if x.is_contiguous() else work.copy(x, dtype=x.dtype)
        run = kw if merged else 1
        return cls(flat, x.shape[1], width, channels, y.shape[1], window, run, taps, size)

    def pieces(self) -> Iterator[Piece]:
        """Every row of every image once, never two images in one piece."""
        return self.size.over(len(self.image), self.out_rows)

    def largest(self, y: Tensor) -> tuple[int, int, int, int]:
        """The shape of the largest piece's results."""
        return 1, self.size.rows, self.width, y.shape[3]

    def rows(self, tap: _Tap, piece: Piece) -> Pair:
        """The output rows of the piece whose rows of this tap lie inside the image."""
        low = max(piece.row, -tap.row)
        return low, max(low, min(piece.row + piece.rows, self.height - tap.row))

    def whole(self, piece: Piece) -> int | None:
        """A tap that reads inside the image for all rows of the piece; None where there is none."""
        wanted = (piece.row, piece.row + piece.rows)
        rows = (self.rows(tap, piece) for tap in self.taps)
        return next((number for number, found in enumerate(rows) if found == wanted), None)

    def products(
        self, piece: Piece, results: Tensor, first: int | None = None
    ) -> Iterator[tuple[int, Tensor, Tensor]]:
        """For every set of outputs and every tap, `first` before the others: the tap, what it
        reads, and the results it reads for.

        `results` (1, rows, W, O) are contiguous. Outputs whose run begins before the image's first
        pixel or ends behind its last are left out; they are among the sides.
        """
        out, run, channels = results.shape[3], self.run, self.channels
        first_result = results.storage_offset() - piece.row * self.width * out
        first_pixel = self.image.storage_offset() + piece.image * self.image.stride(0)
        numbers = sorted(range(len(self.taps)), key=lambda number: number != first)
        ranges = [
            (number, *self._range(self.taps[number], *self.rows(self.taps[number], piece)))
            for number in numbers
        ]
        # All taps of one set come together: its results stay in the cache meanwhile.
        for residue in range(run):
            for number, low, high, shift in ranges:
                start = low + (residue - low) % run
                if start < high:
                    count = -(-(high - start) // run)
                    yield (
                        number,
                        self.image.as_strided(
                            (count, run * channels),
                            (run * channels, 1),
                            first_pixel + (start + shift) * channels,
                        ),
                        results.as_strided(
                            (count, out), (run * out, 1), first_result + start * out
                        ),
                    )

    def wrapped(self, gradient: Tensor) -> Iterator[tuple[int, Tensor, Tensor]]:
        """All that `products` gave for the columns of the sides: tap, runs, gradients."""
        whole = Piece(0, 1, 0, self.out_rows)
        for number, tap in enumerate(self.taps):
            rows = self.rows(tap, whole)
            low, high, shift = self._range(tap, *rows)
            for column in self.sides():
                inside = [row for row in range(*rows) if low <= row * self.width + column < high]
                for image in range(len(self.image) if inside else 0):
                    position = inside[0] * self.width + column
                    runs = self.image.as_strided(
                        (len(inside), self.run * self.channels),
                        (self.width * self.channels, 1),
                        self.image.storage_offset()
                        + image * self.image.stride(0)
                        + (position + shift) * self.channels,
                    )
                    yield number, runs, gradient[image, inside[0] : inside[-1] + 1, column]

    def sides(self) -> tuple[int, ...]:
        """Columns of outputs whose runs leave their row."""
        left = self.window.left
        right = self.window.reach[1] - 1 - left
        return (*range(left), *range(self.width - max(0, right), self.width))

    def strip(self, column: int, work: Workspace) -> tuple[slice, Tensor]:
        """What one column of outputs reads: the horizontal taps that fall inside the image, and
        (N * OH, KH * taps * C).
        """
        (kh, kw), (dh, dw) = self.window.kernel, self.window.dilation
        place = column - self.window.left
        inside = [tap for tap in range(kw) if 0 <= place + dw * tap < self.width]
        if not inside:
            # Such a column lies in the padding; a product over nothing gives its zeros.
            return slice(0), self.image.new_empty(len(self.image) * self.out_rows, 0)
        pixels = slice(place + dw * inside[0], place + dw * inside[-1] + 1, dw)
        line, height = len(inside) * self.channels, self.out_rows - 1 + self.window.reach[0]
        dtype = self.image.dtype
        rows = work.empty(len(self.image), height, len(inside), self.channels, dtype=dtype)
        fill(rows, self.image[:, :, pixels], first=(-self.window.top, 0))
        strip = work.empty(len(self.image) * self.out_rows, kh * line, dtype=dtype)
        read = rows.as_strided(
            (len(self.image), self.out_rows, kh, line),
            (height * line, line, dh * line, 1),
        )
        strip.view(read.shape).copy_(read)
        return slice(inside[0], inside[-1] + 1), strip

    def _range(self, tap: _Tap, low: int, high: int) -> tuple[int, int, int]:
        """The outputs of some rows whose run lies inside the image, and how far from them it is."""
        shift = tap.row * self.width + tap.pixel
        end = self.height * self.width - self.run + 1
        return max(low * self.width, -shift), min(high * self.width, end - shift), shift
