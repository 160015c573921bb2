"""Recipes: read, refused, and handed on to the parts."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from patience import PATIENCE_S
from underdog.errors import RecipeError
from underdog.pipeline.recipe import embedded_recipes, load_recipe, recipe_from
from underdog.pipeline.tables import to_table


def write(tmp_path: Path, text: str) -> str:
    path = tmp_path / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


@pytest.mark.parametrize("name", embedded_recipes())
def test_every_embedded_recipe_loads_under_its_own_name(name: str) -> None:
    """No embedded recipe has a fault, and its name is its file's."""
    assert load_recipe(name).name == name


def test_an_empty_file_is_the_defaults_named_after_the_file(tmp_path: Path) -> None:
    """Everything has a default; the name is taken from the file."""
    recipe = load_recipe(write(tmp_path, ""))
    assert (recipe.name, recipe.sources, recipe.model.base) == ("mine", ("bank",), "tiny-base")


def test_seed_and_style_reach_every_part(tmp_path: Path) -> None:
    """What is written once decides data, training and match."""
    recipe = load_recipe(write(tmp_path, 'seed = 7\n[model]\nstyle = "letters"\n'))
    assert {recipe.seed, recipe.data.seed, recipe.training.seed, recipe.match.seed} == {7}
    assert {recipe.model.style, recipe.training.style} == {"letters"}


def test_a_seed_inside_a_part_is_refused(tmp_path: Path) -> None:
    """Two places for one value would disagree one day."""
    with pytest.raises(RecipeError, match=r"data\.seed is set once, at the top of the recipe"):
        load_recipe(write(tmp_path, "[data]\nseed = 1\n"))
    with pytest.raises(RecipeError, match=r"training.style is set once, under \[model\]"):
        load_recipe(write(tmp_path, '[training]\nstyle = "texts"\n'))


def test_a_typo_is_answered_with_the_nearest_key_and_all_faults_come_at_once(
    tmp_path: Path,
) -> None:
    """The message names file, dotted key, what was probably meant, and every other fault."""
    path = write(
        tmp_path,
        '[adaptor]\nrank = 8\n[training.schedule]\nbatchsize = 4\nepochs = "two"\n'
        "[data]\nchunks = 0\n[model]\ndtype = 'float8'\n",
    )
    with pytest.raises(RecipeError) as refused:
        load_recipe(path)
    text = str(refused.value)
    assert text.startswith(f"{path}: a recipe with known keys and possible values is needed")
    assert "unknown key 'adaptor' (did you mean 'adapter'?)" in text
    assert "unknown key 'training.schedule.batchsize' (did you mean 'batch_size'?)" in text
    assert "training.schedule.epochs must be a whole number, not 'two'" in text
    assert "data: 1 to 32767 chunks; got 0" in text
    assert "a dtype out of float32, bfloat16, float16; got 'float8'" in text


def test_a_missing_recipe_names_the_nearest_embedded_one() -> None:
    """`underdog run tinny` says tiny."""
    with pytest.raises(RecipeError, match=r"tinny: .* Try: tiny"):
        load_recipe("tinny")


def test_a_file_that_is_not_toml_or_not_text_is_refused(tmp_path: Path) -> None:
    """The parser's own place in the file is passed on."""
    with pytest.raises(RecipeError, match=r"a TOML file is needed; got .*line 1"):
        load_recipe(write(tmp_path, "rank == 3"))
    path = tmp_path / "junk.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(RecipeError, match="a UTF-8 text file is needed"):
        load_recipe(str(path))


def test_a_resolved_recipe_reads_back_equal(tmp_path: Path) -> None:
    """What the run writes down is the whole recipe."""
    recipe = load_recipe("tiny")
    table = to_table(recipe)
    for part, key in (("data", "seed"), ("training", "seed"), ("match", "seed")):
        assert table[part].pop(key) == recipe.seed
    assert table["training"].pop("style") == recipe.model.style
    assert recipe_from(table, "tiny") == recipe


def test_reading_a_recipe_loads_no_torch() -> None:
    """A typo is answered before anything heavy is imported."""
    code = (
        "import sys; from underdog.pipeline.recipe import load_recipe; load_recipe('tiny'); "
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], timeout=PATIENCE_S).returncode == 0


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ('kind = "dora"\nmagnitude_rate = 8', ("dora", 8.0, None)),
        ('kind = "dora"', ("dora", 5.0, None)),
        ('kind = "oplora"\nprotected = 4', ("oplora", None, 4)),
        ('kind = "rslora"', ("rslora", None, None)),
        ("rank = 8", ("lora", None, None)),
    ],
)
def test_a_recipe_chooses_the_kind_of_adapter(
    tmp_path: Path, table: str, expected: tuple[str, float | None, int | None]
) -> None:
    """With the fields of that kind, and it reads back equal."""
    recipe = load_recipe(write(tmp_path, f"[adapter]\n{table}\n"))
    adapter = recipe.adapter
    assert (adapter.kind.value, adapter.magnitude_rate, adapter.protected) == expected
    assert recipe_from({"adapter": to_table(adapter)}, "again").adapter == adapter


def test_an_impossible_adapter_is_a_fault_of_the_recipe(tmp_path: Path) -> None:
    """DoRA with OPLoRA's field, and a kind that nobody knows."""
    with pytest.raises(RecipeError, match="adapter: DoRA or OPLoRA, not both"):
        load_recipe(write(tmp_path, '[adapter]\nkind = "dora"\nprotected = 4\n'))
    with pytest.raises(RecipeError, match=r"adapter\.kind must be lora or rslora or dora or opl"):
        load_recipe(write(tmp_path, '[adapter]\nkind = "pissa"\n'))
