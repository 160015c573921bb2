"""Which rows belong together, and whether the split parts any of them.

In: the summary. Out: blocks of a card.
"""

from __future__ import annotations

from underdog.data.card.blocks import Block, Section, Table, Text
from underdog.data.reject import shorten
from underdog.data.summary import Groups, Summary
from underdog.data.templates import TemplateReport
from underdog.pages.words import count, counted, percent

_PATTERN_CHARACTERS = 200


def make_likeness(summary: Summary) -> Section:
    """Groups, templates, the look across the split."""
    check = summary.check
    blocks: list[Block] = [
        Text(_groups(summary.groups)),
        Text(f"Check: {check.sentence()}.", "" if check.clean else "bad"),
    ]
    if summary.templates is not None:
        blocks += _templates(summary.templates, summary.kept)
    intro = (
        "Near-duplicates, questions on one fact and questions of one pattern form a group, and a "
        "group is on one side of the split."
    )
    return Section("groups", "Groups and the split", intro, tuple(blocks))


def _groups(groups: Groups) -> str:
    return (
        f"{counted(groups.count, 'group')}; {counted(groups.joined, 'row')} share theirs with "
        f"another row; the largest has {count(groups.largest)}, one of them: "
        f"“{shorten(groups.largest_text, _PATTERN_CHARACTERS)}”"
    )


def _templates(report: TemplateReport, kept: int) -> list[Block]:
    text = (
        f"{counted(report.clusters, 'pattern')} with names and numbers left blank fit two rows or "
        f"more, {counted(report.rows, 'row')} in all ({percent(report.rows / kept)}). "
        f"{counted(report.linked, 'row')} among them have so much text in common that they are "
        "kept on one side of the split; “What is the capital of [name]?” joins nothing."
    )
    rows = tuple(
        (
            shorten(each.pattern, _PATTERN_CHARACTERS),
            count(each.rows),
            shorten(each.example, _PATTERN_CHARACTERS),
        )
        for each in report.largest
    )
    head = ("pattern", "rows", "one of them")
    blocks: list[Block] = [Text(text)]
    if rows:
        blocks.append(Table("The largest patterns", head, rows, ("long", "num", "long")))
    return blocks
