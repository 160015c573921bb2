"""What every command prints with: one console for results, a progress bar for long work."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

console = Console(highlight=False)
"""Results go to standard output."""


class ProgressBar:
    """Draws what rooms report through `underdog.runs.progress.Progress`, on standard error.

    Where standard error is not a terminal, each finished task prints one line instead.
    """

    def __init__(self) -> None:
        self._console = Console(stderr=True, highlight=False)
        self._bar = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[note]}"),
            console=self._console,
            transient=True,
            disable=not self._console.is_terminal,
        )
        self._task: TaskID | None = None
        self._name, self._note = "", ""

    def begin(self, task: str, total: int | None) -> None:
        """Start drawing a task."""
        self._name, self._note = task, ""
        self._task = self._bar.add_task(task, total=total, note="")

    def advance(self, steps: int = 1, note: str = "") -> None:
        """Move the bar; an empty note keeps the last one."""
        if self._task is None:
            return
        self._note = note or self._note
        self._bar.update(self._task, advance=steps, note=self._note)

    def end(self) -> None:
        """Take the bar away and leave one line: done, or how far it came."""
        if self._task is None:
            return
        task = self._bar.tasks[self._bar.task_ids.index(self._task)]
        self._bar.remove_task(self._task)
        self._task = None
        whole = task.total is None or task.completed >= task.total
        state = "[green]done[/]" if whole else f"[yellow]at {task.completed:g}/{task.total:g}[/]"
        note = f": {self._note}" if self._note else ""
        self._console.print(f"{state} {self._name}{note}")

    def say(self, sentence: str) -> None:
        """Print a sentence above the bar."""
        self._console.print(sentence, markup=False)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.stop()
