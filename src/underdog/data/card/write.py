"""The data card: what a question set is made of, as one HTML page and as a Markdown twin.

In: the summary of a build, its rows, its rejects, its settings. Out: two texts with the same facts.
Never: a clock, a random number, a script, a request. Equal inputs give equal bytes.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from underdog import __version__
from underdog.data.card.blocks import Block, Fact, Fold, Section, Table
from underdog.data.card.examples import make_rejects, make_rows
from underdog.data.card.guessing import make_guessing
from underdog.data.card.likeness import make_likeness
from underdog.data.card.spread import make_difficulty, make_spread
from underdog.data.card.steps import make_origins, make_steps
from underdog.data.card.text import escape_markdown, shown
from underdog.data.card.verdicts import Level, Verdict, judge
from underdog.data.reject import Reject
from underdog.data.row import Row
from underdog.data.summary import Summary
from underdog.pages.environment import open_templates
from underdog.pages.words import count, counted, percent
from underdog.pages.words import settings as flatten

PAGE_NAME = "card.html"
MARKDOWN_NAME = "card.md"
_BLANK_LINES = re.compile(r"\n{3,}")


class Cards(NamedTuple):
    """The same facts twice; both can be encoded as UTF-8."""

    html: str
    markdown: str


class VerdictGroup(NamedTuple):
    """All verdicts of one level."""

    level: str
    words: str
    verdicts: tuple[Verdict, ...]


@dataclass(frozen=True, slots=True)
class Card:
    """Everything that a card shows, ready to print."""

    title: str
    lede: str
    verdicts: tuple[VerdictGroup, ...]
    tally: str
    facts: tuple[Fact, ...]
    sections: tuple[Section, ...]
    version: str


def write_cards(
    summary: Summary,
    rows: Sequence[Row],
    *,
    rejects: Sequence[Reject],
    settings: Mapping[str, object],
) -> Cards:
    """Both twins. MissingExtraError without jinja2.

    `settings` may hold tables of settings; they are shown with dotted names.
    """
    templates = open_templates("underdog.data.card", feature="the data card")
    from markupsafe import Markup  # comes with jinja2

    card = make_card(summary, rows, rejects=rejects, settings=settings)
    page = templates.get_template("card.html.j2").render(card=shown(card, str))
    # Markup is left as it is where HTML is escaped: these texts are escaped for Markdown.
    plain = shown(card, lambda text: Markup(escape_markdown(text)))  # noqa: S704
    markdown = templates.get_template("card.md.j2").render(card=plain)
    return Cards(str(page), _BLANK_LINES.sub("\n\n", str(markdown)))


def make_card(
    summary: Summary,
    rows: Sequence[Row],
    *,
    rejects: Sequence[Reject],
    settings: Mapping[str, object],
) -> Card:
    """The card as a value."""
    verdicts = judge(summary)
    return Card(
        title=_title(summary),
        lede=_lede(summary),
        verdicts=_grouped(verdicts),
        tally=_tally(verdicts),
        facts=_facts(summary),
        sections=(
            make_guessing(summary),
            make_steps(summary),
            make_origins(summary),
            make_spread(summary),
            make_difficulty(summary),
            make_likeness(summary),
            make_rows(rows),
            make_rejects(summary, rejects),
            _record(summary, settings),
        ),
        version=__version__,
    )


def _title(summary: Summary) -> str:
    topics = len(summary.topics)
    about = f" on {counted(topics, 'topic')}" if topics > 1 else ""
    return f"{counted(summary.kept, 'question')}{about}"


def _lede(summary: Summary) -> str:
    chunks = counted(len(summary.chunks), "chunk")
    grown = summary.growth
    old = "" if grown is None else f"{counted(grown.kept, 'row')} come from an older set. "
    return (
        f"{count(summary.splits['train'])} for training in {chunks}, "
        f"{count(summary.splits['validation'])} held out. {old}"
        f"{counted(summary.read, 'row')} were read from {counted(len(summary.files), 'file')}; "
        f"{count(summary.rejected)} were left out, each with its reason."
    )


def _grouped(verdicts: Sequence[Verdict]) -> tuple[VerdictGroup, ...]:
    groups = (
        VerdictGroup(level.value, level.words, tuple(v for v in verdicts if v.level is level))
        for level in Level
    )
    return tuple(group for group in groups if group.verdicts)


def _tally(verdicts: Sequence[Verdict]) -> str:
    """How many verdicts of each level, in words."""
    counts = Counter(verdict.level for verdict in verdicts)
    worries, notes = counts[Level.WORRY], counts[Level.NOTE]
    return (
        f"{counted(worries, 'thing') if worries else 'nothing'} to worry about, "
        f"{counted(notes, 'thing') if notes else 'nothing'} to note, "
        f"{counted(counts[Level.GOOD], 'check')} passed"
    )


def _facts(summary: Summary) -> tuple[Fact, ...]:
    held = summary.splits["validation"]
    facts = [
        Fact("For training", count(summary.splits["train"]), counted(len(summary.chunks), "chunk")),
        Fact("Held out", count(held), percent(held / summary.kept)),
        Fact("Sources", count(len(summary.sources)), counted(len(summary.files), "file")),
        Fact("Groups", count(summary.groups.count), "never parted by the split"),
    ]
    found = summary.distributions
    if found is not None:
        choices = [bar.label for bar in found.choices.bars if bar.count]
        span = choices[0] if len(choices) == 1 else f"{choices[0]} to {choices[-1]}"
        facts.append(Fact("Chance", percent(found.chance), f"{span} choices"))
    left = percent(summary.rejected / summary.read) if summary.read else "of none"
    return (*facts, Fact("Left out", count(summary.rejected), f"{left} of the rows"))


def _record(summary: Summary, settings: Mapping[str, object]) -> Section:
    rows = tuple(flatten(settings))
    digests = tuple((file, digest) for file, digest in summary.digests.items())
    inputs = tuple((file.name, file.digest) for file in summary.files)
    blocks: list[Block] = [
        Table("Settings", ("setting", "value"), rows, ("long", "long")),
        Table("Files of the set, SHA-256", ("file", "digest"), digests, ("mid", "code")),
        Fold(
            "Files that were read, SHA-256",
            (Table("Digests of the sources", ("file", "digest"), inputs, ("mid", "code")),),
        ),
    ]
    intro = "Equal files and equal settings give this set again, to the byte."
    return Section("record", "How to make it again", intro, tuple(blocks))
