"""Unfold a piece, multiply, go on: the general algorithm, with memory bounded by the piece.

One matrix product (pixels, KH * KW * C) @ (KH * KW * C, O) per piece, channels last; the gradients
unfold again, but with a stride the input's goes the other way, by `col2im.py`. See `columns.py` for
sources.
"""

from __future__ import annotations

import torch
from torch import Tensor

from underdog.vision.conv.algorithms.adjoint import Correlating
from underdog.vision.conv.algorithms.col2im import add_up
from underdog.vision.conv.algorithms.columns import unfolded
from underdog.vision.conv.algorithms.split_k import SplitK
from underdog.vision.conv.algorithms.window import Window, product_dtype, turn, wide_dtype
from underdog.vision.conv.algorithms.workspace import Workspace
from underdog.vision.conv.spec import ConvSpec, Part


class Im2col(Correlating):
    """Any kernel, stride, dilation and padding; one group."""

    name = "im2col"
    roundings = 2.0
    """One per matrix product, one for the result."""

    def refusal(self, spec: ConvSpec, part: Part) -> str:  # noqa: ARG002 - same for all parts
        """Why it does not serve this convolution; empty where it does."""
        return "for one group" if spec.groups > 1 else ""

    def correlate(self, x: Tensor, w: Tensor, y: Tensor, window: Window, work: Workspace) -> None:
        """Y (N, OH, OW, O) = x (N, H, W, C) seen through w (O, C, KH, KW)."""
        dtype, out = product_dtype(x), y.shape[3]
        weight = work.copy(w.permute(2, 3, 1, 0), dtype=dtype).view(-1, out)
        size, pieces = unfolded(x, y.shape, window, work, dtype=dtype, per_pixel=out)
        sums = work.empty(size.images * size.rows * y.shape[2] * out, dtype=dtype)
        for piece, (matrix,) in pieces:
            target = y[piece.image : piece.image + piece.images, piece.row : piece.row + piece.rows]
            if target.is_contiguous() and target.dtype == dtype:
                torch.mm(matrix, weight, out=target.view(-1, out))
                continue
            found = sums[: matrix.shape[0] * out].view(-1, out)
            torch.mm(matrix, weight, out=found)
            target.copy_(found.view(target.shape))

    def input_gradient(
        self, g: Tensor, w: Tensor, dx: Tensor, window: Window, work: Workspace
    ) -> None:
        """Dx (N, H, W, C) from g (N, OH, OW, O) and w (O, C, KH, KW)."""
        # Where half precision has hardware of its own, adding up would lose it or round each term.
        if window.stride == (1, 1) or product_dtype(g) != wide_dtype(g.dtype):
            super().input_gradient(g, w, dx, window, work)
        else:
            add_up(g, w, dx, window, work)

    def weight_gradient(
        self, x: Tensor, g: Tensor, dw: Tensor, window: Window, work: Workspace
    ) -> None:
        """Dw (O, C, KH, KW) = sum over pixels of g (N, OH, OW, O) times what it read of x."""
        dtype, out = product_dtype(x), g.shape[3]
        inner = window.kernel[0] * window.kernel[1] * x.shape[3]
        size, pieces = unfolded(x, g.shape, window, work, dtype=dtype, per_pixel=out)
        rows = size.images * size.rows * g.shape[2]
        direct = g.is_contiguous() and g.dtype == dtype
        flat = work.empty(0 if direct else rows * out, dtype=dtype)
        total = work.zeros(inner, out, dtype=wide_dtype(x.dtype))
        sums = SplitK(rows, total, work, dtype=dtype)
        for piece, (matrix,) in pieces:
            source = g[piece.image : piece.image + piece.images, piece.row : piece.row + piece.rows]
            if not direct:
                source = flat[: source.numel()].view(source.shape).copy_(source)
            sums.add(matrix, source.view(-1, out))
        turn(sums.finish().view(*window.kernel, x.shape[3], out), dw, work)
