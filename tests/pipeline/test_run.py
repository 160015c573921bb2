"""The whole path on a small set, interrupted and not."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from patience import PATIENCE_S
from underdog.errors import InputError, RunError, RunMismatchError
from underdog.pipeline.recipe import load_recipe
from underdog.pipeline.run import Surroundings, run_recipe
from underdog.runs.lock import locked

COMPARED = (
    "data/questions.parquet",
    "train/adapter/adapter_model.safetensors",
    "train/adapter/adapter_config.json",
    "evaluation/base/predictions.jsonl",
    "evaluation/tuned/predictions.jsonl",
    "evaluation/results.json",
    "match/result.json",
)
RECIPE = """
sources = ["{questions}"]
[data]
chunks = 3
validation_share = 0.3
[model]
base = "{base}"
[adapter]
rank = 2
[training]
max_tokens = 256
[training.schedule]
epochs = 2
batch_size = 4
learning_rate = [1e-2, 5e-3]
[training.checkpoints]
every_steps = 4
keep = 2
[training.execution]
threads = 1
[evaluation]
timed = 3
[match]
questions = 6
"""


@pytest.fixture(scope="module")
def recipe_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recipe with its own random base and 120 questions on three topics."""
    from fakes import save_base

    folder = tmp_path_factory.mktemp("recipe")
    base = folder / "base"
    save_base(base)
    questions = folder / "questions.jsonl"
    questions.write_text("".join(f"{json.dumps(each)}\n" for each in made()), encoding="utf-8")
    path = folder / "small.toml"
    path.write_text(RECIPE.format(questions=questions, base=base), encoding="utf-8")
    return path


def made() -> list[dict[str, object]]:
    rng = random.Random(0)
    words = ["amber", "basil", "cedar", "dune", "ember", "fjord", "grove", "heath", "islet", "jade"]
    rows: list[dict[str, object]] = []
    for number in range(120):
        choices = rng.sample(words, 4)
        clue = " ".join(rng.sample(words, 3))
        text = f"Which word was drawn as number {number * 7919}, after {clue}?"
        topic = ("stones", "plants", "places")[number % 3]
        rows.append({"question": text, "choices": choices, "answer": choices[0], "topic": topic})
    return rows


def around(told: list[str] | None = None) -> Surroundings:
    return Surroundings("2026-11-20", time.perf_counter, (told if told is not None else []).append)


def outcome(out: Path) -> dict[str, bytes]:
    return {name: (out / name).read_bytes() for name in COMPARED}


@pytest.fixture(scope="module")
def whole(recipe_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that nothing disturbed."""
    out = tmp_path_factory.mktemp("whole") / "run"
    run_recipe(load_recipe(str(recipe_path)), out, around())
    return out


def test_a_run_leaves_every_part_and_a_report(whole: Path) -> None:
    """All stages are recorded with their time, and the page names the recipe."""
    stages = json.loads((whole / "stages.json").read_text(encoding="utf-8"))
    assert [stage["name"] for stage in stages] == ["data", "train", "evaluate", "match"]
    assert all(stage["seconds"] > 0 for stage in stages)
    assert "small" in (whole / "report.html").read_text(encoding="utf-8")
    results = json.loads((whole / "evaluation/results.json").read_text(encoding="utf-8"))
    assert [model["name"] for model in results["models"]] == ["base", "tuned"]
    assert json.loads((whole / "match/result.json").read_text(encoding="utf-8"))["complete"]


def test_a_second_call_keeps_everything(whole: Path, recipe_path: Path) -> None:
    """Nothing is done twice: the records and every byte stay."""
    before = outcome(whole)
    told: list[str] = []
    run_recipe(load_recipe(str(recipe_path)), whole, around(told))
    assert outcome(whole) == before
    assert told == [
        f"{name}: kept from an earlier sitting" for name in ("data", "train", "evaluate", "match")
    ]


@pytest.mark.slow
def test_a_killed_run_ends_like_an_undisturbed_one(
    whole: Path, recipe_path: Path, tmp_path: Path
) -> None:
    """SIGKILL at six moments, the same command after each: same bytes in the end."""
    out = tmp_path / "run"
    command = [sys.executable, "-m", "underdog", "run", str(recipe_path), "--out", str(out)]
    rng = random.Random(int(os.environ.get("KILL_SEED", "3")))
    kills = 0
    for _ in range(30):
        process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True
        )
        try:
            _, errors = process.communicate(timeout=rng.uniform(2, 9) if kills < 6 else PATIENCE_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            kills += 1
            continue
        assert process.returncode == 0, errors
        break
    assert kills >= 1
    assert outcome(out) == outcome(whole)


def test_a_folder_of_another_recipe_is_refused_with_the_difference(
    whole: Path, recipe_path: Path, tmp_path: Path
) -> None:
    """The differing key is named, and nothing in the folder changes."""
    other = tmp_path / "small.toml"
    text = recipe_path.read_text(encoding="utf-8").replace("rank = 2", "rank = 3")
    other.write_text(text, encoding="utf-8")
    before = outcome(whole)
    with pytest.raises(RunMismatchError, match=r"recipe.adapter.rank was 2, now 3"):
        run_recipe(load_recipe(str(other)), whole, around())
    assert outcome(whole) == before


def test_a_folder_that_holds_something_else_is_refused(recipe_path: Path, tmp_path: Path) -> None:
    """A user's own files are never mixed with a run's."""
    (tmp_path / "thesis.tex").write_text("x", encoding="utf-8")
    with pytest.raises(InputError, match=r"an empty folder.*thesis.tex"):
        run_recipe(load_recipe(str(recipe_path)), tmp_path, around())
    with pytest.raises(InputError, match="got a file"):
        run_recipe(load_recipe(str(recipe_path)), tmp_path / "thesis.tex", around())
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_two_processes_cannot_work_in_one_folder(recipe_path: Path, tmp_path: Path) -> None:
    """The second one is told who is there."""
    out = tmp_path / "run"
    with locked(out), pytest.raises(RunError, match=f"held by process {os.getpid()}"):
        run_recipe(load_recipe(str(recipe_path)), out, around())


def test_the_summary_names_every_stage_and_both_accuracies(whole: Path, recipe_path: Path) -> None:
    """`underdog run` on a finished folder prints the table at once."""
    done = subprocess.run(
        [sys.executable, "-m", "underdog", "run", str(recipe_path), "--out", str(whole)],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )
    assert done.returncode == 0, done.stderr
    assert re.search(r"base \d+\.\d % \(.*\); tuned \d+\.\d % \(", done.stdout)
    assert f"Report: {whole / 'report.html'}" in done.stdout.replace("\n", "")
    assert all(f" {name} " in done.stdout for name in ("data", "train", "evaluate", "match"))
