"""A question set that grows: new rows beside old ones, and nothing that was held out leaks.

In: the rows of a built set and checked new rows. Out: which new rows are kept, with the group and
the split of each, and a reject for every other one. Never: an old row that moves, changes its group
or goes; a validation question of the old set, or one like it, in the new train split.

What two old rows have in common is settled: the set that they come from has grouped and split them.
So links count only where a new row is at one end. A new row is alike a held-out question when a
chain of links leads from it to an old validation row over new rows alone; it is rejected, with
everything on the chain. A chain over an old train row does not count: the old set itself has that
train row beside that held-out one. Every other new row that is linked to an old train row, directly
or over new rows, joins the train split; where it is linked to several old groups it takes the first
of their names, and the old groups stay apart. Rows linked to no old row form groups of their own,
which are drawn as in a first build until the whole set has its share of held-out rows.

What holds when a set grows by A and then by B:
  always              old rows keep all they have; no link crosses the split
  B = A               nothing is added the second time
  no link between     the same rows and groups as growing by both at once, and the same number of
  A, B and the set    held-out rows within one group; which groups are drawn may differ
Links between A and B make a difference: what A put into validation, B may no longer be alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from underdog.data.duplicates import (
    DEFAULT_THRESHOLD,
    Deduplicated,
    drop_exact,
    identity,
    label_components,
    link_rows,
    name_groups,
    reject_row,
)
from underdog.data.engine.engine import Engine
from underdog.data.engine.local import IN_PROCESS
from underdog.data.quality import Checked
from underdog.data.reject import Reason, Reject
from underdog.data.row import Row, Split
from underdog.data.split import hold_out
from underdog.data.templates import TemplateReport
from underdog.data.word_table import Integers, Marks
from underdog.errors import InputError
from underdog.mcq.question import normalise

OLD_FILE = "the set that grows"
"""What stands for the file of an old row."""


class Grown(NamedTuple):
    """The new rows that are kept, in the order of their ids, with the group and the split of each.
    `templates` is about old and new rows together.
    """

    rows: tuple[Checked, ...]
    groups: tuple[str, ...]
    splits: tuple[Split, ...]
    rejects: tuple[Reject, ...]
    templates: TemplateReport


class _Set(NamedTuple):
    """New rows first, then old ones: links that go through the first row of a kind then go through
    a new one.
    """

    rows: tuple[Checked, ...]
    old: Marks
    held: Marks
    """Old rows of the validation split."""


def grow(
    old: Sequence[Row],
    rows: Sequence[Checked],
    *,
    share: float,
    seed: int,
    threshold: float = DEFAULT_THRESHOLD,
    engine: Engine = IN_PROCESS,
) -> Grown:
    """Add `rows` to the set `old`, whose rows stay as they are.

    `share` is the wanted share of held-out rows in the whole set, from 0 to below 1; InputError for
    another one. The result does not depend on the order of either argument.
    """
    if not 0 <= share < 1:
        raise InputError("a validation share from 0 to below 1", got=str(share))
    known = drop_known(rows, old)
    fresh = drop_exact(known.rows)
    whole = _join(fresh.rows, old)
    links = link_rows(whole.rows, threshold, engine=engine)
    pairs = np.concatenate([links.pairs, _link_names(whole)])
    pairs = pairs[~whole.old[pairs].all(axis=1)]
    twins = _find_held_twins(whole, pairs)
    kept = [at for at in range(len(fresh.rows)) if at not in twins]
    groups = _name_groups(whole, pairs, kept=kept)
    rejects = [
        reject_row(fresh.rows[at], Reason.ALIKE_HELD_OUT, f"alike {twin}")
        for at, twin in twins.items()
    ]
    return Grown(
        tuple(fresh.rows[at] for at in kept),
        groups,
        _draw(old, groups, share=share, seed=seed),
        (*known.rejects, *fresh.rejects, *rejects),
        links.templates,
    )


def drop_known(rows: Sequence[Checked], old: Sequence[Row]) -> Deduplicated:
    """New rows that the old set does not hold, in the order of their ids.

    A row that it holds with the same key is a duplicate, one that it holds with another key a
    contradiction; the old row stays either way.
    """
    known = {identity(row.question): row.question for row in old}
    fresh: list[Checked] = []
    rejects: list[Reject] = []
    for row in rows:
        twin = known.get(identity(row.question))
        if twin is None:
            fresh.append(row)
        elif normalise(twin.answer_text or "") == normalise(row.question.answer_text or ""):
            rejects.append(reject_row(row, Reason.DUPLICATE, f"duplicate of {twin.id}"))
        else:
            detail = f"{twin.id} asks this and has another key"
            rejects.append(reject_row(row, Reason.CONTRADICTION, detail))
    fresh.sort(key=lambda row: row.question.id)
    return Deduplicated(tuple(fresh), tuple(rejects))


def _join(rows: Sequence[Checked], old: Sequence[Row]) -> _Set:
    ordered = sorted(old, key=lambda row: row.question.id)
    settled = (
        Checked(OLD_FILE, at, row.question, row.group, settled=True)
        for at, row in enumerate(ordered, start=1)
    )
    held = [row.split is Split.VALIDATION for row in ordered]
    return _Set(
        (*rows, *settled),
        np.arange(len(rows) + len(old)) >= len(rows),
        np.asarray([False] * len(rows) + held, bool),
    )


def _link_names(whole: _Set) -> Integers:
    """Links new rows to the old rows of a group that has the new row's id as its name."""
    fresh = {row.question.id: at for at, row in enumerate(whole.rows) if not whole.old[at]}
    linked = [
        (fresh[row.group], at)
        for at, row in enumerate(whole.rows)
        if whole.old[at] and row.group in fresh
    ]
    return np.asarray(linked, np.int64).reshape(-1, 2)


