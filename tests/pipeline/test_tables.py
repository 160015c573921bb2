"""TOML tables into configs."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from underdog.errors import InputError
from underdog.pipeline.tables import Faults, read_table, to_table


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True, slots=True)
class Inner:
    rank: int
    rate: float = 1.0

    def __post_init__(self) -> None:
        if self.rank < 1:
            raise InputError("a rank of at least 1", got=str(self.rank))


@dataclass(frozen=True, slots=True)
class Outer:
    name: str
    inner: Inner
    colour: Colour = Colour.RED
    names: tuple[str, ...] = ()
    pair: tuple[int, float] = (1, 2.0)
    limit: int | None = None
    where: Path = Path()
    on: bool = False
    dial: int | bool = 0


def read(table: dict[str, object]) -> tuple[Outer | None, Faults]:
    faults = Faults()
    return read_table(Outer, table, "", faults), faults


@given(
    rank=st.integers(1, 10**6),
    rate=st.floats(allow_nan=False, allow_infinity=False),
    colour=st.sampled_from(Colour),
    names=st.lists(st.text(max_size=5), max_size=3),
    limit=st.none() | st.integers(),
    on=st.booleans(),
)
def test_a_config_written_as_a_table_reads_back_equal(
    rank: int, rate: float, colour: Colour, names: list[str], limit: int | None, on: bool
) -> None:
    """to_table and read_table are inverse for every kind of field."""
    config = Outer("x", Inner(rank, rate), colour, tuple(names), (3, 0.5), limit, Path("a/b"), on)
    assert read(to_table(config)) == (config, [])


def test_an_unknown_key_names_the_nearest_known_one() -> None:
    """A typo is answered with what was probably meant, at its dotted place."""
    config, faults = read({"name": "x", "inner": {"rank": 1, "rte": 2.0}})
    assert config is None
    assert faults == ["unknown key 'inner.rte' (did you mean 'rate'?)"]


def test_a_key_like_nothing_lists_what_is_known() -> None:
    """Where no known key is near, all of them are listed."""
    _, faults = read({"name": "x", "inner": {"rank": 1, "zzzzzz": 2.0}})
    assert faults == ["unknown key 'inner.zzzzzz' (known here: rank, rate)"]


def test_all_faults_are_reported_at_once() -> None:
    """Wrong types, missing keys and refused values come together, each with its place."""
    _, faults = read(
        {"inner": {"rank": 0}, "colour": "green", "names": "a", "pair": [1], "limit": "2", "on": 1}
    )
    assert faults == [
        "inner: a rank of at least 1; got 0",
        "colour must be red or blue, not 'green'",
        "names must be a list, not 'a'",
        "pair must be a list of 2, not [1]",
        "limit must be a whole number, not '2'",
        "on must be true or false, not 1",
        "name is missing",
    ]


def test_a_whole_number_is_a_number_but_true_is_not() -> None:
    """`rate = 2` is 2.0; booleans are never taken for numbers."""
    config, _ = read({"name": "x", "inner": {"rank": 1, "rate": 2}})
    assert config is not None
    assert config.inner.rate == 2.0
    _, faults = read({"name": "x", "inner": {"rank": True, "rate": True}})
    assert faults == [
        "inner.rank must be a whole number, not True",
        "inner.rate must be a number, not True",
    ]


def test_where_both_are_allowed_each_is_read_as_it_is() -> None:
    """A field of whole numbers that once was a switch: 4, and true; a text is neither."""
    inner = {"rank": 1}
    for given_value in (4, True, False):
        config, faults = read({"name": "x", "inner": inner, "dial": given_value})
        assert config is not None
        assert config.dial is given_value
        assert faults == []
    assert read({"name": "x", "inner": inner, "dial": "4"})[1] == [
        "dial must be a whole number, not '4'"
    ]


def test_a_value_in_place_of_a_table_is_a_fault() -> None:
    """`inner = 3` says that a table was wanted."""
    assert read({"name": "x", "inner": 3})[1] == ["inner must be a table, not 3"]
