"""underdog export."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from fakes import letter_tokenizer, save_base, save_random_adapter
from underdog.cli.export import lines
from underdog.cli.main import main
from underdog.evaluation.parity import Parity
from underdog.inference.export.prove import Proof


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.set_num_threads(1)
    home = tmp_path_factory.mktemp("export")
    save_base(home / "base", tokenizer=letter_tokenizer())
    save_random_adapter(home / "run" / "train" / "adapter")
    return home


def export(home: Path, form: str, out: Path, *more: str) -> int:
    run, base = str(home / "run"), str(home / "base")
    return main(
        ["export", form, run, "--base", base, "--out", str(out), "--questions", "20", *more]
    )


def test_a_run_becomes_a_folder_and_a_file(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Both are proven on questions of the embedded bank, and said so."""
    assert export(home, "merged", tmp_path / "m", "--dtype", "float16") == 0
    shown = capsys.readouterr().out
    assert "Export against adapter, 20 questions: largest probability difference" in shown
    assert f"Proven: {tmp_path / 'm'}" in shown
    assert export(home, "gguf", tmp_path / "m.gguf") == 0
    assert f"Proven: {tmp_path / 'm.gguf'}" in capsys.readouterr().out
    stored = json.loads((tmp_path / "m.gguf.parity.json").read_text())
    assert (stored["kind"], stored["faults"]) == ("f16", [])


@pytest.mark.parametrize(
    ("form", "name", "message"),
    [
        ("gguf", "model.bin", "a file name that ends in .gguf"),
        ("merged", "m.rejected", "a name that does not end in .rejected or .unproven"),
    ],
)
def test_wrong_names_are_told(
    home: Path,
    tmp_path: Path,
    form: str,
    name: str,
    message: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Before anything is loaded."""
    assert export(home, form, tmp_path / name) == 2
    assert message in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_rejected_export_says_why_and_where() -> None:
    """Every fault is a line, and the place has the other name."""
    proof = Proof(Path("m.rejected"), Parity(20, 0.5, 0.2, 7, 0.7), ("7 answers changed",))
    assert lines(proof) == [
        (
            "Export against adapter, 20 questions: largest probability difference 0.5, "
            "7 answers changed, 70.0 % of the effect lost."
        ),
        "Rejected: 7 answers changed.",
        "Kept for a look, not for use: m.rejected",
    ]
