"""Hostile entrants in one round robin with honest ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from hostile_entries import FOLDERS
from hostile_servers import WRONG
from hostile_tournament import Outcome, isolated, play_hostile

CHEAP = ("1,200 folders deep", "dies by a signal")
CHEAP_SERVERS = ("redirect",)


def check(seen: Outcome) -> None:
    assert seen.finished
    assert seen.misnamed == []
    assert seen.changed == []
    assert seen.leftovers == []
    assert seen.touched == []


def test_a_few_hostile_entrants_spoil_nothing(tmp_path: Path) -> None:
    """The tournament ends; each fault has its name; games among the honest are what they are
    without the others; no process, no file and no folder is left behind or changed.
    """
    check(play_hostile(CHEAP, CHEAP_SERVERS, tmp_path.resolve(), item_s=30.0))


@pytest.mark.slow
@pytest.mark.skipif(not isolated(), reason="this kernel makes no namespaces for ordinary users")
def test_forty_and_more_hostile_entrants_spoil_nothing(tmp_path: Path) -> None:
    """The same with every behaviour that there is, in bounded time: a silent entrant is out after
    three innings.
    """
    assert len(FOLDERS) + len(WRONG) >= 40
    check(play_hostile(tuple(FOLDERS), tuple(WRONG), tmp_path.resolve(), item_s=2.5))
