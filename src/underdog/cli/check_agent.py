"""``underdog check-agent``: does an entry keep to the official protocol, and what to mend."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.table import Table

    from underdog.tournament.conformance.check import CheckConfig, Report

EXIT_FAULTS = 1
"""Something was found that costs points."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags."""
    add = parser.add_argument
    add("entry", metavar="FOLDER|URL", help="a folder with agents/, or a server's base URL")
    add("--edition", default="2026-02", metavar="YYYY-MM", help="whose rules hold (2026-02)")
    add(
        "--sizes",
        type=_sizes,
        metavar="N,N,...",
        help="numbers of questions to try (default: 1,2,5,6,21,23)",
    )
    add("--startup", type=float, default=60.0, metavar="S", help="seconds granted for loading (60)")
    add("--memory", type=float, default=64.0, metavar="GB", help="memory of one run (64)")
    add(
        "--isolation",
        choices=("namespaces", "processes"),
        help="of what is run (default: the strongest that this machine offers)",
    )
    add("--json", action="store_true", help="print one JSON object")


def _sizes(text: str) -> tuple[int, ...]:
    sizes = tuple(int(part) for part in text.split(","))
    if min(sizes) < 1:
        raise argparse.ArgumentTypeError("numbers of at least 1")
    return sizes


def run(args: argparse.Namespace) -> int:
    """Check, print, and exit with 1 where something costs points."""
    from underdog.cli.console import console

    found = _report(args)
    if args.json:
        print(json.dumps(found.to_json(), indent=2, sort_keys=True))
    else:
        for part in show(found):
            console.print(part, soft_wrap=isinstance(part, str), markup=False)
    return EXIT_FAULTS if found.faults else 0


def _report(args: argparse.Namespace) -> Report:
    from underdog.cli.console import ProgressBar
    from underdog.data.bank.facts import load_facts, load_relations
    from underdog.data.bank.questions import four_choice_questions

    config = _config(args)
    made = four_choice_questions(load_facts(), load_relations(), seed=0, per_fact=1)
    questions = sorted((each.question for each in made), key=lambda each: each.id)
    with ProgressBar() as progress:
        if args.entry.startswith(("http://", "https://")):
            from underdog.tournament.conformance.server import check_url

            return check_url(args.entry, config, questions, progress=progress)
        from underdog.tournament.conformance.check import check_folder

        return check_folder(Path(args.entry), config, questions, progress=progress)


def _config(args: argparse.Namespace) -> CheckConfig:
    from underdog.protocol.editions import find_edition
    from underdog.tournament.conformance.check import SIZES, CheckConfig
    from underdog.tournament.entrants.isolation import Isolation, Limits

    return CheckConfig(
        edition=find_edition(args.edition),
        sizes=args.sizes or SIZES,
        startup_s=args.startup,
        limits=Limits(memory_bytes=int(args.memory * 1e9)),
        isolation=Isolation(args.isolation) if args.isolation else None,
    )


def show(found: Report) -> list[Table | str]:
    """Two tables and a sentence."""
    from rich.table import Table

    trials = Table(title=f"Trials ({found.isolation})", title_justify="left")
    for name in ("trial", "items", "s per item", "peak MB", "ended"):
        trials.add_column(name, justify="left" if name in ("trial", "ended") else "right")
    for row in found.rows:
        peak = f"{row.peak_bytes / 1e6:.0f}"
        trials.add_row(row.trial, str(row.items), f"{row.seconds_per_item:.2f}", peak, row.ended)
    parts: list[Table | str] = [trials] if found.rows else []
    if not found.findings:
        return [*parts, "Nothing was found."]
    for each in found.findings:
        level = "fault" if each in found.faults else "advice"
        parts.append(f"{level}: {each.code.value} ({found.times[each.code]}x), {each.trial}")
        parts.append(f"    {each.line}")
        parts.append(f"    mend: {each.fix}")
    return [*parts, f"{len(found.faults)} kinds of fault, {len(found.findings)} findings."]
