"""``underdog tournament``: run one that survives a kill, look at it, go on, serve, export."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.table import Table

    from underdog.tournament.record import Record

_ENGINES = ("local", "in-process", "ray")
_ISOLATIONS = ("namespaces", "processes")
_FORMATS = ("match", "round-robin", "knockout", "swiss", "gauntlet")
_SHOWN_ROWS = 30
"""Rows of a table on the terminal; --all shows the rest."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the actions and their flags."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    run_action = actions.add_parser("run", help="play a tournament, or go on with the one in --out")
    _add_run(run_action)
    for name, help_text in (
        ("resume", "go on with an interrupted tournament"),
        ("status", "the table and the ratings so far"),
        ("export", "results, events or pages as files"),
    ):
        action = actions.add_parser(name, help=help_text, description=help_text)
        action.add_argument("place", type=Path, metavar="DIR", help="folder given as --out")
        if name == "resume":
            _add_engine(action)
        elif name == "status":
            _add_shown(action)
            action.add_argument("--json", action="store_true", help="print the summary as JSON")
        else:
            action.add_argument("--json", type=Path, metavar="FILE", help="table, ratings, games")
            action.add_argument("--events", type=Path, metavar="FILE", help="every event, a line")
            action.add_argument("--site", type=Path, metavar="DIR", help="the pages, to publish")
    serve_help = "pages that follow the tournament, also while another process plays it"
    _add_serve(actions.add_parser("serve", help=serve_help, description=serve_help))


def _add_serve(action: argparse.ArgumentParser) -> None:
    add = action.add_argument
    add("place", type=Path, metavar="DIR", help="folder given as --out")
    add("--host", default="127.0.0.1", help="address to listen on; 0.0.0.0: every one")
    add("--port", type=int, default=8010, help="0 takes a free one")
    add(
        "--replays",
        choices=("live", "end"),
        help="when questions and keys are shown (default: live on 127.0.0.1, else at the end)",
    )


def _add_run(action: argparse.ArgumentParser) -> None:
    from underdog.cli.askers import add_ask_arguments
    from underdog.cli.scorers import add_answer_arguments

    add = action.add_argument
    add("toml", nargs="?", type=Path, metavar="TOML", help="settings; flags go over them")
    add("--out", type=Path, required=True, metavar="DIR", help="where the event store is kept")
    add("--entrants", nargs="+", metavar="SPEC", help="as in `underdog play`; repeats are numbered")
    add("--format", choices=_FORMATS, help="default round-robin")
    add("--questions", type=int, metavar="N", help="per innings (default: the edition's)")
    add("--edition", metavar="YYYY-MM", help="whose rules hold (2026-02)")
    add("--topics", nargs="+", metavar="TOPIC", help="topics to draw from (default: all)")
    add("--seed", type=int, help="decides draws, orders, lots (0)")
    add("--single", dest="double", action="store_false", default=None, help="round robin: once")
    add("--best-of", type=int, metavar="K", help="games of a meeting (1)")
    add("--rounds", type=int, metavar="N", help="Swiss rounds (default: as a knockout has)")
    add("--third-place", action="store_true", default=None, help="knockout: play for it")
    add("--sprt", type=float, metavar="EDGE", help="stop meetings decided at this edge, e.g. 0.3")
    add("--tie-breaks", nargs="+", metavar="RULE", help="head-to-head score benchmark time lot")
    add("--qualifiers", type=int, metavar="N", help="hidden questions first; N go on")
    add("--data", metavar="DATA_DIR", help="ask from a built set's validation split")
    add("--style", choices=("texts", "letters"), help="how models are asked (default: as trained)")
    add("--dtype", choices=("float32", "bfloat16", "float16"), help="of models (float32)")
    add("--tokenizer", metavar="MODEL", help="counts tokens for the limits (default: an estimate)")
    add("--isolation", choices=_ISOLATIONS, help="of agents/ folders (default: the strongest here)")
    add_ask_arguments(add)
    add_answer_arguments(add)
    add(
        "--held-out",
        metavar="FILE|DIR",
        help="questions that entrants answer outside the games (a built set's validation split, or "
        "official JSON): the summary says whether the ranking agrees (default: what runs and "
        "ensembles know of themselves)",
    )
    _add_engine(action)


def _add_engine(action: argparse.ArgumentParser) -> None:
    add = action.add_argument
    add("--engine", choices=_ENGINES, default=_ENGINES[0], help="where games are played (local)")
    add("--workers", type=int, metavar="N", help="blocks of games at a time (default: per core)")
    add("--address", metavar="HOST:PORT", help="a running Ray cluster, or auto")
    _add_shown(action)


