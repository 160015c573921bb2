"""``underdog train`` from flags to adapter."""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from fakes import numbered_questions, save_base
from patience import PATIENCE_S
from underdog.adapters.settings import AdapterKind, AdapterSettings
from underdog.cli import train as command
from underdog.cli.main import main
from underdog.data.row import Band, Row, Split
from underdog.data.store import write_rows
from underdog.errors import InputError
from underdog.runs.files import digest_folder
from underdog.runs.manifest import read_manifest
from underdog.runs.metrics import read_metrics
from underdog.training.config import TrainingConfig


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A data folder of 40 train rows in 4 chunks and 8 validation rows, and a base."""
    root = tmp_path_factory.mktemp("train")
    questions = numbered_questions(48)
    rows = [
        Row(question, question.id, 0.5, Band.MEDIUM, Split.TRAIN, at // 10, at)
        for at, question in enumerate(questions[:40])
    ]
    rows += [
        Row(question, question.id, 0.5, Band.MEDIUM, Split.VALIDATION, None, None)
        for question in questions[40:]
    ]
    (root / "data").mkdir()
    write_rows(rows, root / "data")
    return root / "data", save_base(root / "base")


def flags(places: tuple[Path, Path], out: Path, *more: str) -> list[str]:
    data, base = places
    words = ["train", str(data), "--base", str(base), "--out", str(out), "--threads", "1"]
    return [*words, "--rank", "4", "--batch", "5", "--learning-rate", "1e-2", "5e-3", *more]


def parse(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    return parser.parse_args(["data", "--base", "b", "--out", "o", *words])


def test_it_trains_and_says_where_the_adapter_is(
    places: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """40 rows and 5 replays in steps of five: 11 steps; a second call only reports."""
    for _ in range(2):
        assert main(flags(places, tmp_path / "run")) == 0
        told = " ".join(capsys.readouterr().out.split())
        assert "11 steps on 45 rows" in told
        assert "adapter" in told
    assert (tmp_path / "run" / "adapter" / "adapter_model.safetensors").is_file()


def test_flags_reach_the_recipe(places: tuple[Path, Path], tmp_path: Path) -> None:
    """Style, chunks, epochs, seed and replay stand in the manifest and in the steps."""
    more = ["--style", "letters", "--chunks", "2", "--epochs", "2", "--seed", "9"]
    assert main(flags(places, tmp_path, *more, "--replay-capacity", "0", "--alpha", "6")) == 0
    identity = read_manifest(tmp_path).identity
    assert identity["training"]["style"] == "letters"
    assert identity["training"]["seed"] == 9
    assert identity["adapter"]["alpha"] == 6.0
    steps = read_metrics(tmp_path).steps
    assert [step.chunk for step in steps] == [0] * 4 + [1] * 4
    assert sum(step.samples for step in steps) == 40


def test_defaults_are_those_of_the_configs() -> None:
    """Flags that are not given change nothing of what the configs say."""
    args = parse()
    assert command.make_config(args) == TrainingConfig()
    assert command.make_adapter(args) == AdapterSettings()


def test_every_kind_of_adapter_can_be_asked_for() -> None:
    """The flags of each kind arrive in its settings."""
    args = parse("--adapter", "dora", "--magnitude-rate", "8", "--b-rate", "16")
    assert command.make_adapter(args) == AdapterSettings(
        kind=AdapterKind.DORA, magnitude_rate=8.0, b_rate=16.0
    )
    args = parse("--adapter", "oplora", "--protected", "4", "--subspaces", "/kept")
    assert command.make_adapter(args) == AdapterSettings(kind=AdapterKind.OPLORA, protected=4)
    assert command.make_config(args).execution.subspace_folder == "/kept"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--adapter", "dora", "--protected", "4"], "DoRA or OPLoRA, not both"),
        (["--magnitude-rate", "5"], "magnitude_rate belongs to kind dora"),
        (["--chunks", "0"], "--chunks of at least 1"),
        (["--rank", "0"], "a rank of at least 1"),
        (["--batch", "0"], "batch_size of at least 1"),
        (["--learning-rate", "0", "1e-5"], "learning rates between 0 and 1"),
        (["--base", "/no/such/base"], "an existing model folder is needed"),
    ],
)
def test_wrong_flags_are_one_clear_message(
    places: tuple[Path, Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    message: str,
) -> None:
    """Exit status 2, the message on standard error, and no run folder."""
    assert main(flags(places, tmp_path / "run", *words)) == 2
    assert message in " ".join(capsys.readouterr().err.split())
    assert not (tmp_path / "run").exists()


def test_another_recipe_in_the_folder_is_refused(
    places: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The difference is shown, and the finished run stays as it is."""
    assert main(flags(places, tmp_path)) == 0
    before = digest_folder(tmp_path)
    assert main(flags(places, tmp_path, "--seed", "5")) == 2
    assert "training.seed was 0, now 5" in " ".join(capsys.readouterr().err.split())
    assert digest_folder(tmp_path) == before


