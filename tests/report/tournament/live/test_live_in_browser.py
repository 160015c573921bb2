"""The pages in a real browser, while another process plays."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

import page_tournaments
from live_server import serving
from page_tournaments import HOSTILE, LONG, config, entrants, hostile, play

from browser import BROWSER, driven, opened
from patience import PATIENCE_S
from underdog.report.tournament.onlooker import Onlooker
from underdog.report.tournament.pages import Pages
from underdog.report.tournament.site import write_site
from underdog.tournament.formats.schedule import FormatConfig, Kind

pytestmark = pytest.mark.skipif(BROWSER is None, reason="no chromium on the PATH")

GAMES = 6
PHONE = {"viewport": {"width": 360, "height": 740}}
FITS = "document.documentElement.scrollWidth <= innerWidth"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with driven() as found:
        yield found


class Runner:
    """A tournament in a process of its own that plays a game when told to."""

    def __init__(self, place: Path) -> None:
        command = [sys.executable, page_tournaments.__file__, str(place)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._wait()

    def play_one(self) -> None:
        """Its rows are in the store, and the next game is named there."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        self._wait()

    def finish(self) -> None:
        """Everything that is left."""
        self._process.communicate("\n" * GAMES, timeout=PATIENCE_S)
        assert self._process.returncode == 0

    def _wait(self) -> None:
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "waiting\n"

    def end(self) -> None:
        """Whatever it is doing."""
        self._process.kill()
        self._process.communicate()


@contextmanager
def running(place: Path) -> Iterator[Runner]:
    runner = Runner(place)
    try:
        yield runner
    finally:
        runner.end()


def reads(page: Any, selector: str, text: str) -> None:
    """Waits until an element says so."""
    page.wait_for_function(
        "([selector, text]) => document.querySelector(selector)?.innerText.includes(text)",
        arg=[selector, text],
    )


def press_until(page: Any, key: str, text: str) -> None:
    """The keyboard alone leads to an element with this text."""
    for _ in range(60):
        page.keyboard.press(key)
        if text in page.evaluate("document.activeElement.innerText"):
            return
    raise AssertionError(f"{key} leads to no {text}")


def test_a_tournament_is_watched_from_its_first_game_to_its_last(
    browser: Any, tmp_path: Path
) -> None:
    """Another process plays; the page follows without a reload; the reader's focus stays; a replay
    is opened by keyboard, also on a phone; nothing is logged; what is then exported and opened as
    files says the same as the live pages.
    """
    place = tmp_path / "cup"
    with running(place) as runner, serving(place) as address, opened(browser) as (page, wrong):
        page.goto(address)
        reads(page, "h1", "Round robin: 0 games played")
        reads(page, "#link", "Live")
        page.evaluate("window.mine = 'never reloaded'")
        runner.play_one()
        reads(page, "h1", "Round robin: 1 game played")
        reads(page, ".state", "Being played")
        reads(page, ".now", "playing")
        rows = page.locator("#part-table tbody tr")
        assert sorted(rows.locator("td:nth-child(3)").all_inner_texts()) == ["0", "0", "1", "1"]
        press_until(page, "Tab", "team 2")
        runner.play_one()
        reads(page, "h1", "Round robin: 2 games played")
        assert page.evaluate("document.activeElement.innerText") == "team 2"
        assert rows.locator("td:nth-child(3)").all_inner_texts() == ["1", "1", "1", "1"]
        assert page.evaluate("window.mine") == "never reloaded"

        with opened(browser, **PHONE) as (phone, wrong_there):
            phone.goto(f"{address}/games.html")
            press_until(phone, "Tab", "of team")
            phone.keyboard.press("Enter")
            reads(phone, "h1", "against")
            press_until(phone, "Tab", "3,")
            phone.keyboard.press("Enter")
            phone.wait_for_function("() => location.hash === '#q1-3'")
            assert phone.locator("#q1-3 .option.key").count() == 1
            assert phone.evaluate(FITS)
            assert wrong_there == []

        runner.finish()
        reads(page, "h1", "wins the round robin")
        reads(page, "#link", "Finished")
        reads(page, "#part-strengths", "picks the best team")
        assert page.evaluate("window.mine") == "never reloaded"
        assert wrong == []

        site = tmp_path / "site"
        with Onlooker(place) as onlooker:
            pages = Pages(onlooker)
            write_site(pages, site)
            for path in ("index.html", "games.html", "teams/1.html", list(pages.paths())[-1]):
                page.goto(f"{address}/{path}")
                live = page.locator("body").inner_text()
                page.goto((site / path).as_uri())
                assert page.locator("body").inner_text() == live
        assert wrong == []


def test_no_page_is_wider_than_a_phone_whatever_it_shows(browser: Any, tmp_path: Path) -> None:
    """A bracket and vandals' names and texts, of markup and of 100 KB without a space, on 360
    pixels, in light and dark; no script of theirs runs.
    """
    knockout = config(FormatConfig(Kind.KNOCKOUT, third_place=True))
    cups = (
        play(tmp_path / "bracket", entrants(6), knockout),
        play(tmp_path / "markup", hostile(HOSTILE)),
        play(tmp_path / "long", hostile(LONG), config(FormatConfig(double=False))),
    )
    for number, cup in enumerate(cups):
        scheme = ("light", "dark")[number % 2]
        with opened(browser, color_scheme=scheme, **PHONE) as (page, wrong):
            page.on("dialog", lambda dialog, wrong=wrong: wrong.append(dialog.message))
            with Onlooker(cup) as onlooker:
                pages = Pages(onlooker)
                write_site(pages, cup / "site")
                for path in list(pages.paths())[:9]:
                    page.goto((cup / "site" / path).as_uri())
                    assert page.evaluate(FITS), path
            assert wrong == []


def test_a_lost_server_is_told_and_found_again(browser: Any, tmp_path: Path) -> None:
    """The page says that the connection is lost; what it shows stays."""
    cup = play(tmp_path / "whole", entrants(2))
    from underdog.tournament.games import Row
    from underdog.tournament.ledger import LEDGER_NAME, Ledger

    with Ledger(cup / LEDGER_NAME) as whole, Ledger(tmp_path / LEDGER_NAME, create=True) as part:
        part.append([Row(*each[1:]) for each in whole.read()][:-1])
    with opened(browser) as (page, _):
        with serving(tmp_path) as address:
            page.goto(address)
            reads(page, "#link", "Live")
        reads(page, "#link", "Connection lost; trying again")
        assert "2 games played" in page.locator("h1").inner_text()


def test_these_tests_can_fail(browser: Any, tmp_path: Path) -> None:
    """A page that is too wide, and complains, is found out."""
    wide = tmp_path / "wide.html"
    wide.write_text("<div style='width:800px'>x</div><script>nothing()</script>", encoding="utf-8")
    with opened(browser, **PHONE) as (page, wrong):
        page.goto(wide.as_uri())
        assert not page.evaluate(FITS)
        assert len(wrong) == 1
