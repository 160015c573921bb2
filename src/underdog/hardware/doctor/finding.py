"""What the doctor says: findings with their evidence and remedy, and the report that holds them.

Out: values that survive JSON. Never: a finding without the evidence it rests on.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Severity(StrEnum):
    """How bad it is, best first."""

    GOOD = "good"
    """Looked at, and well."""
    HINT = "hint"
    """Harmless, but worth knowing."""
    WARNING = "warning"
    """Works, but slowly, not for long, or with risk."""
    ERROR = "error"
    """Something that training needs does not work."""


EXIT_STATUS = {Severity.GOOD: 0, Severity.HINT: 0, Severity.WARNING: 1, Severity.ERROR: 2}
"""What the command ends with, by the worst finding."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing about this machine. `evidence` says what was read and where, one fact a line;
    `remedy` is one command (or one sentence where no command helps), None where there is nothing
    to do; `settings` are environment variables that the remedy sets (None: unsets).
    """

    name: str
    severity: Severity
    title: str
    evidence: tuple[str, ...]
    remedy: str | None = None
    link: str | None = None
    settings: tuple[tuple[str, str | None], ...] = ()

    def __post_init__(self) -> None:
        assert self.title, self.name
        assert self.evidence, f"{self.name} rests on nothing"

    def to_json(self) -> dict[str, Any]:
        """As a plain JSON object."""
        return {
            **asdict(self),
            "severity": self.severity.value,
            "evidence": list(self.evidence),
            "settings": dict(self.settings),
        }


@dataclass(frozen=True, slots=True)
class Report:
    """`machine` describes what was found, by name; `read` lists every place that was looked at."""

    machine: tuple[tuple[str, str], ...]
    findings: tuple[Finding, ...]
    read: tuple[str, ...]

    @property
    def worst(self) -> Severity:
        """The severity of the worst finding."""
        order = list(Severity)
        return max((each.severity for each in self.findings), key=order.index, default=order[0])

    @property
    def exit_status(self) -> int:
        """0 well, 1 warnings, 2 errors."""
        return EXIT_STATUS[self.worst]

    def to_json(self) -> dict[str, Any]:
        """As a plain JSON object."""
        return {
            "verdict": self.worst.value,
            "exit_status": self.exit_status,
            "machine": dict(self.machine),
            "findings": [each.to_json() for each in self.findings],
            "read": list(self.read),
        }


def sorted_findings(findings: list[Finding]) -> tuple[Finding, ...]:
    """Worst first; within one severity in the order of the checks."""
    order = list(Severity)
    return tuple(sorted(findings, key=lambda each: -order.index(each.severity)))
