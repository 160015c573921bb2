"""``underdog data``: files in, a question set out; public sets by name."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from underdog.cli.fetch import DESCRIPTION, add_fetch_arguments, run_fetch

if TYPE_CHECKING:
    from rich.table import Table

    from underdog.data.config import DataConfig
    from underdog.data.references import References
    from underdog.data.summary import Summary

_ORDERS = ("easy-to-hard", "hard-to-easy", "random", "stratified")
_ENGINES = ("local", "in-process", "ray")
_TWO_OPTIONS = ("two choices", "reject")
_RULES = {
    "broken-letters": "reject_broken_letters",
    "markup": "reject_markup",
    "short": "reject_short",
    "missing-context": "reject_missing_context",
    "positions": "reject_positions",
    "labels": "reject_labels",
    "echo": "reject_echo",
    "twins": "reject_twins",
}
"""What --allow switches off, by the field of `Rules`."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    text = "read files in any supported format and write a question set"
    build = actions.add_parser("build", help=text, description=text)
    build.add_argument(
        "paths",
        nargs="+",
        metavar="PATH",
        help="a file (JSON, JSON Lines, CSV, Parquet, OpenTriviaQA, competition questions), a "
        "folder of such files, or the word bank for the embedded questions",
    )
    build.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="folder of the question set"
    )
    build.add_argument("--seed", type=int, default=0, help="draws groups and choices (default 0)")
    _add_shape(build.add_argument_group("split and order"))
    _add_quality(build.add_argument_group("quality"))
    _add_conversion(build.add_argument_group("open questions"))
    _add_references(build.add_argument_group("held against"))
    _add_engine(build.add_argument_group("where it runs"))
    add_fetch_arguments(
        actions.add_parser("fetch", help="fetch public sets by name", description=DESCRIPTION)
    )


