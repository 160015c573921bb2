"""``underdog evaluate``: a base and an adapter on the same held-out questions, with intervals.

With ``--forgetting BEFORE AFTER`` no model is asked: two folders of stored answers are compared,
question by question.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.table import Table

    from underdog.evaluation.forgetting import Forgetting
    from underdog.evaluation.predictions import Scored
    from underdog.evaluation.results import Item
    from underdog.inference.scorer import ScoringConfig


FORGETTING_NAME = "forgetting.json"
MOST_GROUPS = 12
"""Rows of one breakdown on the screen; the file has all."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags."""
    add = parser.add_argument
    add("data", type=Path, metavar="DATA_DIR", help="question set made by underdog data build")
    add(
        "--base",
        metavar="MODEL",
        help="model folder, hub name, or tiny-base (in the package)",
    )
    add(
        "--forgetting",
        type=Path,
        nargs=2,
        metavar=("BEFORE", "AFTER"),
        help="instead of asking a model: what was learned, kept and forgotten between two folders "
        "of answers (OUT/base of an evaluation, RUN/retention/before of a training)",
    )
    add(
        "--adapter",
        type=Path,
        metavar="DIR",
        help="adapter folder, or a run that holds one; without it the base is scored alone",
    )
    add("--out", type=Path, metavar="DIR", help="folder for answers and results")
    add("--split", choices=("validation", "train"), default="validation", help="which questions")
    add("--limit", type=_positive, metavar="N", help="only the first N questions")
    add("--style", choices=("texts", "letters"), default="texts", help="how answers are asked for")
    add(
        "--normalisation",
        choices=("sum", "per_token", "per_character", "unconditional"),
        default="sum",
        help="what makes choice texts of different lengths comparable; unconditional: less what "
        "each is worth without the question",
    )
    add("--shots", type=_count, default=0, metavar="K", help="worked examples from the other split")
    add("--instruction", default="", metavar="TEXT", help="first line of every prompt")
    add("--chat-template", action="store_true", help="ask in the tokenizer's chat template")
    add(
        "--letters-with-space",
        choices=("automatic", "space", "none"),
        default="automatic",
        help='whether answers are " A" or "A"; automatic: a space in plain prompts only',
    )
    add(
        "--cache",
        type=Path,
        metavar="DIR",
        help="where log-probabilities are kept between evaluations (the user's cache folder)",
    )
    add("--dtype", choices=("float32", "bfloat16", "float16"), default="float32")
    add(
        "--batch-tokens", type=_positive, default=1024, metavar="N", help="per pass; GPUs want more"
    )
    add("--timed", type=_count, default=100, metavar="N", help="questions timed alone; 0: none")
    add("--seed", type=int, default=0, help="order in which letters show the choices")


def run(args: argparse.Namespace) -> int:
    """Score, compare, save, print; or compare what two folders hold."""
    if args.forgetting is not None:
        return run_forgetting(args)
    _check_asked(args)
    import time

    from underdog.cli.console import ProgressBar, console
    from underdog.inference.evidence_cache import EvidenceCache, default_folder
    from underdog.inference.examine import base_and_tuned, evaluate_models
    from underdog.inference.latency import LatencyConfig

    items = _items(args.data, args.split, args.limit)
    config = _config(args, items)
    cache = EvidenceCache(args.cache or default_folder())
    with ProgressBar() as progress:
        results = evaluate_models(
            items,
            base_and_tuned(args.base, args.adapter, config=config, dtype=args.dtype, cache=cache),
            args.out,
            clock=time.perf_counter,
            latency=LatencyConfig(questions=args.timed) if args.timed else None,
            progress=progress,
        )
    for part in show(results, _latencies(args.out, results)):
        console.print(part, soft_wrap=isinstance(part, str))
    console.print(f"Answers and results: {args.out}", soft_wrap=True, markup=False)
    return 0


def _config(args: argparse.Namespace, items: Sequence[Item]) -> ScoringConfig:
    """How questions are put; worked examples come from the split that is not asked."""
    from underdog.data.store import read_rows
    from underdog.inference.scorer import Normalisation, ScoringConfig
    from underdog.mcq.prompt import PromptStyle
    from underdog.mcq.template import Spacing, draw_shots

    pool = (row.question for row in read_rows(args.data) if row.split.value != args.split)
    asked = {item.question.id for item in items}
    return ScoringConfig(
        style=PromptStyle(args.style),
        normalisation=Normalisation(args.normalisation),
        seed=args.seed,
        batch_tokens=args.batch_tokens,
        shots=draw_shots(list(pool) if args.shots else [], args.shots, seed=args.seed, asked=asked),
        instruction=args.instruction,
        chat_template=args.chat_template,
        spacing=Spacing(args.letters_with_space),
    )


def _check_asked(args: argparse.Namespace) -> None:
    """What a model needs to be asked; argparse cannot require it only without --forgetting."""
    from underdog.errors import InputError

    missing = [flag for flag in ("base", "out") if getattr(args, flag) is None]
    if missing:
        raise InputError(
            "--base and --out are needed to ask a model",
            got=f"no {' and no '.join('--' + flag for flag in missing)}",
            hint="--forgetting BEFORE AFTER compares stored answers",
        )


