"""The command: the list of sets, a fetch from a folder, what it prints and what it refuses."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path

import pytest

from patience import PATIENCE_S
from underdog.cli.fetch import RowRate, add_fetch_arguments, run_fetch
from underdog.errors import InputError, SourceError
from underdog.runs.progress import Silent


def run(*arguments: str | Path) -> int:
    """Parse and run, as `underdog data fetch` does."""
    parser = argparse.ArgumentParser()
    add_fetch_arguments(parser)
    return run_fetch(parser.parse_args([str(each) for each in arguments]))


def write_sets(root: Path) -> Path:
    """GSM8K and WebQuestions with a few rows."""
    for name, rows in (
        ("gsm8k", [{"question": f"{at} + 1?", "answer": f"#### {at + 1}"} for at in range(30)]),
        ("web_questions", [{"url": "u", "question": "who", "answers": ["me", "I"]}]),
    ):
        (root / name).mkdir(parents=True)
        text = "".join(f"{json.dumps(row)}\n" for row in rows)
        (root / name / "train.jsonl").write_text(text)
    return root


def test_the_list_shows_every_set_with_what_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    """Name, repository, kind, rows, size, licence, splits: one line each when it is not folded."""
    from underdog.data.hub.catalogue import SOURCES

    assert run("--list") == 0
    lines = {line.split()[0]: line for line in capsys.readouterr().out.splitlines()}
    assert list(lines) == ["name", *SOURCES]
    assert lines["sciq"].split() == [
        "sciq",
        "allenai/sciq",
        "4",
        "choices",
        "12,679",
        "8.8",
        "MB",
        "cc-by-nc-3.0",
        "train",
        "validation",
        "test",
    ]
    assert lines["truthful_qa"].split()[-2:] == ["nothing", "validation"]


def test_the_list_needs_no_library() -> None:
    """It is there before the extra is installed, and at once."""
    code = (
        "import argparse, sys\n"
        "from underdog.cli.fetch import add_fetch_arguments, run_fetch\n"
        "parser = argparse.ArgumentParser()\n"
        "add_fetch_arguments(parser)\n"
        "run_fetch(parser.parse_args(['--list']))\n"
        "heavy = {'datasets', 'huggingface_hub', 'pyarrow', 'numpy', 'pandas'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=PATIENCE_S
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_a_fetch_says_what_came_and_what_is_next(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """State, rows, new rows, licence and revision of each set; the second time nothing is new."""
    root = write_sets(tmp_path / "hub")
    out = tmp_path / "out"
    assert run("gsm8k", "web_questions", "--out", out, "--from", root) == 0
    printed = capsys.readouterr().out
    assert f"Next: underdog data build {out} --out SET" in printed
    rows = [line.split() for line in printed.splitlines() if line.startswith(("gsm8k", "web_"))]
    assert [row[:8] for row in rows] == [
        ["gsm8k", "whole", "30", "30", "0.0", "MB", "mit", "train"],
        ["web_questions", "whole", "1", "1", "0.0", "MB", "unknown", "train"],
    ]
    assert run("gsm8k", "--out", out, "--from", root) == 0
    (row,) = [
        line.split() for line in capsys.readouterr().out.splitlines() if line.startswith("gsm8k")
    ]
    assert row[:4] == ["gsm8k", "whole", "30", "0"]


def test_flags_reach_the_fetch(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Limit, splits, again and the cache."""
    root, out = write_sets(tmp_path / "hub"), tmp_path / "out"
    (root / "gsm8k" / "test.jsonl").write_text('{"question": "Why?", "answer": "#### 7"}\n')
    assert run("gsm8k", "--out", out, "--from", root, "--limit", "4") == 0
    assert "up to the limit" in capsys.readouterr().out
    cache = tmp_path / "cache"
    flags = ("--split", "test", "--again", "--cache", cache)
    assert run("gsm8k", "--out", out, "--from", root, *flags) == 0
    assert json.loads((out / "gsm8k.jsonl").read_text())["answer"] == "7"
    assert cache.is_dir()


def test_notes_of_a_set_are_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A licence that forbids something is said where the set is fetched."""
    (tmp_path / "sciq").mkdir()
    row = {"question": "Q?", "correct_answer": "r", "support": ""}
    row |= {f"distractor{number}": f"d{number}" for number in (1, 2, 3)}
    for split in ("train", "validation"):
        (tmp_path / "sciq" / f"{split}.jsonl").write_text(f"{json.dumps(row)}\n")
    assert run("sciq", "--out", tmp_path / "out", "--from", tmp_path) == 0
    assert "sciq: not for commercial use." in capsys.readouterr().out


def test_the_cache_is_shown_before_the_hub_is_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the library keeps its files and how much that is now, also when the hub is away."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(SourceError, match="the Hugging Face hub must be reachable"):
        run("sciq", "--out", tmp_path / "out", "--cache", tmp_path)
    printed = capsys.readouterr().out
    assert printed.startswith(f"Cache: {tmp_path} (0.0 MB), {constants.HF_HUB_CACHE} (")


def test_what_cannot_be_is_refused(tmp_path: Path) -> None:
    """No folder, no name, an unknown name."""
    with pytest.raises(InputError) as caught:
        run("sciq")
    assert str(caught.value) == "a folder for the sets is needed. Try: --out DIR"
    with pytest.raises(InputError, match="the name of at least one set is needed"):
        run("--out", tmp_path, "--from", tmp_path)
    with pytest.raises(InputError, match="Try: sciq, or underdog data fetch --list"):
        run("sciqq", "--out", tmp_path, "--from", tmp_path)


class Heard(Silent):
    """Keeps the notes."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def advance(self, steps: int = 1, note: str = "") -> None:
        self.notes.append(note)


def test_rows_per_second_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows since the task began, by its own clock; what was there before does not count."""
    now = [0.0]
    monkeypatch.setattr("time.perf_counter", lambda: now[0])
    heard = Heard()
    rate = RowRate(heard)
    rate.begin("fetch sciq", 5000)
    rate.advance(3000)
    now[0] = 2.0
    rate.advance(1000)
    now[0] = 4.0
    rate.advance(1000, "nearly")
    rate.advance(1000)
    rate.end()
    assert heard.notes == ["", "500 rows/s", "nearly", "750 rows/s"]