def test_chunks_of_nothing_are_refused(tmp_path: Path) -> None:
    """A folder that is no question set is said by the reader of question sets."""
    with pytest.raises(InputError):
        command.read_chunks(tmp_path, None)


@pytest.mark.slow
def test_a_signal_exits_with_its_status_and_a_message(
    places: tuple[Path, Path], tmp_path: Path
) -> None:
    """The real command, told to stop in mid-training: checkpoint, message, exit status; the same
    command then finishes.
    """
    words = flags(places, tmp_path, "--epochs", "20", "--checkpoint-every", "1000")
    process: subprocess.Popen[Any] = subprocess.Popen(
        [sys.executable, "-m", "underdog", *words], stderr=subprocess.PIPE, text=True
    )
    metrics = tmp_path / "metrics.jsonl"
    while process.poll() is None and not (metrics.exists() and metrics.stat().st_size > 300):
        time.sleep(0.01)
    process.send_signal(signal.SIGTERM)
    _, told = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 143
    assert "the same command continues from here" in " ".join(told.split())
    assert main(words) == 0
    steps = [step.step for step in read_metrics(tmp_path).steps]
    assert steps == list(range(1, len(steps) + 1))


def test_measures_and_guards_reach_the_run(
    places: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Validation every three steps, a retention set, two adapters kept, the policy and the waits:
    in the manifest, in the metrics, on disk and in the sentence.
    """
    out = tmp_path / "run"
    more = ["--validate-every", "3", "--validation-questions", "5", "--best", "2"]
    more += ["--retention", str(places[0]), "--retention-questions", "7", "--keep", "best"]
    more += ["--on-guard", "stop", "--stall", "60", "--disk-wait", "5"]
    assert main(flags(places, out, *more)) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "Best on 5 held-out questions: step " in told
    assert "Of 7 questions " in told
    manifest = read_manifest(out)
    assert manifest.identity["validation"]["questions"] == 5
    assert manifest.identity["retention"]["questions"] == 7
    assert manifest.context["watch"] == {"on_guard": "stop", "stall_s": 60.0, "disk_wait_s": 5.0}
    validated = [each["step"] for each in read_metrics(out).events if each["kind"] == "validation"]
    assert validated == [0, 3, 6, 9][: len(validated)]
    assert len(list((out / "candidates").iterdir())) == 2
    assert digest_folder(out / "adapter") == digest_folder(out / "best")


def test_a_retention_set_without_keys_is_refused(tmp_path: Path, places: tuple[Path, Path]) -> None:
    """Nothing could be forgotten."""
    from underdog.mcq.question import Question

    row = Row(Question("Who?", ("a", "b"), None), "g", 0.5, Band.EASY, Split.TRAIN, 0, 0)
    write_rows([row], tmp_path)
    with pytest.raises(InputError, match="a retention set with known answers"):
        command.read_retention(tmp_path)
