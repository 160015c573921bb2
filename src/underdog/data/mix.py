"""How much of each source goes into a set: shares, caps and a total.

In: checked rows and a mixing table. Out: the rows that are taken, a reject for each of the others,
and one line per share that says what was wanted and what came. Rows are drawn by the hash of seed,
text and right answer, so that neither their order nor the other sources decide which ones are
taken, and a larger total keeps the rows of a smaller one. Never: a row that is dropped silently;
sources that no share names are an error until the table says what becomes of them.

    [mix]
    total = 50_000        # left out: as many as the caps allow
    rest = 0              # share of the sources that are not named below; 0 leaves them out

    [[mix.source]]
    name = "MMLU*"        # a source, or a pattern of sources, in any case of letters
    share = 0.3           # weight among all shares
    cap = 20_000          # at most so many rows; left out: no cap
"""

from __future__ import annotations

import difflib
import hashlib
import heapq
import math
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from underdog.data.quality import Checked
from underdog.data.reject import Reason, Reject, shorten
from underdog.errors import InputError

T = TypeVar("T")
_NOT_WORD = re.compile(r"[-_ ]+")


@dataclass(frozen=True, slots=True)
class MixSource:
    """One share of the table."""

    name: str
    """A source's name, or a pattern with * and ?. Case does not matter, and the names of `data
    fetch` are understood. A source that several entries match belongs to the first of them."""
    share: float = 1.0
    """Weight among all shares, 0 or more; shares need not sum to 1."""
    cap: int | None = None
    """At most so many rows, 0 or more; None is no cap."""

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name.strip():
            raise InputError("a name is needed for a mix source", got=repr(self.name))
        _check_number(f"the share of {self.name}", self.share, kind=float)
        if self.cap is not None:
            _check_number(f"the cap of {self.name}", self.cap, kind=int)


@dataclass(frozen=True, slots=True)
class Mix:
    """The whole table."""

    source: tuple[MixSource, ...] = ()
    """In the order of the table."""
    total: int | None = None
    """Rows wanted, at least 1; None takes as many as rows and caps allow."""
    rest: float | None = None
    """Share of all sources that are not named, together; 0 leaves them out. None is an error when
    there are any."""

    def __post_init__(self) -> None:
        if self.total is not None:
            _check_number("the total", self.total, kind=int)
        if self.total == 0:
            raise InputError("a total of at least 1 row is needed", got="0")
        if self.rest is not None:
            _check_number("the rest", self.rest, kind=float)
        if not any(each.share for each in self.source) and not self.rest:
            raise InputError(
                "a mix with at least one share above 0 is needed",
                got="no source" if not self.source else "shares that are all 0",
            )


class MixLine(NamedTuple):
    """What became of one share. `wanted` is its part of the total before caps and shortages."""

    name: str
    sources: tuple[str, ...]
    available: int
    wanted: int | None
    taken: int
    bound: str
    """ "cap" or "rows" when this keeps the share from growing, else ""."""

    def to_json(self) -> dict[str, Any]:
        """As a plain JSON object."""
        return {**self._asdict(), "sources": list(self.sources)}


class Mixed(NamedTuple):
    """`rows` in the order in which they came. `short` is how many rows the total lacks."""

    rows: tuple[Checked, ...]
    rejects: tuple[Reject, ...]
    lines: tuple[MixLine, ...]
    short: int

    def sentence(self) -> str:
        """Whether the total was met, for people."""
        if not self.short:
            return f"The mix takes {len(self.rows)} of {len(self.rows) + len(self.rejects)} rows."
        return (
            f"The mix takes {len(self.rows)} rows, {self.short} fewer than its total of "
            f"{len(self.rows) + self.short}: every share is at its cap or out of rows."
        )


REST = "all other sources"
"""The name of the line of sources that no entry names."""


