"""OpenTriviaQA text: a record starts at a line "#Q", then "^ key", then "A choice" and so on.

Text may run over several lines, empty ones included, up to the line of the key. Lines before the
first record are one broken row. Bytes that are no UTF-8 are repaired (`lines.repair_text`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from underdog.data.reject import Reason, shorten
from underdog.data.sources.candidate import Broken, Candidate, KeyKind, tidy
from underdog.data.sources.lines import Line, read_lines, repair_text

RECORD_MARK = b"#Q"
LONGEST_RECORD_LINES = 400
"""The longest of 45,941 real records has 36 lines; beyond this a record is broken."""
_KEY = re.compile(r"^\^(?:\s+(.*))?$")


def read_opentriviaqa(path: Path) -> Iterator[Candidate | Broken]:
    """Every record of a file; `row` is the line of its "#Q"."""
    block: list[Line] = []
    started = False
    for line in read_lines(path):
        if line.content.startswith(RECORD_MARK):
            if block:
                yield _read_record(block)
            block, started = [line], True
        elif not started and line.content.strip():
            start = shorten(line.content[:400].decode("utf-8", "replace"))
            detail = "text before the first record"
            yield Broken(line.number, Reason.NOT_A_RECORD, detail, start)
            started = True
        elif block and len(block) <= LONGEST_RECORD_LINES:
            block.append(line)
    if block:
        yield _read_record(block)


def count_repairs(path: Path) -> int:
    """Byte runs of a file that are no UTF-8 and are read as Windows-1252."""
    return sum(repair_text(line.content)[1] for line in read_lines(path))


def _read_record(block: list[Line]) -> Candidate | Broken:
    row = block[0].number
    first, _ = repair_text(block[0].content[:2000])
    if len(block) > LONGEST_RECORD_LINES or any(line.cut for line in block):
        detail = f"a record of {LONGEST_RECORD_LINES} lines or a line of 1 MiB is exceeded"
        return Broken(row, Reason.TOO_LONG, detail, shorten(first))
    lines = [repair_text(line.content)[0] for line in block]
    lines[0] = lines[0].removeprefix("#Q")
    places = [place for place, line in enumerate(lines) if _KEY.match(line)]
    if not places:
        return Broken(row, Reason.NO_ANSWER, 'no line starts with "^"', shorten(first))
    if len(places) > 1:
        detail = f'{len(places)} lines start with "^"'
        return Broken(row, Reason.AMBIGUOUS_ANSWER, detail, shorten(first))
    text = tidy("\n".join(lines[: places[0]]))
    return _assemble(row, text, lines[places[0] :])


def _assemble(row: int, text: str, lines: list[str]) -> Candidate | Broken:
    """`lines` starts with the key; choices follow in the order A, B, C, each on its own line."""
    found = _KEY.match(lines[0])
    key = tidy(found[1] or "") if found else ""
    choices: list[str] = []
    for line in lines[1:]:
        label = chr(ord("A") + len(choices))
        if line.rstrip() == label or line.startswith((f"{label} ", f"{label}\t")):
            choices.append(tidy(line[1:]))
        elif line.strip():
            detail = f"choice {label} was expected, not {shorten(line, 60)!r}"
            return Broken(row, Reason.NOT_A_RECORD, detail, shorten(text))
    return Candidate(row, text, tuple(choices) or None, key, KeyKind.TEXT)
