"""Tier 0: PyTorch's own convolution kernels, with the vendor library switched off.

On ROCm `torch.backends.cudnn.enabled = False` makes `aten::convolution` take the kernels that
PyTorch ships (Slow2d, CudaDepthwise2d, SlowDilated2d; aten/src/ATen/native/Convolution.cpp,
`_select_conv_backend`) instead of MIOpen; on a CPU `torch.backends.mkldnn.enabled = False` does the
same to oneDNN. Correct everywhere, hence what everything falls back to. Its memory is PyTorch's:
no budget binds it (on a GPU one image's columns, on a CPU those of the whole batch).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

from underdog.vision.conv.reference import pad, unpad
from underdog.vision.conv.spec import ZEROS, ConvSpec, Part

NAME = "native"


@contextmanager
def vendor_libraries(*, enabled: bool) -> Iterator[None]:
    """Set cuDNN / MIOpen and oneDNN on or off for this process; both are put back on leaving."""
    before = vendor_flags()
    set_vendor_libraries(cudnn=enabled, mkldnn=enabled)
    try:
        yield
    finally:
        set_vendor_libraries(cudnn=before[0], mkldnn=before[1])


def vendor_flags() -> tuple[bool, bool]:
    """Whether cuDNN / MIOpen and oneDNN may be used at present."""
    return bool(torch.backends.cudnn.enabled), bool(torch.backends.mkldnn.enabled)


def set_vendor_libraries(*, cudnn: bool, mkldnn: bool) -> None:
    """The two flags that backend selection reads, nothing else."""
    torch.backends.cudnn.enabled = cudnn
    torch.backends.mkldnn.enabled = mkldnn  # type: ignore[assignment]  # typed as its descriptor


def compute(spec: ConvSpec, part: Part, a: Tensor, b: Tensor) -> Tensor:
    """One part by `aten::convolution` and its backward, without the vendor library."""
    with vendor_libraries(enabled=False):
        return aten(spec, part, a, b)


def aten(spec: ConvSpec, part: Part, a: Tensor, b: Tensor) -> Tensor:
    """One part by whatever kernel PyTorch selects under the present flags."""
    top, bottom, left, right = spec.pads
    if spec.padding_mode != ZEROS or top != bottom or left != right:
        return _padded_first(spec, part, a, b)
    rest = ([*spec.stride], [top, left], [*spec.dilation], False, [0, 0], spec.groups)
    if part is Part.FORWARD:
        found: Tensor = torch.ops.aten.convolution(a, b, None, *rest)
        return found
    g, x, w = (a, None, b) if part is Part.INPUT else (b, a, None)
    # The operand whose gradient is not asked for gives its shape only.
    x = g.new_empty(1).expand(spec.x_shape) if x is None else x
    w = g.new_empty(1).expand(spec.w_shape) if w is None else w
    mask = [part is Part.INPUT, part is Part.WEIGHT, False]
    gradients: tuple[Tensor, ...] = torch.ops.aten.convolution_backward(g, x, w, None, *rest, mask)
    return gradients[0] if part is Part.INPUT else gradients[1]


def _padded_first(spec: ConvSpec, part: Part, a: Tensor, b: Tensor) -> Tensor:
    bare = spec.without_mode()
    if part is Part.INPUT:
        return unpad(aten(bare, part, a, b), spec)
    return aten(bare, part, pad(a, spec), b)