def _add_shape(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add("--validation-share", type=float, default=0.1, metavar="S", help="held out (default 0.1)")
    add("--chunks", type=int, default=10, metavar="N", help="parts of the curriculum (default: 10)")
    add("--order", choices=_ORDERS, default=_ORDERS[0], help=f"default {_ORDERS[0]}")
    add(
        "--shares",
        type=float,
        nargs=3,
        default=(0.526, 0.423, 0.051),
        metavar=("EASY", "MEDIUM", "HARD"),
        help="shares of the difficulty bands (default 0.526 0.423 0.051)",
    )
    add(
        "--near-duplicates",
        type=float,
        default=0.6,
        metavar="J",
        help="Jaccard index from which questions are grouped (default 0.6)",
    )
    add("--bank-per-fact", type=int, default=2, metavar="N", help="questions per fact of the bank")
    add("--mix", type=Path, metavar="FILE", help="TOML with shares, caps and total of the sources")


def _add_quality(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add(
        "--languages",
        nargs="*",
        default=("en",),
        metavar="CODE",
        help="expected languages, ISO 639 (default en; none given: any)",
    )
    add("--max-tokens", type=int, default=512, metavar="N", help="text and choices (default 512)")
    add(
        "--allow",
        nargs="+",
        default=(),
        choices=_RULES,
        metavar="RULE",
        help=f"rules to leave out: {', '.join(_RULES)}",
    )
    add(
        "--reject-all-of-these",
        action="store_true",
        help='also reject options such as "all of these", which hold in any order',
    )


def _add_conversion(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add("--choices", type=int, default=4, metavar="N", help="choices per question (default 4)")
    add(
        "--yes-no",
        choices=_TWO_OPTIONS,
        default=_TWO_OPTIONS[0],
        help=f"what becomes of questions with two possible answers (default {_TWO_OPTIONS[0]})",
    )
    add(
        "--wrong-answers",
        type=Path,
        metavar="FILE",
        help='JSON Lines of a model\'s frequent wrong answers, {"question": .., "wrong": [..]}',
    )


def _add_references(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add(
        "--decontaminate",
        type=Path,
        nargs="+",
        default=(),
        metavar="FILE",
        help="benchmark files whose questions must not be in the set",
    )
    add("--grow", type=Path, metavar="DIR", help="a built set to add to; ids and splits stay")
    add(
        "--predictions",
        type=Path,
        metavar="FILE",
        help="predictions.jsonl of a model on these questions: measured difficulty",
    )
    add(
        "--fit-difficulty",
        action="store_true",
        help="learn the weights of guessed difficulties from the predictions",
    )


def _add_engine(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add("--engine", choices=_ENGINES, default=_ENGINES[0], help=f"default {_ENGINES[0]}")
    add("--workers", type=int, metavar="N", help="blocks worked on at a time (default: per core)")
    add("--address", metavar="HOST:PORT", help="a running Ray cluster, or auto")


def run(args: argparse.Namespace) -> int:
    """Build, then say what was read, kept and rejected, and where it is."""
    if args.action == "fetch":
        return run_fetch(args)
    import time

    from underdog.cli.console import ProgressBar, console
    from underdog.data.build import build
    from underdog.data.engine.open import open_engine

    started = time.perf_counter()
    config, references = _read_config(args), _read_references(args)
    with (
        open_engine(args.engine, workers=args.workers, address=args.address) as engine,
        ProgressBar() as progress,
    ):
        summary = build(
            args.paths,
            config,
            out=args.out,
            references=references,
            engine=engine,
            progress=progress,
        )
    for part in show(summary):
        console.print(part, soft_wrap=isinstance(part, str), markup=False)
    seconds = time.perf_counter() - started
    console.print(f"Question set: {args.out} ({seconds:.1f} s)", soft_wrap=True, markup=False)
    card = f"Data card: {args.out / 'card.html'} (and card.md)"
    console.print(card, soft_wrap=True, markup=False)
    return 0


def _read_config(args: argparse.Namespace) -> DataConfig:
    from underdog.data.config import DataConfig
    from underdog.data.conversion.config import ConversionConfig, TwoOptions
    from underdog.data.curriculum import Order
    from underdog.data.mix import read_mix
    from underdog.data.quality import Rules

    allowed: Mapping[str, Any] = {_RULES[name]: False for name in args.allow}
    return DataConfig(
        seed=args.seed,
        validation_share=args.validation_share,
        chunks=args.chunks,
        order=Order(args.order),
        shares=tuple(args.shares),
        near_duplicates=args.near_duplicates,
        bank_per_fact=args.bank_per_fact,
        rules=Rules(
            languages=tuple(args.languages),
            max_tokens=args.max_tokens,
            reject_all_of_these=args.reject_all_of_these,
            **allowed,
        ),
        fit_difficulty=args.fit_difficulty,
        conversion=ConversionConfig(choices=args.choices, yes_no=TwoOptions(args.yes_no)),
        mix=None if args.mix is None else read_mix(args.mix),
    )


def _read_references(args: argparse.Namespace) -> References:
    from underdog.data.conversion.wrong_answers import read_wrong_answers
    from underdog.data.references import References
    from underdog.evaluation.predictions import read_predictions

    scored = () if args.predictions is None else read_predictions(args.predictions)
    return References(
        predictions={each.question_id: each for each in scored},
        benchmarks=tuple(args.decontaminate),
        old=args.grow,
        wrong_answers=args.wrong_answers and read_wrong_answers(args.wrong_answers),
    )


def show(summary: Summary) -> list[Table | str]:
    """What the terminal shows."""
    parts: list[Table | str] = [_files_table(summary)]
    parts += _notes(summary)
    parts += [f"Skipped {name}: {why}" for name, why in summary.skipped.items()]
    if summary.reasons:
        parts.append(_reasons_table(summary))
    verdict = "none found" if summary.check.clean else "FOUND"
    parts += [
        _sum_line(summary),
        *_step_lines(summary),
        _split_line(summary),
        f"Near-duplicates across the split: {verdict} ({summary.check.sentence()}).",
        *_probe_lines(summary),
    ]
    if summary.difficulty is not None and summary.difficulty.measured:
        parts.append(f"Difficulty: {summary.difficulty.sentence()}.")
    parts += [f"SHA-256 {digest}  {name}" for name, digest in summary.digests.items()]
    return parts


def _sum_line(summary: Summary) -> str:
    if summary.growth is None:
        return f"{summary.kept} kept + {summary.rejected} rejected = {summary.read} read."
    growth = summary.growth
    return (
        f"{growth.added} added + {summary.rejected} rejected = {summary.read} read; with "
        f"{growth.kept} rows of the old set: {summary.kept} rows."
    )


def _step_lines(summary: Summary) -> list[str]:
    """The steps that lost rows or have something to say."""
    return [
        f"  {step.name}: {step.rows_in} -> {step.rows_out}" + (f" ({step.note})" * bool(step.note))
        for step in summary.steps
        if step.rows_in != step.rows_out or step.note
    ]


def _probe_lines(summary: Summary) -> list[str]:
    """One line per probe: its rate with interval against chance."""
    if summary.probes is None:
        return []
    lines = []
    for probe in summary.probes.probes:
        value = probe.value
        word = " GIVES AWAY" if probe.gives_away else ""
        lines.append(
            f"Probe {probe.title}: {100 * value.value:.1f} % (95 % interval {100 * value.low:.1f} "
            f"to {100 * value.high:.1f}; chance {100 * probe.chance:.1f}){word}"
        )
    return lines


def _split_line(summary: Summary) -> str:
    groups, chunks = summary.groups, summary.chunks
    bands = ", ".join(f"{count} {band}" for band, count in summary.bands.items())
    return (
        f"{summary.splits['train']} for training in {len(chunks)} chunks of {min(chunks)} to "
        f"{max(chunks)}, {summary.splits['validation']} held out; {bands}; {groups.count} groups, "
        f"{groups.joined} rows in groups of two or more, the largest has {groups.largest}."
    )


def _files_table(summary: Summary) -> Table:
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    table.add_column("file", overflow="fold", min_width=24)
    table.add_column("format", overflow="fold", min_width=12)
    for name in ("read", "kept", "rejected"):
        table.add_column(name, justify="right", no_wrap=True)
    for each in summary.files:
        table.add_row(each.name, each.format, str(each.read), str(each.kept), str(each.rejected))
    return table


def _notes(summary: Summary) -> list[str]:
    """Each kind of note once, with the files it is about."""
    about: dict[str, list[str]] = {}
    for each in summary.files:
        for note in each.notes:
            about.setdefault(note.partition(" (")[0], []).append(each.name)
    return [
        f"Note: {note}: {', '.join(names) if len(names) <= 3 else f'{len(names)} files'}"
        for note, names in about.items()
    ]


def _reasons_table(summary: Summary) -> Table:
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    table.add_column("rejected because (all in rejects.jsonl)")
    table.add_column("rows", justify="right")
    for reason, count in summary.reasons.items():
        table.add_row(reason, str(count))
    return table
