"""One convolution as a value: shapes, stride, dilation, groups, padding, dtype, layout.

In: what `torch.nn.functional.conv2d` is given. Out: a frozen `ConvSpec` that says the output's
shape, and is the key under which choices are kept. Never: a tensor.

A transposed convolution is the input gradient of the convolution with the same weight
(Dumoulin & Visin, arXiv 1603.07285, section 4), so it has no spec of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any, NamedTuple

from underdog.errors import InputError

ZEROS = "zeros"
PADDING_MODES = (ZEROS, "reflect", "replicate", "circular")
DTYPES = ("float64", "float32", "bfloat16", "float16")

Pair = tuple[int, int]


class Layout(StrEnum):
    """How a batch of images lies in memory."""

    CONTIGUOUS = "contiguous"
    CHANNELS_LAST = "channels_last"


class Part(StrEnum):
    """The three products of one convolution; each is linear in both of its operands.

    FORWARD: (x, w) -> y. INPUT: (grad of y, w) -> grad of x. WEIGHT: (x, grad of y) -> grad of w.
    """

    FORWARD = "forward"
    INPUT = "input gradient"
    WEIGHT = "weight gradient"


class Pads(NamedTuple):
    """Rows and columns added at each side; negative ones are cut off."""

    top: int
    bottom: int
    left: int
    right: int


NO_PADS = Pads(0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class ConvSpec:
    """A convolution of `batch` images of `channels` x `height` x `width` to `out_channels`.

    `kernel`, `stride`, `dilation` are (vertical, horizontal); `pads` is in pixels.
    """

    batch: int
    channels: int
    height: int
    width: int
    out_channels: int
    kernel: Pair
    stride: Pair = (1, 1)
    dilation: Pair = (1, 1)
    groups: int = 1
    pads: Pads = NO_PADS
    padding_mode: str = ZEROS
    dtype: str = "float32"
    layout: Layout = Layout.CONTIGUOUS

    def __post_init__(self) -> None:
        _check_counts(self)
        if self.dtype not in DTYPES:
            raise InputError(f"a dtype out of {', '.join(DTYPES)}", got=self.dtype)
        if self.padding_mode not in PADDING_MODES:
            raise InputError(
                f"a padding mode out of {', '.join(PADDING_MODES)}", got=self.padding_mode
            )
        if self.channels % self.groups or self.out_channels % self.groups:
            raise InputError(
                "channels in and out are multiples of the groups",
                got=f"{self.channels}, {self.out_channels} and {self.groups} groups",
            )
        if min(self.out_height, self.out_width) < 1:
            raise InputError(
                "a padded image at least as large as the dilated kernel",
                got=f"{self.height}x{self.width}, pads {tuple(self.pads)}, kernel {self.kernel}, "
                f"dilation {self.dilation}",
            )

    @classmethod
    def of(
        cls,
        x_shape: Sequence[int],
        w_shape: Sequence[int],
        *,
        stride: int | Sequence[int] = 1,
        padding: str | int | Sequence[int] = 0,
        dilation: int | Sequence[int] = 1,
        groups: int = 1,
        **rest: Any,
    ) -> ConvSpec:
        """From the arguments of `conv2d`; `padding` may also be (top, bottom, left, right).

        "same" puts the odd row and column at the bottom and right, as PyTorch does; it needs
        stride 1. `rest` is `padding_mode`, `dtype`, `layout`.
        """
        if len(x_shape) != 4 or len(w_shape) != 4:
            raise InputError(
                "a batch (N, C, H, W) and a weight (O, C / groups, KH, KW)",
                got=f"{tuple(x_shape)} and {tuple(w_shape)}",
            )
        if w_shape[1] * groups != x_shape[1]:
            raise InputError(
                f"a weight for {x_shape[1]} channels in {groups} groups", got=f"{tuple(w_shape)}"
            )
        kernel, strides, spread = pair(w_shape[2:]), pair(stride), pair(dilation)
        return cls(
            batch=x_shape[0],
            channels=x_shape[1],
            height=x_shape[2],
            width=x_shape[3],
            out_channels=w_shape[0],
            kernel=kernel,
            stride=strides,
            dilation=spread,
            groups=groups,
            pads=resolve_pads(padding, kernel, strides, spread),
            **rest,
        )

    @property
    def out_height(self) -> int:
        """floor((H + pads - dilation * (kernel - 1) - 1) / stride) + 1, as PyTorch's Conv2d."""
        padded = self.height + self.pads.top + self.pads.bottom
        return (padded - self.dilation[0] * (self.kernel[0] - 1) - 1) // self.stride[0] + 1

    @property
    def out_width(self) -> int:
        """The same formula, across."""
        padded = self.width + self.pads.left + self.pads.right
        return (padded - self.dilation[1] * (self.kernel[1] - 1) - 1) // self.stride[1] + 1

    @property
    def x_shape(self) -> tuple[int, int, int, int]:
        """(N, C, H, W)."""
        return self.batch, self.channels, self.height, self.width

    @property
    def w_shape(self) -> tuple[int, int, int, int]:
        """(O, C / groups, KH, KW)."""
        return self.out_channels, self.channels // self.groups, *self.kernel

    @property
    def y_shape(self) -> tuple[int, int, int, int]:
        """(N, O, OH, OW)."""
        return self.batch, self.out_channels, self.out_height, self.out_width

    @property
    def macs(self) -> int:
        """Multiply-accumulates of the direct algorithm; the same for all three parts."""
        taps = self.channels // self.groups * self.kernel[0] * self.kernel[1]
        return self.batch * self.out_channels * self.out_height * self.out_width * taps

    def shape_of(self, part: Part) -> tuple[int, int, int, int]:
        """The shape of what `part` gives."""
        return {Part.FORWARD: self.y_shape, Part.INPUT: self.x_shape, Part.WEIGHT: self.w_shape}[
            part
        ]

    def without_mode(self) -> ConvSpec:
        """The unpadded convolution that is left when the image has been padded by its mode."""
        return replace(
            self,
            height=self.height + self.pads.top + self.pads.bottom,
            width=self.width + self.pads.left + self.pads.right,
            pads=NO_PADS,
            padding_mode=ZEROS,
        )

    def to_json(self) -> dict[str, Any]:
        """As a plain JSON object; `from_json` gives an equal spec."""
        plain = {
            key: list(value) if isinstance(value, tuple) else value
            for key, value in asdict(self).items()
        }
        return plain | {"layout": self.layout.value}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> ConvSpec:
        """What `to_json` wrote."""
        pairs = {key: pair(value[key]) for key in ("kernel", "stride", "dilation")}
        return cls(
            **value | pairs | {"pads": Pads(*value["pads"]), "layout": Layout(value["layout"])}
        )

    def __str__(self) -> str:
        form = f"{self.batch}x{self.channels}x{self.height}x{self.width} -> {self.out_channels}"
        parts = [form, f"k{self.kernel[0]}x{self.kernel[1]}", f"s{self.stride[0]}"]
        parts += [f"d{self.dilation[0]}"] * (self.dilation != (1, 1))
        parts += [f"g{self.groups}"] * (self.groups > 1)
        return " ".join([*parts, self.dtype, self.layout.value])


