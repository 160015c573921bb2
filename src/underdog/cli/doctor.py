"""``underdog doctor``: is this machine well enough to train, and what a log complains of."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from underdog.hardware.ailments.explain import Explanation
    from underdog.hardware.doctor.finding import Finding, Report
    from underdog.hardware.doctor.host import Host

MARKS = {"good": "[green]well[/]   ", "hint": "[blue]hint[/]   ", "warning": "[yellow]warning[/]"}
MARKS["error"] = "[red]error[/]  "
EPILOG = (
    "Exit status: 0 well, 1 warnings, 2 errors. --explain: by the worst ailment that was found."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags."""
    parser.epilog = EPILOG
    add = parser.add_argument
    add("--explain", metavar="LOG", help="name what a log complains of, and the cure; - is a pipe")
    add("--json", action="store_true", help="print everything as one JSON object")
    add("--html", type=Path, metavar="FILE", help="also write one page that needs nothing else")
    add(
        "--probe",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="compute small things and check the values (default: when PyTorch is installed)",
    )
    add("--device", metavar="D", help="what the probes compute on (default: cuda, else cpu)")
    mend = parser.add_argument_group("mending: only what can be undone")
    mend.add_argument("--fix", action="store_true", help="list what can be mended, ask, do it")
    mend.add_argument("--yes", action="store_true", help="do not ask")
    mend.add_argument("--undo", action="store_true", help="take back everything that --fix did")
    add("--root", type=Path, default=Path("/"), help=argparse.SUPPRESS)


def run(args: argparse.Namespace) -> int:
    """Look, print; the exit status is the verdict."""
    if args.explain is not None:
        return explain_log(args.explain, as_json=args.json)
    if args.undo:
        return undo()
    from underdog.hardware.doctor.examine import examine
    from underdog.hardware.doctor.host import this_host

    host = this_host(args.root)
    extra = probe(args, host)
    report = examine(host, extra)
    show(report, as_json=args.json)
    if args.html is not None:
        from underdog.report.checkup import checkup_page
        from underdog.runs.files import write_text

        write_text(args.html, checkup_page(report))
    if args.fix:
        fix(host, report, sure=args.yes)
    return report.exit_status


def probe(args: argparse.Namespace, host: Host) -> tuple[Finding, ...]:
    """The probes' findings; none where they were not asked for or PyTorch is absent."""
    from underdog.hardware.doctor.wheels import read_wheels
    from underdog.hardware.probes.findings import probe_findings
    from underdog.hardware.probes.run import run_probes

    present = read_wheels(host).torch is not None
    asked = present and args.root == Path("/") if args.probe is None else args.probe
    if not asked:
        return ()
    from underdog.cli.console import ProgressBar

    with ProgressBar() as bar:
        return probe_findings(run_probes(device=args.device, progress=bar))


def show(report: Report, *, as_json: bool) -> None:
    """Print the report."""
    import json

    from underdog.cli.console import console

    if as_json:
        console.print_json(json.dumps(report.to_json()), highlight=False)
        return
    for name, value in report.machine:
        console.print(f"{name}: {value}", markup=False, soft_wrap=True)
    console.print()
    for finding in report.findings:
        for line in _lines(finding):
            console.print(line, soft_wrap=True)
    console.print(f"{len(report.read)} places were read; --json names them.")


def _lines(finding: Finding) -> Iterator[str]:
    from rich.markup import escape

    yield f"{MARKS[finding.severity.value]} [bold]{escape(finding.title)}[/]"
    if finding.severity.value == "good":
        return
    for line in finding.evidence:
        yield f"          {escape(line)}"
    if finding.remedy is not None:
        yield f"          [green]$[/] {escape(finding.remedy)}"
    if finding.link is not None:
        yield f"          [dim]{escape(finding.link)}[/]"


def fix(host: Host, report: Report, *, sure: bool) -> None:
    """List what can be mended, ask, do it, and say how to undo it."""
    import time

    from underdog.cli.console import console
    from underdog.cli.mending import mend_all
    from underdog.hardware.doctor.mend import possible_mends

    mends = possible_mends(host, report)
    for mend in mends:
        console.print(f"- {mend.title}", markup=False, soft_wrap=True)
    if not mends:
        console.print("Nothing here can be mended in a way that can be undone.")
        return
    if not sure and console.input("Do that? [y/N] ").strip().lower() not in {"y", "yes"}:
        console.print("Nothing was changed.")
        return
    aside = mend_all(mends, host.home, time.strftime("%Y%m%d-%H%M%S"))
    console.print("Done. Take it back with: underdog doctor --undo")
    if aside:
        listed = " ".join(f"'{path}'" for path in aside)
        console.print(f"To free the space for good: rm -r {listed}", markup=False, soft_wrap=True)


def undo() -> int:
    """Take back what --fix did."""
    from underdog.cli.console import console
    from underdog.cli.mending import undo_all

    for sentence in undo_all(Path.home()):
        console.print(sentence, markup=False, soft_wrap=True)
    return 0


def explain_log(name: str, *, as_json: bool) -> int:
    """Read a log or a pipe, and name what it complains of."""
    import json
    import sys

    from underdog.cli.console import console
    from underdog.errors import InputError
    from underdog.hardware.ailments.explain import explain

    if name == "-":
        explanation = explain(sys.stdin.buffer)
    else:
        try:
            with Path(name).open("rb") as stream:
                explanation = explain(stream)
        except OSError as error:
            raise InputError("a log is needed", got=str(error.strerror), where=name) from error
    if as_json:
        console.print_json(json.dumps(explanation.to_json()), highlight=False)
    else:
        for line in _told(explanation):
            console.print(line, soft_wrap=True)
    return explanation.exit_status


def _told(explanation: Explanation) -> Iterator[str]:
    from rich.markup import escape

    size = f"{explanation.lines:,} lines, {explanation.size_bytes / 1e6:.1f} MB"
    for found in explanation.found:
        ailment = found.ailment
        times = "once" if found.count == 1 else f"{found.count:,} times"
        yield f"{MARKS[ailment.severity.value]} [bold]{escape(ailment.title)}[/] ({ailment.name})"
        yield f"          line {found.line_number:,}, {times}: {escape(found.line)}"
        yield f"          Cause: {escape(ailment.cause)}"
        yield f"          Fix: {escape(ailment.fix)}"
        yield f"          Versions: {escape(ailment.versions)}"
        yield f"          [dim]{escape(ailment.link)}[/]"
    known = f"of {explanation.known} known ailments"
    if explanation.found:
        yield f"{len(explanation.found)} {known} in {size}."
    else:
        yield f"None {known} stands in these {size}. That does not mean that nothing is wrong."
