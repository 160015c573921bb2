"""Whether an export answers as its adapter."""

from __future__ import annotations

import math

import pytest

from underdog.errors import InputError
from underdog.evaluation.parity import GATES, Gate, measure_parity
from underdog.mcq.prediction import Outcome, Prediction
from underdog.mcq.presentation import Presentation


def said(*rows: float) -> list[Prediction]:
    """Two choices each, with these probabilities of the first."""
    order = Presentation.identity(2)
    return [
        Prediction(
            f"q{number}",
            order,
            Outcome.CLEAN,
            int(share < 0.5),
            (math.log(share), math.log(1 - share)),
        )
        for number, share in enumerate(rows)
    ]


def test_figures_by_hand() -> None:
    """Distances 0.1 and 0.2 against an effect of 0.5 and 0.4; one answer crosses the half."""
    found = measure_parity(said(0.9, 0.6), said(0.8, 0.4), said(0.4, 0.2))
    assert found.largest_difference == pytest.approx(0.2)
    assert found.mean_distance == pytest.approx(0.15)
    assert found.changed == 1
    assert found.drift == pytest.approx(0.3 / 0.9)
    assert found.faults(Gate(0.3, 0.5, 0.4)) == ()
    assert found.faults(Gate(0.1, 0.0, 0.1)) == (
        "a probability differs by 0.2 (at most 0.1)",
        "1 answers changed (at most 0)",
        "33 % of the adapter's effect is lost (at most 10 %)",
    )


def test_the_base_itself_is_never_a_good_export() -> None:
    """It lost the whole effect, by every gate."""
    found = measure_parity(said(0.9, 0.6), said(0.4, 0.2), said(0.4, 0.2))
    assert found.drift == pytest.approx(1.0)
    assert all(found.faults(gate) for gate in GATES.values())


def test_an_adapter_without_effect_has_nothing_to_lose() -> None:
    """Then only the differences count."""
    found = measure_parity(said(0.9), said(0.9), said(0.9))
    assert found.drift is None
    assert found.faults(GATES["float32"]) == ()
    assert "effect" not in found.sentence()


def test_nothing_asked_is_nothing_proven() -> None:
    """And other questions prove nothing either."""
    with pytest.raises(InputError, match="answers to the same questions"):
        measure_parity([], [], [])
    with pytest.raises(InputError, match="answers to the same questions"):
        measure_parity(said(0.5, 0.5), said(0.5), said(0.5))
