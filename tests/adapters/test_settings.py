"""What an adapter may be made of."""

from __future__ import annotations

from typing import Any

import pytest

from underdog.adapters.settings import AdapterKind, AdapterSettings
from underdog.errors import InputError


def test_a_kind_fills_in_its_own_fields_only() -> None:
    """A default and the same value written out are equal; other kinds have None."""
    assert AdapterSettings(kind=AdapterKind.DORA).magnitude_rate == 5.0
    assert AdapterSettings(kind=AdapterKind.DORA).protected is None
    assert AdapterSettings(kind=AdapterKind.OPLORA) == AdapterSettings(
        kind=AdapterKind.OPLORA, protected=16
    )
    plain = AdapterSettings()
    assert plain.kind is AdapterKind.LORA
    assert (plain.magnitude_rate, plain.protected) == (None, None)


@pytest.mark.parametrize(
    "pair",
    [
        {"kind": "dora", "protected": 16},
        {"kind": "oplora", "magnitude_rate": 5.0},
        {"kind": "dora+oplora"},
        {"kind": "oplora, dora"},
    ],
)
def test_dora_with_oplora_is_refused_with_the_reason(pair: dict[str, Any]) -> None:
    """However the pair is asked for, the message says why it cannot be."""
    with pytest.raises(
        InputError, match=r"not both: DoRA scales the rows .* protects would change"
    ):
        AdapterSettings(**pair)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"kind": "lokr"}, "an adapter kind out of lora, rslora, dora, oplora; got 'lokr'"),
        ({"protected": 16}, "protected belongs to kind oplora; got 16 for lora"),
        ({"kind": "rslora", "magnitude_rate": 5.0}, "magnitude_rate belongs to kind dora"),
        ({"kind": "dora", "magnitude_rate": 0.0}, "a magnitude_rate above 0"),
        ({"kind": "oplora", "protected": 0}, "protected directions of at least 1"),
        ({"b_rate": 0.0}, "a b_rate above 0"),
        ({"b_rate": float("inf")}, "a b_rate above 0"),
    ],
)
def test_impossible_settings_are_refused(wrong: dict[str, Any], message: str) -> None:
    """Each with the name of what is wrong, and where it would belong."""
    with pytest.raises(InputError, match=message):
        AdapterSettings(**wrong)
