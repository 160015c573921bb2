"""Whether the key can be found without understanding: the probes, drawn against chance.

In: the summary's probes. Out: blocks of a card.
"""

from __future__ import annotations

from collections.abc import Sequence

from underdog.data.card.blocks import Block, Dots, Section, Table, Text
from underdog.data.card.plots import dot, share_dots
from underdog.data.card.verdicts import UNEVEN_P, Level, level_of
from underdog.data.probes.key_places import KeyPositions
from underdog.data.probes.probes import Probes
from underdog.data.summary import Summary
from underdog.mcq.presentation import LETTERS
from underdog.pages.scale import Scale
from underdog.pages.words import count, counted, p_value, percent

_MOST_PLACES = 8
"""Sets with more choices than this have their places in the table only."""

_ROLES = {Level.WORRY: "bad", Level.NOTE: "other", Level.GOOD: "subject"}


def make_guessing(summary: Summary) -> Section:
    """The probes, and where keys stand."""
    intro = (
        "Ways to find the key without understanding the question. On the dashed line they find it "
        "no more often than chance does."
    )
    probes = summary.probes
    blocks: list[Block] = (
        [Text("The probes were not run.", "soft")] if probes is None else _probes(probes)
    )
    return Section("probes", "Can it be guessed?", intro, tuple(blocks))


def _probes(probes: Probes) -> list[Block]:
    blocks: list[Block] = []
    if probes.probes:
        blocks.append(_dots(probes))
    blocks += [
        Text(f"Not run, {title.replace('_', ' ')}: {why}.", "soft")
        for title, why in probes.missing.items()
    ]
    if probes.key_positions:
        blocks.append(_places(probes.key_positions))
        blocks += [_place_dots(each) for each in probes.key_positions if _drawn(each)]
    return blocks


def _dots(probes: Probes) -> Dots:
    highest = max(max(each.value.high, each.chance) for each in probes.probes)
    scale = Scale(0.0, min(1.0, max(0.5, highest + 0.05)))
    rows = [
        dot(
            each.title[:1].upper() + each.title[1:],
            each.value,
            scale=scale,
            chance=each.chance,
            remark=each.note,
            role=_ROLES[level_of(each)],
        )
        for each in probes.probes
    ]
    remark = (
        f"Of {counted(probes.questions, 'question')} with a key; what learns looks at "
        f"{count(probes.probed)} of them, and answers those that it has not learnt from."
    )
    return share_dots("Key found", rows, noun="probe", scale=scale, remark=remark)


def _places(found: Sequence[KeyPositions]) -> Table:
    rows = tuple(
        (
            str(each.choices),
            count(sum(each.counts)),
            f"{each.statistic:.2f}",
            str(each.degrees_of_freedom),
            "too few" if each.p is None else p_value(each.p).removeprefix("= "),
            ", ".join(
                f"{LETTERS[at]} {percent(share.value)}" for at, share in enumerate(each.shares)
            ),
        )
        for each in found
    )
    head = ("choices", "questions", "chi-square", "degrees of freedom", "p", "key at")
    styles = ("num", "num", "num", "num", "num", "long")
    return Table("Where the key stands, as stored", head, rows, styles)


def _drawn(each: KeyPositions) -> bool:
    return each.p is not None and each.choices <= _MOST_PLACES


def _place_dots(each: KeyPositions) -> Dots:
    chance = 1 / each.choices
    highest = max(share.high for share in each.shares)
    scale = Scale(0.0, min(1.0, max(2 * chance, highest + 0.02)))
    uneven = each.p is not None and each.p < UNEVEN_P
    rows = [
        dot(
            LETTERS[at],
            share,
            scale=scale,
            chance=chance,
            remark=counted(each.counts[at], "question"),
            role="bad" if uneven and not share.low <= chance <= share.high else "subject",
        )
        for at, share in enumerate(each.shares)
    ]
    title = f"Place of the key among {each.choices} choices"
    return share_dots(title, rows, noun="place", scale=scale)
