"""What is inside the wheel."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from patience import PATIENCE_S

ROOT = Path(__file__).resolve().parents[1]
NEEDED = (
    "underdog/recipes/tiny.toml",
    "underdog/recipes/mi300x-72b-lora.toml",
    "underdog/hardware/gpus.toml",
    "underdog/hardware/chips.toml",
    "underdog/hardware/ailments/amd.toml",
    "underdog/hardware/ailments/common.toml",
    "underdog/hardware/ailments/nvidia.toml",
    "underdog/training/budget/known.toml",
    "underdog/assets/tiny-base/model.safetensors",
    "underdog/assets/tiny-base/tokenizer.json",
    "underdog/data/bank/facts.csv",
    "underdog/data/bank/NOTICE.md",
    "underdog/data/bank/relations.toml",
    "underdog/report/templates/page.html.j2",
    "underdog/data/card/templates/card.html.j2",
    "underdog/pages/templates/base.css",
    "underdog/py.typed",
)


@pytest.mark.slow
def test_the_wheel_holds_the_recipes_the_bank_the_base_and_the_page(tmp_path: Path) -> None:
    """Everything `underdog run` needs lies inside the package; nothing outside it is shipped."""
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", tmp_path]
    subprocess.run([*command, ROOT], check=True, capture_output=True, timeout=PATIENCE_S)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assert [name for name in NEEDED if name not in names] == []
    assert {name.split("/")[0].split("-")[0] for name in names} == {"underdog"}
