"""``underdog play``, as a user meets it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from entries import entry
from fakes import FakeClock, numbered_questions, save_base, save_random_adapter
from underdog.agents.bank_asker import BankAsker
from underdog.agents.baseline import ConstantAnswerer
from underdog.cli.console import console
from underdog.cli.main import main
from underdog.cli.play import show
from underdog.data.row import Band, Row, Split
from underdog.data.store import write_rows
from underdog.protocol.player import Entrant, QuestionCall, StrippedQuestion
from underdog.runs.files import write_json
from underdog.runs.log import read_log
from underdog.tournament import referee
from underdog.tournament.rules import Rules
from underdog.tournament.store import EVENTS_NAME, RESULT_NAME, read_result

PAIR = ("--a", "longest", "--b", "always-b")


def play(*arguments: object) -> int:
    return main(["play", *map(str, arguments)])


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A built set: 30 rows of validation, 30 of training."""
    folder = tmp_path_factory.mktemp("data")
    rows = []
    for number, question in enumerate(numbered_questions(60)):
        train = number % 2 == 1
        split = Split.TRAIN if train else Split.VALIDATION
        place = number // 2 if train else None
        chunk = 0 if train else None
        rows.append(Row(question, question.id, number / 60, Band.EASY, split, chunk, place))
    write_rows(rows, folder)
    return folder


