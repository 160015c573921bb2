"""A recipe: everything that decides the result of a run, in one TOML file.

In: the name of an embedded recipe, or the path of a file. Out: a frozen Recipe made of each part's
own config. Never: torch; a typo is answered before anything heavy is loaded.

`seed` and `model.style` are written once and handed to every part that needs them.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from underdog.adapters.settings import AdapterSettings
from underdog.agents.baseline import BASELINES
from underdog.data.config import DataConfig
from underdog.errors import InputError, RecipeError
from underdog.mcq.prompt import PromptStyle
from underdog.pipeline.tables import Faults, read_table
from underdog.protocol.editions import find_edition
from underdog.training.config import TrainingConfig

BASE = "base"
"""The opponent that is the model before tuning."""
_HANDED_DOWN = {
    "seed": ("data", "training", "match"),
    "style": ("training",),
}
"""Keys of parts that a recipe sets elsewhere: `seed` at its top, `style` under [model]."""


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """The base, and how questions are put to it."""

    base: str = "tiny-base"
    """A model folder, a hub name, or "tiny-base" for the embedded one."""
    style: PromptStyle = PromptStyle.TEXTS
    """"letters" for instruction-tuned models, "texts" for models too small to learn letters."""
    normalisation: str = "sum"
    """Of choice texts of different lengths: "sum", "per_token" or "per_character"."""
    dtype: str = "float32"
    """Of the base's weights: "float32" or "bfloat16"."""
    backend: str = "transformers"
    """What loads the base for training: "transformers", or "unsloth" where its package and a CUDA
    or ROCm GPU are."""

    def __post_init__(self) -> None:
        for name, value, allowed in (
            ("normalisation", self.normalisation, ("sum", "per_token", "per_character")),
            ("dtype", self.dtype, ("float32", "bfloat16", "float16")),
            ("backend", self.backend, ("transformers", "unsloth")),
        ):
            if value not in allowed:
                raise InputError(f"a {name} out of {', '.join(allowed)}", got=repr(value))


@dataclass(frozen=True, slots=True)
class EvaluationSettings:
    """How much is measured."""

    questions: int | None = None
    """Held-out questions scored, or None for all of them."""
    timed: int = 100
    """Questions answered one at a time to measure latency; 0 for none."""
    batch_tokens: int = 4096
    """Tokens per forward pass after padding, at least 1."""

    def __post_init__(self) -> None:
        if (self.questions is not None and self.questions < 1) or self.timed < 0:
            raise InputError(
                "questions of at least 1 and timed of at least 0",
                got=f"{self.questions}, {self.timed}",
            )
        if self.batch_tokens < 1:
            raise InputError("batch_tokens of at least 1", got=str(self.batch_tokens))


@dataclass(frozen=True, slots=True)
class MatchSettings:
    """The match at the end of the run: the tuned model against `opponent`."""

    opponent: str = "base"
    """"base" for the model before tuning, or "random", "always-b", "longest"."""
    questions: int = 20
    """Asked by each side, at least 2. Official matches: 20; a comparison needs more."""
    topics: tuple[str, ...] = ()
    """Topics drawn from; empty for all that have questions enough."""
    edition: str = "2026-02"
    """Whose time and text limits hold."""
    seed: int = 0
    """Draws the topics, the questions and the order of choices."""

    def __post_init__(self) -> None:
        if self.opponent not in (BASE, *BASELINES):
            known = ", ".join((BASE, *BASELINES))
            raise InputError(f"an opponent out of {known}", got=repr(self.opponent))
        if self.questions < 2:
            raise InputError("questions of at least 2", got=str(self.questions))
        find_edition(self.edition)


@dataclass(frozen=True, slots=True)
class FetchSettings:
    """Public sets that have to be there before the run: `underdog data fetch` gets them."""

    sets: tuple[str, ...] = ()
    """Names as `underdog data fetch --list` shows them; empty when nothing has to be fetched."""
    into: str = "raw"
    """The folder given to `data fetch --out`; a source of the recipe."""

    @property
    def command(self) -> str:
        """What to type."""
        return f"underdog data fetch {' '.join(self.sets)} --out {self.into}"


