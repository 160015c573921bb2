"""``underdog data fetch``: public question sets by name, from the hub or from a folder."""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from underdog.errors import InputError

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from underdog.data.hub.fetch import Fetched
    from underdog.runs.progress import Progress

DESCRIPTION = (
    "fetch public question sets by name from the Hugging Face hub, or from files in its schema; "
    "the same command continues an interrupted fetch"
)

_WHOLE_WIDTH = 160


def add_fetch_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags."""
    add = parser.add_argument
    add(
        "names",
        nargs="*",
        metavar="NAME",
        help="a set (--list shows them all), or NAME@REVISION for a branch, tag or commit",
    )
    add("--out", type=Path, metavar="DIR", help="folder of the sets; data build reads it")
    add(
        "--from",
        type=Path,
        dest="from_dir",
        metavar="DIR",
        help="read the hub's files from DIR/NAME/.. instead of the hub",
    )
    add(
        "--split",
        nargs="+",
        default=(),
        metavar="SPLIT",
        help="these splits instead of the ones for training, such as test for a benchmark",
    )
    add("--limit", type=int, metavar="N", help="at most N rows of each set")
    add("--cache", type=Path, metavar="DIR", help="folder for the library's own files")
    add("--again", action="store_true", help="drop what was fetched before")
    add("--list", action="store_true", help="show every set and fetch nothing")


def run_fetch(args: argparse.Namespace) -> int:
    """Fetch and say what came, or show what can be fetched."""
    from underdog.cli.console import ProgressBar, console

    if args.list:
        _whole_console().print(_catalogue_table())
        return 0
    if args.out is None:
        raise InputError("a folder for the sets is needed", hint="--out DIR")
    from underdog.data.hub.fetch import FetchOptions, fetch

    options = FetchOptions(
        limit=args.limit, splits=tuple(args.split), again=args.again, cache_dir=args.cache
    )
    if args.from_dir is None:
        console.print(_cache_line(args.cache), soft_wrap=True, markup=False)
    with ProgressBar() as bar:
        fetched = fetch(
            args.names,
            out=args.out,
            from_dir=args.from_dir,
            options=options,
            progress=RowRate(bar),
        )
    _whole_console().print(_fetched_table(fetched))
    for each in fetched:
        if each.source.note:
            console.print(f"{each.source.name}: {each.source.note}.", soft_wrap=True, markup=False)
    console.print(f"Next: underdog data build {args.out} --out SET", soft_wrap=True, markup=False)
    return 0


class RowRate:
    """Adds the rows per second of the running task to what a listener is told."""

    def __init__(self, listener: Progress) -> None:
        self._listener = listener
        self._started, self._rows = 0.0, 0

    def begin(self, task: str, total: int | None) -> None:
        """Start the clock."""
        self._started, self._rows = time.perf_counter(), 0
        self._listener.begin(task, total)

    def advance(self, steps: int = 1, note: str = "") -> None:
        """Rows that were there before come first and at once: they hardly move the rate."""
        elapsed_s = time.perf_counter() - self._started
        if elapsed_s > 0.1:
            self._rows += steps
            note = note or f"{self._rows / elapsed_s:,.0f} rows/s"
        self._listener.advance(steps, note)

    def end(self) -> None:
        """Pass it on."""
        self._listener.end()


def _whole_console() -> Console:
    """The console, but not folded to the usual 80 columns where a program reads its output."""
    from rich.console import Console

    from underdog.cli.console import console

    return console if console.is_terminal else Console(highlight=False, width=_WHOLE_WIDTH)


def _cache_line(cache_dir: Path | None) -> str:
    from underdog.data.hub.room import cache_places, megabytes

    places = [f"{each.path} ({megabytes(each.size_bytes)})" for each in cache_places(cache_dir)]
    return f"Cache: {', '.join(places)}"


def _catalogue_table() -> Table:
    from rich.table import Table

    from underdog.data.hub.catalogue import SOURCES
    from underdog.data.hub.room import megabytes

    table = Table(box=None, pad_edge=False)
    for name in ("name", "repository", "kind"):
        table.add_column(name, overflow="fold")
    for name in ("rows", "size"):
        table.add_column(name, justify="right", no_wrap=True)
    for name in ("licence", "fetched", "on request"):
        table.add_column(name, overflow="fold")
    for source in SOURCES.values():
        splits = source.training or tuple(source.splits)
        others = [name for name in source.splits if name not in source.training]
        table.add_row(
            source.name,
            source.place.repository,
            source.kind,
            f"{source.rows(splits):,}",
            megabytes(source.text_mb * 1e6 * source.share(splits, None)),
            source.licence,
            " ".join(source.training) or "nothing",
            " ".join(others),
        )
    return table


def _fetched_table(fetched: Sequence[Fetched]) -> Table:
    from rich.table import Table

    from underdog.data.hub.room import megabytes

    table = Table(box=None, pad_edge=False)
    table.add_column("set", no_wrap=True)
    table.add_column("state", overflow="fold")
    for name in ("rows", "new", "size"):
        table.add_column(name, justify="right", no_wrap=True)
    for name in ("licence", "splits", "revision"):
        table.add_column(name, overflow="fold")
    for each in fetched:
        entry = each.entry
        table.add_row(
            each.source.name,
            entry.state.value,
            f"{entry.rows:,}",
            f"{each.new_rows:,}",
            megabytes(entry.size_bytes),
            entry.licence,
            " ".join(entry.splits),
            f"{entry.revision[:12]} ({entry.asked or 'files'})",
        )
    return table
