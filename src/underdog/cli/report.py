"""``underdog report``: the one-page report of a run folder."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags."""
    parser.add_argument(
        "run_dir", metavar="RUN_DIR", type=Path, help="the folder given to `underdog run --out`"
    )
    parser.add_argument(
        "--out", metavar="FILE", type=Path, help="where to write the page (RUN_DIR/report.html)"
    )


def run(args: argparse.Namespace) -> int:
    """Write the page and print its path."""
    from underdog.report.page import write_report

    print(write_report(args.run_dir, args.out))
    return 0
