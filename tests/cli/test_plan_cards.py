"""``underdog plan --fits`` and ``--which``, and the disk of a plan, as a user types them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from underdog.cli.main import main
from underdog.cli.plan_view import BAR_CELLS, bar

RECIPE = ("--recipe", "mi300x-72b-lora")


def said(capsys: pytest.CaptureFixture[str], *words: str, status: int = 0) -> str:
    """What `underdog plan` prints."""
    assert main(["plan", *words]) == status
    return capsys.readouterr().out


def test_what_fits_on_a_card_is_a_table_of_models_and_adapters(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Each model with each kind, the largest micro-batch, and the largest model in a sentence."""
    models = ("--model", "Qwen/Qwen2.5-3B", "--model", "Qwen/Qwen2.5-32B")
    text = said(capsys, "--fits", "7900xtx", *models, "--rank", "8")
    assert "Rows assumed: 10000 rows of 150 tokens" in text
    assert "The largest model that fits is Qwen/Qwen2.5-3B: " in text
    rows = [line for line in text.splitlines() if line.startswith("Qwen/Qwen2.5-32B")]
    assert len(rows) == 6
    assert all("none fits" in row and "!" in row for row in rows)


def test_without_a_model_all_well_known_ones_are_tried(capsys: pytest.CaptureFixture[str]) -> None:
    """As JSON, with the numbers of the table."""
    value = json.loads(said(capsys, "--fits", "h100", "--json"))
    largest = {each["model"]: each["largest_micro_batch"] for each in value["options"]}
    assert value["card"] == "h100"
    assert len(value["options"]) == 6 * len(largest)
    assert largest["Qwen/Qwen2.5-72B"] == 0
    fitting = [each for each in value["options"] if each["model"] == "Qwen/Qwen2.5-7B"]
    assert all(each["largest_micro_batch"] > 0 for each in fitting)
    assert fitting[0]["high_bytes"]["1"] < fitting[0]["high_bytes"]["16"]


def test_nothing_fits_is_status_1(capsys: pytest.CaptureFixture[str]) -> None:
    """And said."""
    text = said(capsys, "--fits", "rx7600", "--model", "Qwen/Qwen2.5-72B", status=1)
    assert "Nothing of this fits" in text


def test_which_card_prints_all_of_them_with_rent(capsys: pytest.CaptureFixture[str]) -> None:
    """The smallest that does it, what the others lack, and the cheapest of those with a price."""
    rents = ("--rent", "mi300x=1.99", "--rent", "B200=6")
    text = said(capsys, "--which", *RECIPE, *rents)
    assert "The smallest card that does it is b200 with 180.0 GB." in text
    assert "The cheapest of those with a price is mi300x: " in text
    h100 = next(line for line in text.splitlines() if line.startswith("h100 "))
    assert h100.split()[1:4] == ["no", "85.5", "-78.6"]
    value = json.loads(said(capsys, "--which", *RECIPE, *rents, "--json"))
    cards = {card["card"]: card for card in value["cards"]}
    assert cards["mi300x"]["fit"] == "fits"
    assert cards["mi300x"]["cost"][0] == pytest.approx(1.99 * cards["mi300x"]["hours"][0])
    assert cards["h100"]["cost"] is None
    assert cards["h100"]["source"].startswith("https://www.nvidia.com/")


def test_a_run_that_no_card_holds_is_status_1(capsys: pytest.CaptureFixture[str]) -> None:
    """With what the nearest one lacks."""
    text = said(capsys, "--which", "--model", "Qwen/Qwen3-235B-A22B", status=1)
    assert "No card of the table holds it: even " in text


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "--recipe or --model"),
        (("--model", "Qwen/Qwen2.5-3B", "--model", "Qwen/Qwen2.5-7B"), "one --model"),
        (("--fits", "h100", "--gpu", "h100"), "--fits without --gpu"),
        (("--which", *RECIPE, "--price", "2"), "--rent GPU=PRICE"),
        (("--which", *RECIPE, "--copies", "1"), "--which without --disk"),
        ((*RECIPE, "--gpu", "h100", "--rent", "h100=2"), "--rent with --which"),
        (("--which", *RECIPE, "--rent", "h100=dear"), "a price of at least 0 per hour"),
        (("--which", *RECIPE, "--rent", "h999=1"), "a known GPU is needed"),
        ((*RECIPE, "--gpu", "h100", "--disk", "0"), "--disk above 0 GB"),
    ],
)
def test_flags_that_do_not_go_together_are_refused(
    words: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """No option is silently without effect."""
    assert main(["plan", *words]) == 2
    assert message in " ".join(capsys.readouterr().err.split())


def test_a_disk_that_is_too_small_is_foreseen(capsys: pytest.CaptureFixture[str]) -> None:
    """The first team's: two bases and a copy on 697 GB. Without the second base it is enough."""
    words = (*RECIPE, "--gpu", "mi300x", "--disk", "697", "--copies", "1")
    text = said(capsys, *words, "--fetch-also", "Qwen/Qwen3-235B-A22B", status=1)
    assert "It does not fit: 697.0 GB are free." in text
    assert "further models in the hub cache: 470.2 GB" in text
    assert "the hub cache grows by 615.6 GB" in text
    text = said(capsys, *words)
    assert "It fits: 697.0 GB are free." in text
    assert "GGUF q4_mixed" in text


def test_free_space_is_looked_up_on_this_machine_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of the disk that the hub cache lies on, also before the folder is there; not for a card
    that is elsewhere.
    """
    monkeypatch.setenv("HF_HOME", str(tmp_path / "not" / "yet"))
    here = json.loads(said(capsys, "--recipe", "tiny", "--json"))
    assert here["disk"]["free"] > 0
    there = json.loads(said(capsys, *RECIPE, "--gpu", "mi300x", "--json"))
    assert there["disk"]["free"] is None


def test_bars_are_drawn_to_one_scale() -> None:
    """In eighths of a cell, from nothing to the whole width."""
    assert bar(0.0) == ""
    assert bar(1.0) == "█" * BAR_CELLS == bar(1.7)
    assert bar(0.5) == "█" * (BAR_CELLS // 2)
    assert bar(1 / (8 * BAR_CELLS)) == "▏"
