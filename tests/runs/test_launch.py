"""What the variables of a launcher mean."""

from __future__ import annotations

from pathlib import Path

import pytest

from underdog.cli.main import main
from underdog.runs.launch import Launch, read_launch

TORCHRUN = {
    "RANK": "3",
    "LOCAL_RANK": "1",
    "WORLD_SIZE": "4",
    "LOCAL_WORLD_SIZE": "2",
    "MASTER_ADDR": "127.0.0.1",
}


def test_torchruns_variables_say_who_one_is() -> None:
    """Rank and counts, over all machines and on this one."""
    assert read_launch(TORCHRUN) == Launch(3, 4, 2, None)


def test_without_all_of_them_one_is_alone() -> None:
    """Batch systems set WORLD_SIZE on their own."""
    assert read_launch({}) == Launch(0, 1, 1, None)
    assert read_launch({"WORLD_SIZE": "4"}) == Launch(0, 1, 1, None)


@pytest.mark.parametrize(
    ("key", "name"), [("ACCELERATE_USE_FSDP", "FSDP"), ("ACCELERATE_USE_DEEPSPEED", "DeepSpeed")]
)
def test_a_way_of_cutting_up_the_model_is_named(key: str, name: str) -> None:
    """As accelerate's launcher asks for it; "false" is what it sets otherwise."""
    assert read_launch({**TORCHRUN, key: "true"}).sharding == name
    assert read_launch({**TORCHRUN, key: "false"}).sharding is None


def test_a_recipe_is_walked_by_one_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Started as several, `underdog run` says which command can be."""
    for key, value in TORCHRUN.items():
        monkeypatch.setenv(key, value)
    assert main(["run", "--out", str(tmp_path / "out")]) == 2
    error = capsys.readouterr().err
    assert "a single process is needed to walk a recipe; got 4 processes" in error
    assert "underdog train" in error
    assert not (tmp_path / "out").exists()