def run_forgetting(args: argparse.Namespace) -> int:
    """Compare stored answers; --out keeps the result as forgetting.json."""
    from underdog.cli.console import console
    from underdog.data.store import read_rows
    from underdog.evaluation.forgetting import pair_answers
    from underdog.runs.files import write_json

    before, after = (read_answers(folder) for folder in args.forgetting)
    questions = [row.question for row in read_rows(args.data)]
    found = pair_answers(questions, before, after)
    console.print(found.sentence())
    if found.left_out:
        console.print(f"{found.left_out} more were answered once only, or are not in {args.data}.")
    if found.topics:
        console.print(_topic_table(found))
    if args.out is not None:
        write_json(args.out / FORGETTING_NAME, found.to_json())
        console.print(f"Result: {args.out / FORGETTING_NAME}")
    return 0


def read_answers(folder: Path) -> tuple[Scored, ...]:
    """The answers in a folder; InputError naming the folders below it that hold some."""
    from underdog.errors import InputError
    from underdog.evaluation.predictions import PREDICTIONS_NAME, read_scored

    if not (folder / PREDICTIONS_NAME).is_file():
        below = sorted(path.parent.name for path in folder.glob(f"*/{PREDICTIONS_NAME}"))
        raise InputError(
            f"a folder with {PREDICTIONS_NAME} is needed",
            got="none there",
            where=folder,
            hint=" or ".join(str(folder / name) for name in below),
        )
    return read_scored(folder / PREDICTIONS_NAME)


def _topic_table(found: Forgetting) -> Table:
    from rich.table import Table

    table = Table(title="Topics that lost most", title_justify="left")
    for name in ("topic", "questions", "forgotten", "learned"):
        table.add_column(name, justify="left" if name == "topic" else "right")
    for each in found.topics:
        table.add_row(each.topic, str(each.questions), str(each.forgotten), str(each.learned))
    return table


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return value


def _count(text: str) -> int:
    value = int(text)
    if value < 0:
        raise argparse.ArgumentTypeError("at least 0")
    return value


def _items(folder: Path, split: str, limit: int | None) -> list[Item]:
    from underdog.data.store import read_rows
    from underdog.errors import InputError
    from underdog.evaluation.results import Item

    rows = [row for row in read_rows(folder) if row.split.value == split]
    keyed = [Item(row.question, row.band.value) for row in rows if row.question.answer is not None]
    if not keyed:
        raise InputError(f"questions of the {split} split with known answers", where=folder)
    return keyed[:limit]


def _latencies(folder: Path, results: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    from underdog.inference.examine import LATENCY_NAME
    from underdog.runs.files import read_json

    paths = {model["name"]: folder / model["name"] / LATENCY_NAME for model in results["models"]}
    return {name: read_json(path) for name, path in paths.items() if path.exists()}


def show(
    results: Mapping[str, Any], latencies: Mapping[str, Mapping[str, Any]]
) -> list[Table | str]:
    """What the terminal shows: accuracy, the comparison, latency, and warnings."""
    parts: list[Table | str] = [_accuracy_table(results)]
    parts += [f"{each['sentence']}." for each in results["comparisons"]]
    parts += [_constant(model) for model in results["models"] if model["places"]["constant"]]
    if latencies:
        parts.append(_latency_table(latencies))
    return parts


def _accuracy_table(results: Mapping[str, Any]) -> Table:
    from rich.table import Table

    models: Sequence[Mapping[str, Any]] = results["models"]
    table = Table(
        title=f"Accuracy on {results['questions']} questions, Wilson 95 % intervals "
        f"(guessing: {100 * results['chance']:.0f} %)",
        title_justify="left",
    )
    table.add_column("")
    table.add_column("questions", justify="right")
    for model in models:
        table.add_column(model["name"], justify="right")
    whole = [model["accuracy"] for model in models]
    table.add_row("all", str(results["questions"]), *map(percent, whole), end_section=True)
    for key in ("by_band", "by_topic", "by_source"):
        _add_groups(table, models, key)
    return table


def _add_groups(table: Table, models: Sequence[Mapping[str, Any]], key: str) -> None:
    """The largest groups of one breakdown; none where all questions share one label."""
    groups, kind = models[0][key], key.removeprefix("by_")
    if len(groups) < 2:
        return
    for number, group in enumerate(groups[:MOST_GROUPS]):
        cells = [percent(model[key][number]["accuracy"]) for model in models]
        table.add_row(f"{kind}: {group['name']}", str(group["accuracy"]["n"]), *cells)
    if len(groups) > MOST_GROUPS:
        table.add_row(f"{len(groups) - MOST_GROUPS} smaller ones are in results.json")
    table.add_section()


def percent(interval: Mapping[str, Any]) -> str:
    """``71.4 % (67.3 to 75.2)``."""
    value, low, high = (100 * interval[key] for key in ("value", "low", "high"))
    return f"{value:.1f} % ({low:.1f} to {high:.1f})"


def _constant(model: Mapping[str, Any]) -> str:
    share = 100 * model["places"]["largest_share"]
    return f"Warning: {model['name']} gives {share:.0f} % of its answers at one place."


def _latency_table(latencies: Mapping[str, Mapping[str, Any]]) -> Table:
    from rich.table import Table

    table = Table(title="Milliseconds per question, one at a time", title_justify="left")
    table.add_column("")
    for name in ("timed", "p50", "p95", "p99", "slowest", "warm-up", "loading"):
        table.add_column(name, justify="right")
    for name, each in latencies.items():
        keys = ("p50_s", "p95_s", "p99_s", "max_s", "warmup_s", "load_s")
        cells = ["" if each[key] is None else f"{1000 * each[key]:.1f}" for key in keys]
        table.add_row(name, str(each["questions"]), *cells)
    return table
