"""Convolution as a function that autograd knows, which keeps nothing but its two operands.

In: what `torch.nn.functional.conv2d` and `conv_transpose2d` take, and an `Engine`. Out: their
result in the same layout. Columns, tiles and padded images never outlive the call.

The three parts of a convolution are bilinear, and the derivative of each is made of the other two
(`_PARTNERS`), so one autograd function serves forward, backward, double backward to any order and
transposed convolution, which is the input gradient called by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache, wraps
from typing import Any, Concatenate, ParamSpec

import torch
from torch import Tensor
from torch.autograd import forward_ad

from underdog.errors import InputError
from underdog.vision.conv.engine import Engine
from underdog.vision.conv.spec import DTYPES, ZEROS, ConvSpec, Layout, Part, pair, resolve_pads

_PARTNERS = {
    Part.FORWARD: ((Part.INPUT, "g", "b"), (Part.WEIGHT, "a", "g")),
    Part.INPUT: ((Part.FORWARD, "g", "b"), (Part.WEIGHT, "g", "a")),
    Part.WEIGHT: ((Part.INPUT, "b", "g"), (Part.FORWARD, "a", "g")),
}
"""For each part, how the gradients of its operands a and b come from them and the gradient g."""

_Rest = ParamSpec("_Rest")


def _unbatched_too(
    convolve: Callable[Concatenate[Tensor, _Rest], Tensor],
) -> Callable[Concatenate[Tensor, _Rest], Tensor]:
    """Serve an image (C, H, W) as a batch of one."""

    @wraps(convolve)
    def serve(x: Tensor, /, *rest: _Rest.args, **how: _Rest.kwargs) -> Tensor:
        if x.dim() == 3:
            return convolve(x.unsqueeze(0), *rest, **how).squeeze(0)
        return convolve(x, *rest, **how)

    return serve


@_unbatched_too
def conv2d(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    *,
    engine: Engine,
    stride: int | Sequence[int] = 1,
    padding: str | int | Sequence[int] = 0,
    dilation: int | Sequence[int] = 1,
    groups: int = 1,
    padding_mode: str = ZEROS,
) -> Tensor:
    """`torch.nn.functional.conv2d`, with padding also as (top, bottom, left, right) and by mode.

    `x` is (N, C, H, W) or (C, H, W); the result lies in memory as `x` does.
    """
    x, weight, bias = _cast(x, weight, bias)
    spec = _spec(
        tuple(x.shape),
        tuple(weight.shape),
        stride=_fixed(stride),
        padding=_fixed(padding),
        dilation=_fixed(dilation),
        groups=groups,
        padding_mode=padding_mode,
        dtype=_dtype_name(x, weight),
        layout=layout_of(x, weight),
    )
    return _with_bias(_product(x, weight, spec, Part.FORWARD, engine), bias)


@_unbatched_too
def conv_transpose2d(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    *,
    engine: Engine,
    stride: int | Sequence[int] = 1,
    padding: int | Sequence[int] = 0,
    output_padding: int | Sequence[int] = 0,
    dilation: int | Sequence[int] = 1,
    groups: int = 1,
) -> Tensor:
    """`torch.nn.functional.conv_transpose2d`; `weight` is (C, O / groups, KH, KW).

    Output size (H - 1) stride - 2 padding + dilation (KH - 1) + output_padding + 1, as PyTorch's.
    """
    x, weight, bias = _cast(x, weight, bias)
    steps, spread, more = pair(stride), pair(dilation), pair(output_padding)
    pads = resolve_pads(padding, pair(weight.shape[2:]), steps, spread)
    size = [
        (x.shape[2 + i] - 1) * steps[i]
        - sum(pads[2 * i : 2 * i + 2])
        + spread[i] * (weight.shape[2 + i] - 1)
        + more[i]
        + 1
        for i in (0, 1)
    ]
    if more[0] >= steps[0] or more[1] >= steps[1]:
        # PyTorch takes more where the dilation is larger; no convolution has this as its gradient.
        raise InputError("an output padding below the stride", got=f"{more} and stride {steps}")
    spec = ConvSpec.of(
        (x.shape[0], weight.shape[1] * groups, *size),
        weight.shape,
        stride=steps,
        padding=pads,
        dilation=spread,
        groups=groups,
        dtype=_dtype_name(x, weight),
        layout=layout_of(x, weight),
    )
    return _with_bias(_product(x, weight, spec, Part.INPUT, engine), bias)


def layout_of(x: Tensor, weight: Tensor) -> Layout:
    """Channels last when either operand is plainly so, as PyTorch decides for its own result."""
    form = torch.channels_last
    plainly = (
        each.is_contiguous(memory_format=form) and not each.is_contiguous() for each in (x, weight)
    )
    return Layout.CHANNELS_LAST if any(plainly) else Layout.CONTIGUOUS


_spec = lru_cache(maxsize=4096)(ConvSpec.of)
"""A network asks for the same few shapes again and again; to check one takes 20 us."""


def _fixed(value: str | int | Sequence[int]) -> str | int | tuple[int, ...]:
    return value if isinstance(value, int | str) else tuple(value)


class _Product(torch.autograd.Function):
    """One part, under the transforms of `torch.func`. Two saved tensors: its operands."""

    @staticmethod
    def forward(a: Tensor, b: Tensor, spec: ConvSpec, part: Part, engine: Engine) -> Tensor:
        return _computed(a, b, spec, part, engine)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:  # noqa: ARG004
        ctx.save_for_backward(inputs[0], inputs[1])
        ctx.save_for_forward(inputs[0], inputs[1])
        ctx.how = inputs[2:]

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor | None, ...]:
        a, b = ctx.saved_tensors
        spec, part, engine = ctx.how
        operands = {"a": a, "b": b, "g": g}
        gradients: list[Tensor | None] = [None] * 5
        for number, (partner, left, right) in enumerate(_PARTNERS[part]):
            if ctx.needs_input_grad[number]:
                gradients[number] = _product(operands[left], operands[right], spec, partner, engine)
        return tuple(gradients)

    @staticmethod
    def jvp(ctx: Any, da: Tensor | None, db: Tensor | None, *_: None) -> Tensor:
        a, b = ctx.saved_tensors
        changes = [(da, b)] * (da is not None) + [(a, db)] * (db is not None)
        terms = [_product(left, right, *ctx.how) for left, right in changes]
        return terms[0] if len(terms) == 1 else terms[0] + terms[1]

    @staticmethod
    def vmap(info: Any, in_dims: tuple[int | None, ...], *inputs: Any) -> tuple[Tensor, int]:
        # One after the other: per-sample gradients need it to be right, nobody needs it fast.
        (a, b), how = inputs[:2], inputs[2:]
        results = [
            _Product.apply(  # type: ignore[no-untyped-call]
                a if in_dims[0] is None else a.select(in_dims[0], number),
                b if in_dims[1] is None else b.select(in_dims[1], number),
                *how,
            )
            for number in range(info.batch_size)
        ]
        return torch.stack(results), 0


class _QuickProduct(torch.autograd.Function):
    """The same without transforms: where a function has a `setup_context`, `apply` binds arguments
    to its signature at every call, which takes longer than many a small convolution.
    """

    @staticmethod
    def forward(  # the other of the two forms that PyTorch takes
        ctx: Any, a: Tensor, b: Tensor, spec: ConvSpec, part: Part, engine: Engine
    ) -> Tensor:
        _Product.setup_context(ctx, (a, b, spec, part, engine), a)
        return _computed(a, b, spec, part, engine)

    backward = _Product.backward
    jvp = _Product.jvp


def _product(a: Tensor, b: Tensor, spec: ConvSpec, part: Part, engine: Engine) -> Tensor:
    """One part, as little of autograd around it as is asked for; backward asks for none, mostly."""
    if torch._C._are_functorch_transforms_active():
        found: Tensor = _Product.apply(a, b, spec, part, engine)  # type: ignore[no-untyped-call]
    elif torch.is_grad_enabled() or _have_tangents(a, b):
        found = _QuickProduct.apply(a, b, spec, part, engine)  # type: ignore[no-untyped-call]
    else:
        found = _computed(a, b, spec, part, engine)
    return found


def _have_tangents(*operands: Tensor) -> bool:
    unpacked = (forward_ad.unpack_dual(each) for each in operands)  # type: ignore[no-untyped-call]
    return any(each.tangent is not None for each in unpacked)


def _computed(a: Tensor, b: Tensor, spec: ConvSpec, part: Part, engine: Engine) -> Tensor:
    if not torch.is_autocast_enabled(a.device.type):
        return engine.compute(spec, part, a, b)
    with torch.autocast(a.device.type, enabled=False):
        return engine.compute(spec, part, a, b)


def _with_bias(y: Tensor, bias: Tensor | None) -> Tensor:
    return y if bias is None else y + bias.view(1, -1, 1, 1)


def _cast(x: Tensor, weight: Tensor, bias: Tensor | None) -> tuple[Tensor, Tensor, Tensor | None]:
    """Under autocast convolutions run in its dtype; float64 stays, as with PyTorch's own."""
    device = x.device.type
    if not torch.is_autocast_enabled(device) or torch.float64 in (x.dtype, weight.dtype):
        return x, weight, bias
    dtype = torch.get_autocast_dtype(device)
    return x.to(dtype), weight.to(dtype), None if bias is None else bias.to(dtype)


def _dtype_name(x: Tensor, weight: Tensor) -> str:
    name = str(x.dtype).removeprefix("torch.")
    if x.dtype != weight.dtype or name not in DTYPES:
        raise InputError(
            f"image and weight of one dtype out of {', '.join(DTYPES)}",
            got=f"{x.dtype} and {weight.dtype}",
        )
    return name
