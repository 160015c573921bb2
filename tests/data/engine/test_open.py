"""Engines by name."""

from __future__ import annotations

from typing import Any

import block_functions
import pytest

from underdog.data.engine.local import IN_PROCESS
from underdog.data.engine.open import ENGINES, open_engine
from underdog.data.engine.processes import Processes
from underdog.data.engine.worker import MARK
from underdog.errors import InputError
from underdog.hardware.machine import usable_cores


def test_names_give_their_engines() -> None:
    """`local` is worker processes, unless there would be one; it is the name when none is given."""
    with open_engine("in-process") as engine:
        assert engine is IN_PROCESS
    with open_engine("local", workers=3) as engine:
        assert isinstance(engine, Processes)
        assert list(engine.map(block_functions.refuses, range(5), 9)) == [0, 1, 2, 3, 4]
    with open_engine("local", workers=1) as engine:
        assert engine is IN_PROCESS
    with open_engine() as engine:
        assert (engine is IN_PROCESS) == (usable_cores() == 1)


@pytest.mark.parametrize("name", ENGINES)
def test_inside_a_worker_every_name_is_this_process(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Workers start no workers."""
    monkeypatch.setenv(MARK, "1")
    with open_engine(name) as engine:
        assert engine is IN_PROCESS


@pytest.mark.parametrize(
    ("name", "values", "message"),
    [
        ("dask", {}, "an engine among local, in-process, ray; got 'dask'"),
        ("local", {"workers": 0}, "at least 1 worker; got 0"),
        ("ray", {"workers": -2}, "at least 1 worker; got -2"),
        ("in-process", {"workers": 2}, "no number of workers for the engine in-process; got 2"),
        (
            "local",
            {"address": "auto"},
            "no cluster address for the engine local; got auto. Try: --engine ray",
        ),
    ],
)
def test_what_cannot_be_is_refused(name: str, values: dict[str, Any], message: str) -> None:
    """With what came and what to try."""
    with pytest.raises(InputError) as refused, open_engine(name, **values):
        pass
    assert str(refused.value) == message