def _add_shown(action: argparse.ArgumentParser) -> None:
    add = action.add_argument
    add("--all", action="store_true", help=f"more than {_SHOWN_ROWS} rows of a table")
    add("--chance", type=int, metavar="TIMES", help="simulate: how often the best team would win")


def run(args: argparse.Namespace) -> int:
    """Do the action."""
    actions: Mapping[str, Callable[[argparse.Namespace], int]] = {
        "run": _run,
        "resume": _resume,
        "status": _status,
        "export": _export,
        "serve": _serve,
    }
    return actions[args.action](args)


def _run(args: argparse.Namespace) -> int:
    from underdog.cli.tournament_settings import read_settings

    return _play(args, args.out, read_settings(args))


def _resume(args: argparse.Namespace) -> int:
    from underdog.cli.console import console

    record = _read(args.place)
    assert record.header is not None, "a store that can be read has its header"
    if record.ended:
        console.print("The tournament is over.")
        return _show(record, args)
    return _play(args, args.place, record.header["command"])


def _play(args: argparse.Namespace, out: Path, settings: Mapping[str, Any]) -> int:
    from underdog.cli.console import ProgressBar, console
    from underdog.cli.held_out import known_accuracies
    from underdog.cli.tournament_settings import BASELINE_BLOCK, open_tournament
    from underdog.data.engine.open import open_engine
    from underdog.runs.lock import locked
    from underdog.tournament.league import League, Venue
    from underdog.tournament.ledger import LEDGER_NAME, Ledger

    opened = open_tournament(settings, out)
    # A model lives in this process, and a folder is started by it: neither can be elsewhere.
    name = args.engine if opened.all_baselines else "in-process"
    workers = args.workers if opened.all_baselines else None
    address = args.address if opened.all_baselines else None
    if not opened.all_baselines and (args.workers or args.engine == "ray"):
        console.print("Models, folders and servers play in this process, one game at a time.")
    with (
        locked(out),
        Ledger(out / LEDGER_NAME, create=True) as ledger,
        open_engine(name, workers=workers, address=address) as engine,
        ProgressBar() as progress,
    ):
        venue = Venue(
            engine,
            games_per_block=BASELINE_BLOCK if opened.all_baselines else 1,
            count_tokens=opened.count_tokens,
            progress=progress,
            hidden=opened.hidden,
        )
        league = League(opened.config, opened.entrants, ledger, venue=venue, extra=settings)
        league.note_held_out(known_accuracies(opened, league.lacks_held_out, progress))
        record = league.run()
    _show(record, args)
    console.print(f"Every event: {out / LEDGER_NAME}", soft_wrap=True, markup=False)
    return 0


def _read(place: Path) -> Record:
    from underdog.errors import InputError
    from underdog.tournament.ledger import Ledger, ledger_path
    from underdog.tournament.record import read_record

    with Ledger(ledger_path(place)) as ledger:
        record = read_record(ledger)
    if record.header is None:
        raise InputError("a tournament that has begun", got="an empty store", where=place)
    return record


def _status(args: argparse.Namespace) -> int:
    import json

    from underdog.tournament.summary import summarise

    record = _read(args.place)
    if args.json:
        print(json.dumps(summarise(record), ensure_ascii=False, indent=2, allow_nan=False))
        return 0
    return _show(record, args)


def _export(args: argparse.Namespace) -> int:
    from underdog.cli.console import console
    from underdog.errors import InputError
    from underdog.runs.files import json_text, write_json, write_text
    from underdog.tournament.ledger import Ledger, ledger_path
    from underdog.tournament.summary import summarise

    if not (args.json or args.events or args.site):
        raise InputError("--json FILE, --events FILE or --site DIR", hint="--json results.json")
    record = _read(args.place)
    if args.json:
        write_json(args.json, summarise(record))
        console.print(f"Results: {args.json}", soft_wrap=True, markup=False)
    if args.events:
        with Ledger(ledger_path(args.place)) as ledger:
            lines = [
                f'{{"body":{row.body},"kind":{json_text(row.kind)},'
                f'"seq":{row.seq},"subject":{json_text(row.subject)}}}\n'
                for row in ledger.read()
            ]
        write_text(args.events, "".join(lines))
        console.print(f"{len(lines)} events: {args.events}", soft_wrap=True, markup=False)
    if args.site:
        _write_site(args)
    return 0


