"""Counting the use of choices in other questions."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import planted_sets as made

from underdog.data.probes.evidence import cut_blocks
from underdog.data.probes.reuse import count_uses
from underdog.data.probes.sheet import draw, fold
from underdog.mcq.question import Question


def test_counts_are_of_earlier_blocks_and_the_rest():
    """A slow count over the rest and the earlier blocks gives the same."""
    clean = made.clean_set(120, seed=0)
    drawn = draw(clean, groups=None, seed=0, limit=80)
    sheet, bounds = drawn.sheet, cut_blocks(drawn.sheet)
    found = count_uses(sheet, drawn.rest)
    everywhere = [fold(choice) for each in clean for choice in each.choices]
    for at in range(80):
        start = max(bound for bound in bounds if bound <= at)
        known = [*drawn.rest, *sheet.questions[:start]]
        for row in range(sheet.starts[at], sheet.starts[at + 1]):
            text = sheet.folded[row]
            right = sum(fold(each.answer_text) == text for each in known)
            standing = sum(text in map(fold, each.choices) for each in known)
            wrong, others = standing - right, everywhere.count(text) - 1
            expected = [
                np.log1p(right),
                np.log1p(wrong),
                right > 0,
                wrong > 0,
                np.log1p(others),
                others > 0,
            ]
            assert np.allclose(found[row], expected)


def test_own_and_later_keys_are_not_counted():
    """Changing the keys from a block on changes no count up to that block."""
    sheet = draw(made.clean_set(100, seed=1), groups=None, seed=0, limit=100).sheet
    cut = cut_blocks(sheet)[12]
    keys = sheet.keys.copy()
    keys[cut:] = sheet.starts[cut:-1]
    end = sheet.starts[cut_blocks(sheet)[13]]
    before, after = count_uses(sheet, ()), count_uses(replace(sheet, keys=keys), ())
    assert before[:end].tolist() == after[:end].tolist()
    assert before.tolist() != after.tolist()


def test_case_and_spacing_are_the_same_choice():
    """A choice is known again in another case or spacing."""
    sheet = draw([Question("a?", ("New York", "Rome"), 0)], groups=None, seed=0, limit=1).sheet
    rest = [Question("b?", ("new  york", "Paris"), 0)]
    assert count_uses(sheet, rest)[0, :4].tolist() == [np.log(2), 0, 1, 0]
