"""``underdog check-agent``, as a user meets it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from entries import entry
from underdog.cli.main import main


def test_a_fault_is_named_with_its_line_and_its_fix(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit status 1, in words and as JSON."""
    bad = entry(tmp_path / "bad", asking="for m in made: m['explanation'] = None")
    command = ["check-agent", str(bad), "--sizes", "2"]
    assert main(command) == 1
    shown = capsys.readouterr().out
    assert "fault: crashes_filter (2x), questions, N=2, question 0" in shown
    assert "explanation that is a NoneType" in shown
    assert "mend: texts only" in shown
    assert main([*command, "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert [each["code"] for each in found["findings"]] == ["crashes_filter"]
    assert found["findings"][0]["times"] == 2


def test_a_good_entry_exits_with_0(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And says that nothing was found."""
    assert main(["check-agent", str(entry(tmp_path / "good")), "--sizes", "2"]) == 0
    assert "Nothing was found." in capsys.readouterr().out


def test_a_server_that_is_not_there_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    """Each kind of request fails, and is told as a crash of the server."""
    assert main(["check-agent", "http://127.0.0.1:9", "--sizes", "1", "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert [each["code"] for each in found["findings"]] == ["crash"]
    assert "ConnectError" in found["findings"][0]["line"]


def test_wrong_use_is_one_message(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No such folder; sizes below 1."""
    assert main(["check-agent", str(tmp_path / "none")]) == 2
    assert "the folder of an entry, or a URL; got no such folder" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["check-agent", "x", "--sizes", "0"])
    assert "numbers of at least 1" in capsys.readouterr().err
