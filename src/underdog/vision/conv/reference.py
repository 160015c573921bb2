"""The slow convolution that is right: float64, tap by tap, straight from the definition.

In: operands of one part of a convolution (`Part`). Out: its result in float64 and, on request, the
same sum over absolute values, which is the scale on which rounding errors are judged. It shares no
code with the candidates and calls no convolution of PyTorch's.

For a tap (i, j) of group-wise operands, y[o, u, v] += w[o, c, i, j] * x[c, s u + d i, s v + d j],
with x padded; the two gradients are the transposes of that sum (Dumoulin & Visin,
arXiv 1603.07285, section 4).
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
import torch.nn.functional as F  # noqa: N812 - as everywhere in PyTorch
from torch import Tensor

from underdog.vision.conv.spec import ZEROS, ConvSpec, Part


def compute(spec: ConvSpec, part: Part, a: Tensor, b: Tensor) -> Tensor:
    """The part's result in float64, on the operands' device; operands of any floating dtype."""
    return _PARTS[part](spec, a.double(), b.double())


def magnitude(spec: ConvSpec, part: Part, a: Tensor, b: Tensor) -> Tensor:
    """The same sums over absolute values: element by element the scale of the rounding error.

    Higham, Accuracy and Stability of Numerical Algorithms (2002), equation 3.5.
    """
    return compute(spec, part, a.abs(), b.abs())


def _forward(spec: ConvSpec, x: Tensor, w: Tensor) -> Tensor:
    padded = _split(pad(x, spec), spec.groups)
    weight = torch.unflatten(w, 0, (spec.groups, -1))
    y = x.new_zeros(spec.batch, spec.groups, weight.shape[1], spec.out_height, spec.out_width)
    for i, j, rows, columns in _taps(spec):
        y += torch.einsum("ngchw,goc->ngohw", padded[..., rows, columns], weight[..., i, j])
    return y.flatten(1, 2)


def _input_gradient(spec: ConvSpec, g: Tensor, w: Tensor) -> Tensor:
    gradient, weight = _split(g, spec.groups), torch.unflatten(w, 0, (spec.groups, -1))
    shape = pad(g.new_zeros(spec.x_shape), spec).shape
    padded = _split(g.new_zeros(shape), spec.groups)
    for i, j, rows, columns in _taps(spec):
        padded[..., rows, columns] += torch.einsum("ngohw,goc->ngchw", gradient, weight[..., i, j])
    return unpad(padded.flatten(1, 2), spec)


def _weight_gradient(spec: ConvSpec, x: Tensor, g: Tensor) -> Tensor:
    padded, gradient = _split(pad(x, spec), spec.groups), _split(g, spec.groups)
    w = torch.unflatten(x.new_zeros(spec.w_shape), 0, (spec.groups, -1))
    for i, j, rows, columns in _taps(spec):
        w[..., i, j] = torch.einsum("ngchw,ngohw->goc", padded[..., rows, columns], gradient)
    return w.flatten(0, 1)


_PARTS = {
    Part.FORWARD: _forward,
    Part.INPUT: _input_gradient,
    Part.WEIGHT: _weight_gradient,
}


def _split(images: Tensor, groups: int) -> Tensor:
    return torch.unflatten(images, 1, (groups, -1))


def _taps(spec: ConvSpec) -> Iterator[tuple[int, int, slice, slice]]:
    """Each tap with the rows and columns of the padded image that it meets."""
    for i in range(spec.kernel[0]):
        top = i * spec.dilation[0]
        rows = slice(top, top + (spec.out_height - 1) * spec.stride[0] + 1, spec.stride[0])
        for j in range(spec.kernel[1]):
            left = j * spec.dilation[1]
            end = left + (spec.out_width - 1) * spec.stride[1] + 1
            yield i, j, rows, slice(left, end, spec.stride[1])


def pad(x: Tensor, spec: ConvSpec) -> Tensor:
    """The padded image (N, C, H + top + bottom, W + left + right), by the spec's mode."""
    top, bottom, left, right = spec.pads
    mode = "constant" if spec.padding_mode == ZEROS else spec.padding_mode
    return F.pad(x, (left, right, top, bottom), mode=mode) if any(spec.pads) else x


def unpad(padded: Tensor, spec: ConvSpec) -> Tensor:
    """The transpose of `pad`: every padded pixel goes back to where it was taken from."""
    if spec.padding_mode == ZEROS or not any(spec.pads):
        top, left = spec.pads.top, spec.pads.left
        return padded[:, :, top : top + spec.height, left : left + spec.width]
    with torch.enable_grad():
        source = padded.new_zeros(spec.x_shape).requires_grad_()
        (gradient,) = torch.autograd.grad(pad(source, spec), source, padded)
    return gradient
