"""From a recipe to what `training.budget` plans: the base's shape, the rows, the device.

Also what a run asks before it starts: are the public sets there, and how is `batch = "auto"` to be
cut. Never: torch, a download.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from underdog.adapters.embedded import find_base
from underdog.data.row import Row
from underdog.errors import InputError
from underdog.hardware.detect import cpu, detect
from underdog.hardware.gpus import Device
from underdog.mcq.prompt import PromptStyle
from underdog.pipeline.recipe import Recipe
from underdog.runs.manifest import MANIFEST_NAME, read_manifest
from underdog.training.budget.lengths import Rows, assumed, counted
from underdog.training.budget.plan import Request, fitted
from underdog.training.budget.shape import find_shape
from underdog.training.config import TrainingConfig

ASSUMED_ROWS = 10_000
"""Where neither a set nor the recipe says how many."""
ASSUMED_TOKENS = {PromptStyle.LETTERS: 150.0, PromptStyle.TEXTS: 40.0}
"""Mean tokens of a four-choice row: OpenTriviaQA has 60 under letters, MMLU about 150; the first
team's step time fits 150 to 250."""


def request_of(
    recipe: Recipe, device: Device, *, data: Path | None = None, price: float | None = None
) -> Request:
    """What to plan for a recipe. `data` is its question set, where it is built.

    `batch = "auto"` is settled for the device: the request has the accumulation that fits, or the
    one given when none does.
    """
    shape = find_shape(recipe.model.base)
    request = Request(
        shape=shape,
        adapter=recipe.adapter,
        config=recipe.training,
        rows=expected_rows(recipe) if data is None else read_lengths(recipe, data),
        device=device,
        dtype=recipe.model.dtype,
        local=weights_folder(recipe.model.base) is not None,
        price=price,
    )
    if recipe.training.execution.batch != "auto":
        return request
    return fitted(request) or request


def expected_rows(recipe: Recipe) -> Rows:
    """The recipe's own assumption, or the defaults."""
    wanted, data, style = recipe.expected, recipe.data, recipe.model.style
    limit = recipe.training.max_tokens
    total = data.mix.total if data.mix is not None else None
    rows = wanted.rows or (round(total * (1 - data.validation_share)) if total else ASSUMED_ROWS)
    longest = min(wanted.longest or limit, limit)
    mean = min(wanted.tokens or ASSUMED_TOKENS[style], longest)
    return assumed(rows, mean, longest, style=style, chunks=data.chunks)


def read_lengths(recipe: Recipe, data: Path) -> Rows:
    """Rows of a built set, counted with the base's tokenizer where it is at hand."""
    from underdog.data.store import read_rows

    counter = token_counter(recipe.model.base)
    return counted(read_rows(data), recipe.training, counter, where=str(data))


def token_counter(model: str) -> Callable[[str], int] | None:
    """Text to its number of tokens, or None without the base's tokenizer.json or the package."""
    folder = weights_folder(model) or _snapshot(model)
    path = None if folder is None else folder / "tokenizer.json"
    if path is None or not path.is_file():
        return None
    try:
        from tokenizers import Tokenizer
    except ModuleNotFoundError:
        return None
    cutter = Tokenizer.from_file(str(path))
    return lambda text: len(cutter.encode(text, add_special_tokens=False).ids)


def weights_folder(model: str) -> Path | None:
    """The folder of a base whose weights are on this machine, or None."""
    source = Path(find_base(model)).expanduser()
    for folder in (source, _snapshot(model)):
        if folder is not None and any(folder.glob("*.safetensors")):
            return folder
    return None


def _snapshot(model: str) -> Path | None:
    home = Path(os.environ.get("HF_HOME", "~/.cache/huggingface")).expanduser()
    pattern = f"models--{model.replace('/', '--')}/snapshots/*"
    found = sorted((home / "hub").glob(pattern)) if model.count("/") == 1 else []
    return found[-1] if found else None


def check_fetched(recipe: Recipe) -> None:
    """InputError with the command to type when public sets of the recipe are not there."""
    if not recipe.fetch.sets:
        return
    from underdog.data.hub.catalogue import find_sources

    folder = Path(recipe.fetch.into)
    names = [wanted.source.name for wanted in find_sources(recipe.fetch.sets)]
    missing = [name for name in names if not (folder / f"{name}.jsonl").is_file()]
    if missing:
        raise InputError(
            f"the public sets of recipe {recipe.name} have to be fetched first",
            got=f"no {', '.join(missing)}",
            where=folder,
            hint=recipe.fetch.command,
        )


def settled(recipe: Recipe, rows: Sequence[Row], tokenizer: Any, run: Path) -> TrainingConfig:
    """The training's settings with `batch = "auto"` decided, for rows and a tokenizer at hand.

    A run that has begun in the folder `run` keeps its number. InputError when nothing fits.
    """
    config = recipe.training
    if config.execution.batch != "auto":
        return config
    if (run / MANIFEST_NAME).exists():
        first = read_manifest(run).identity["training"]["accumulation"]
        return _parts(config, int(first))

    def count(text: str) -> int:
        return len(tokenizer.encode(text, add_special_tokens=False))

    device = cpu() if config.execution.device == "cpu" else detect()
    request = replace(
        request_of(replace(recipe, training=_parts(config, 1)), device),
        rows=counted(rows, config, count, where=str(run)),
    )
    best = fitted(request)
    if best is None:
        raise InputError(
            f"a run that fits into {device.memory_bytes / 1e9:.1f} GB of {device.name} is needed",
            got="not even one row does",
            hint=f"underdog plan --recipe {recipe.name}",
        )
    return _parts(config, best.config.execution.accumulation)


def _parts(config: TrainingConfig, accumulation: int) -> TrainingConfig:
    return replace(config, execution=replace(config.execution, accumulation=accumulation))
