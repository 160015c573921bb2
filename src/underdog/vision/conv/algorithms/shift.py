"""Shift and multiply: one matrix product per kernel row over padded pixels, without columns.

The kn2row family (Anderson et al., "Low-memory GEMM-based convolution algorithms", arXiv
1709.03395, section 3) multiplies the flat padded image by one tap's weight and adds the product at
a shifted place. Here all taps of a kernel row go into one product: with channels last, the
`kw * C` numbers that one output reads in one row lie side by side. Neighbouring outputs' runs
overlap, which no matrix routine takes; but every t-th output's runs do not, t = ceil(kw / stride).
So the image is read as t matrices of row length t * stride * C, in place, and the inner size is
kw * C instead of C: three times fewer passes over the sums for a 3x3 kernel.

A vertical stride reads row phases (rows 0, s, 2s, ... apart from 1, s + 1, ...), which the padding
copy separates at no cost. A horizontal dilation leaves holes in the runs: then taps go one by one.

Legend: N images, R output rows in a piece, C and O channels, K = inner size of one product,
t = interleaved sets of outputs.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from underdog.vision.conv.algorithms.adjoint import Correlating
from underdog.vision.conv.algorithms.split_k import SplitK
from underdog.vision.conv.algorithms.window import (
    Piece,
    Pieces,
    Window,
    fill,
    inside,
    turn,
    wide_dtype,
)
from underdog.vision.conv.algorithms.workspace import Workspace
from underdog.vision.conv.spec import ConvSpec, Pair, Part


class Tap(NamedTuple):
    """One product: the row phase it reads, rows and pixels it is shifted by."""

    phase: int
    row: int
    pixel: int


class Plan(NamedTuple):
    """What follows from the window alone."""

    sets: int
    run: int
    padded: int
    outputs: int
    extra_rows: int
    phases: tuple[int, ...]
    taps: tuple[Tap, ...]

    @classmethod
    def of(cls, window: Window, out_width: int) -> Plan:
        """`padded` columns hold an image row with its pads, `outputs` its results and waste."""
        (kh, kw), (sh, sw), (dh, dw) = window.kernel, window.stride, window.dilation
        merged = dw == 1 or kw == 1
        run = kw if merged else 1
        sets = -(-run // sw)
        needed = max(out_width * sw, (out_width - 1) * sw + window.reach[1])
        padded = -(-needed // (sets * sw)) * sets * sw
        taps = tuple(
            Tap(dh * i % sh, dh * i // sh, dw * j)
            for i in range(kh)
            for j in range(1 if merged else kw)
        )
        phases = tuple(sorted({tap.phase for tap in taps}))
        return cls(sets, run, padded, padded // sw, dh * (kh - 1) // sh, phases, taps)


class Shift(Correlating):
    """Any kernel, stride and dilation, one group; half precision is summed in float32."""

    name = "shift"
    roundings = 1.0
    """Half precision is rounded at the very end only."""

    def refusal(self, spec: ConvSpec, part: Part) -> str:  # noqa: ARG002 - same for all parts
        """Why it does not serve this convolution; empty where it does."""
        return "for one group" if spec.groups > 1 else ""

    def correlate(self, x: Tensor, w: Tensor, y: Tensor, window: Window, work: Workspace) -> None:
        """Y (N, OH, OW, O) = x (N, H, W, C) seen through w (O, C, KH, KW)."""
        plan, dtype = Plan.of(window, y.shape[2]), wide_dtype(x.dtype)
        taps = work.copy(w.permute(2, 3, 1, 0), dtype=dtype).view(len(plan.taps), -1, y.shape[3])
        first, *others = taps.unbind()
        rows = _Rows(x, y, window, plan, work, dtype)
        for piece, views in rows.loaded():
            for found, reads in views.products:
                torch.mm(reads[0], first, out=found)
                for read, weight in zip(reads[1:], others, strict=True):
                    found.addmm_(read, weight)
            piece.of(y).copy_(views.outputs)

    def weight_gradient(
        self, x: Tensor, g: Tensor, dw: Tensor, window: Window, work: Workspace
    ) -> None:
        """Dw (O, C, KH, KW) = sum over pixels of g (N, OH, OW, O) times what it read of x."""
        plan, dtype = Plan.of(window, g.shape[2]), wide_dtype(x.dtype)
        out = g.shape[3]
        rows = _Rows(x, g, window, plan, work, dtype)
        total = work.zeros(len(plan.taps), plan.run * x.shape[3], out, dtype=dtype)
        sums = [SplitK(rows.product_rows, part, work, dtype=dtype) for part in total]
        for piece, views in rows.loaded():
            fill(views.gradient, piece.of(g), first=(0, 0), sides=False)
            for part, reads in views.products:
                for read, tap in zip(reads, sums, strict=True):
                    tap.add(read, part)
        for tap in sums:
            tap.finish()
        turn(total.view(*window.kernel, x.shape[3], out), dw, work)


class _Views(NamedTuple):
    """What a piece of one size is written to and read through; made once, for views cost, too.

    `buffers` take the padded rows of each row phase, (images, height, padded, C). `products` holds
    for every set of outputs their place, (rows, O), and what each tap reads, (rows, K). `outputs`
    are the results without waste, `gradient` all places of results, waste included.
    """

    buffers: tuple[Tensor, ...]
    products: tuple[tuple[Tensor, tuple[Tensor, ...]], ...]
    outputs: Tensor
    gradient: Tensor


class _Rows:
    """The padded image in pieces, one flat buffer per row phase, and a flat one of results."""

    def __init__(
        self, x: Tensor, y: Tensor, window: Window, plan: Plan, work: Workspace, dtype: torch.dtype
    ) -> None:
        self.x, self.window, self.plan = x, window, plan
        self.channels, self.out = x.shape[3], y.shape[3]
        self.count_images, self.count_rows, self.width = y.shape[:3]
        line = plan.padded * self.channels
        row_bytes = dtype.itemsize * (line * len(plan.phases) + plan.outputs * self.out)
        self.size = Pieces.within(
            self.count_images,
            self.count_rows,
            chunk_bytes=work.chunk_bytes,
            row_bytes=row_bytes,
            image_bytes=row_bytes * plan.extra_rows,
        )
        most = self.size.images * (self.size.rows + plan.extra_rows)
        # The last output of the last row reads a little beyond the last row.
        self.product_rows = most * plan.outputs // plan.sets
        self.slack = (plan.sets * window.stride[1] + window.reach[1]) * self.channels
        self.flat = work.empty(len(plan.phases), most * line + self.slack, dtype=dtype)
        self.sums = work.empty(most * plan.outputs * self.out, dtype=dtype)
        # All sides are zeros from now on: pieces of every size have the same columns.
        left, right = inside(plan.padded, x.shape[2], -window.left)
        for buffer in self.flat[:, : most * line]:
            pixels = buffer.view(most, plan.padded, self.channels)
            pixels[:, :left].zero_()
            pixels[:, right:].zero_()
        self.sums.view(most, plan.outputs, self.out)[:, self.width :].zero_()
        self.views: dict[tuple[int, int], _Views] = {}

    def loaded(self) -> Iterator[tuple[Piece, _Views]]:
        """Every piece, its padded rows copied in."""
        step = self.window.stride[0]
        last: Pair | None = None
        for piece in self.size.over(self.count_images, self.count_rows):
            size = (piece.images, piece.rows)
            if size not in self.views:
                self.views[size] = self._views(*size)
            if size != last:
                self._end(*size)
            views, last = self.views[size], size
            source = self.x[piece.image : piece.image + piece.images]
            for phase, buffer in zip(self.plan.phases, views.buffers, strict=True):
                first = (step * piece.row + phase - self.window.top, -self.window.left)
                fill(buffer, source, first=first, step=(step, 1), sides=False)
            yield piece, views

    def _end(self, images: int, count: int) -> None:
        """Zeros behind the last row, where an earlier, larger piece may have left rows: they are
        multiplied by zeros only, but a NaN among them would survive that.
        """
        used = images * (count + self.plan.extra_rows) * self.plan.padded * self.channels
        self.flat[:, used : used + self.slack].zero_()

    def _views(self, images: int, count: int) -> _Views:
        plan, height = self.plan, count + self.plan.extra_rows
        shape = (images, height, plan.padded, self.channels)
        line = plan.outputs * self.out
        return _Views(
            tuple(each[: math.prod(shape)].view(shape) for each in self.flat),
            tuple(self._product(number, images, count) for number in range(plan.sets)),
            self.sums.as_strided(
                (images, count, self.width, self.out),
                (height * line, line, self.out, 1),
                self.sums.storage_offset(),
            ),
            self.sums[: images * height * line].view(images, height, plan.outputs, self.out),
        )

    def _product(self, number: int, images: int, count: int) -> tuple[Tensor, tuple[Tensor, ...]]:
        """The outputs of one set, every `sets`-th from the set's number on, and what they read."""
        plan, channels = self.plan, self.channels
        step = plan.sets * self.window.stride[1]
        lines = (images - 1) * (count + plan.extra_rows) + count
        length = lines * plan.padded // step
        start = number * self.window.stride[1]
        reads = tuple(
            self.flat[
                plan.phases.index(tap.phase),
                (tap.row * plan.padded + start + tap.pixel) * channels :,
            ].as_strided((length, plan.run * channels), (step * channels, 1))
            for tap in plan.taps
        )
        found = self.sums[number * self.out :].as_strided(
            (length, self.out), (plan.sets * self.out, 1)
        )
        return found, reads
