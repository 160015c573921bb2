"""What may reach the weights."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from underdog.errors import InputError, RunError
from underdog.training.guard import GuardConfig, check_patience, find_fault

ANY = st.floats(allow_nan=True, allow_infinity=True)


@given(ANY, ANY)
def test_a_fault_is_found_exactly_when_a_number_is_not_finite(loss: float, norm: float) -> None:
    """Finite loss and norm pass; everything else has a reason that names the number."""
    fault = find_fault(loss, norm)
    assert (fault is None) == (math.isfinite(loss) and math.isfinite(norm))
    if fault is not None:
        assert fault.startswith(("the loss is", "the gradient norm is"))


def test_patience_ends_at_its_limit() -> None:
    """Four of five are borne, the fifth is an error that says where and what to try."""
    check_patience(4, "the loss is nan", step=9, config=GuardConfig())
    with pytest.raises(RunError, match="5 dropped in a row, the last at step 10: the loss is nan"):
        check_patience(5, "the loss is nan", step=10, config=GuardConfig())


@pytest.mark.parametrize("wrong", [{"patience": 0}, {"max_gradient_norm": 0.0}])
def test_impossible_settings_are_refused(wrong: dict[str, float]) -> None:
    """A guard that stops at once or scales everything to nothing."""
    with pytest.raises(InputError, match="max_gradient_norm above 0 and a patience"):
        GuardConfig(**wrong)  # type: ignore[arg-type]
