"""What fits, and what could go."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from underdog.training.guards.disk import estimate_bytes, fits, largest_first, what_to_delete


@given(st.integers(0, 10**12), st.integers(1, 10**12))
def test_a_checkpoint_fits_where_there_are_as_many_bytes(free: int, size: int) -> None:
    """More room never makes it worse."""
    assert fits(free, size) == (free >= size)
    assert fits(free + 1, size) >= fits(free, size)


def test_the_estimate_is_weights_and_two_moments() -> None:
    """Three times the adapter, and a little."""
    assert 3 * 10**9 < estimate_bytes(10**9) < 3.001 * 10**9


def test_the_largest_are_named_first_with_their_sizes(tmp_path: Path) -> None:
    """Folders count with everything below them; what is not there is left out."""
    (tmp_path / "old" / "deep").mkdir(parents=True)
    (tmp_path / "old" / "deep" / "file").write_bytes(b"x" * 2_000_000)
    (tmp_path / "small").write_bytes(b"x")
    found = largest_first([tmp_path / "small", tmp_path / "old", tmp_path / "none"])
    assert [each.path.name for each in found] == ["old", "small"]
    assert what_to_delete(found).startswith(f"delete {tmp_path / 'old'} (2.0 MB), ")
    assert what_to_delete([]) == "free some space and repeat the same command"
