"""``underdog puzzles``: logic puzzles with one right choice each, as a file of questions."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from underdog.cli.evaluate import positive

ALL = "all"
"""Every kind in turn."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags."""
    add = parser.add_argument
    add(
        "--kind", default=ALL, metavar="K", help="seating-linear, blood, ...; all takes turns (all)"
    )
    add("--n", type=positive, default=20, metavar="N", help="how many (20)")
    add("--difficulty", type=float, default=0.5, metavar="D", help="0 to 1 (0.5)")
    add("--seed", type=int, default=0, help="the same seed makes the same puzzles (0)")
    add("--edition", default="2026-02", metavar="YYYY-MM", help="whose limits hold (2026-02)")
    add("--tokenizer", metavar="MODEL", help="counts tokens for the limits (default: an estimate)")
    add("--out", type=Path, required=True, metavar="FILE", help="official JSON, or .jsonl")


def run(args: argparse.Namespace) -> int:
    """Make them, write them, and show one."""
    from underdog.agents.puzzles.generate import PuzzleConfig, make_puzzles
    from underdog.agents.puzzles.topics import KINDS, find_kind
    from underdog.cli.console import ProgressBar, console
    from underdog.cli.play import token_counter
    from underdog.mcq.presentation import Presentation
    from underdog.protocol.official import write_question
    from underdog.runs.files import json_text, write_text

    kinds = list(KINDS) if args.kind == ALL else [find_kind(args.kind)]
    _, count_tokens = token_counter(args.tokenizer)
    streams = [
        make_puzzles(
            PuzzleConfig(kind, args.difficulty, args.seed, args.edition),
            len(range(place, args.n, len(kinds))),
            count_tokens=count_tokens,
        )
        for place, kind in enumerate(kinds)
    ]
    rows: list[dict[str, Any]] = []
    with ProgressBar() as progress:
        progress.begin("puzzles", args.n)
        for place in range(args.n):
            question = next(streams[place % len(streams)]).question
            rows.append(write_question(question, Presentation.identity(len(question.choices))))
            progress.advance()
    if args.out.suffix == ".jsonl":
        text = "".join(f"{json_text(row)}\n" for row in rows)
    else:
        text = json_text(rows, indent=1) + "\n"
    args.out.parent.mkdir(parents=True, exist_ok=True)
    write_text(args.out, text)
    first = rows[0]
    console.print(first["question"], markup=False)
    console.print("  ".join(first["choices"]), markup=False)
    console.print(f"Answer {first['answer']}. {first['explanation']}", markup=False)
    console.print(f"{args.n} puzzles: {args.out}", soft_wrap=True, markup=False)
    return 0
