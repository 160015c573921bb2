"""The value that names a convolution."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from cases import specs
from hypothesis import given

from underdog.errors import InputError
from underdog.vision.conv.spec import ConvSpec, Pads


@given(specs())
def test_the_output_shape_is_pytorchs(spec: ConvSpec) -> None:
    """The formula gives what conv2d gives on the padded image."""
    top, bottom, left, right = spec.pads
    x = F.pad(torch.zeros(spec.x_shape), (left, right, top, bottom))
    y = F.conv2d(
        x,
        torch.zeros(spec.w_shape),
        stride=spec.stride,
        dilation=spec.dilation,
        groups=spec.groups,
    )
    assert spec.y_shape == tuple(y.shape)


@given(specs())
def test_json_in_equals_json_out(spec: ConvSpec) -> None:
    """A spec survives its JSON."""
    assert ConvSpec.from_json(spec.to_json()) == spec


def test_same_puts_the_odd_pixel_at_the_end() -> None:
    """An even kernel pads one more at the bottom and right, as PyTorch does."""
    assert ConvSpec.of((1, 1, 5, 5), (1, 1, 2, 4), padding="same").pads == Pads(0, 1, 1, 2)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"padding": "same", "stride": 2}, 'stride 1 for padding "same"'),
        ({"padding": "full"}, 'padding "same" or "valid"'),
        ({"groups": 2}, "a weight for 4 channels in 2 groups"),
        ({"dilation": 9}, "at least as large as the dilated kernel"),
        ({"padding": -1}, "pads of at least 0"),
        ({"dtype": "int8"}, "a dtype out of"),
        ({"padding_mode": "mirror"}, "a padding mode out of"),
    ],
)
def test_what_cannot_be_is_refused(change: dict[str, object], text: str) -> None:
    """Each refusal says what was wanted."""
    with pytest.raises(InputError, match=text):
        ConvSpec.of((1, 4, 6, 6), (4, 4, 3, 3), **change)  # type: ignore[arg-type]