@dataclass(frozen=True, slots=True)
class ExpectedSettings:
    """What `underdog plan` assumes of the question set while it is not built."""

    rows: int | None = None
    """Rows to train on, or None: the mix's total less the held-out share, else 10,000."""
    tokens: float | None = None
    """Mean tokens of a row with its answer, or None: 150 for letters, 40 for texts."""
    longest: int | None = None
    """Tokens of the longest row, or None: max_tokens of the training."""

    def __post_init__(self) -> None:
        for name, value in (
            ("rows", self.rows),
            ("tokens", self.tokens),
            ("longest", self.longest),
        ):
            if value is not None and value < 1:
                raise InputError(f"{name} of at least 1", got=str(value))


@dataclass(frozen=True, slots=True)
class Recipe:
    """One run, from sources to match."""

    name: str
    """Shown in the report."""
    seed: int = 0
    """Decides every random choice of the run."""
    sources: tuple[str, ...] = ("bank",)
    """Question files or folders, or "bank" for the embedded facts."""
    fetch: FetchSettings = field(default_factory=FetchSettings)
    """Public sets among the sources."""
    expected: ExpectedSettings = field(default_factory=ExpectedSettings)
    """What is planned with before there is a question set."""
    retention: str | None = None
    """Folder of a built question set that training should not cost, asked before, on the way and
    after; or None."""
    data: DataConfig = field(default_factory=DataConfig)
    """How the question set is built."""
    model: ModelSettings = field(default_factory=ModelSettings)
    """The base."""
    adapter: AdapterSettings = field(default_factory=AdapterSettings)
    """What is trained."""
    training: TrainingConfig = field(default_factory=TrainingConfig)
    """How it is trained."""
    evaluation: EvaluationSettings = field(default_factory=EvaluationSettings)
    """How it is measured."""
    match: MatchSettings = field(default_factory=MatchSettings)
    """What it plays."""

    def __post_init__(self) -> None:
        if not self.sources:
            raise InputError("sources of at least one path", got="none")


def load_recipe(name: str) -> Recipe:
    """Read an embedded recipe by its name, or a TOML file by its path.

    Raises RecipeError listing every fault at once; unknown keys come with the nearest known one.
    """
    where, text = _read(name)
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise RecipeError("a TOML file is needed", got=str(error), where=where) from error
    return recipe_from(table, where)


def recipe_from(table: Mapping[str, Any], where: str) -> Recipe:
    """The recipe of a parsed table; `where` is its place, for messages."""
    faults = Faults()
    whole = _handed_down({"name": Path(where).stem, **table}, faults)
    recipe = read_table(Recipe, whole, "", faults)
    if faults:
        raise RecipeError(
            "a recipe with known keys and possible values is needed",
            got="; ".join(faults),
            where=where,
        )
    assert isinstance(recipe, Recipe)
    return recipe


def embedded_recipes() -> dict[str, Traversable]:
    """Recipes inside the package, by name."""
    folder = files("underdog") / "recipes"
    found = {entry.name: entry for entry in folder.iterdir()}
    return {
        name.removesuffix(".toml"): entry
        for name, entry in sorted(found.items())
        if name.endswith(".toml")
    }


def _read(name: str) -> tuple[str, str]:
    embedded = embedded_recipes()
    if name in embedded:
        return name, embedded[name].read_text(encoding="utf-8")
    path = Path(name)
    if not path.is_file():
        near = difflib.get_close_matches(name, embedded, n=1)
        raise RecipeError(
            "a recipe file, or the name of an embedded recipe, is needed",
            got="no such file",
            where=name,
            hint=near[0] if near else f"one of {', '.join(embedded)}",
        )
    try:
        return name, path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise RecipeError("a UTF-8 text file is needed", got=str(error), where=name) from error


def _handed_down(table: dict[str, Any], faults: Faults) -> dict[str, Any]:
    """Copy what is written once to the parts that need it; writing it there is a fault."""
    model = table.get("model")
    style = model.get("style") if isinstance(model, Mapping) else None
    values = {"seed": table.get("seed"), "style": style}
    whole = dict(table)
    for key, parts in _HANDED_DOWN.items():
        for part in parts:
            own = whole.get(part, {})
            if not isinstance(own, Mapping):
                continue  # a value in place of a table is named by `read_table`
            if key in own:
                home = "at the top of the recipe" if key == "seed" else "under [model]"
                faults.append(f"{part}.{key} is set once, {home}")
            elif values[key] is not None:
                whole[part] = {**own, key: values[key]}
    return whole
