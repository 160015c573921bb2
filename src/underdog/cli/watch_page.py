"""The live page of ``underdog watch``: one screen that fits the terminal it is in."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from underdog.runs.watch.sight import Sight
from underdog.runs.watch.status import figures
from underdog.runs.watch.verdicts import Kind, Verdict

COLOURS = {Kind.HEALTHY: "green", Kind.FINISHED: "green", Kind.CRASHED: "red"}


def page(sight: Sight, verdicts: Sequence[Verdict]) -> RenderableType:
    """Verdicts on top, then progress, then every figure."""
    parts: list[RenderableType] = [_verdict(verdict) for verdict in verdicts]
    total = sight.facts.total
    if total and sight.beats:
        parts.append(ProgressBar(total=total, completed=min(total, sight.beats[-1].step)))
    table = Table.grid(padding=(0, 2))
    for name, value in figures(sight):
        table.add_row(Text(name, style="dim"), Text(value))
    parts.append(table)
    parts += [Text(event, style="yellow") for event in sight.events[-3:]]
    ending = (
        "over: Ctrl-C leaves"
        if verdicts[0].kind in COLOURS and verdicts[0].kind is not (Kind.HEALTHY)
        else "Ctrl-C leaves; the run goes on"
    )
    return Panel(Group(*parts), title="underdog watch", subtitle=ending, title_align="left")


def _verdict(verdict: Verdict) -> Text:
    colour = COLOURS.get(verdict.kind, "yellow")
    text = Text(f"{verdict.kind.value.upper()}  ", style=f"bold {colour}")
    text.append(verdict.evidence, style="default")
    if not verdict.fine:
        text.append(f"\n  {verdict.advice}", style="dim")
    return text
