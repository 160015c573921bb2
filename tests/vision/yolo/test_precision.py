"""The precision follows from what a device is."""

from __future__ import annotations

import pytest

from underdog.vision.yolo.precision import Device, decide
from underdog.vision.yolo.settings import Precision

FLOAT32, BFLOAT16 = Precision.FLOAT32, Precision.BFLOAT16


@pytest.mark.parametrize(
    ("device", "precision", "said"),
    [
        (Device("cpu"), FLOAT32, "a CPU gains nothing"),
        (Device("cuda", chip="gfx1010"), FLOAT32, "gfx1010 has no bfloat16"),
        (Device("cuda", chip="gfx1030"), FLOAT32, "gfx1030 has no bfloat16"),
        (Device("cuda", chip="gfx1100"), BFLOAT16, "gfx1100 has bfloat16"),
        (Device("cuda", chip="gfx942"), BFLOAT16, "gfx942 has bfloat16"),
        (Device("cuda", chip="gfx1100", override="11.0.0"), FLOAT32, "GFX_VERSION=11.0.0"),
        (Device("cuda", capability=(7, 5)), FLOAT32, "no bfloat16"),
        (Device("cuda", "H100", capability=(9, 0)), BFLOAT16, "H100 has bfloat16"),
    ],
)
def test_auto_takes_half_precision_only_where_the_chip_has_it(
    device: Device, precision: Precision, said: str
) -> None:
    """An override of the chip's name makes every half precision unsafe."""
    found = decide(Precision.AUTO, device)
    assert found.precision is precision
    assert said in found.reason


def test_what_is_asked_for_is_done() -> None:
    """Also where it may be slow or unsafe: the user may know better."""
    asked = decide(Precision.FLOAT16, Device("cuda", chip="gfx1010", override="10.3.0"))
    assert asked == (Precision.FLOAT16, "as asked for")