def pair(value: int | Sequence[int]) -> Pair:
    """One number for both directions, or two."""
    if isinstance(value, int):
        return value, value
    numbers = tuple(value)
    if len(numbers) == 1:
        return numbers[0], numbers[0]
    if len(numbers) != 2:
        raise InputError("one number or two", got=str(numbers))
    return numbers[0], numbers[1]


def resolve_pads(
    padding: str | int | Sequence[int], kernel: Pair, stride: Pair, dilation: Pair
) -> Pads:
    """Pixels at each side for a number, two, four (top, bottom, left, right), "same", "valid"."""
    if padding == "valid":
        return NO_PADS
    if padding == "same":
        if stride != (1, 1):
            raise InputError('stride 1 for padding "same"', got=str(stride))
        tall, wide = (dilation[i] * (kernel[i] - 1) for i in (0, 1))
        return Pads(tall // 2, tall - tall // 2, wide // 2, wide - wide // 2)
    if isinstance(padding, str):
        raise InputError('padding "same" or "valid"', got=repr(padding))
    if not isinstance(padding, int) and len(padding) == 4:
        return Pads(*padding)
    down, across = pair(padding)
    return Pads(down, down, across, across)


def _check_counts(spec: ConvSpec) -> None:
    counts = (spec.batch, spec.channels, spec.height, spec.width, spec.out_channels, spec.groups)
    if min(counts) < 1 or min(*spec.kernel, *spec.stride, *spec.dilation) < 1:
        raise InputError("sizes, stride, dilation and groups of at least 1", got=repr(spec))
    if min(spec.pads) < 0:
        raise InputError("pads of at least 0", got=str(tuple(spec.pads)))
