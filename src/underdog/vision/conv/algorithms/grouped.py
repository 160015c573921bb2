"""Groups as one batched matrix product per piece, never as a loop over groups.

(G, pixels, KH * KW * C / G) @ (G, KH * KW * C / G, O / G). See `columns.py` for sources.
"""

from __future__ import annotations

import torch
from torch import Tensor

from underdog.vision.conv.algorithms.adjoint import Correlating
from underdog.vision.conv.algorithms.columns import unfolded
from underdog.vision.conv.algorithms.window import Window, product_dtype, wide_dtype
from underdog.vision.conv.algorithms.workspace import Workspace
from underdog.vision.conv.spec import ConvSpec, Part


class Grouped(Correlating):
    """Any kernel, stride, dilation and padding; two groups or more."""

    name = "grouped"
    roundings = 2.0
    """One per matrix product, one for the result."""

    def refusal(self, spec: ConvSpec, part: Part) -> str:  # noqa: ARG002 - same for all parts
        """Why it does not serve this convolution; empty where it does."""
        return "" if spec.groups > 1 else "for two groups or more"

    def correlate(self, x: Tensor, w: Tensor, y: Tensor, window: Window, work: Workspace) -> None:
        """Y (N, OH, OW, O) = x (N, H, W, C) seen through w (O, C / groups, KH, KW)."""
        dtype, groups, out = product_dtype(x), window.groups, y.shape[3]
        weight = work.copy(_by_group(w, groups), dtype=dtype).view(groups, -1, out // groups)
        size, pieces = unfolded(x, y.shape, window, work, dtype=dtype, per_pixel=out)
        sums = work.empty(size.images * size.rows * y.shape[2] * out, dtype=dtype)
        for piece, matrix in pieces:
            target = y[piece.image : piece.image + piece.images, piece.row : piece.row + piece.rows]
            found = sums[: target.numel()].view(groups, -1, out // groups)
            torch.bmm(matrix, weight, out=found)
            torch.unflatten(target, 3, (groups, -1)).copy_(
                found.view(groups, *target.shape[:3], -1).permute(1, 2, 3, 0, 4)
            )

    def weight_gradient(
        self, x: Tensor, g: Tensor, dw: Tensor, window: Window, work: Workspace
    ) -> None:
        """Dw (O, C / groups, KH, KW) = sum over pixels of g (N, OH, OW, O) times what it read."""
        dtype, groups, out = product_dtype(x), window.groups, g.shape[3]
        inner = window.kernel[0] * window.kernel[1] * x.shape[3] // groups
        shape = (groups, inner, out // groups)
        total = work.zeros(*shape, dtype=wide_dtype(x.dtype))
        product = work.empty(*shape, dtype=dtype)
        size, pieces = unfolded(x, g.shape, window, work, dtype=dtype, per_pixel=out)
        flat = work.empty(size.images * size.rows * g.shape[2] * out, dtype=dtype)
        for piece, matrix in pieces:
            source = g[piece.image : piece.image + piece.images, piece.row : piece.row + piece.rows]
            gradient = flat[: source.numel()].view(groups, *source.shape[:3], out // groups)
            gradient.copy_(torch.unflatten(source, 3, (groups, -1)).permute(3, 0, 1, 2, 4))
            gradient = gradient.view(groups, -1, out // groups)
            total += torch.bmm(matrix.transpose(1, 2), gradient, out=product)
        _by_group(dw, groups).copy_(total.view(groups, *window.kernel, -1, out // groups))


def _by_group(w: Tensor, groups: int) -> Tensor:
    """A view (G, KH, KW, C / G, O / G) of a weight (O, C / G, KH, KW)."""
    return torch.unflatten(w, 0, (groups, -1)).permute(0, 3, 4, 2, 1)
