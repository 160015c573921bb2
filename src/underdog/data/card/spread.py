"""What the questions are like: lengths, choices, kinds of answer, topics, difficulty and order.

In: the summary. Out: blocks of a card.
"""

from __future__ import annotations

from underdog.data.agreement import DifficultyReport
from underdog.data.card.blocks import Block, Dot, Fold, Grid, Heading, Section, Table, Text
from underdog.data.card.plots import (
    bars,
    columns,
    correlation_dot,
    correlation_dots,
    dot,
    share_dots,
    stacks,
)
from underdog.data.card.text import told
from underdog.data.distributions import Distributions, Histogram
from underdog.data.summary import Summary
from underdog.pages.scale import scale_over
from underdog.pages.words import count, counted, percent


def make_spread(summary: Summary) -> Section:
    """Lengths, choices, kinds of answers, topics."""
    intro = "Every row counts once; every choice counts once in the lengths of choices."
    found = summary.distributions
    blocks = _topics_alone(summary) if found is None else _spread(found, summary)
    return Section("spread", "What is in it", intro, tuple(blocks))


def _topics_alone(summary: Summary) -> list[Block]:
    return [bars("Rows by topic", summary.topics, noun="topic")]


def _spread(found: Distributions, summary: Summary) -> list[Block]:
    share = percent(found.explained / summary.kept)
    explained = (
        f"{counted(found.explained, 'row')} ({share}) come with a reason for the key."
        if found.explained
        else "No row says why its key is right."
    )
    kinds = bars("Kind of the right answer", _counts(found.kinds), noun="kind")
    topics = stacks(
        "Topics, by difficulty",
        found.topics,
        noun="topic",
        even=False,
        remark=("held out", lambda bands: count(bands.held_out)),
    )
    lengths = (
        columns("Words per question", found.words, noun="words", unit=" words"),
        columns("Characters per choice", found.characters, noun="characters"),
        columns("Choices per question", found.choices, noun="choices"),
    )
    # Where probes were run, they say more about the place of the key.
    keys = columns("Place of the key as stored", found.keys, noun="place")
    return [
        Grid(lengths if summary.probes is not None else (*lengths, keys)),
        kinds,
        topics,
        Text(explained, "soft"),
    ]


def _counts(found: Histogram) -> dict[str, int]:
    return {bar.label: bar.count for bar in found.bars}


def make_difficulty(summary: Summary) -> Section:
    """Where difficulty comes from, what it is worth, and how the curriculum rises."""
    intro = (
        "Difficulty is a rank from 0 to 1 among all rows. Bands are cut by rank, so that their "
        "shares are those that were asked for."
    )
    blocks: list[Block] = []
    report, found = summary.difficulty, summary.distributions
    if report is not None:
        blocks += _measured(report)
    if found is not None:
        blocks += _curriculum(found)
    if not blocks:
        blocks = [bars("Rows by difficulty", summary.bands, noun="band")]
    return Section("difficulty", "Difficulty and order", intro, tuple(blocks))


def _measured(report: DifficultyReport) -> list[Block]:
    blocks: list[Block] = [Text(f"{report.sentence()}."), _bands(report)]
    right = [each for each in report.bands if each.right is not None]
    if right:
        scale = scale_over([each.right.high for each in right if each.right], from_zero=True)
        dots = [
            dot(
                f"guessed {each.band.value}",
                each.right,
                scale=scale,
                remark=counted(each.right.n, "row"),
            )
            for each in right
            if each.right is not None
        ]
        remark = "A guess that is worth something lets the share fall from easy to hard."
        title = "How often the model is right, by guessed band"
        blocks.append(share_dots(title, dots, noun="band", scale=scale, remark=remark))
    rows = _part_dots(report)
    if rows:
        remark = "Above 0: the model finds harder what this part calls harder."
        title = "Rank correlation with the model's margin"
        blocks.append(correlation_dots(title, rows, noun="part of the guess", remark=remark))
    else:
        blocks.append(_parts(report))
    return blocks


def _part_dots(report: DifficultyReport) -> list[Dot]:
    """The guess as a whole, then its parts; empty where nothing was measured."""
    if report.correlation is None:
        return []
    rows = [correlation_dot("the whole guess", report.correlation, remark="")]
    rows += [
        correlation_dot(part.name, part.correlation, remark=_weight(part.weight, part.meaning))
        for part in report.parts
        if part.correlation is not None
    ]
    return rows


def _weight(weight: float, meaning: str) -> str:
    return f"weight {weight:g}: {meaning}"


def _parts(report: DifficultyReport) -> Table:
    rows = tuple((part.name, f"{part.weight:g}", part.meaning) for part in report.parts)
    return Table(
        "What the guess is made of", ("part", "weight", "meaning"), rows, ("", "num", "long")
    )


def _bands(report: DifficultyReport) -> Table:
    rows = tuple(
        (
            each.band.value,
            percent(each.asked),
            percent(each.rows / max(report.rows, 1)),
            count(each.rows),
            "–" if each.right is None else told(each.right),
        )
        for each in report.bands
    )
    head = ("band", "share asked", "share met", "rows", "model right, guessed band")
    return Table("Shares of the bands", head, rows, ("", "num", "num", "num", "num"))


def _curriculum(found: Distributions) -> list[Block]:
    heading = Heading(
        "The curriculum",
        f"{counted(len(found.chunks), 'chunk')}, trained on one after the other.",
    )
    rows = tuple(
        (
            bands.name,
            count(bands.rows),
            f"{bands.difficulty:.2f}",
            count(bands.topics),
            percent(bands.largest_topic),
        )
        for bands in found.chunks
    )
    head = ("chunk", "rows", "mean difficulty", "topics", "largest topic")
    chunks = stacks(
        "Bands in each chunk",
        found.chunks,
        noun="chunk",
        even=True,
        remark=("difficulty", lambda bands: f"{bands.difficulty:.2f}"),
    )
    table = Table("Rows and topics of each chunk", head, rows, ("", "num", "num", "num", "num"))
    return [
        heading,
        chunks,
        Fold("Chunks in numbers", (table,)),
        Grid(
            (
                columns("Difficulty of all rows", found.difficulty, noun="difficulty"),
                columns(
                    "Difficulty of held-out rows", found.held_out_difficulty, noun="difficulty"
                ),
            )
        ),
    ]
