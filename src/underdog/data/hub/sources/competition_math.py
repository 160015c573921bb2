r"""MATH: competition problems with worked solutions; the answer stands in the last \boxed{...}."""

from __future__ import annotations

import re

from underdog.data.hub.columns import Row, text
from underdog.data.hub.record import Record, open_record
from underdog.data.hub.source import HubPlace, HubSource

_BOX = re.compile(r"\\(?:boxed|fbox)\s*")


def to_record(row: Row) -> Record:
    """`problem`, `solution`, `type`. A solution without a box gives a record without an answer."""
    solution = text(row, "solution")
    return open_record(
        text(row, "problem"),
        [find_boxed(solution)],
        topic=text(row, "type"),
        explanation=solution,
    )


def find_boxed(solution: str) -> str:
    r"""What the last \boxed or \fbox holds, braces inside kept; "" when there is none.

    `\boxed 5` and `\boxed5` hold what stands up to the next space or dollar sign.
    """
    boxes = list(_BOX.finditer(solution))
    if not boxes:
        return ""
    rest = solution[boxes[-1].end() :]
    if not rest.startswith("{"):
        return re.split(r"[\s$]", rest, maxsplit=1)[0]
    depth = 0
    for at, letter in enumerate(rest):
        escaped = at > 0 and rest[at - 1] == "\\"
        if letter in "{}" and not escaped:
            depth += 1 if letter == "{" else -1
        if depth == 0:
            return rest[1:at].strip()
    return ""


SOURCE = HubSource(
    name="math",
    title="MATH",
    place=HubPlace("DigitalLearningGmbH/MATH-lighteval"),
    kind="open",
    licence="mit",
    splits={"train": 7_500, "test": 5_000},
    training=("train",),
    download_mb=5,
    text_mb=11,
    to_record=to_record,
    note="a copy: the original was taken off the hub in 2025 after a copyright claim",
)
