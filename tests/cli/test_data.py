"""The command: what it prints, where things are, one clear error."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from underdog.cli.main import main
from underdog.data.store import read_rows


def write(path: Path, count: int = 30) -> Path:
    names = [
        "amber",
        "basin",
        "cedar",
        "delta",
        "ember",
        "fjord",
        "grove",
        "harbor",
        "island",
        "jungle",
    ]
    rows = [
        {
            "question": f"{names[at % 10]} {at * 7919} {names[at // 10]} {at * 104729}?",
            "choices": [f"A) {at}", f"B) {at + 100}", f"C) {at + 200}", f"D) {at + 300}"],
            "expected_answer": "ABCD"[at % 4],
        }
        for at in range(count)
    ]
    path.write_text(json.dumps([*rows, {"question": "Why?", "choices": ["x"], "answer": "A"}]))
    return path


def test_a_build_says_what_it_did_and_where_things_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Format per file, counts by reason, split, check, digests, seconds."""
    out = tmp_path / "set"
    path = write(tmp_path / "q.json")
    assert (
        main(["data", "build", str(path), "--out", str(out), "--chunks", "3", "--seed", "5"]) == 0
    )
    printed = capsys.readouterr().out
    for part in (
        "JSON, labelled choices",
        "fewer than two choices",
        "30 kept + 1 rejected = 31 read.",
        "27 for training in 3 chunks of 9 to 9, 3 held out",
        "Near-duplicates across the split: none found (3 validation questions against all 27",
        "questions.parquet",
        f"Question set: {out} (",
        f"Data card: {out / 'card.html'} (and card.md)",
    ):
        assert part in printed
    assert len(read_rows(out)) == 30


def test_settings_reach_the_set(tmp_path: Path) -> None:
    """Order, shares and the validation share are those of the flags."""
    out = tmp_path / "set"
    flags = [
        "--chunks",
        "2",
        "--order",
        "hard-to-easy",
        "--shares",
        "0",
        "0",
        "1",
        "--validation-share",
        "0.5",
    ]
    assert main(["data", "build", str(write(tmp_path / "q.json")), "--out", str(out), *flags]) == 0
    rows = read_rows(out)
    assert {row.band.value for row in rows} == {"hard"}
    train = [row.difficulty for row in rows if row.position is not None]
    assert len(train) == 15
    assert train == sorted(train, reverse=True)


def test_notes_and_skipped_files_are_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file counted from 1 and a file without questions."""
    folder = tmp_path / "raw"
    folder.mkdir()
    rows = [
        {"question": f"Number {at}?", "choices": ["x", "y"], "answer": at % 2 + 1}
        for at in range(9)
    ]
    (folder / "q.json").write_text(json.dumps(rows))
    (folder / "README.md").write_text("# Read me\n")
    assert (
        main(["data", "build", str(folder), "--out", str(tmp_path / "set"), "--chunks", "1"]) == 0
    )
    printed = capsys.readouterr().out
    assert "Note: answers are counted from 1: raw/q.json" in printed
    assert "Skipped raw/README.md: a file with questions" in printed


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["missing.json"], "missing.json: a file or a folder with questions; got nothing there"),
        (["q.json", "--shares", "1", "1", "1"], "shares of easy, medium and hard"),
        (["q.json", "--chunks", "0"], "1 to 32767 chunks; got 0"),
    ],
)
def test_what_the_user_got_wrong_is_one_message(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    flags: list[str],
    message: str,
) -> None:
    """Exit status 2, one line on standard error, nothing written."""
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "q.json")
    assert main(["data", "build", *flags, "--out", "set"]) == 2
    error = capsys.readouterr().err
    assert error.splitlines()[-1].startswith("underdog data: ")
    assert message in error
    assert not (tmp_path / "set").exists()
