"""Contestants' folders in `underdog tournament run`, and one that never ends."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from entries import entry
from patience import PATIENCE_S
from underdog.cli.main import main
from underdog.cli.tournament_settings import DEFAULTS, open_tournament
from underdog.protocol.editions import find_edition
from underdog.tournament.entrants.folder import folder_entrant
from underdog.tournament.entrants.isolation import strongest
from underdog.tournament.league import League
from underdog.tournament.ledger import LEDGER_NAME, Ledger
from underdog.tournament.record import Record


def settings(*specs: str) -> dict[str, object]:
    wanted = {"questions": 4, "double": False, "entrants": [{"spec": spec} for spec in specs]}
    return {**DEFAULTS, **wanted}


def test_a_folder_plays_a_round_robin_with_baselines(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """All its questions pass and are answered, it loses nothing of its own, and its name and
    isolation stand in the store; resuming plays nothing.
    """
    folder = entry(tmp_path / "adders")
    out = tmp_path / "cup"
    run = ["tournament", "run", "--entrants", str(folder), "random", "longest", "--single"]
    assert main([*run, "--questions", "4", "--out", str(out), "--engine", "in-process"]) == 0
    capsys.readouterr()
    assert main(["tournament", "status", str(out), "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["entrants"] == ["adders", "random", "longest"]
    assert (shown["finished"], shown["faults"]) == (True, {})
    assert {each["played"] for each in shown["standings"]} == {2}
    with Ledger(out / LEDGER_NAME) as ledger:
        rows = [json.loads(row.body) for row in ledger.read()]
    assert rows[0]["rules"]["per_call"] == 4
    assert rows[0]["entrants"][0]["identity"]["isolation"] == strongest().value
    assert main(["tournament", "resume", str(out)]) == 0
    assert "The tournament is over." in capsys.readouterr().out


def test_a_folder_that_never_ends_loses_its_answers_and_the_tournament_ends(
    tmp_path: Path,
) -> None:
    """Killed at its deadline, each of its answers is late; the other side's are what they are."""
    hanging = entry(tmp_path / "hanging", answering="import time; time.sleep(6000)")
    opened = open_tournament(settings(str(hanging), "longest"), tmp_path)
    short = replace(find_edition("2026-02"), question_s=PATIENCE_S, answer_s=0.1)
    team = folder_entrant(hanging, edition=short, isolation=strongest())
    with Ledger(tmp_path / LEDGER_NAME, create=True) as ledger:
        record = League(opened.config, (team, opened.entrants[1]), ledger).run()
    assert record.ended
    assert faults(record) == {"hanging": {"answer late": 4}}


def faults(record: Record) -> dict[str, dict[str, int]]:
    from underdog.tournament.summary import summarise

    found = summarise(record)["faults"]
    assert isinstance(found, dict)
    return found


def test_an_isolation_that_is_not_known_is_refused(tmp_path: Path) -> None:
    """The names that are known are told."""
    from underdog.errors import InputError

    with pytest.raises(InputError, match="an isolation out of namespaces, processes; got 'jail'"):
        open_tournament({**settings("random", "longest"), "isolation": "jail"}, tmp_path)
