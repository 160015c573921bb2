"""What teams ask from, as it is written on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fakes import numbered_questions
from underdog.agents.puzzles.topics import find_topic
from underdog.cli.askers import read_questions, split_spec
from underdog.cli.main import main
from underdog.errors import InputError
from underdog.mcq.presentation import Presentation
from underdog.protocol.editions import EDITIONS
from underdog.protocol.official import write_question
from underdog.runs.log import read_log
from underdog.tournament.ledger import Ledger
from underdog.tournament.record import read_record
from underdog.tournament.store import EVENTS_NAME

PUZZLE_TOPICS = set(EDITIONS["2026-02"].topics)


def play(*arguments: object) -> int:
    return main(["play", *map(str, arguments)])


def questions_file(path: Path, count: int = 60) -> Path:
    rows = [write_question(each, Presentation.identity(4)) for each in numbered_questions(count)]
    path.write_text(json.dumps(rows), "utf-8")
    return path


def asked(folder: Path, innings: int) -> list[dict[str, object]]:
    log = read_log(folder / EVENTS_NAME)
    return [each for each in log if each["kind"] == "question_asked" and each["innings"] == innings]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("random+puzzle:0.8", ("random", "puzzle:0.8")),
        ("runs/a+b", ("runs/a+b", None)),
        ("runs/a+b+bandit", ("runs/a+b", "bandit")),
        ("x+mixed:bank=2,puzzle=1", ("x", "mixed:bank=2,puzzle=1")),
        ("+bank", ("+bank", None)),
        ("random", ("random", None)),
    ],
)
def test_a_spec_is_cut_where_a_kind_of_asker_follows(
    text: str, parts: tuple[str, str | None]
) -> None:
    """A plus sign in a path is left alone."""
    assert split_spec(text) == parts


def test_a_team_that_asks_puzzles_draws_its_own_topics(tmp_path: Path) -> None:
    """Against a team that asks from the bank: each innings is on topics of its asker, and nothing
    is dropped; the same command continues the match.
    """
    command = ("--a", "random+puzzle:0.2", "--b", "longest+bandit", "--questions", 6)
    assert play(*command, "--out", tmp_path) == 0
    puzzles, facts = asked(tmp_path, 1), asked(tmp_path, 2)
    assert (len(puzzles), len(facts)) == (6, 6)
    assert {each["question"]["topic"] for each in puzzles} <= PUZZLE_TOPICS  # type: ignore[index]
    assert not {each["question"]["topic"] for each in facts} & PUZZLE_TOPICS  # type: ignore[index]
    header = next(iter(read_log(tmp_path / EVENTS_NAME)))
    teams = header["teams"]
    assert [teams[team]["name"] for team in "AB"] == ["random+puzzle", "longest+bandit"]
    assert play(*command, "--out", tmp_path) == 0


def test_in_a_tournament_each_team_draws_topics_that_it_asks_about(tmp_path: Path) -> None:
    """Bank, puzzles and a mixture of both, everyone against everyone: no question is off topic."""
    out = tmp_path / "cup"
    entrants = ("random", "longest+puzzle:0", "always-b+mixed:bank=1,puzzle:0.1=1")
    command = ["tournament", "run", "--out", str(out), "--questions", "4", "--single"]
    assert main([*command, "--engine", "in-process", "--entrants", *entrants]) == 0
    with Ledger(out / "tournament.db") as ledger:
        record = read_record(ledger)
    assert record.ended
    assert not record.faults
    topics = {
        team: {str(each.question["topic"]) for each in made.asked}
        for (_, team), made in record.sets.items()
    }
    assert topics["longest+puzzle"] <= PUZZLE_TOPICS
    assert not topics["random"] & PUZZLE_TOPICS
    assert all(find_topic(each) is None for each in topics["random"])


def test_a_bandit_learns_from_earlier_matches_that_are_named(tmp_path: Path) -> None:
    """Its own innings there are part of its identity, and it repeats none of their questions."""
    command = ("--a", "random+bandit", "--b", "always-b", "--topics", "mythology", "--questions", 8)
    assert play(*command, "--out", tmp_path / "one") == 0
    assert play(*command, "--learn-from", tmp_path / "one", "--out", tmp_path / "two") == 0
    assert play(*command, "--out", tmp_path / "alone") == 0
    first, second, alone = (
        {each["question_id"] for each in asked(tmp_path / name, 1)}
        for name in ("one", "two", "alone")
    )
    assert first == alone
    assert not first & second
    header = next(iter(read_log(tmp_path / "two" / EVENTS_NAME)))
    assert "learned_from" in header["teams"]["A"]["identity"]
    assert "learned_from" not in header["teams"]["B"]["identity"]


def test_questions_of_a_file_are_asked(tmp_path: Path) -> None:
    """A JSON list, or an object per line."""
    file = questions_file(tmp_path / "own.json")
    lines = tmp_path / "own.jsonl"
    lines.write_text("".join(f"{json.dumps(each)}\n" for each in json.loads(file.read_text())))
    assert read_questions(file) == tuple(
        each for each in read_questions(file) if each.topic in ("arts", "elements", "geography")
    )
    assert [each.id for each in read_questions(lines)] == [each.id for each in read_questions(file)]
    match = tmp_path / "match"
    command = ("--a", "random", "--b", "longest", "--q", f"file:{file}", "--questions", 5)
    assert play(*command, "--out", match) == 0
    known = {each.id for each in numbered_questions(60)}
    assert {each["question_id"] for each in asked(match, 1)} <= known


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    """Which question, and what is wrong with it."""
    path = tmp_path / "bad.json"
    for text, message in (
        ('[{"question": "a?", "choices": 3}]', 'bad.json, question 1: "choices" is a list'),
        ("[1,", "bad.json: JSON; got"),
        ('"one"', "a question is a JSON object"),
    ):
        path.write_text(text)
        with pytest.raises(InputError) as caught:
            read_questions(path)
        assert message in str(caught.value)
    with pytest.raises(InputError, match="a file of questions; got"):
        read_questions(tmp_path / "none.json")


WRONG = {
    "unknown asker": (
        ("--q", "bnk"),
        "an asker: bank, bandit, puzzle[:DIFFICULTY], file:QUESTIONS",
    ),
    "difficulty in words": (("--q", "puzzle:hard"), "a difficulty from 0 to 1; got 'hard'"),
    "share missing": (("--q", "mixed:bank,puzzle=1"), "a mixture: mixed:KIND=SHARE"),
    "bank twice": (("--q", "mixed:bank=1,bandit=1"), "one of bank and bandit in a mixture"),
    "two places": (("--q", "bank", "--puzzles", "0.5"), "got --q and --puzzles"),
    "two places of data": (("--data", "x", "--puzzles", "0.5"), "got --data and --puzzles"),
    "topic of none": (("--q", "puzzle", "--topics", "opera"), "a topic out of Seating"),
    "asker of a stranger": (
        ("--a", "http://127.0.0.1:9+bank"),
        "a folder or URL that asks its own questions; got +bank",
    ),
}


@pytest.mark.parametrize(("arguments", "message"), WRONG.values(), ids=WRONG)
def test_wrong_askers_are_one_message(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], message: str
) -> None:
    """Exit status 2, and nothing is left behind."""
    given = ("--a", "random", "--b", "longest", "--out", tmp_path, *arguments)
    assert play(*given) == 2
    assert message in " ".join(capsys.readouterr().err.split())
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_what_a_model_wrote_is_kept_and_its_share_falls_to_others_where_nothing_survives(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The embedded base writes a few drafts; the counts are told; written once per match."""
    spec = "random+mixed:bank=1,model:tiny-base=1"
    command = ("--a", spec, "--b", "longest", "--topics", "arts", "--drafts", 2, "--questions", 4)
    assert play(*command, "--out", tmp_path) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "Written by tiny-base: 2 drafts: " in told
    (file,) = tmp_path.glob("questions-by-model-*.json")
    before = file.stat().st_mtime_ns
    assert len(asked(tmp_path, 1)) == 4
    assert play(*command, "--out", tmp_path) == 0
    assert file.stat().st_mtime_ns == before