def _find_held_twins(whole: _Set, pairs: Integers) -> dict[int, str]:
    """The places of new rows that a chain of new rows links to a held-out one, with its id."""
    train = whole.old & ~whole.held
    labels = label_components(pairs[~train[pairs].any(axis=1)], len(whole.rows))
    held: dict[int, str] = {}
    for at in np.flatnonzero(whole.held).tolist():
        held.setdefault(int(labels[at]), whole.rows[at].question.id)
    places = np.flatnonzero(~whole.old).tolist()
    return {at: held[int(labels[at])] for at in places if int(labels[at]) in held}


def _name_groups(whole: _Set, pairs: Integers, *, kept: Sequence[int]) -> tuple[str, ...]:
    """An old group's name for kept rows that are linked to it, else a name of their own."""
    present = whole.old & ~whole.held
    present[list(kept)] = True
    labels = label_components(pairs[present[pairs].all(axis=1)], len(whole.rows))
    own = labels[list(kept)]
    joined: dict[int, str] = {}
    for at in np.flatnonzero(whole.old & ~whole.held & np.isin(labels, own)).tolist():
        label, name = int(labels[at]), whole.rows[at].group
        joined[label] = min(joined.get(label, name), name)
    names = name_groups([whole.rows[at] for at in kept], own)
    return tuple(joined.get(label, name) for label, name in zip(own.tolist(), names, strict=True))


def _draw(
    old: Sequence[Row], groups: Sequence[str], *, share: float, seed: int
) -> tuple[Split, ...]:
    """New groups are held out until the whole set has its share; what joins an old group trains."""
    joined = {row.group for row in old}
    held = sum(row.split is Split.VALIDATION for row in old)
    wanted = round(share * (len(old) + len(groups))) - held
    chosen = hold_out([name for name in groups if name not in joined], wanted, seed=seed)
    return tuple(Split.VALIDATION if name in chosen else Split.TRAIN for name in groups)
