"""How many rows every step of a build took in and gave out, and where rows came from or went.

In: the summary. Out: blocks of a card. What a build did not do has no block.
"""

from __future__ import annotations

from underdog.data.card.blocks import Block, Flow, FlowRow, Fold, Heading, Section, Table, Text
from underdog.data.card.plots import bars
from underdog.data.card.text import name
from underdog.data.summary import Step, Summary
from underdog.pages.words import count, counted, percent


def make_steps(summary: Summary) -> Section:
    """From rows in files to rows of the set."""
    blocks = [
        _flow(summary),
        *_conversion(summary),
        *_decontamination(summary),
        *_mix(summary),
        *_growth(summary),
        *_files(summary),
    ]
    intro = "What went into every step, and what came out. A row that was left out has its reason."
    return Section("steps", "From files to questions", intro, tuple(blocks))


def _flow(summary: Summary) -> Flow:
    steps = summary.steps or (Step("read, checked and cleared", summary.read, summary.kept),)
    largest = max(max(step.rows_in, step.rows_out) for step in steps) or 1
    return Flow("Rows before and after each step", tuple(_flow_row(s, largest) for s in steps))


def _flow_row(step: Step, largest: int) -> FlowRow:
    change = step.rows_out - step.rows_in
    return FlowRow(
        name=step.name,
        rows_in=count(step.rows_in),
        rows_out=count(step.rows_out),
        change=f"{change:+,}".replace(",", "\u202f").replace("-", "\u2212") if change else "±0",
        note=step.note,
        kept=round(100 * min(step.rows_in, step.rows_out) / largest, 2),
        lost=round(100 * max(-change, 0) / largest, 2),
    )


def _conversion(summary: Summary) -> list[Block]:
    found = summary.conversion
    if found is None:
        return []
    remark = (
        f"{counted(found.questions, 'question')} came without choices: {count(found.converted)} "
        f"were given some, {count(found.rejected)} were left out."
    )
    heading = Heading("Open questions", remark)
    kinds = bars("Converted, by kind of answer", summary.kinds, noun="kind of answer")
    return [heading, kinds] if summary.kinds else [heading]


def _decontamination(summary: Summary) -> list[Block]:
    if not summary.decontamination:
        return []
    rows = tuple(
        (
            name(line.benchmark),
            count(line.questions),
            count(line.removed),
            ", ".join(f"{how}: {count(number)}" for how, number in line.ways.items()),
        )
        for line in summary.decontamination
    )
    head = ("benchmark file", "questions", "rows taken out", "how they matched")
    caption = "Rows that stand in a benchmark"
    return [Table(caption, head, rows, ("long", "num", "num", "long"))]


def _mix(summary: Summary) -> list[Block]:
    if not summary.mix:
        return []
    taken = sum(line.taken for line in summary.mix) or 1
    rows = tuple(
        (
            name(line.name),
            count(line.available),
            "–" if line.wanted is None else count(line.wanted),
            count(line.taken),
            percent(line.taken / taken),
            {"cap": "its cap", "rows": "its rows"}.get(line.bound, ""),
        )
        for line in summary.mix
    )
    head = ("source", "available", "wanted", "taken", "share of the set", "bound by")
    return [Table("The mix of sources", head, rows, ("long", "num", "num", "num", "num", ""))]


def _growth(summary: Summary) -> list[Block]:
    found = summary.growth
    if found is None:
        return []
    remark = (
        f"{counted(found.kept, 'row')} of the older set kept their ids and their side of the "
        f"split, {count(found.added)} were added. {counted(found.alike, 'new row')} resembled a "
        "held-out row of the older set and were left out."
    )
    return [Heading("Grown from an older set", remark)]


def _files(summary: Summary) -> list[Block]:
    rows = tuple(
        (
            name(file.name),
            file.format,
            count(file.read),
            count(file.kept),
            count(file.rejected),
            "; ".join(file.notes),
        )
        for file in summary.files
    )
    head = ("file", "format", "read", "kept", "left out", "notes")
    styles = ("long", "", "num", "num", "num", "long")
    blocks: list[Block] = [Table("Files that were read", head, rows, styles)]
    if summary.skipped:
        skipped = tuple((name(file), why) for file, why in summary.skipped.items())
        styles_of_two = ("long", "long")
        blocks.append(
            Table("Files that hold no questions", ("file", "why"), skipped, styles_of_two)
        )
    return [Fold(f"{counted(len(rows), 'file')} one by one", tuple(blocks))]


def make_origins(summary: Summary) -> Section:
    """Sources and licences."""
    found = summary.distributions
    blocks: list[Block] = []
    if found is not None:
        rows = tuple(
            (name(each.source), name(each.licence), count(each.rows), percent(each.rows / whole))
            for whole in (summary.kept,)
            for each in found.origins
        )
        head = ("source", "licence", "rows", "share")
        blocks.append(
            Table("Rows by source and licence", head, rows, ("long", "long", "num", "num"))
        )
    else:
        blocks.append(bars("Rows by source", summary.sources, noun="source"))
        blocks.append(bars("Rows by licence", summary.licences, noun="licence"))
    blocks.append(
        Text(
            "A licence is what a file states of itself, or what a known set is published under. "
            "Read it before you share the set or a model trained on it.",
            "soft",
        )
    )
    intro = "Who made the questions, and on which terms they may be used."
    return Section("origins", "Sources and licences", intro, tuple(blocks))
