"""The example runs as it stands, and its arithmetic is the package's."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from fakes import save_base
from patience import PATIENCE_S
from underdog.interval import wilson

EXAMPLE = Path(__file__).parents[2] / "examples" / "finetune_in_one_file.py"


@pytest.fixture(scope="module")
def example() -> ModuleType:
    """The example as a module; nothing runs on import."""
    spec = importlib.util.spec_from_file_location("finetune_in_one_file", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_it_runs_from_questions_to_accuracy_with_intervals(tmp_path: Path) -> None:
    """On a random base and a few questions: before, a falling loss, after, warnings as errors."""
    base = save_base(tmp_path / "base")
    sizes = ["--questions", "96", "--held-out", "40", "--epochs", "2", "--batch", "16"]
    others = ["--threads", "1", "--rank", "4", "--learning-rate", "1e-2"]
    done = subprocess.run(
        [sys.executable, "-W", "error", str(EXAMPLE), "--base", str(base), *sizes, *others],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert "96 questions to train on, 40 held out" in done.stdout
    result = r"^(before|after): \d+/40 = 0\.\d+  \[0\.\d+, [01]\.\d+\]$"
    assert re.findall(result, done.stdout, re.MULTILINE) == ["before", "after"]
    losses = [float(found) for found in re.findall(r"loss (\d+\.\d+)", done.stdout)]
    assert losses[-1] < losses[0]


@pytest.mark.parametrize(("right", "n"), [(0, 10), (3, 10), (10, 10), (281, 600)])
def test_its_interval_is_the_package_s(example: ModuleType, right: int, n: int) -> None:
    """The flat Wilson interval equals `evaluation.accuracy.wilson` to 1e-6."""
    expected = wilson(right, n)
    assert example.wilson(right, n) == pytest.approx((expected.low, expected.high), abs=1e-6)


def test_training_and_measuring_share_no_fact(example: ModuleType) -> None:
    """The border between the two lists never cuts through the questions of one fact."""
    from underdog.data.bank.facts import load_facts, load_relations
    from underdog.data.bank.questions import four_choice_questions

    made = four_choice_questions(load_facts(), load_relations(), seed=1, per_fact=3)
    group = {each.question.id: each.group for each in made}
    seen, held_out = example.read_questions(500, 100, 1)
    assert (len(seen), len(held_out)) == (500, 100)
    assert not {group[each.id] for each in seen} & {group[each.id] for each in held_out}


def test_it_stays_short() -> None:
    """One file that is read in one go: under 200 lines."""
    assert len(EXAMPLE.read_text().splitlines()) < 200
