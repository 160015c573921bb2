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

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from underdog.vision.conv.algorithms.window import Pieces, Window, fill, wide_dtype
from underdog.vision.conv.algorithms.workspace import Workspace
from underdog.vision.conv.spec import ConvSpec, Part


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


class Shift:
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
        out = y.shape[3]
        weights = work.copy(w.permute(2, 3, 1, 0), dtype=dtype).view(len(plan.taps), -1, out)
        rows = _Rows(x, y, window, plan, work, dtype)
        sums = work.empty(rows.images * rows.rows * plan.outputs * out, dtype=dtype)
        for image, row, images, count in rows.pieces():
            height = rows.load(image, row, images, count)
            for matrix, taps in rows.matrices(images, count):
                found = _every(sums, plan.sets, matrix, out)
                torch.mm(taps[0], weights[0], out=found)
                for tap, weight in zip(taps[1:], weights[1:], strict=True):
                    found.addmm_(tap, weight)
            line = plan.outputs * out
            cut = sums.as_strided((images, count, y.shape[2], out), (height * line, line, out, 1))
            y[image : image + images, row : row + count].copy_(cut)

    def weight_gradient(
        self, x: Tensor, g: Tensor, dw: Tensor, window: Window, work: Workspace
    ) -> None:
        """Dw (O, C, KH, KW) = sum over pixels of g (N, OH, OW, O) times what it read of x."""
        plan, dtype = Plan.of(window, g.shape[2]), wide_dtype(x.dtype)
        out = g.shape[3]
        total = work.zeros(len(plan.taps), plan.run * x.shape[3], out, dtype=dtype)
        rows = _Rows(x, g, window, plan, work, dtype)
        flat = work.empty(rows.images * rows.rows * plan.outputs * out, dtype=dtype)
        for image, row, images, count in rows.pieces():
            height = rows.load(image, row, images, count)
            gradient = flat[: images * height * plan.outputs * out]
            fill(
                gradient.view(images, height, plan.outputs, out),
                g[image : image + images, row : row + count],
                first=(0, 0),
            )
            for matrix, taps in rows.matrices(images, count):
                part = _every(flat, plan.sets, matrix, out)
                for tap, sums in zip(taps, total, strict=True):
                    sums.addmm_(tap.t(), part)
        kernel = total.view(*window.kernel, x.shape[3], out)
        dw.copy_(kernel.permute(3, 2, 0, 1))


class _Matrix(NamedTuple):
    set: int
    rows: int


def _every(flat: Tensor, sets: int, matrix: _Matrix, out: int) -> Tensor:
    """The outputs of one set, (rows, O), in place: every `sets`-th from the set's number on."""
    return flat[matrix.set * out :].as_strided((matrix.rows, out), (sets * out, 1))


class _Rows:
    """The padded image in pieces, one flat buffer per row phase, read as matrices."""

    def __init__(
        self, x: Tensor, y: Tensor, window: Window, plan: Plan, work: Workspace, dtype: torch.dtype
    ) -> None:
        self.x, self.window, self.plan = x, window, plan
        self.channels = x.shape[3]
        self.count_images, self.count_rows = y.shape[:2]
        line = plan.padded * self.channels
        row_bytes = dtype.itemsize * (line * len(plan.phases) + plan.outputs * y.shape[3])
        self.size = Pieces.within(
            self.count_images,
            self.count_rows,
            chunk_bytes=work.chunk_bytes,
            row_bytes=row_bytes,
            image_bytes=row_bytes * plan.extra_rows,
        )
        self.images, self.rows = self.size.images, self.size.rows + plan.extra_rows
        # The last output of the last row reads a little beyond the last row.
        self.slack = (plan.sets * window.stride[1] + window.reach[1]) * self.channels
        self.flat = work.zeros(
            len(plan.phases), self.images * self.rows * line + self.slack, dtype=dtype
        )

    def pieces(self) -> Iterator[tuple[int, int, int, int]]:
        """(image, row, images, rows) of every piece."""
        for piece in self.size.over(self.count_images, self.count_rows):
            yield piece.image, piece.row, piece.images, piece.rows

    def load(self, image: int, row: int, images: int, count: int) -> int:
        """Copy one piece's padded rows in; gives the buffer rows per image."""
        plan, step = self.plan, self.window.stride[0]
        height = count + plan.extra_rows
        used = images * height * plan.padded * self.channels
        for number, phase in enumerate(plan.phases):
            buffer = self.flat[number, :used].view(images, height, plan.padded, self.channels)
            source = self.x[image : image + images]
            first = (step * row + phase - self.window.top, -self.window.left)
            fill(buffer, source, first=first, step=(step, 1))
            # Rows of an earlier, larger piece stand here; they are multiplied by zeros only, but
            # a NaN among them would survive that.
            self.flat[number, used : used + self.slack].zero_()
        return height

    def matrices(self, images: int, count: int) -> Iterator[tuple[_Matrix, list[Tensor]]]:
        """For each set of outputs, what its taps read: matrices (rows, K) that share memory."""
        plan, channels = self.plan, self.channels
        step = plan.sets * self.window.stride[1]
        lines = (images - 1) * (count + plan.extra_rows) + count
        length = lines * plan.padded // step
        for number in range(plan.sets):
            start = number * self.window.stride[1]
            taps = [
                self.flat[
                    plan.phases.index(tap.phase),
                    (tap.row * plan.padded + start + tap.pixel) * channels :,
                ].as_strided((length, plan.run * channels), (step * channels, 1))
                for tap in plan.taps
            ]
            yield _Matrix(number, length), taps
