"""Which groups are held out. A group is never parted.

In: one group name per row, a share and a seed. Out: one split per row. The draw hashes names with
the seed, so it does not depend on the order of the rows, and the same group keeps its place in the
draw when other groups come or go.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence

from underdog.data.row import Split
from underdog.errors import InputError


def split_groups(groups: Sequence[str], *, share: float, seed: int) -> tuple[Split, ...]:
    """Hold out groups in the order of their hashes until `share` of the rows is reached.

    A group that would overshoot is passed over, so that the result is within half the size of the
    smallest group left over. With two groups or more and a share above 0 both splits have rows.
    """
    if not 0 <= share < 1:
        raise InputError("a validation share from 0 to below 1", got=str(share))
    sizes = Counter(groups)
    held = hold_out(groups, round(share * len(groups)), seed=seed)
    if share > 0 and not held and len(sizes) > 1:
        drawn = sorted(sizes, key=lambda group: _place(group, seed))
        held = frozenset((min(drawn, key=sizes.__getitem__),))
    return tuple(Split.VALIDATION if group in held else Split.TRAIN for group in groups)


def hold_out(groups: Sequence[str], wanted: int, *, seed: int) -> frozenset[str]:
    """The groups that a draw by hash holds out to reach `wanted` rows, and no more than that.

    `groups` names the group of each row. None are held out for a `wanted` of 0 or less.
    """
    sizes = Counter(groups)
    held, total = set(), 0
    for group in sorted(sizes, key=lambda group: _place(group, seed)):
        if total + sizes[group] <= wanted:
            held.add(group)
            total += sizes[group]
    return frozenset(held)


def _place(group: str, seed: int) -> bytes:
    return hashlib.sha256(f"split\x1f{seed}\x1f{group}".encode("utf-8", "replace")).digest()
