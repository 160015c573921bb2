"""``underdog watch``: a run beside its machine, live or once, and what to make of it."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from underdog.runs.watch.sight import Observation, Sight
    from underdog.runs.watch.verdicts import Verdict

EPILOG = (
    "RUN is a run folder of underdog, Ultralytics, transformers or TRL, a log, or a process id; "
    "HOST:RUN looks there through ssh. It reads only: a watched run is never stopped. Exit status "
    "of --once: 0 healthy or finished, 1 any other verdict."
)
EXIT_TROUBLE = 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags."""
    parser.epilog = EPILOG
    add = parser.add_argument
    add("run", metavar="RUN", help="folder, log, process id, or user@host:RUN")
    add("--pid", type=int, metavar="PID", help="the run's process, where its folder names none")
    add("--every", type=float, default=2.0, metavar="S", help="seconds between looks (default: 2)")
    add("--once", action="store_true", help="print one status and leave")
    add("--markdown", action="store_true", help="once, as Markdown: one line, then a page")
    add("--json", action="store_true", help="once, as JSON")
    add(
        "--prefix",
        metavar="COMMAND",
        help='look from inside a container: "docker exec -i NAME" (Python 3.10+ is needed there)',
    )
    told = parser.add_argument_group("telling others")
    told.add_argument("--prometheus", type=int, metavar="PORT", help="serve metrics there")
    told.add_argument("--bind", default="127.0.0.1", metavar="ADDRESS", help="(default: 127.0.0.1)")
    told.add_argument(
        "--on-verdict",
        metavar="COMMAND",
        help="run by the shell when the verdict changes; JSON on its standard input",
    )
    told.add_argument("--webhook", metavar="URL", help="gets the same JSON by POST")


def run(args: argparse.Namespace) -> int:
    """Look once or until Ctrl-C."""
    from underdog.errors import InputError

    if args.every <= 0:
        raise InputError("a time above 0 s is needed", got=f"--every {args.every:g}")
    once = args.once or args.markdown or args.json
    with ExitStack() as held:
        looks = _looks(args, held)
        return _once(args, looks) if once else _live(args, looks, held)


def _looks(args: argparse.Namespace, held: ExitStack) -> Iterator[Observation]:
    """From this machine, or from another place; each comes when it was asked for."""
    from underdog.runs.watch.observer import Observer, find_target
    from underdog.runs.watch.remote import open_remote, split_host

    host, name = split_host(args.run)
    if host is None and args.prefix is None:
        observer = Observer(find_target(name, args.pid))
        return iter(observer.look, None)
    remote = open_remote(name, host=host, prefix=args.prefix, pid=args.pid)
    held.callback(remote.close)
    return iter(remote.look, None)


def _once(args: argparse.Namespace, looks: Iterator[Observation]) -> int:
    """Two looks half a second apart: shares of processor time need two."""
    import json

    from underdog.cli.console import console
    from underdog.runs.watch.sight import Sight
    from underdog.runs.watch.status import figures, headline, markdown, to_json
    from underdog.runs.watch.verdicts import judge

    first = next(looks)
    time.sleep(min(args.every, 0.5))
    sight = Sight(first.facts)
    sight.see(first)
    sight.see(next(looks))
    verdicts = judge(sight)
    if args.json:
        print(json.dumps(to_json(sight, verdicts), allow_nan=False))
    elif args.markdown:
        print(markdown(sight, verdicts), end="")
    else:
        console.print(headline(sight, verdicts), markup=False, soft_wrap=True)
        for name, value in figures(sight):
            console.print(f"  {name}: {value}", markup=False, soft_wrap=True)
        for verdict in verdicts:
            if not verdict.fine:
                console.print(f"  -> {verdict.advice}", markup=False, soft_wrap=True)
    return 0 if all(verdict.fine for verdict in verdicts) else EXIT_TROUBLE


def _live(args: argparse.Namespace, looks: Iterator[Observation], held: ExitStack) -> int:
    """The page, until Ctrl-C; where there is no terminal, one line when the verdict changes."""
    from rich.live import Live

    from underdog.cli.console import console
    from underdog.cli.watch_page import page
    from underdog.runs.watch.status import headline

    tell = _tellers(args, held)
    live = None
    before: tuple[str, ...] = ()
    if console.is_terminal:
        live = held.enter_context(Live(console=console, screen=True, auto_refresh=False))
    try:
        for sight, verdicts in _judged(looks, args.every):
            if live is not None:
                live.update(page(sight, verdicts), refresh=True)
            kinds = tuple(verdict.kind.value for verdict in verdicts)
            if live is None and kinds != before:
                console.print(headline(sight, verdicts), markup=False, soft_wrap=True)
            for listener in tell:
                listener(sight, verdicts)
            before = kinds
    except KeyboardInterrupt:
        return 0
    return 0


def _judged(
    looks: Iterator[Observation], every_s: float
) -> Iterator[tuple[Sight, Sequence[Verdict]]]:
    from underdog.runs.watch.sight import Sight
    from underdog.runs.watch.verdicts import judge

    sight = None
    for observation in looks:
        sight = sight or Sight(observation.facts)
        sight.see(observation)
        yield sight, judge(sight)
        time.sleep(every_s)


def _tellers(
    args: argparse.Namespace, held: ExitStack
) -> list[Callable[[Sight, Sequence[Verdict]], None]]:
    """What else wants to know."""
    from underdog.runs.watch.tell import Changes, serve_metrics

    found: list[Callable[[Sight, Sequence[Verdict]], None]] = []
    if args.prometheus is not None:
        endpoint = serve_metrics(args.bind, args.prometheus)
        held.callback(endpoint.close)
        found.append(endpoint.update)
    if args.on_verdict is not None or args.webhook is not None:
        found.append(Changes(args.on_verdict, args.webhook).update)
    return found
