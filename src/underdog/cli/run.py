"""``underdog run``: the whole path of a recipe, and one table of where things are."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.table import Table

    from underdog.pipeline.stages import StageRecord


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags."""
    add = parser.add_argument
    add(
        "recipe",
        nargs="?",
        default="tiny",
        metavar="RECIPE",
        help="a TOML file, or an embedded recipe (default: tiny)",
    )
    add(
        "--out",
        type=Path,
        default=Path("out"),
        metavar="DIR",
        help="folder of the run; the same command continues it (default: out)",
    )


def run(args: argparse.Namespace) -> int:
    """Walk the path and print the summary."""
    import time
    from datetime import UTC, datetime
    from importlib.util import find_spec

    from underdog.cli.console import ProgressBar, console
    from underdog.errors import MissingExtraError
    from underdog.pipeline.recipe import load_recipe
    from underdog.pipeline.run import Surroundings, run_recipe

    check_alone()
    recipe = load_recipe(args.recipe)
    if find_spec("torch") is None:
        raise MissingExtraError.of("a run", "llm")  # now, not after the first stage
    started = time.perf_counter()
    with ProgressBar() as progress:
        now = datetime.now(UTC).isoformat(timespec="seconds")
        around = Surroundings(now, time.perf_counter, progress.say, progress)
        records = run_recipe(recipe, args.out, around)
    console.print(summary(args.out, records, time.perf_counter() - started))
    console.print(*sentences(args.out), sep="\n", soft_wrap=True)
    return 0


def check_alone() -> None:
    """InputError when several processes were started: they would all build the same set."""
    from underdog.errors import InputError
    from underdog.runs.launch import read_launch

    count = read_launch().count
    if count > 1:
        raise InputError(
            "a single process is needed to walk a recipe",
            got=f"{count} processes",
            hint="underdog train, which can be started as several",
        )


def sentences(out: Path) -> Sequence[str]:
    """What the run found, in words."""
    from underdog.runs.files import read_json

    results = read_json(out / "evaluation" / "results.json")
    found = [each["sentence"] for each in results["comparisons"]]
    return [*(f"{text[:1].upper()}{text[1:]}." for text in found), f"Report: {out / 'report.html'}"]


def summary(out: Path, records: Sequence[StageRecord], seconds: float) -> Table:
    """One row per stage: what it found and where it is."""
    from rich.table import Table

    table = Table(title=f"{out}: {seconds:.0f} s in this sitting", title_justify="left")
    for name in ("stage", "found", "where"):
        table.add_column(name, overflow="fold")
    table.add_column("s", justify="right")
    told = {"data": _data, "train": _train, "evaluate": _evaluate, "match": _match}
    where = {"evaluate": "evaluation"}
    for record in records:
        name = record.name
        folder = out / where.get(name, name)
        table.add_row(name, told[name](folder), str(folder), f"{record.seconds:.0f}")
    return table


def _data(folder: Path) -> str:
    from underdog.runs.files import read_json

    value: Mapping[str, Any] = read_json(folder / "summary.json")
    splits = value["splits"]
    return (
        f"{value['kept']} of {value['read']} questions kept: "
        f"{splits['train']} to train on, {splits['validation']} held out"
    )


def _train(folder: Path) -> str:
    from underdog.runs.files import read_json

    value: Mapping[str, Any] = read_json(folder / "result.json")["result"]
    return (
        f"{value['steps']} steps, {value['samples']} samples, "
        f"{value['samples'] / value['elapsed_s']:.0f} samples/s, "
        f"{value['dropped_steps']} bad steps dropped"
    )


def _evaluate(folder: Path) -> str:
    from underdog.cli.evaluation_view import percent
    from underdog.runs.files import read_json

    value: Mapping[str, Any] = read_json(folder / "results.json")
    models = [f"{model['name']} {percent(model['accuracy'])}" for model in value["models"]]
    return f"{'; '.join(models)} on {value['questions']} held-out questions"


def _match(folder: Path) -> str:
    from underdog.runs.files import read_json

    teams: Mapping[str, Any] = read_json(folder / "result.json")["teams"]
    return " : ".join(f"{team['name']} {team['official']['total']:.1f}" for team in teams.values())
