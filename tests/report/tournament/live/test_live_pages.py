"""The live pages over HTTP."""

from __future__ import annotations

import json
import shutil
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from live_server import client, serving
from page_tournaments import config, entrants, play

from patience import PATIENCE_S
from underdog.report.tournament.live import feed as feed_module
from underdog.report.tournament.live.app import SECURITY
from underdog.report.tournament.onlooker import Onlooker
from underdog.report.tournament.pages import Pages
from underdog.tournament.formats.schedule import FormatConfig
from underdog.tournament.games import Row
from underdog.tournament.ledger import LEDGER_NAME, Ledger


@pytest.fixture(scope="module")
def cup(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return play(tmp_path_factory.mktemp("cup"), entrants(3), config(FormatConfig(double=False)))


@pytest.fixture
def half(cup: Path, tmp_path: Path) -> tuple[Path, list[Row]]:
    """A store that lacks its last rows, and these."""
    with Ledger(cup / LEDGER_NAME) as ledger:
        rows = [Row(*each[1:]) for each in ledger.read()]
    with Ledger(tmp_path / LEDGER_NAME, create=True) as ledger:
        ledger.append(rows[:-12])
    return tmp_path, rows[-12:]


@pytest.fixture(scope="module")
def served(cup: Path) -> Iterator[str]:
    with serving(cup) as address:
        yield address


def test_every_page_is_the_one_that_is_exported_but_for_the_link_to_the_server(
    cup: Path, served: str
) -> None:
    """Once the tournament is over live pages and exported ones are the same bytes."""
    with client(served) as http, Onlooker(cup) as onlooker:
        pages = Pages(onlooker)
        for path in pages.paths():
            assert http.get(f"/{path}").text == pages.page(path)
        assert http.get("/").text == pages.page("index.html")
        assert http.get("/style.css").headers["content-type"].startswith("text/css")
        assert http.get("/live.js").headers["content-type"].startswith("text/javascript")


def test_every_reply_is_guarded(served: str) -> None:
    """Pages, files, streams, refusals: the policy allows our two files only, no frame, no guess."""
    with client(served) as http:
        replies = [
            *(http.get(path) for path in ("/", "/style.css", "/nothing.html", "/docs")),
            http.head("/"),
            http.post("/", content=b"x"),
            http.delete("/events"),
            http.get("/", headers={"host": "evil.example"}),
        ]
    assert [each.status_code for each in replies] == [200, 200, 404, 404, 200, 405, 405, 400]
    for reply in replies:
        assert {name: reply.headers[name] for name in SECURITY} == SECURITY
        assert "server" not in reply.headers
    assert "unsafe" not in SECURITY["content-security-policy"]
    assert "There is no such page" in replies[2].text


def test_no_path_leads_out_of_the_pages(cup: Path, served: str) -> None:
    """Raw paths as no client would send them: 404, and nothing of the store or the machine."""
    host, port = served.removeprefix("http://").split(":")
    secret = (cup / LEDGER_NAME).read_bytes()[:16]
    for path in (
        "/../tournament.db",
        "/..%2ftournament.db",
        "/teams/..%2f..%2ftournament.db",
        "/matches/%2e%2e/%2e%2e/etc/passwd",
        "//etc/passwd",
        "/static/../../../../etc/passwd",
        "/%00",
        "/teams/1.html%00.css",
    ):
        with socket.create_connection((host, int(port)), timeout=PATIENCE_S) as line:
            line.sendall(
                f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode()
            )
            reply = b"".join(iter(lambda line=line: line.recv(65536), b""))
        assert reply.startswith((b"HTTP/1.1 404", b"HTTP/1.1 400")), path
        assert secret not in reply
        assert b"root:" not in reply


def news(stream: Iterator[str]) -> tuple[str, dict[str, object]]:
    """Id and data of the next event."""
    event: dict[str, str] = {}
    for line in stream:
        name, _, value = line.partition(": ")
        if line == "" and "data" in event:
            return event["id"], json.loads(event["data"])
        event[name] = value
    raise AssertionError("the stream ended")


def test_news_come_as_rows_do_and_a_listener_that_comes_back_misses_none(
    half: tuple[Path, list[Row]],
) -> None:
    """Who knows the store's mark hears nothing until it changes; who comes back with an old one is
    told at once, by Last-Event-ID before the address; the last news says that it is over.
    """
    place, rows = half
    with serving(place) as address, client(address) as http:
        first = page_mark(http)
        with (
            Ledger(place / LEDGER_NAME) as ledger,
            http.stream("GET", f"/events?after={first}") as reply,
        ):
            assert reply.headers["content-type"].startswith("text/event-stream")
            lines = reply.iter_lines()
            assert next(lines) == "retry: 2000"
            ledger.append(rows[:-1])
            second, told = news(lines)
            assert told == {"mark": second, "ended": False}
            assert page_mark(http) == second != first
            ledger.append(rows[-1:])
            last, told = news(lines)
            assert told == {"mark": last, "ended": True}
        for known, wanted in ((second, True), (first, True), ("junk", True), (last, False)):
            headers = {"last-event-id": known}
            with http.stream("GET", f"/events?after={last}", headers=headers) as reply:
                lines = reply.iter_lines()
                next(lines)
                next(lines)
                if wanted:
                    assert news(lines) == (last, {"mark": last, "ended": True})


def page_mark(http: httpx2.Client) -> str:
    """The mark that the overview was made of."""
    return http.get("/").text.partition('data-mark="')[2].partition('"')[0]


def test_a_silent_stream_is_kept_alive_and_the_257th_listener_is_refused(
    served: str, cup: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A comment now and then; 503 beyond the limit, after which pages reload by themselves."""
    monkeypatch.setattr(feed_module, "KEEP_ALIVE_S", 0.05)
    with client(served) as http, Onlooker(cup) as onlooker:
        with http.stream("GET", f"/events?after={onlooker.mark}") as reply:
            lines = (line for line in reply.iter_lines() if line)
            assert next(lines) == "retry: 2000"
            assert next(lines) == ": nothing new"
        monkeypatch.setattr("underdog.report.tournament.live.app.LISTENERS", 0)
        assert http.get("/events").status_code == 503


def test_a_store_that_is_broken_is_told_and_the_server_goes_on(
    half: tuple[Path, list[Row]],
) -> None:
    """A row that cannot be read is a 503 with its number, not a stack of Python."""
    place, _ = half
    with serving(place) as address, client(address) as http:
        assert http.get("/games.html").status_code == 200
        with Ledger(place / LEDGER_NAME) as ledger:
            ledger.append([Row("match/0001.001.0001", "no_such_kind", "{}")])
        reply = http.get("/games.html")
        assert reply.status_code == 503
        assert "no_such_kind" in reply.text
        assert "Traceback" not in reply.text
        assert http.get("/style.css").status_code == 200
    shutil.rmtree(place)
