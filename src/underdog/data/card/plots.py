"""From counts and intervals to drawings: the arithmetic of every plot of a card. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from underdog.data.card.blocks import BarRow, Bars, Columns, Dot, Dots, StackRow, Stacks
from underdog.data.card.text import name
from underdog.data.distributions import Bands, Histogram
from underdog.interval import Interval
from underdog.pages.scale import Scale, Tick
from underdog.pages.words import bounds, count, percent

SHOWN_BARS = 12
"""Longer lists keep the rest folded."""
_MARKED_BINS = 4
"""Labels below a histogram; more would touch each other at 300 px."""
_LINE_LETTERS = 40
"""Width of a drawing in letters."""


def bar_rows(counts: Mapping[str, int], *, empty: str = "(not stated)") -> tuple[BarRow, ...]:
    """One bar per name, in the order given."""
    longest, total = max(counts.values(), default=0) or 1, sum(counts.values()) or 1
    return tuple(
        BarRow(
            name(label, empty),
            count(number),
            percent(number / total),
            round(100 * number / longest, 2),
        )
        for label, number in counts.items()
    )


def bars(title: str, counts: Mapping[str, int], *, noun: str) -> Bars:
    """Names with counts, those beyond SHOWN_BARS folded."""
    rows = bar_rows(counts)
    return Bars(title, noun, rows[:SHOWN_BARS], rows[SHOWN_BARS:])


def columns(title: str, found: Histogram, *, noun: str, unit: str = "") -> Columns:
    """A histogram with its middle in words."""
    rows = bar_rows({bar.label: bar.count for bar in found.bars})
    every = -(-max(len(rows), 1) // _MARKED_BINS)
    marked = tuple(
        Tick(rows[at].name, round(100 * (at + 0.5) / len(rows), 2))
        for at in range(0, len(rows), every)
    )
    summary = ""
    if found.median is not None:
        summary = f"median {found.median:g}{unit}; nine in ten from {found.low:g} to {found.high:g}"
    return Columns(title, noun, summary, rows, marked)


def dot(
    label: str,
    interval: Interval,
    *,
    scale: Scale,
    chance: float | None = None,
    remark: str = "",
    role: str = "subject",
) -> Dot:
    """A share with its interval, and where chance would be."""
    return _place(
        Dot(
            name=label,
            value=percent(interval.value),
            bounds=bounds(interval.to_json()),
            at=scale.across(interval.value),
            low=scale.across(interval.low),
            high=scale.across(interval.high),
            mark=None if chance is None else scale.across(chance),
            mark_name="" if chance is None else percent(chance),
            remark=remark,
            role=role,
            line="",
        )
    )


def correlation_dot(label: str, interval: Interval, *, remark: str) -> Dot:
    """A correlation from -1 to 1 with its interval; the mark is at none."""
    scale = Scale(-1.0, 1.0)
    return _place(
        Dot(
            name=label,
            value=_signed(interval.value),
            bounds=f"[{_signed(interval.low)}, {_signed(interval.high)}]",
            at=scale.across(interval.value),
            low=scale.across(interval.low),
            high=scale.across(interval.high),
            mark=scale.across(0.0),
            mark_name="0",
            remark=remark,
            role="subject",
            line="",
        )
    )


def _signed(value: float) -> str:
    return f"{value:+.2f}".replace("-", "\u2212")


def _place(made: Dot) -> Dot:
    """The dot with its drawing in letters: a line from bound to bound, a dot, a bar for chance."""
    letters = ["·"] * _LINE_LETTERS
    low, high, at = (_letter(place) for place in (made.low, made.high, made.at))
    letters[low : high + 1] = "─" * (high + 1 - low)
    if made.mark is not None:
        letters[_letter(made.mark)] = "┆"
    letters[at] = "●"
    return made._replace(line="".join(letters))


def _letter(place: float) -> int:
    return min(int(place / 100 * _LINE_LETTERS), _LINE_LETTERS - 1)


def share_dots(
    title: str, rows: Sequence[Dot], *, noun: str, scale: Scale, remark: str = ""
) -> Dots:
    """Shares on one scale, with round ticks in per cent."""
    ticks = tuple(Tick(f"{100 * value:g}", scale.across(value)) for value in scale.ticks(5))
    return Dots(title, noun, remark, tuple(rows), ticks)


def correlation_dots(title: str, rows: Sequence[Dot], *, noun: str, remark: str) -> Dots:
    """Correlations on the scale from -1 to 1."""
    scale = Scale(-1.0, 1.0)
    ticks = tuple(
        Tick(f"{value:+g}".replace("-", "\u2212") if value else "0", scale.across(value))
        for value in (-1.0, -0.5, 0.0, 0.5, 1.0)
    )
    return Dots(title, noun, remark, tuple(rows), ticks)


def stacks(
    title: str,
    found: Sequence[Bands],
    *,
    noun: str,
    even: bool,
    remark: tuple[str, Callable[[Bands], str]],
) -> Stacks:
    """Bars of easy, medium and hard. `even` draws every bar at full width: shares, not sizes.

    `remark` names one more column, and says what stands in it.
    """
    largest = max((bands.rows for bands in found), default=1)
    remark_name, tell = remark
    rows = tuple(
        _stack(bands, bands.rows if even else largest, remark=tell(bands)) for bands in found
    )
    parts = ("easy", "medium", "hard")
    return Stacks(title, noun, parts, remark_name, rows[:SHOWN_BARS], rows[SHOWN_BARS:])


def _stack(bands: Bands, whole: int, *, remark: str) -> StackRow:
    numbers = (bands.easy, bands.medium, bands.hard)
    return StackRow(
        name(bands.name),
        tuple(round(100 * number / whole, 2) for number in numbers),
        tuple(count(number) for number in numbers),
        remark,
    )
