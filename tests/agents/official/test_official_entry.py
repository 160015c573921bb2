"""The exported entry, run as the judge runs it."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from fakes import letter_tokenizer, numbered_questions, save_base, save_random_adapter
from patience import PATIENCE_S
from underdog.agents.official.export import export_entry
from underdog.cli.main import main
from underdog.errors import InputError
from underdog.inference.export.source import Source
from underdog.inference.score import score
from underdog.inference.scorer import ScoringConfig, open_scorer
from underdog.mcq.prompt import PromptStyle
from underdog.mcq.question import Question
from underdog.protocol.player import StrippedQuestion

QUESTIONS = numbered_questions(60)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.set_num_threads(1)
    home = tmp_path_factory.mktemp("official")
    save_base(home / "base", tokenizer=letter_tokenizer())
    save_random_adapter(home / "adapter")
    source = Source(home / "base", home / "adapter")
    for style in ("texts", "letters"):
        export_entry(source, QUESTIONS, home / style, style=style, dtype="float32")
    return home


def run_agent(entry: Path, agent: str, *flags: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "ignore", "-m", f"agents.{agent}", *flags]
    return subprocess.run(command, cwd=entry, capture_output=True, text=True, timeout=PATIENCE_S)


@pytest.mark.parametrize("count", [1, 6, 21, 23])
def test_it_asks_exactly_as_many_questions_as_wanted(home: Path, count: int) -> None:
    """Different ones, in both files, and each passes the official filter."""
    from underdog.protocol.filters import filter_question
    from underdog.protocol.tokens import estimate_tokens

    done = run_agent(home / "texts", "question_agent", "--num_questions", str(count), "--verbose")
    assert done.returncode == 0, done.stderr
    outputs = home / "texts" / "outputs"
    raw = json.loads((outputs / "questions.json").read_text("utf-8"))
    asked = json.loads((outputs / "filtered_questions.json").read_text("utf-8"))
    assert [json.loads(text) for text in raw] == asked
    assert len({each["question"] for each in asked}) == len(asked) == count
    assert all(filter_question(each, estimate_tokens).finding is None for each in asked)


@pytest.mark.parametrize("style", ["texts", "letters"])
def test_it_answers_as_the_model_that_it_was_made_of(home: Path, style: str) -> None:
    """Question by question the same letter, for a number that leaves one over; a question without
    choices is null in its place.
    """
    wanted = answers_here(home, QUESTIONS[:20], style)
    shown: list[Any] = [StrippedQuestion(q.text, q.choices).to_json() for q in QUESTIONS[:20]]
    entry = home / style
    (entry / "outputs").mkdir(exist_ok=True)
    given = json.dumps([*shown, {"question": "?"}])
    (entry / "outputs" / "filtered_questions.json").write_text(given, "utf-8")
    done = run_agent(entry, "answer_agent")
    assert done.returncode == 0, done.stderr
    found = json.loads((entry / "outputs" / "filtered_answers.json").read_text("utf-8"))
    assert [each and each["answer"] for each in found] == [*wanted, None]


def answers_here(home: Path, questions: Sequence[Question], style: str) -> list[str]:
    """By `score`, choices in the order of the question."""
    from underdog.mcq.presentation import Presentation

    config = ScoringConfig(style=PromptStyle(style))
    scorer = open_scorer(home / "base", home / "adapter", config=config)
    bare = [replace(question, answer=None) for question in questions]
    orders = [Presentation.identity(4)] * len(bare)
    found = score(bare, scorer, presentations=orders)
    return ["ABCD"[each.choice or 0] for each in found]


def test_it_needs_nothing_but_torch_transformers_and_peft(home: Path) -> None:
    """Every import of its code, and no absolute path in any of its small files."""
    known = set(sys.stdlib_module_names) | {"agents", "torch", "transformers", "peft"}
    for path in (home / "texts" / "agents").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [each.name for each in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert {name.partition(".")[0] for name in names} <= known, path
    for path in (home / "texts").rglob("*.json"):
        assert str(home) not in path.read_text("utf-8"), path


def test_the_command_writes_it_and_an_existing_folder_is_kept(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the questions of the embedded bank, and what to do next."""
    out = tmp_path / "AIAC"
    command = ["export", "aiac", str(home / "adapter"), "--base", str(home / "base")]
    assert main([*command, "--out", str(out)]) == 0
    assert f"Next: underdog check-agent {out}" in capsys.readouterr().out
    assert main([*command, "--out", str(out)]) == 2
    assert "a folder that is not there yet" in capsys.readouterr().err


def test_questions_without_keys_make_no_bank(home: Path, tmp_path: Path) -> None:
    """And nothing is written."""
    bare = [replace(each, answer=None) for each in QUESTIONS]
    source = Source(home / "base", home / "adapter")
    with pytest.raises(InputError, match="4 choices, a key and a topic; got none"):
        export_entry(source, bare, tmp_path / "x", style="texts", dtype="float32")
    assert list(tmp_path.iterdir()) == []