def read_mix(path: Path) -> Mix:
    """The `[mix]` table of a TOML file. One InputError names every fault of the table."""
    try:
        whole = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError("a mixing table in TOML is needed", got=str(error), where=path) from error
    table = whole.get("mix")
    if not isinstance(table, dict):
        got = f"tables {', '.join(whole)}" if whole else "an empty file"
        raise InputError("a table [mix] is needed", got=got, where=path)
    faults = _unknown_keys(Mix, table, at="mix")
    entries = table.get("source", [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        faults.append("mix.source must be a list of tables [[mix.source]]")
        entries = []
    sources = [
        _read_table(MixSource, entry, at=f"mix.source[{number}]", faults=faults)
        for number, entry in enumerate(entries)
    ]
    mix = None
    if not faults:
        mix = _read_table(Mix, {**table, "source": tuple(sources)}, at="mix", faults=faults)
    if mix is None:
        wanted = "a mixing table without faults is needed"
        raise InputError(wanted, got="; ".join(faults), where=path)
    return mix


def _read_table(kind: type[T], table: Mapping[str, Any], *, at: str, faults: list[str]) -> T | None:
    """A value made of a table's entries; None when a fault was added."""
    unknown = _unknown_keys(kind, table, at=at)
    faults += unknown
    if unknown:
        return None
    try:
        return kind(**table)
    except TypeError:
        faults.append(f"{at}.name is missing")
    except InputError as error:
        faults.append(f"{at}: {error}")
    return None


def _unknown_keys(kind: type[Any], table: Mapping[str, Any], *, at: str) -> list[str]:
    known = [field.name for field in fields(kind)]
    faults = []
    for key in table:
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
            advice = f"did you mean {near[0]!r}?" if near else f"known here: {', '.join(known)}"
            faults.append(f"unknown key {at}.{key} ({advice})")
    return faults


def apply_mix(rows: Sequence[Checked], mix: Mix, *, seed: int) -> Mixed:
    """Take rows by the table. Raises InputError for an entry that matches no source, and for
    sources that no entry names while the table says nothing of the rest.

    Where a share has fewer rows than its part of the total, or reaches its cap, the others take
    over in proportion to their shares. The total is missed only when nothing is left to take.
    """
    pools = _share_out(rows, mix)
    limits = [
        min(pool.available, pool.available if pool.cap is None else pool.cap) for pool in pools
    ]
    weights = [pool.share for pool in pools]
    counts = allocate(weights, limits, total=mix.total)
    taken: set[int] = set()
    for pool, count in zip(pools, counts, strict=True):
        taken.update(_draw(pool.places, count, rows=rows, seed=seed))
    rejects = tuple(
        _leave_out(rows[place], pool, count=count)
        for pool, count in zip(pools, counts, strict=True)
        for place in pool.places
        if place not in taken
    )
    return Mixed(
        tuple(row for place, row in enumerate(rows) if place in taken),
        tuple(sorted(rejects, key=lambda reject: (reject.file, reject.row))),
        _lines(pools, counts, total=mix.total),
        0 if mix.total is None else mix.total - len(taken),
    )


def allocate(
    weights: Sequence[float], limits: Sequence[int], *, total: int | None
) -> tuple[int, ...]:
    """How many rows each share gets: whole numbers, none above its limit, none without a weight.

    They sum to the smaller of `total` and all limits. Rows are dealt out one by one, each to the
    share that is furthest behind by Webster's method (the smallest (2 * given + 1) / weight), so
    that a larger total never takes a row from anybody. None for `total` gives every limit.
    """
    possible = sum(limit for weight, limit in zip(weights, limits, strict=True) if weight > 0)
    given = [0] * len(weights)
    waiting = [
        (1 / weight, place)
        for place, (weight, limit) in enumerate(zip(weights, limits, strict=True))
        if weight > 0 and limit > 0
    ]
    heapq.heapify(waiting)
    for _ in range(possible if total is None else min(total, possible)):
        place = waiting[0][1]
        given[place] += 1
        if given[place] < limits[place]:
            heapq.heapreplace(waiting, ((2 * given[place] + 1) / weights[place], place))
        else:
            heapq.heappop(waiting)
    return tuple(given)


class _Pool(NamedTuple):
    """The rows of one share, as places among all rows."""

    name: str
    share: float
    cap: int | None
    places: tuple[int, ...]
    sources: tuple[str, ...]

    @property
    def available(self) -> int:
        return len(self.places)


def _share_out(rows: Sequence[Checked], mix: Mix) -> list[_Pool]:
    """Every row to the first entry that matches its source; what is left to the rest."""
    names = sorted({row.question.source for row in rows})
    entry_of = {name: _first_match(name, mix.source) for name in names}
    _check_matches(mix, entry_of)
    places: dict[int | None, list[int]] = {}
    for place, row in enumerate(rows):
        places.setdefault(entry_of[row.question.source], []).append(place)
    pools = []
    for number, entry in enumerate(mix.source):
        sources = tuple(name for name in names if entry_of[name] == number)
        pools.append(
            _Pool(entry.name, entry.share, entry.cap, tuple(places.get(number, ())), sources)
        )
    others = tuple(name for name in names if entry_of[name] is None)
    if others:
        pools.append(_Pool(REST, mix.rest or 0, None, tuple(places[None]), others))
    return pools


def _first_match(name: str, entries: Sequence[MixSource]) -> int | None:
    matches = (number for number, entry in enumerate(entries) if _fits(name, entry.name.strip()))
    return next(matches, None)


def _fits(name: str, pattern: str) -> bool:
    """By pattern; or as the same letters and digits, so that `trivia_qa` stands for TriviaQA."""
    if fnmatchcase(name.casefold(), pattern.casefold()):
        return True
    bare = _NOT_WORD.sub("", name.casefold())
    return bare != "" and bare == _NOT_WORD.sub("", pattern.casefold())


def _check_matches(mix: Mix, entry_of: Mapping[str, int | None]) -> None:
    """Every entry has a source of its own, and every source has an entry or the rest."""
    for number, entry in enumerate(mix.source):
        if number in entry_of.values():
            continue
        if any(_first_match(name, [entry]) is not None for name in entry_of):
            raise InputError(
                f"a source for the mix entry {entry.name!r} is needed",
                got="only sources that an entry before it takes",
                hint="put the narrower pattern first",
            )
        near = difflib.get_close_matches(entry.name, entry_of, n=1, cutoff=0.5)
        raise InputError(
            f"a source that the mix entry {entry.name!r} matches is needed",
            got=f"sources {', '.join(entry_of)}" if entry_of else "no rows",
            hint=f"{near[0]!r}" if near else "",
        )
    others = [name for name, number in entry_of.items() if number is None]
    if others and mix.rest is None:
        raise InputError(
            "a mix that says what becomes of the sources it does not name is needed",
            got=", ".join(others),
            hint="rest = 0 leaves them out, rest = 0.1 takes them together as one share",
        )


def _draw(places: Sequence[int], count: int, *, rows: Sequence[Checked], seed: int) -> list[int]:
    """`count` of these rows, by the hash of seed, text and right answer; then by id and place.

    The id alone would not do: it covers the wrong choices, and those of a converted question may
    change when a source is added.
    """
    if count == len(places):
        return list(places)

    def key(place: int) -> tuple[bytes, str, str, int]:
        row = rows[place]
        identity = f"{seed}\x1f{row.question.text}\x1f{row.question.answer_text}"
        drawn = hashlib.blake2b(identity.encode("utf-8", "replace"), digest_size=8)
        return drawn.digest(), row.question.id, row.file, row.row

    return sorted(places, key=key)[:count]


def _leave_out(row: Checked, pool: _Pool, *, count: int) -> Reject:
    detail = f"{pool.name}: {count} of {pool.available} rows are taken"
    return Reject(row.file, row.row, Reason.BEYOND_MIX, detail, shorten(row.question.text))


def _lines(
    pools: Sequence[_Pool], counts: Sequence[int], *, total: int | None
) -> tuple[MixLine, ...]:
    whole = math.fsum(pool.share for pool in pools)
    lines = []
    for pool, count in zip(pools, counts, strict=True):
        wanted = None if total is None else round(total * pool.share / whole)
        bound = "rows" if pool.share > 0 and count == pool.available else ""
        if pool.share > 0 and count == pool.cap:
            bound = "cap"
        lines.append(MixLine(pool.name, pool.sources, pool.available, wanted, count, bound))
    return tuple(lines)


def _check_number(what: str, value: object, *, kind: type[int | float]) -> None:
    """A number of 0 or more; values come from a file, so that the annotations prove nothing."""
    number = value if isinstance(value, (int, kind)) and not isinstance(value, bool) else -1
    if not (math.isfinite(number) and number >= 0):
        named = "whole number" if kind is int else "number"
        raise InputError(f"a {named} of 0 or more is needed for {what}", got=repr(value))
