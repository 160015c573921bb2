"""From recipes to plans, and what a run asks before it starts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoConfig, AutoModelForCausalLM

from fakes import ByteTokenizer, numbered_questions, save_base
from underdog.data.row import Band, Row, Split
from underdog.data.store import write_rows
from underdog.errors import InputError
from underdog.hardware.gpus import Device, find_gpu
from underdog.pipeline import planning
from underdog.pipeline.planning import check_fetched, request_of, settled
from underdog.pipeline.recipe import FetchSettings, ModelSettings, Recipe, load_recipe
from underdog.runs.manifest import Manifest, open_manifest
from underdog.training.budget.plan import Fit, make_plan
from underdog.training.budget.rehearsal import config_of
from underdog.training.budget.shape import find_shape

MADE_FOR = {
    "tiny": "rx7600",
    "mi300x-72b-lora": "mi300x",
    "mi300x-72b-rslora": "mi300x",
    "mi300x-72b-dora": "mi300x",
    "qwen-7b-lora": "rx7900xtx",
    "qwen-0.5b-lora": "rx7600",
    "rdna-16gb-3b-lora": "rx7800xt",
}
"""Every recipe for a machine, with the device that it was written for."""


@pytest.mark.parametrize(("name", "gpu"), MADE_FOR.items())
def test_every_recipe_fits_the_device_it_was_made_for(name: str, gpu: str) -> None:
    """Its base is built on the meta device: the plan counts the weights that are really there."""
    recipe = load_recipe(name)
    request = request_of(recipe, find_gpu(gpu))
    with torch.device("meta"):
        built = AutoModelForCausalLM.from_config(AutoConfig.for_model(**config_of(request.shape)))
    assert sum(weight.numel() for weight in built.parameters()) == request.shape.weights
    assert make_plan(request).fit is Fit.FITS


def test_the_public_sets_of_every_recipe_are_known(tmp_path: Path) -> None:
    """Nothing is fetched by a run; the message is the command to type."""
    for name in MADE_FOR:
        recipe = load_recipe(name)
        if not recipe.fetch.sets:
            check_fetched(recipe)
            continue
        assert recipe.fetch.into in recipe.sources
        elsewhere = replace(recipe, fetch=replace(recipe.fetch, into=str(tmp_path)))
        with pytest.raises(InputError, match=r"have to be fetched first.*underdog data fetch mmlu"):
            check_fetched(elsewhere)


def test_fetched_sets_are_enough(tmp_path: Path) -> None:
    """A name for two sets stands for both files."""
    recipe = Recipe("mine", fetch=FetchSettings(("arc",), str(tmp_path)))
    (tmp_path / "arc_easy.jsonl").touch()
    with pytest.raises(InputError, match="got no arc_challenge"):
        check_fetched(recipe)
    (tmp_path / "arc_challenge.jsonl").touch()
    check_fetched(recipe)


def rows(count: int) -> tuple[Row, ...]:
    return tuple(
        Row(question, question.id, 0.5, Band.EASY, Split.TRAIN, at * 2 // count, at)
        for at, question in enumerate(numbered_questions(count))
    )


def auto_recipe(base: Path) -> Recipe:
    recipe = load_recipe("tiny")
    execution = replace(recipe.training.execution, batch="auto")
    return replace(
        recipe,
        model=ModelSettings(str(base)),
        training=replace(recipe.training, execution=execution),
    )


def test_a_set_is_counted_with_the_bases_own_tokenizer(tmp_path: Path) -> None:
    """And the plan says so; its weights need no download."""
    base = save_base(tmp_path / "base")
    (tmp_path / "set").mkdir()
    write_rows(rows(12), tmp_path / "set")
    recipe = auto_recipe(base)
    request = request_of(recipe, find_gpu("mi300x"), data=tmp_path / "set")
    assert request.rows.count == 12
    assert "counted with its tokenizer" in request.rows.origin
    assert request.local
    assert request.config.execution.accumulation == 1


def device_of(memory_bytes: int) -> Any:
    return lambda: Device("small", memory_bytes, 1e12, 1e12, (0.2, 0.4))


def test_an_automatic_batch_is_the_largest_that_fits_and_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One part with room, more without, an error with none; a run that began keeps its number."""
    recipe = auto_recipe(save_base(tmp_path / "base"))
    shape = find_shape(recipe.model.base)

    def parts(memory: int) -> int:
        monkeypatch.setattr(planning, "detect", device_of(memory))
        config = settled(recipe, rows(32), ByteTokenizer(), tmp_path / "run")
        return config.execution.accumulation

    assert parts(10**12) == 1
    scarce = round(2.0e9 + 4 * shape.weights + 2_000_000)
    assert 1 < parts(scarce) <= 16
    with pytest.raises(InputError, match=r"fits into 0\.0 GB of small"):
        parts(10_000_000)
    (tmp_path / "run").mkdir()
    open_manifest(tmp_path / "run", Manifest({"training": {"accumulation": 7}}, {}))
    assert parts(10**12) == 7


def test_a_given_batch_is_left_alone() -> None:
    """Nothing is looked at."""
    recipe = load_recipe("tiny")
    assert settled(recipe, (), None, Path("nowhere")) is recipe.training
