"""Choices that stand together elsewhere."""

from __future__ import annotations

import numpy as np
import planted_sets as made

from underdog.data.probes.company import count_company, neighbours
from underdog.data.probes.sheet import draw
from underdog.mcq.question import Question


def test_meetings_in_other_questions_are_counted():
    """A slow count over all other questions gives the same, for questions of any size."""
    clean = made.clean_set(60, seed=0, sizes=(2, 3, 5))
    sheet = draw(clean, groups=None, seed=0, limit=60).sheet
    sets = [set(sheet.folded[a:b]) for a, b in zip(sheet.starts, sheet.starts[1:], strict=False)]
    found = count_company(sheet)
    assert found.any()
    for row, text in enumerate(sheet.folded):
        own = sheet.owner[row]
        met = np.array(
            [
                sum(text in other and mate in other for other in sets) - 1
                for mate in sets[own] - {text}
            ]
        )
        expected = [np.log1p(met).sum(), (met > 0).sum(), np.log1p(met).max()]
        assert np.allclose(found[row], expected)


def test_neighbours_go_round():
    """Every other choice of a question is a neighbour at exactly one distance."""
    sheet = draw(
        [Question("a?", ("x", "y"), 0), Question("b?", ("p", "q", "r"), 0)],
        groups=["1", "2"],
        seed=0,
        limit=2,
    ).sheet
    met = {row: [] for row in range(5)}
    for others, exists in neighbours(sheet):
        for row in np.flatnonzero(exists).tolist():
            met[row].append(int(others[row]))
    for row, found in met.items():
        own = np.flatnonzero(sheet.owner == sheet.owner[row]).tolist()
        assert sorted([*found, row]) == own
