"""underdog evaluate."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from fakes import ChosenScorer, numbered_questions, save_base, save_random_adapter
from underdog.cli.evaluation_view import percent, show
from underdog.cli.main import main
from underdog.data.row import Band, Row, Split
from underdog.data.store import write_rows
from underdog.evaluation.predictions import Scored
from underdog.evaluation.results import Item, summarise

BANDS = (Band.EASY, Band.MEDIUM, Band.HARD)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """data/, base/ and run/train/adapter/."""
    root = tmp_path_factory.mktemp("evaluate")
    questions = numbered_questions(48)
    held_out = [
        Row(question, question.id, 0.5, BANDS[n % 3], Split.VALIDATION, None, None)
        for n, question in enumerate(questions[:36])
    ]
    trained = [
        Row(question, question.id, 0.5, Band.EASY, Split.TRAIN, 0, n)
        for n, question in enumerate(questions[36:])
    ]
    (root / "data").mkdir()
    write_rows([*held_out, *trained], root / "data")
    save_base(root / "base")
    save_random_adapter(root / "run" / "train" / "adapter")
    return root


def evaluate(folders: Path, out: Path, *more: str) -> int:
    data, base = str(folders / "data"), str(folders / "base")
    return main(["evaluate", data, "--base", base, "--out", str(out), *more])


def test_base_and_tuned_are_shown_with_intervals_and_the_verdict(
    folders: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whole, by band, topic and source; McNemar; latency; and where the files are."""
    arguments = ["--adapter", str(folders / "run"), "--timed", "3"]
    assert evaluate(folders, tmp_path, *arguments) == 0
    shown = capsys.readouterr().out
    results = json.loads((tmp_path / "results.json").read_text())
    assert results["questions"] == 36
    for model in results["models"]:
        assert percent(model["accuracy"]) in shown
    for label in ("band: easy", "band: hard", "topic: geography", "source: source 1"):
        assert label in shown
    assert "McNemar p = " in shown
    assert re.search(r"p50.*p95.*p99.*slowest.*warm-up.*loading", shown)
    assert "Wilson 95 % intervals (guessing: 25 %)" in shown
    assert f"Answers and results: {tmp_path}" in shown.replace("\n", "")
    lines = (tmp_path / "tuned" / "predictions.jsonl").read_text().splitlines()
    assert len(lines) == 36


