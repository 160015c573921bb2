"""A 1x1 convolution is one matrix product: no copy where the layout allows it, no workspace.

With channels last, (N * H * W, C) @ (C, O); with channels first, (O, C) @ (C, H * W) per image.
A stride picks pixels first. Arithmetic of the product, nothing else: Anderson et al.,
arXiv 1709.03395, call it the degenerate case of kn2row.
"""

from __future__ import annotations

import torch
from torch import Tensor

from underdog.vision.conv.algorithms.adjoint import Correlating
from underdog.vision.conv.algorithms.split_k import SplitK
from underdog.vision.conv.algorithms.window import Window, wide_dtype
from underdog.vision.conv.algorithms.workspace import Workspace
from underdog.vision.conv.spec import ConvSpec, Part


class Gemm(Correlating):
    """1x1, no padding, one group; any stride. In half precision it rounds once."""

    name = "gemm"
    roundings = 2.0
    """Roundings to half precision on the way to one result, on a CPU and elsewhere."""

    def refusal(self, spec: ConvSpec, part: Part) -> str:  # noqa: ARG002 - same for all parts
        """Why it does not serve this convolution; empty where it does."""
        if spec.kernel != (1, 1):
            return "for 1x1 kernels"
        if any(spec.pads):
            return "takes no padding"
        return "for one group" if spec.groups > 1 else ""

    def correlate(self, x: Tensor, w: Tensor, y: Tensor, window: Window, work: Workspace) -> None:
        """Y (N, OH, OW, O) = x (N, H, W, C) seen through w (O, C, 1, 1)."""
        rows, columns = y.shape[1:3]
        picked = x[:, :: window.stride[0], :: window.stride[1]][:, :rows, :columns]
        weight = w[:, :, 0, 0].to(x.dtype)
        if _flat(y):
            source = picked if _flat(picked) else work.copy(picked, dtype=x.dtype)
            torch.mm(source.view(-1, x.shape[3]), weight.t(), out=y.view(-1, y.shape[3]))
            return
        planes = _planes(picked, work)
        if y.permute(0, 3, 1, 2).is_contiguous():
            target = y.permute(0, 3, 1, 2).flatten(2)
            torch.bmm(weight.expand(len(x), -1, -1), planes, out=target)
            return
        found = work.empty(*y.shape, dtype=y.dtype).view(-1, y.shape[3])
        torch.mm(work.copy(picked, dtype=x.dtype).view(-1, x.shape[3]), weight.t(), out=found)
        y.copy_(found.view(y.shape))

    def weight_gradient(
        self, x: Tensor, g: Tensor, dw: Tensor, window: Window, work: Workspace
    ) -> None:
        """Dw (O, C, 1, 1) = sum over pixels of g (N, OH, OW, O) times x."""
        picked = x[:, :: window.stride[0], :: window.stride[1]][:, : g.shape[1], : g.shape[2]]
        target = dw[:, :, 0, 0]
        if _flat(picked) or _flat(g):
            left, right = (
                each if _flat(each) else work.copy(each, dtype=x.dtype) for each in (g, picked)
            )
            rows, sizes = g.shape[:3].numel(), (g.shape[3], x.shape[3])
            total = work.zeros(*sizes, dtype=wide_dtype(x.dtype))
            sums = SplitK(rows, total, work, dtype=x.dtype)
            sums.add(left.view(rows, -1), right.view(rows, -1))
            target.copy_(sums.finish())
            return
        left, right = _planes(g, work), _planes(picked, work)
        total = work.zeros(*target.shape, dtype=wide_dtype(x.dtype))
        product = work.empty(*target.shape, dtype=x.dtype)
        for image in range(len(x)):
            total += torch.mm(left[image], right[image].t(), out=product)
        target.copy_(total)


def _flat(images: Tensor) -> bool:
    """Whether a view (N, H, W, C) is one matrix in memory."""
    return images.is_contiguous()


def _planes(images: Tensor, work: Workspace) -> Tensor:
    """(N, C, H * W), without a copy where the view lies channels first."""
    first = images.permute(0, 3, 1, 2)
    ready = first if first.is_contiguous() else work.copy(first, dtype=images.dtype)
    return ready.flatten(2)
