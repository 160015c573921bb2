"""What may reach the weights."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from underdog.training.guards.finite import find_fault

ANY = st.floats(allow_nan=True, allow_infinity=True)


@given(ANY, ANY)
def test_a_fault_is_found_exactly_when_a_number_is_not_finite(loss: float, norm: float) -> None:
    """Finite loss and norm pass; everything else has a reason that names the number."""
    fault = find_fault(loss, norm)
    assert (fault is None) == (math.isfinite(loss) and math.isfinite(norm))
    if fault is not None:
        assert fault.startswith(("the loss is", "the gradient norm is"))