def test_the_same_command_again_reads_what_is_there(
    folders: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The second run shows the same and rewrites no prediction."""
    arguments = ["--adapter", str(folders / "run"), "--timed", "0"]
    evaluate(folders, tmp_path, *arguments)
    first = capsys.readouterr().out
    stamp = (tmp_path / "base" / "predictions.jsonl").stat().st_mtime_ns
    assert evaluate(folders, tmp_path, *arguments) == 0
    assert capsys.readouterr().out == first
    assert (tmp_path / "base" / "predictions.jsonl").stat().st_mtime_ns == stamp
    assert not (tmp_path / "base" / "latency.json").exists()


def test_limit_and_split_choose_the_questions(folders: Path, tmp_path: Path) -> None:
    """The first N of the named split."""
    evaluate(folders, tmp_path / "a", "--limit", "5", "--timed", "0")
    evaluate(folders, tmp_path / "b", "--split", "train", "--timed", "0", "--style", "letters")
    counts = [json.loads((tmp_path / name / "results.json").read_text()) for name in "ab"]
    assert [each["questions"] for each in counts] == [5, 12]
    assert counts[1]["scoring"]["style"] == "letters"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (["--adapter", "/nonexistent"], "an adapter folder"),
        (["--base", "/nonexistent"], "an existing model folder is needed"),
        (["--adapter", "."], "got neither"),
    ],
)
def test_a_wrong_path_is_one_clear_message(
    folders: Path,
    tmp_path: Path,
    changes: list[str],
    message: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Exit status 2 and one sentence, before any file is written."""
    monkeypatch.chdir(tmp_path)
    status = evaluate(folders, tmp_path / "out", "--timed", "0", *changes)
    shown = capsys.readouterr().err
    assert status == 2
    assert list(tmp_path.iterdir()) == []
    assert message in shown
    assert "Traceback" not in shown


def test_a_missing_or_empty_set_is_named(
    folders: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """No folder, and a folder whose split holds nothing."""
    base = str(folders / "base")
    assert main(["evaluate", "/nonexistent", "--base", base, "--out", str(tmp_path / "o")]) == 2
    assert "a question set" in capsys.readouterr().err
    write_rows([], tmp_path)
    assert main(["evaluate", str(tmp_path), "--base", base, "--out", str(tmp_path / "o")]) == 2
    assert "questions of the validation split with known answers" in capsys.readouterr().err


def test_an_output_folder_of_other_settings_is_refused(
    folders: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing that is there is overwritten, and the difference is shown."""
    evaluate(folders, tmp_path, "--timed", "0")
    before = (tmp_path / "results.json").read_bytes()
    capsys.readouterr()
    assert evaluate(folders, tmp_path, "--timed", "0", "--normalisation", "per_token") == 2
    assert "scoring.normalisation was 'sum', now 'per_token'" in capsys.readouterr().err
    assert (tmp_path / "results.json").read_bytes() == before


@pytest.mark.parametrize("flag", [["--limit", "0"], ["--timed", "-1"], ["--batch-tokens", "x"]])
def test_impossible_numbers_are_refused_before_any_work(folders: Path, flag: list[str]) -> None:
    """Argparse's own exit status and message."""
    with pytest.raises(SystemExit) as stopped:
        evaluate(folders, folders / "never", *flag)
    assert stopped.value.code == 2
    assert not (folders / "never").exists()


def test_a_model_stuck_at_one_place_is_warned_about() -> None:
    """The collapse signal reaches the terminal."""
    items = [Item(question) for question in numbered_questions(24)]
    answers = ChosenScorer()([item.question for item in items])
    results = summarise(items, {"base": [Scored(each, None) for each in answers]}, scoring={})
    assert "Warning: base gives 100 % of its answers at one place." in show(results, {})


def test_a_long_breakdown_is_cut_on_the_screen(capsys: pytest.CaptureFixture[str]) -> None:
    """Twelve topics are shown, and the rest is pointed at."""
    questions = [
        replace(question, topic=f"topic {number:02}")
        for number, question in enumerate(numbered_questions(15))
    ]
    scored = [Scored(each, None) for each in ChosenScorer()(questions)]
    results = summarise([Item(each) for each in questions], {"base": scored}, scoring={})
    for part in show(results, {}):
        Console(width=120).print(part)
    shown = capsys.readouterr().out
    assert "topic 11" in shown
    assert "topic 12" not in shown
    assert "3 smaller ones are in results.json" in shown


def test_forgetting_compares_stored_answers(
    folders: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The answers of an evaluation, base before and tuned after: the sentence, and with --out a
    file; no model is needed.
    """
    assert evaluate(folders, tmp_path / "e", "--adapter", str(folders / "run"), "--timed", "0") == 0
    capsys.readouterr()
    pair = [str(tmp_path / "e" / "base"), str(tmp_path / "e" / "tuned")]
    data = str(folders / "data")
    assert main(["evaluate", data, "--forgetting", *pair, "--out", str(tmp_path / "f")]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert told.startswith("Of 36 questions ")
    found = json.loads((tmp_path / "f" / "forgetting.json").read_text())
    assert found["questions"] == 36
    results = json.loads((tmp_path / "e" / "results.json").read_text())["comparisons"][0]
    assert (found["forgotten"], found["learned"]) == (results["only_first"], results["only_second"])


def test_forgetting_says_where_answers_are(
    folders: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The folder above the answers is answered with those below it."""
    (tmp_path / "e" / "base").mkdir(parents=True)
    (tmp_path / "e" / "base" / "predictions.jsonl").write_text("")
    both = ["--forgetting", str(tmp_path / "e"), str(tmp_path / "e")]
    assert main(["evaluate", str(folders / "data"), *both]) == 2
    assert f"Try: {tmp_path / 'e' / 'base'}" in capsys.readouterr().err


def test_asking_a_model_needs_one(folders: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without --base and --out, and nothing to compare."""
    assert main(["evaluate", str(folders / "data")]) == 2
    assert "no --base and no --out" in capsys.readouterr().err


def test_worked_examples_come_from_the_other_split_and_evidence_is_kept(
    folders: Path, tmp_path: Path
) -> None:
    """Their ids are among the settings; a second sitting elsewhere gives the same answers."""
    cache = tmp_path / "cache"
    flags = ("--shots", "2", "--timed", "0", "--limit", "6", "--cache", str(cache))
    for name in ("one", "two"):
        assert evaluate(folders, tmp_path / name, *flags) == 0
        assert (cache / "evidence.sqlite").is_file()
    scoring = json.loads((tmp_path / "one" / "results.json").read_text())["scoring"]
    assert set(scoring["shots"]) < {question.id for question in numbered_questions(48)[36:]}
    assert len(scoring["shots"]) == 2
    answers = [tmp_path / name / "base" / "predictions.jsonl" for name in ("one", "two")]
    assert answers[0].read_bytes() == answers[1].read_bytes()


def test_a_chat_template_that_is_missing_is_named(
    folders: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The remedy is in the message."""
    assert evaluate(folders, tmp_path, "--chat-template", "--timed", "0") == 2
    assert "a tokenizer with a chat template; got none" in capsys.readouterr().err