def _write_site(args: argparse.Namespace) -> None:
    from underdog.cli.console import ProgressBar, console
    from underdog.report.tournament.onlooker import Onlooker
    from underdog.report.tournament.pages import Pages
    from underdog.report.tournament.site import write_site

    with Onlooker(args.place) as onlooker, ProgressBar() as progress:
        number = write_site(Pages(onlooker), args.site, progress=progress)
        ended = onlooker.record.ended
    console.print(f"{number} pages: {args.site / 'index.html'}", soft_wrap=True, markup=False)
    if not ended:
        console.print(
            "The tournament is not over: keys of questions that are still to be answered are on "
            "these pages.",
            soft_wrap=True,
        )


def _serve(args: argparse.Namespace) -> int:
    from underdog.cli.console import console
    from underdog.inference.server.listen import ListenConfig, listen
    from underdog.report.tournament.live.app import LOOPBACK, create_app
    from underdog.report.tournament.live.feed import Feed
    from underdog.report.tournament.onlooker import Onlooker
    from underdog.report.tournament.pages import Pages, Replays

    own = args.host in LOOPBACK
    replays = Replays(args.replays or ("live" if own else "end"))

    def begun(address: str) -> None:
        console.print(f"The tournament is at {address}", soft_wrap=True, markup=False)

    with Onlooker(args.place) as onlooker:
        pages = Pages(onlooker, live=True, replays=replays)
        feed = Feed(pages)
        app = create_app(pages, feed, hosts=LOOPBACK if own else ("*",))
        listen(app, feed, ListenConfig(host=args.host, port=args.port), begun=begun)
    console.print("Stopped.")
    return 0


def _show(record: Record, args: argparse.Namespace) -> int:
    from underdog.cli.console import console
    from underdog.tournament.summary import chance, summarise, win_ratings

    summary = summarise(record)
    rows = None if args.all else _SHOWN_ROWS
    console.print(_table(summary, rows))
    if not record.results:
        return 0
    console.print(_ratings(summary, win_ratings(record), rows))
    groups = [group for group in summary["tied"] if len(group) > 1]
    for group in groups[:3]:
        names = ", ".join(group[:8]) + (f" and {len(group) - 8} more" if len(group) > 8 else "")
        console.print(f"Not separable at 95 %: {names}.", soft_wrap=True, markup=False)
    if summary["agreement"] is not None:
        console.print(summary["agreement"]["sentence"], soft_wrap=True, markup=False)
    for team, faults in summary["faults"].items():
        listed = ", ".join(f"{count} {kind}" for kind, count in faults.items())
        console.print(f"{team or 'hidden set'}: {listed}.", soft_wrap=True, markup=False)
    if args.chance:
        found = chance(record, times=args.chance)
        console.print(
            f"With these strengths this format at {summary['questions']} questions picks the best "
            f"team {100 * found['value']:.0f} % of the time ({100 * found['low']:.0f}-"
            f"{100 * found['high']:.0f} %, {found['n']} simulated tournaments).",
            soft_wrap=True,
        )
    return 0


def _table(summary: Mapping[str, Any], rows: int | None) -> Table:
    from rich.table import Table

    games = summary["games"]
    state = "finished" if summary["finished"] else f"{games['due']} due"
    table = Table(
        title=f"{summary['format']}, {games['played']} games ({state}), "
        f"{summary['questions']} questions per innings",
        title_justify="left",
    )
    for name in ("", "entrant", "played", "won", "tied", "lost", "points"):
        table.add_column(name, justify="left" if name == "entrant" else "right")
    for each in summary["standings"][:rows]:
        counts = (str(each[name]) for name in ("played", "won", "tied", "lost"))
        table.add_row(str(each["place"]), each["name"], *counts, f"{each['points']:g}")
    return table


def _ratings(summary: Mapping[str, Any], wins: Any, rows: int | None) -> Table:
    from rich.table import Table

    bradley, skill = ({rating.name: rating for rating in each} for each in wins)
    group_of = {name: place for place, group in enumerate(summary["tied"], 1) for name in group}
    table = Table(
        title="Strengths in logits (95 %); equal groups are not separable", title_justify="left"
    )
    for name in ("group", "entrant", "answering", "asking", "overall", "by wins", "openskill"):
        table.add_column(name, justify="left" if name == "entrant" else "right")
    for each in summary["strengths"][:rows]:
        name = each["name"]
        parts = [_span(each[part]) for part in ("answering", "asking", "overall")]
        rated = skill[name]
        table.add_row(
            str(group_of[name]),
            name,
            *parts,
            f"{bradley[name].mu:+.2f}",
            f"{rated.mu:.1f} ± {2 * rated.sigma:.1f}",
        )
    return table


def _span(interval: Mapping[str, Any]) -> str:
    return f"{interval['value']:+.2f} ± {interval['high'] - interval['value']:.2f}"