def test_baselines_play_on_the_embedded_bank(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """20 questions per innings, a scoreboard with intervals, a verdict, everything on disk."""
    assert play(*PAIR, "--out", tmp_path) == 0
    shown = capsys.readouterr().out
    assert "20 questions per innings, rules of 2026-02" in shown
    assert "A  longest" in shown
    assert "McNemar" in shown
    result = read_result(tmp_path)
    assert result["complete"]
    assert {team["name"] for team in result["teams"].values()} == {"longest", "always-b"}
    assert all(team["valid"] == 20 for team in result["teams"].values())


def test_a_stored_match_is_replayed_to_the_same_score(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The scoreboard is the one that was printed; a changed result is told and exits with 1."""
    play(*PAIR, "--questions", 5, "--out", tmp_path)
    first = capsys.readouterr().out.splitlines()
    assert play("--replay", tmp_path) == 0
    again = capsys.readouterr().out.splitlines()
    assert again[:-1] == first[: len(again) - 1]
    assert again[-1] == "The stored result is the same."
    result = json.loads((tmp_path / RESULT_NAME).read_text("utf-8"))
    write_json(tmp_path / RESULT_NAME, result | {"winner": "C"})
    assert play("--replay", tmp_path) == 1
    assert "The stored result is DIFFERENT." in capsys.readouterr().out


def test_an_unfinished_match_is_replayed_as_far_as_it_got(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And the command that played it finishes it."""
    play(*PAIR, "--questions", 5, "--out", tmp_path)
    whole = (tmp_path / EVENTS_NAME).read_bytes()
    result = (tmp_path / RESULT_NAME).read_bytes()
    (tmp_path / EVENTS_NAME).write_bytes(whole[: len(whole) // 2])
    (tmp_path / RESULT_NAME).unlink()
    assert play("--replay", tmp_path) == 0
    shown = capsys.readouterr().out
    assert "not finished" in shown
    assert "no stored result" in shown
    assert play(*PAIR, "--questions", 5, "--out", tmp_path) == 0
    assert (tmp_path / RESULT_NAME).read_bytes() == result


def test_a_match_can_be_asked_from_a_built_set(tmp_path: Path, data: Path) -> None:
    """Its validation split only, on the topics given, however they are written."""
    assert play(*PAIR, "--data", data, "--topics", "Arts", "--questions", 6, "--out", tmp_path) == 0
    validation = {each.id for each in numbered_questions(60)[::2]}
    asked = [each for each in read_log(tmp_path / EVENTS_NAME) if each["kind"] == "question_asked"]
    assert len(asked) == 12
    assert {each["question_id"] for each in asked} <= validation
    assert {each["question"]["topic"] for each in asked} == {"arts"}


@pytest.mark.slow
def test_models_play(tmp_path: Path, data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A base against its adapter, as model:... and as a run folder; probabilities are kept."""
    base = save_base(tmp_path / "base")
    run = tmp_path / "run"
    save_random_adapter(run / "train" / "adapter")
    config = run / "train" / "adapter" / "adapter_config.json"
    named = json.loads(config.read_text("utf-8")) | {"base_model_name_or_path": str(base)}
    write_json(config, named)
    recipe = {"training": {"style": "letters"}}
    write_json(run / "train" / "manifest.json", {"identity": recipe, "context": {}})
    command = ("--b", f"model:{base}", "--data", data, "--questions", 4)
    assert play("--a", run, *command, "--out", tmp_path / "one") == 0
    spelled = f"model:{base}:{run / 'train' / 'adapter'}"
    assert play("--a", spelled, *command, "--style", "letters", "--out", tmp_path / "two") == 0
    lines = [list(read_log(tmp_path / name / EVENTS_NAME)) for name in ("one", "two")]
    answers = [[each for each in log if each["kind"] == "answer_given"] for log in lines]
    assert [each["letter"] for each in answers[0]] == [each["letter"] for each in answers[1]]
    assert all(len(each["log_probs"]) == 4 for each in answers[0])
    assert lines[0][0]["teams"]["A"]["identity"]["answers"]["style"] == "letters"
    opponent = lines[0][0]["teams"]["B"]
    assert opponent["name"] == "base"
    assert lines[1][0]["teams"]["A"]["name"] == "base + run"
    assert opponent["identity"]["answers"]["style"] == "letters", "asked as its opponent is"
    assert opponent["identity"]["answers"]["adapter"] is None


@pytest.mark.slow
def test_limits_can_be_counted_with_a_tokenizer(tmp_path: Path, data: Path) -> None:
    """One byte per token makes every question of the set too long to be asked."""
    base = save_base(tmp_path / "base")
    command = (*PAIR, "--data", data, "--questions", 4, "--tokenizer", base)
    assert play(*command, "--out", tmp_path / "match") == 0
    header = next(iter(read_log(tmp_path / "match" / EVENTS_NAME)))
    assert header["token_counter"] == str(base)
    assert play(*PAIR, "--tokenizer", tmp_path, "--out", tmp_path / "none") == 2


WRONG = {
    "no teams": ((), "a match needs --a, --b and --out"),
    "unknown entrant": (
        ("--a", "longst", "--b", "random", "--out", "{}"),
        "an entrant: random, always-b, longest, model:BASE[:ADAPTER], ensemble:FILE, remote",
    ),
    "no model": (("--a", "model:", "--b", "random", "--out", "{}"), "got 'model:'"),
    "folder without adapter": (
        ("--a", "{}", "--b", "random", "--out", "{}"),
        "a run folder with an adapter that names its base; got no adapter",
    ),
    "unknown topic": (
        (*PAIR, "--topics", "geografy", "--out", "{}"),
        "got 'geografy'. Try: geography",
    ),
    "too many questions": (
        (*PAIR, "--topics", "mythology", "--questions", "9999", "--out", "{}"),
        "9999 questions on 'mythology'",
    ),
    "no questions": ((*PAIR, "--questions", "0", "--out", "{}"), "at least 1 question per innings"),
    "unknown edition": ((*PAIR, "--edition", "2026-2", "--out", "{}"), "--edition 2026-02"),
    "no match to replay": (("--replay", "{}"), "a folder of a match; got no event"),
}


@pytest.mark.parametrize(("arguments", "message"), WRONG.values(), ids=WRONG)
def test_wrong_use_is_one_message(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], message: str
) -> None:
    """Exit status 2, what was wanted, what came, what to try; and nothing is left behind."""
    assert play(*(each.format(tmp_path) for each in arguments)) == 2
    assert message in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_another_match_s_folder_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The difference is named."""
    play(*PAIR, "--questions", 3, "--out", tmp_path)
    assert play(*PAIR, "--questions", 3, "--seed", 1, "--out", tmp_path) == 2
    assert "seed was 0, now 1" in capsys.readouterr().err


class Wordy:
    """Always the second choice, in words."""

    def answer(self, questions: Sequence[StrippedQuestion]) -> list[object]:
        return [{"answer": f"{each.choices[1]}"} for each in questions]


class Garbling:
    """Asks from the bank, and spoils some of it."""

    def __init__(self, *spoilt: int) -> None:
        self.bank, self.spoilt = BankAsker(numbered_questions(60)), spoilt

    def ask(self, call: QuestionCall) -> list[object]:
        return ["?"] if call.start in self.spoilt else self.bank.ask(call)


LOSSES = {
    "some lost": (
        Entrant("one", Garbling(1), Wordy()),
        Entrant("other", Garbling(), ConstantAnswerer()),
        (
            "A one: 1 of its questions dropped (format), 6 of its answers repaired",
            "but for their",
            "Official score 80.0 : 120.0; strict, with answers in any form, 96.7 : 103.3.",
        ),
    ),
    "tie": (
        Entrant("one", Garbling(), ConstantAnswerer()),
        Entrant("other", Garbling(), ConstantAnswerer()),
        ("A tie.", "equally often right"),
    ),
    "one disqualified": (
        Entrant("one", Garbling(0, 1, 2, 3), ConstantAnswerer()),
        Entrant("other", Garbling(), ConstantAnswerer()),
        ("B other wins: fewer than half of the other's questions were valid.", "none put"),
    ),
    "both disqualified": (
        Entrant("one", Garbling(*range(6)), ConstantAnswerer()),
        Entrant("other", Garbling(*range(6)), ConstantAnswerer()),
        ("Both teams are disqualified.",),
    ),
}


@pytest.mark.parametrize(("one", "other", "told"), LOSSES.values(), ids=LOSSES)
def test_what_was_lost_is_told(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    one: Entrant,
    other: Entrant,
    told: tuple[str, ...],
) -> None:
    """Dropped questions and lost answers with their reasons, ties and disqualifications."""
    config = Rules(("arts",), questions=6)
    board = referee.play(config, (one, other), tmp_path, clock=FakeClock())
    for part in show(board):
        console.print(part, soft_wrap=True)
    shown = capsys.readouterr().out
    assert all(each in shown for each in told), shown


def test_folders_of_contestants_play(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A folder with agents/ is a team on both sides; the header says how it was isolated."""
    adders = entry(tmp_path / "adders")
    command = ("--a", adders, "--b", "always-b", "--questions", 4, "--out", tmp_path / "match")
    assert play(*command, "--isolation", "processes") == 0
    assert "A  adders" in capsys.readouterr().out
    header = next(iter(read_log(tmp_path / "match" / EVENTS_NAME)))
    assert header["teams"]["A"]["identity"]["isolation"] == "processes"
    assert header["per_call"] == 4
