"""What is known of error lines: one value for each ailment, from the TOML files of this folder.

Each ailment has anchors, plain strings of which at least one stands in every line that shows it.
They make the search fast; a pattern then decides, where the anchor alone would say too much. The
example is a line as a program wrote it, and the ailment's test.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from underdog.hardware.doctor.finding import Severity

KNOWLEDGE = ("amd.toml", "nvidia.toml", "common.toml", "packages.toml", "training.toml")
SHORTEST_ANCHOR = 7
"""Seven bytes hold one aligned word of four, wherever the anchor begins."""


@dataclass(frozen=True, slots=True)
class Ailment:
    """`pattern` and `unless` are regular expressions over the bytes of one line, None where the
    anchors decide alone. An anchor may begin with a line end: then it begins its line. `versions`
    says what is affected, in words.
    """

    name: str
    title: str
    severity: Severity
    anchors: tuple[bytes, ...]
    pattern: re.Pattern[bytes] | None
    unless: re.Pattern[bytes] | None
    cause: str
    fix: str
    versions: str
    link: str
    example: str

    def __post_init__(self) -> None:
        assert self.anchors, self.name
        assert all(len(each) >= SHORTEST_ANCHOR for each in self.anchors), self.name
        assert all(b"\n" not in each[1:] for each in self.anchors), self.name
        assert self.link.startswith("https://"), self.name

    def shows_in(self, line: bytes) -> bool:
        """Whether a line that holds an anchor is a sign of this ailment."""
        if self.pattern is not None and self.pattern.search(line) is None:
            return False
        return self.unless is None or self.unless.search(line) is None


@cache
def known_ailments() -> tuple[Ailment, ...]:
    """All of them, in the order of the files."""
    found = []
    for name in KNOWLEDGE:
        text = (files("underdog.hardware.ailments") / name).read_text(encoding="utf-8")
        found += [_ailment(row) for row in tomllib.loads(text)["ailment"]]
    names = [each.name for each in found]
    assert len(set(names)) == len(names), "two ailments of one name"
    return tuple(found)


def _ailment(row: dict[str, Any]) -> Ailment:
    return Ailment(
        name=row["name"],
        title=row["title"],
        severity=Severity(row["severity"]),
        anchors=tuple(each.encode() for each in row["anchors"]),
        pattern=_compiled(row.get("pattern")),
        unless=_compiled(row.get("unless")),
        cause=row["cause"],
        fix=row["fix"],
        versions=row.get("versions", "all"),
        link=row["link"],
        example=row["example"],
    )


def _compiled(pattern: str | None) -> re.Pattern[bytes] | None:
    return None if pattern is None else re.compile(pattern.encode())
