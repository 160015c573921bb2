"""``underdog tournament serve`` as a process, and the site that export writes."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest

from patience import PATIENCE_S
from underdog.cli.main import main


@pytest.fixture(scope="module")
def cup(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("cups") / "cup"
    run = ["tournament", "run", "--entrants", "longest", "random", "--out", str(out)]
    assert main([*run, "--questions", "3", "--engine", "in-process"]) == 0
    return out


def test_a_server_shows_the_tournament_and_ends_with_status_0_on_sigterm(cup: Path) -> None:
    """On a free port of this machine only: the overview and a replay; a stream that somebody
    listens to does not keep it from ending; the store is as it was.
    """
    before = (cup / "tournament.db").read_bytes()
    process = subprocess.Popen(
        [sys.executable, "-m", "underdog", "tournament", "serve", str(cup), "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        found = re.fullmatch(r"The tournament is at (http://127\.0\.0\.1:\d+)\n", line)
        assert found is not None, line
        with httpx2.Client(base_url=found[1], timeout=PATIENCE_S, trust_env=False) as client:
            assert "wins the round robin" in client.get("/").text
            assert "Innings 1" in client.get("/matches/0001.001.0001.html").text
            with client.stream("GET", "/events") as stream:
                assert next(stream.iter_lines()) == "retry: 2000"
                process.send_signal(signal.SIGTERM)
                rest, _ = process.communicate(timeout=PATIENCE_S)
        assert rest == "Stopped.\n"
        assert process.returncode == 0
        assert (cup / "tournament.db").read_bytes() == before
    finally:
        process.kill()
        process.wait()


def test_export_writes_a_site_and_warns_before_the_end(
    cup: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its pages are counted; a tournament that is not over still has keys to keep, which is said;
    a folder with something else in it is refused.
    """
    from underdog.tournament.games import Row
    from underdog.tournament.ledger import LEDGER_NAME, Ledger

    site = tmp_path / "site"
    assert main(["tournament", "export", str(cup), "--site", str(site)]) == 0
    assert "7 pages:" in capsys.readouterr().out
    assert (site / "index.html").is_file()
    with Ledger(cup / LEDGER_NAME) as whole, Ledger(tmp_path / LEDGER_NAME, create=True) as part:
        part.append([Row(*each[1:]) for each in whole.read()][:-1])
    assert main(["tournament", "export", str(tmp_path), "--site", str(site)]) == 0
    assert "The tournament is not over: keys of questions" in capsys.readouterr().out
    assert main(["tournament", "export", str(cup), "--site", str(tmp_path)]) == 2
    assert "another --site folder" in capsys.readouterr().err


def test_replays_wait_for_the_end_where_strangers_can_look(
    cup: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On 127.0.0.1 replays are live; on an address that others reach they wait, unless told."""
    from underdog.inference.server import listen
    from underdog.report.tournament import pages

    made: list[object] = []
    whole = pages.Pages.__init__

    def kept(self: pages.Pages, onlooker: object, **settings: object) -> None:
        made.append(settings["replays"])
        whole(self, onlooker, **settings)  # type: ignore[arg-type]

    monkeypatch.setattr(pages.Pages, "__init__", kept)
    monkeypatch.setattr(listen, "listen", lambda *_, **__: None)
    for flags in ([], ["--host", "0.0.0.0"], ["--host", "0.0.0.0", "--replays", "live"]):
        assert main(["tournament", "serve", str(cup), *flags]) == 0
    assert made == ["live", "end", "live"]
