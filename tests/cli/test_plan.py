"""``underdog plan`` as a user types it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from fakes import numbered_questions, save_base
from patience import PATIENCE_S
from underdog.cli.main import main
from underdog.data.row import Band, Row, Split
from underdog.data.store import write_rows

SENTINEL = """
import sys
from underdog.cli.main import main
status = main(sys.argv[1:])
print("LOADED", sorted({"torch", "transformers"} & set(sys.modules)), status)
"""


def planned(*words: str) -> dict[str, Any]:
    """What --json prints, from a process of its own."""
    command = [sys.executable, "-m", "underdog", "plan", *words, "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S)
    assert done.returncode in (0, 1), done.stderr
    value: dict[str, Any] = json.loads(done.stdout)
    return value


def test_a_plan_needs_no_torch_and_prints_every_part() -> None:
    """The pure formulas are enough for the 72B recipe; the sentence names what decides."""
    words = ["plan", "--recipe", "mi300x-72b-lora", "--gpu", "mi300x", "--price", "2"]
    done = subprocess.run(
        [sys.executable, "-c", SENTINEL, *words], capture_output=True, text=True, timeout=PATIENCE_S
    )
    assert done.returncode == 0, done.stderr
    assert "LOADED [] 0" in done.stdout
    assert "It fits: 160.7 to 164.1 GB of 205.8 GB. The biggest part is weights" in done.stdout
    assert "Rows assumed: 45000 rows of 180 tokens" in done.stdout
    assert "s per step" in done.stdout
    assert "Cost: " in done.stdout
    assert "underdog data fetch mmlu" in done.stdout


def test_a_model_that_is_too_large_ends_with_status_1_and_the_reason(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Nothing is promised that cannot be had."""
    assert main(["plan", "--model", "Qwen/Qwen3-235B-A22B", "--gpu", "mi300x"]) == 1
    text = capsys.readouterr().out
    assert "It does not fit" in text
    assert "Reason: the weights of the base alone take 470.2 GB in 16 bit" in text
    assert "Time:" not in text


def test_what_to_change_is_tried_and_said(capsys: pytest.CaptureFixture[str]) -> None:
    """Each change with what it comes to; the last one fits."""
    words = ["plan", "--model", "Qwen/Qwen2.5-3B", "--gpu", "rx7900xtx", "--batch", "64"]
    main(words)
    text = capsys.readouterr().out
    tried = [line for line in text.splitlines() if line.startswith("  micro-batches")]
    assert len(tried) == 1
    assert ": fits (" in tried[0]


def test_flags_change_the_recipe_and_json_holds_everything() -> None:
    """Kind, rank, batch, lengths and type, through a real process."""
    value = planned(
        *("--recipe", "mi300x-72b-lora", "--gpu", "mi300x", "--kind", "dora", "--rank", "8"),
        *("--batch", "32", "--accumulation", "8", "--activation-checkpointing", "4"),
        *("--rows", "1000", "--tokens", "100", "--longest", "200", "--epochs", "2"),
    )
    assert value["adapter"]["kind"] == "dora"
    assert value["adapter"]["trained_weights"] == 842_137_600 // 8 + 6_860_800  # magnitudes
    assert value["batch"] == {
        "rows": 32,
        "micro_batch": 4,
        "accumulation": 8,
        "largest_micro_batch": value["batch"]["largest_micro_batch"],
        "activation_checkpointing": 4,
    }
    assert (value["rows"]["count"], value["rows"]["longest"]) == (1000, 200)
    memory = value["memory"]
    assert sum(term["high"] for term in memory["terms"]) == pytest.approx(memory["high_bytes"])


def test_memory_alone_is_a_device(capsys: pytest.CaptureFixture[str]) -> None:
    """Without a name there are no rates, and no time."""
    assert main(["plan", "--recipe", "qwen-0.5b-lora", "--memory", "16"]) == 0
    assert "the rate of this device is not known" in capsys.readouterr().out
    assert main(["plan", "--recipe", "tiny", "--memory", "0"]) == 2
    assert main(["plan", "--recipe", "tiny", "--gpu", "mi300x", "--calibrate"]) == 2


@pytest.mark.slow
def test_calibration_prints_estimate_and_measurement(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Real steps on a real set with the base's own weights; the estimate stands beside."""
    base = save_base(tmp_path / "base")
    (tmp_path / "set").mkdir()
    rows = [
        Row(question, question.id, 0.5, Band.EASY, Split.TRAIN, at // 50, at)
        for at, question in enumerate(numbered_questions(100))
    ]
    write_rows(rows, tmp_path / "set")
    words = ["plan", "--model", str(base), "--data", str(tmp_path / "set"), "--rank", "4"]
    assert main([*words, "--batch", "4", "--calibrate"]) == 0
    text = capsys.readouterr().out
    assert "Measured here" in text
    assert "(estimate " in text
    assert main([*words, "--batch", "4", "--calibrate", "--json"]) == 0
    value = json.loads(capsys.readouterr().out)
    assert value["measured"]["peak_bytes"] == value["memory"]["high_bytes"]
    assert value["time"]["measured"] is True
    assert value["estimate"]["memory"]["moment"] != "measured"
