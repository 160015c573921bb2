"""The pages of a tournament: they repeat the summary and the scoreboard, and obey no stranger."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pytest
from page_tournaments import HOSTILE, LONG, config, entrants, hostile, play

from read_page import Page
from underdog.report.tournament.onlooker import Onlooker
from underdog.report.tournament.pages import Pages, Replays, script, style
from underdog.tournament.formats.schedule import FormatConfig, Kind
from underdog.tournament.games import Row
from underdog.tournament.ledger import LEDGER_NAME, Ledger
from underdog.tournament.record import read_record
from underdog.tournament.scoreboard import scoreboard
from underdog.tournament.summary import summarise

KNOCKOUT = FormatConfig(Kind.KNOCKOUT, third_place=True)


@pytest.fixture(scope="module")
def cup(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A knockout of six with a third place."""
    return play(tmp_path_factory.mktemp("cup"), entrants(6), config(KNOCKOUT))


@pytest.fixture(scope="module")
def rough(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A round robin with two vandals."""
    return play(tmp_path_factory.mktemp("rough"), hostile())


def test_every_page_is_whole_and_every_link_leads_somewhere(cup: Path) -> None:
    """Elements are closed, ids are used once, there is one first heading, no level is skipped, and
    each link on each page is a page or a place on it; nothing comes from elsewhere.
    """
    with Onlooker(cup) as onlooker:
        pages = Pages(onlooker)
        paths = list(pages.paths())
        for path in paths:
            source = pages.page(path) or ""
            page = Page(source)
            assert page.unbalanced == [], path
            ids = [each["id"] for _, each, _ in page.elements if "id" in each]
            assert len(ids) == len(set(ids))
            levels = [int(tag[1]) for tag, _, _ in page.elements if re.fullmatch("h[1-6]", tag)]
            assert levels.count(1) == 1
            assert all(after - before <= 1 for before, after in pairwise(levels))
            root = "../" if "/" in path else ""
            for link in page.all("a"):
                href = link["href"] or ""
                assert href.removeprefix(root) in paths or href.removeprefix("#") in ids, href
            assert page.scripts == []
            assert page.all("script") == []
            assert not re.search(r"(src|href|action)=.?https?:|@import|url\(", source)
    assert not re.search(r"https?:|@import|url\(", style() + script())


def test_the_overview_is_the_summary(cup: Path) -> None:
    """Places, points, strengths with their intervals, the bracket with byes and third place, and
    the format's chance are those of `summarise`.
    """
    with Ledger(cup / LEDGER_NAME) as ledger:
        summary = summarise(read_record(ledger))
    with Onlooker(cup) as onlooker:
        page = Page(Pages(onlooker).page("index.html") or "")
    assert f"{summary['standings'][0]['name']} wins the knockout" in page.text
    for row in summary["standings"]:
        counts = " ".join(str(row[name]) for name in ("played", "won", "tied", "lost"))
        assert f"{row['place']} {row['name']} {counts} {row['points']:g}" in page.text
    for row in summary["strengths"]:
        for part in ("answering", "asking", "overall"):
            assert f"{row[part]['value']:+.2f}".replace("-", "\u2212") in page.text
            assert f"{row[part]['low']:+.2f}".replace("-", "\u2212") in page.text
    assert page.text.count("rests") == 2
    assert "third place" in page.text
    assert ("decided by the tie-break" in page.text) == any(
        game["winner"] is None for game in summary["results"]
    )
    assert "picks the best team" in page.text
    assert "Not separable at 95" in page.text
    assert "baseline kind 3 in underdog's own process" in page.text


def test_a_replay_is_the_scoreboard(cup: Path) -> None:
    """Each question with its choices, key, answer, probabilities and verdict, in both readings
    where they differ; the points of both; the isolation of both sides.
    """
    with Onlooker(cup) as onlooker:
        pages = Pages(onlooker)
        for key in onlooker.record.results:
            board = scoreboard(onlooker.events(key))
            page = Page(pages.page(f"matches/{key}.html") or "")
            verdicts = [each.get("class") for each in page.all("a") if "#q" in (each["href"] or "")]
            expected = [
                "right" if row.correct else "wrong" for half in board.innings for row in half.rows
            ]
            assert verdicts == expected
            for team in board.teams:
                assert f"{team.total:.1f}" in page.text
                assert f"{team.name} in underdog's own process" in page.text
            for half in board.innings:
                for row in half.rows:
                    assert row.asked.question["question"] in page.text
            strict = [team.strict_total != team.total for team in board.teams]
            assert ("official" in page.text) == any(strict)
            sure = [a for a in page.all("svg") if a.get("aria-label") == "probability 70\u202f%"]
            assert bool(sure) == ("team 2" in [team.name for team in board.teams])


def test_both_readings_are_told_where_they_differ(rough: Path) -> None:
    """An answer that names the key in another form: official wrong, strict right, both totals."""
    with Onlooker(rough) as onlooker:
        pages = Pages(onlooker)
        told = 0
        for key in onlooker.record.results:
            board = scoreboard(onlooker.events(key))
            page = Page(pages.page(f"matches/{key}.html") or "")
            rows = [row for half in board.innings for row in half.rows]
            apart = [row for row in rows if row.correct != row.strictly_correct]
            assert page.text.count("strict: right, the answer names the key") == len(apart)
            if any(team.strict_total != team.total for team in board.teams):
                told += 1
                for team in board.teams:
                    assert f"{team.total:.1f} {team.strict_total:.1f}" in page.text
        assert told > 0


def test_hostile_names_and_texts_stay_text(rough: Path) -> None:
    """Markup, characters that turn text and template marks in names, questions, choices, answers,
    reasonings and explanations are shown as what they are, on every page.
    """
    with Onlooker(rough) as onlooker:
        pages = Pages(onlooker)
        for path in pages.paths():
            source = pages.page(path) or ""
            page = Page(source)
            assert page.unbalanced == []
            assert page.all("img") == page.all("script") == []
            assert "\u202e" not in source
            for _, attributes, _ in page.elements:
                assert not [name for name in attributes if name.startswith("on")]
                assert "javascript:" not in (attributes.get("href") or "")
        replay = Page(pages.page(f"matches/{min(onlooker.record.results)}.html") or "")
        shown = HOSTILE.replace("\u202e", "[U+202E]")
        assert f"0 {shown}" in replay.text
        assert "namespaces: own process ids" in replay.text or "another machine:" in replay.text
        faults = Page(pages.page("faults.html") or "")
        assert "answer malformed" in faults.text
        assert "malformed" in faults.text


def test_texts_of_100_kb_leave_pages_small(tmp_path: Path) -> None:
    """Names, questions, choices and explanations of 100 KB each are cut where they are shown."""
    play(tmp_path, hostile(LONG), config(FormatConfig(double=False)))
    with Onlooker(tmp_path) as onlooker:
        pages = Pages(onlooker)
        for path in pages.paths():
            assert len(pages.page(path) or "") < 250_000, path
        assert "(100\u202f" in (pages.page(f"matches/{min(onlooker.record.results)}.html") or "")


@pytest.mark.parametrize(
    "path",
    [
        "../tournament.db",
        "teams/../../tournament.db",
        "matches/../index.html",
        "teams/0.html",
        "teams/7.html",
        "teams/1.html\n",
        "teams/١.html",
        "matches/0001.001.9999.html",
        "matches/%2e%2e.html",
        "/etc/passwd",
        "index.html/",
        "INDEX.HTML",
        "style.css",
        "",
        "x" * 100_000,
    ],
)
def test_only_pages_of_the_tournament_have_a_path(cup: Path, path: str) -> None:
    """Anything that is not the whole path of a page is no page; no file is looked for."""
    with Onlooker(cup) as onlooker:
        assert Pages(onlooker).page(path) is None


def test_every_format_has_its_pages(tmp_path: Path) -> None:
    """Swiss rounds name who rests, a qualifying shows who goes on, a gauntlet and a match are
    played out, and all their pages are whole.
    """
    forms = {
        "swiss": config(FormatConfig(Kind.SWISS, rounds=2)),
        "qualified": config(FormatConfig(Kind.KNOCKOUT), qualifiers=2),
        "gauntlet": config(FormatConfig(Kind.GAUNTLET)),
    }
    texts = {}
    for name, what in forms.items():
        play(tmp_path / name, entrants(5), what)
        with Onlooker(tmp_path / name) as onlooker:
            pages = Pages(onlooker)
            for path in pages.paths():
                page = Page(pages.page(path) or "")
                assert page.unbalanced == []
                texts[name, path] = page.text
    assert texts["swiss", "games.html"].count("rests, which counts as a win") == 2
    assert texts["qualified", "index.html"].count("goes on") == 2
    assert "did not qualify" in "".join(texts["qualified", f"teams/{n}.html"] for n in range(1, 6))
    assert "gauntlet" in texts["gauntlet", "index.html"]


def test_questions_can_wait_for_the_end(cup: Path, tmp_path: Path) -> None:
    """While a tournament is on, replays that are to wait show neither question nor key; when it is
    over they do.
    """
    with Ledger(cup / LEDGER_NAME) as whole, Ledger(tmp_path / LEDGER_NAME, create=True) as part:
        part.append([each[1:] for each in whole.read()][:-1])
    with Onlooker(tmp_path) as onlooker, Onlooker(cup) as over:
        key = min(onlooker.record.results)
        asked = scoreboard(onlooker.events(key)).innings[0].rows[0].asked.question["question"]
        path = f"matches/{key}.html"
        waiting = Page(Pages(onlooker, live=True, replays=Replays.END).page(path) or "")
        assert asked not in waiting.text
        assert "shown when the tournament is over" in waiting.text
        assert asked in Page(Pages(onlooker, live=True).page(path) or "").text
        assert asked in Page(Pages(over, live=True, replays=Replays.END).page(path) or "").text
        assert "tournament resume goes on" in Page(Pages(onlooker).page("index.html") or "").text


def test_while_a_qualifying_is_on_no_game_is_said_to_be_due(tmp_path: Path) -> None:
    """Who plays is decided by it: no bracket, no due game, and what was answered so far."""
    what = config(FormatConfig(Kind.KNOCKOUT), qualifiers=2)
    whole = play(tmp_path / "whole", entrants(4), what)
    with Ledger(whole / LEDGER_NAME) as ledger:
        rows = [each[1:] for each in ledger.read()]
    last = max(place for place, row in enumerate(rows) if row[1] == "qualifying_ended")
    with Ledger(tmp_path / LEDGER_NAME, create=True) as part:
        part.append([Row(*each) for each in rows[:last]])
    with Onlooker(tmp_path) as onlooker:
        pages = Pages(onlooker)
        text = Page(pages.page("index.html") or "").text
        assert "Bracket" not in text
        assert "Games due now" not in text
        assert "Qualifying, hidden questions" in text
        assert "goes on " not in text.partition("Qualifying, hidden")[2].partition("Strengths")[0]
        assert "No game is due yet." in Page(pages.page("games.html") or "").text


def test_a_store_with_nothing_in_it_has_a_page(tmp_path: Path) -> None:
    """A page that waits for the tournament to begin, and no other."""
    Ledger(tmp_path / LEDGER_NAME, create=True).close()
    with Onlooker(tmp_path) as onlooker:
        pages = Pages(onlooker, live=True)
        assert "has not begun" in (pages.page("index.html") or "")
        assert pages.page("games.html") is None
