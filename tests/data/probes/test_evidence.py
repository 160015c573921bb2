"""What marks were worth before."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import planted_sets as made
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

from underdog.data.probes.evidence import cut_blocks, weigh
from underdog.data.probes.sheet import draw

CLEAN = made.clean_set(90, seed=0)


def sheet_of(questions, groups=None):
    return draw(questions, groups=groups, seed=0, limit=len(questions)).sheet


@given(st.integers(1, 90), st.integers(1, 40))
def test_blocks_part_no_unit(count, sizes):
    """Bounds rise from 0 to n, and both sides of a bound belong to different units."""
    clean = CLEAN[:count]
    sheet = sheet_of(clean, [str(at // sizes) for at in range(count)])
    bounds = cut_blocks(sheet)
    assert bounds[0] == 0
    assert bounds[-1] == count
    assert bounds == sorted(set(bounds))
    assert all(sheet.units[at] != sheet.units[at - 1] for at in bounds[1:-1])


def test_worth_is_surplus_over_variance():
    """A mark of every key and no other choice is worth (n - n/4) / (3n/16 + caution) after n
    questions; in the first block all scores are zero.
    """
    sheet = sheet_of(made.clean_set(200, seed=1))
    mark = np.zeros((len(sheet.texts), 2))
    mark[sheet.keys, 0] = 1
    scores = weigh(csr_matrix(mark), sheet, caution=5.0)
    bounds = cut_blocks(sheet)
    for first, last in pairwise(bounds):
        worth = 0.75 * first / (3 / 16 * first + 5.0)
        found = scores[sheet.starts[first] : sheet.starts[last]]
        marked = mark[sheet.starts[first] : sheet.starts[last], 0]
        assert np.allclose(found, worth * marked)


def test_scores_never_see_their_own_key():
    """Changing the keys of a block changes no score of that block or of earlier ones."""
    clean = made.clean_set(200, seed=2)
    sheet = sheet_of(clean)
    marks = csr_matrix(np.random.default_rng(0).integers(0, 2, (800, 30)).astype(float))
    before = weigh(marks, sheet, caution=1.0)
    cut = cut_blocks(sheet)[10]
    keys = sheet.keys.copy()
    keys[cut:] = sheet.starts[cut:-1]
    after = weigh(marks, replace(sheet, keys=keys), caution=1.0)
    end = sheet.starts[cut_blocks(sheet)[11]]
    assert before[:end].tolist() == after[:end].tolist()
    assert before[end:].tolist() != after[end:].tolist()
