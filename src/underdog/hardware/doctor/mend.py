"""What may be mended by itself: only what can be undone, as a list that a person can read first.

In: a report and the host. Out: Mend values; nothing is done here. A mend writes a file of
environment variables, or moves files aside; nothing is deleted.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path

from underdog.hardware.doctor.finding import Report
from underdog.hardware.doctor.host import Host
from underdog.hardware.doctor.room import GB, hub_cache, kernel_caches, measure

ENVIRONMENT_FILE = "underdog.env"
LARGE_CACHE = 5 * GB
THOROUGH_S = 60.0


@dataclass(frozen=True, slots=True)
class Mend:
    """`write` is the new text of `target`; without it, `target` is moved aside."""

    title: str
    target: Path
    write: str | None = None


def possible_mends(host: Host, report: Report) -> tuple[Mend, ...]:
    """What would be done, in order."""
    mends = []
    text = environment_text(report)
    target = host.folder / ENVIRONMENT_FILE
    if text and not (target.is_file() and target.read_text(encoding="utf-8") == text):
        mends.append(Mend(f"write {target} (use it with: . ./{ENVIRONMENT_FILE})", target, text))
    for path, size in measure(hub_cache(host), budget_s=THOROUGH_S).incomplete:
        mends.append(
            Mend(f"move an unfinished download aside: {path}, {size / 1e9:.2f} GB", Path(path))
        )
    for folder in kernel_caches(host):
        size = measure(folder, budget_s=THOROUGH_S).size_bytes if folder.is_dir() else 0
        if size > LARGE_CACHE:
            title = f"move a cache of compiled kernels aside: {folder}, {size / 1e9:.1f} GB"
            mends.append(Mend(title, folder))
    return tuple(mends)


def environment_text(report: Report) -> str:
    """Lines for a shell, each with its reason; empty where no finding sets a variable."""
    lines: dict[str, list[str]] = {}
    for finding in report.findings:
        for name, value in finding.settings:
            line = f"unset {name}" if value is None else f"export {name}={shlex.quote(value)}"
            lines.setdefault(name, [f"# {finding.title}", line])
    if not lines:
        return ""
    head = "# Written by: underdog doctor --fix. Undo: underdog doctor --undo"
    return "\n".join([head, *(line for pair in lines.values() for line in pair)]) + "\n"
