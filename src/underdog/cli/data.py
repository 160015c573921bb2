"""``underdog data build``: files in, a checked, grouped, split and ordered question set out."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.table import Table

    from underdog.data.summary import Summary

_ORDERS = ("easy-to-hard", "hard-to-easy", "random")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    text = "read files in any supported format and write a question set"
    build = actions.add_parser("build", help=text, description=text)
    add = build.add_argument
    add(
        "paths",
        nargs="+",
        metavar="PATH",
        help="a file (JSON, JSON Lines, CSV, Parquet, OpenTriviaQA, competition questions), a "
        "folder of such files, or the word bank for the embedded questions",
    )
    add("--out", type=Path, required=True, metavar="DIR", help="folder of the question set")
    add("--seed", type=int, default=0, help="draws the held-out groups (default 0)")
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


def run(args: argparse.Namespace) -> int:
    """Build, then say what was read, kept and rejected, and where it is."""
    import time

    from underdog.cli.console import ProgressBar, console
    from underdog.data.build import DataConfig, build
    from underdog.data.curriculum import Order

    started = time.perf_counter()
    config = DataConfig(
        seed=args.seed,
        validation_share=args.validation_share,
        chunks=args.chunks,
        order=Order(args.order),
        shares=tuple(args.shares),
        near_duplicates=args.near_duplicates,
        bank_per_fact=args.bank_per_fact,
    )
    with ProgressBar() as progress:
        summary = build(args.paths, config, out=args.out, progress=progress)
    for part in show(summary):
        console.print(part, soft_wrap=isinstance(part, str), markup=False)
    seconds = time.perf_counter() - started
    console.print(f"Question set: {args.out} ({seconds:.1f} s)", soft_wrap=True, markup=False)
    console.print(f"Data card: {args.out / 'card.md'}", soft_wrap=True, markup=False)
    return 0


def show(summary: Summary) -> list[Table | str]:
    """What the terminal shows."""
    parts: list[Table | str] = [_files_table(summary)]
    parts += _notes(summary)
    parts += [f"Skipped {name}: {why}" for name, why in summary.skipped.items()]
    if summary.reasons:
        parts.append(_reasons_table(summary))
    verdict = "none found" if summary.check.clean else "FOUND"
    parts += [
        f"{summary.kept} kept + {summary.rejected} rejected = {summary.read} read.",
        _split_line(summary),
        f"Near-duplicates across the split: {verdict} ({summary.check.sentence()}).",
    ]
    parts += [f"SHA-256 {digest}  {name}" for name, digest in summary.digests.items()]
    return parts


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
