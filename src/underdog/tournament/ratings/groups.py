"""Which teams the answers cannot tell apart: a ranking that shows ties as ties.

In: a fit. Out: groups, best first. Never: a rank that one more match might well turn round.
"""

from __future__ import annotations

from underdog.tournament.ratings.items import Fit, Part


def tied_groups(fit: Fit, *, part: Part = Part.OVERALL) -> tuple[tuple[str, ...], ...]:
    """Teams in order of strength; a group ends before the first team that its best one is ahead of
    by an interval without 0. So every member of a group is tied with the group's best.
    """
    order = [
        each.name
        for each in sorted(
            fit.strengths(), key=lambda each: (-getattr(each, part.value).value, each.name)
        )
    ]
    groups: list[list[str]] = []
    for name in order:
        if groups and fit.lead(groups[-1][0], name, part=part).low <= 0:
            groups[-1].append(name)
        else:
            groups.append([name])
    return tuple(map(tuple, groups))
