"""What a card is made of, ready to print: the values that both templates draw.

Every number is a text here, and every place in a drawing is a per cent of its width. `kind` tells
the templates which macro draws a block. Drawings are tables as well, or have one beside them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from underdog.pages.scale import Tick


@dataclass(frozen=True, slots=True)
class Fact:
    """A figure under the title, with a remark below it."""

    name: str
    figure: str
    remark: str


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph. `tone` is "", "soft" or "bad"."""

    kind: ClassVar[str] = "text"
    text: str
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Heading:
    """Opens a part of a section; `remark` is one sentence below it."""

    kind: ClassVar[str] = "heading"
    title: str
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """`styles` has one word per column: "" short text, "num" a number, "long" text, "code"."""

    kind: ClassVar[str] = "table"
    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    styles: tuple[str, ...]

    def __post_init__(self) -> None:
        widths = {len(self.head), len(self.styles), *map(len, self.rows)}
        assert len(widths) == 1, f"{self.caption}: columns {sorted(widths)}"


class BarRow(NamedTuple):
    """`width` is per cent of the longest bar."""

    name: str
    number: str
    share: str
    width: float


@dataclass(frozen=True, slots=True)
class Bars:
    """Names with counts, one bar each; `rest` is folded away."""

    kind: ClassVar[str] = "bars"
    title: str
    noun: str
    rows: tuple[BarRow, ...]
    rest: tuple[BarRow, ...] = ()


@dataclass(frozen=True, slots=True)
class Columns:
    """A histogram of standing bars, in the order of its axis; `summary` says where its middle is.

    `marked` are the bins below which a label stands, with their places from the left.
    """

    kind: ClassVar[str] = "columns"
    title: str
    noun: str
    summary: str
    rows: tuple[BarRow, ...]
    marked: tuple[Tick, ...]


class Dot(NamedTuple):
    """A measured value with its interval. `mark` is where chance is, None where there is none."""

    name: str
    value: str
    bounds: str
    at: float
    low: float
    high: float
    mark: float | None
    mark_name: str
    remark: str
    role: str
    """ "subject", "other" for what is to be noted, "bad" for what is worrying."""
    line: str
    """The same drawing in letters, for the Markdown twin."""


@dataclass(frozen=True, slots=True)
class Dots:
    """Values on one scale."""

    kind: ClassVar[str] = "dots"
    title: str
    noun: str
    remark: str
    rows: tuple[Dot, ...]
    ticks: tuple[Tick, ...]


class StackRow(NamedTuple):
    """`widths` are per cent of the drawing; `counts` stand in the same order."""

    name: str
    widths: tuple[float, ...]
    counts: tuple[str, ...]
    remark: str


@dataclass(frozen=True, slots=True)
class Stacks:
    """Bars of parts, such as easy, medium and hard; `rest` is folded away."""

    kind: ClassVar[str] = "stacks"
    title: str
    noun: str
    parts: tuple[str, ...]
    remark_name: str
    rows: tuple[StackRow, ...]
    rest: tuple[StackRow, ...] = ()


class FlowRow(NamedTuple):
    """One step: what stayed, what went. Widths are per cent of the largest step."""

    name: str
    rows_in: str
    rows_out: str
    change: str
    note: str
    kept: float
    lost: float


@dataclass(frozen=True, slots=True)
class Flow:
    """The steps of a build."""

    kind: ClassVar[str] = "flow"
    title: str
    rows: tuple[FlowRow, ...]


class Choice(NamedTuple):
    """`key` marks the right one."""

    letter: str
    text: str
    key: bool


@dataclass(frozen=True, slots=True)
class Sample:
    """One question of the set."""

    about: tuple[str, ...]
    text: str
    choices: tuple[Choice, ...]
    explanation: str


@dataclass(frozen=True, slots=True)
class Samples:
    """Questions as cards."""

    kind: ClassVar[str] = "samples"
    rows: tuple[Sample, ...]


@dataclass(frozen=True, slots=True)
class Fold:
    """Something that is there for those who ask."""

    kind: ClassVar[str] = "fold"
    summary: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Grid:
    """Blocks beside each other where the page is wide enough."""

    kind: ClassVar[str] = "grid"
    blocks: tuple[Block, ...]


Block = Text | Heading | Table | Bars | Columns | Dots | Stacks | Flow | Samples | Fold | Grid


@dataclass(frozen=True, slots=True)
class Section:
    """`id` is the place that links lead to; `intro` is one or two sentences beside it."""

    id: str
    title: str
    intro: str
    blocks: tuple[Block, ...]
