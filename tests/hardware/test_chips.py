"""The table of AMD's chips."""

from __future__ import annotations

from underdog.hardware.chips import gfx_name, known_chips, override_name


def test_names_are_read_as_the_kernel_and_the_override_write_them() -> None:
    """Two decimal digits a part, written in hexadecimal; 0 is a processor."""
    versions = {100100: "gfx1010", 90402: "gfx942", 90010: "gfx90a", 90012: "gfx90c"}
    assert {number: gfx_name(number) for number in versions} == versions
    assert gfx_name(0) is None
    assert override_name("10.3.0") == "gfx1030"
    assert override_name("9.0.10") == "gfx90a"
    assert override_name("10.3") is None


def test_an_override_stays_within_the_family() -> None:
    """What the table recommends is a chip of the same family that the table holds."""
    for chip in known_chips().values():
        if chip.override is not None:
            target = known_chips().get(override_name(chip.override) or "")
            assert target is None or target.family == chip.family, chip.gfx


def test_the_chip_whose_triton_gives_zeros_is_marked() -> None:
    """gfx1010 is why probes compare values."""
    assert [chip.gfx for chip in known_chips().values() if chip.triton == "wrong"] == ["gfx1010"]
