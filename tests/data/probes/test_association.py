"""Measures of how a choice goes with its question."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import planted_sets as made

from underdog.data.probes.association import associate
from underdog.data.probes.evidence import cut_blocks
from underdog.data.probes.logit import compare, fit_forward
from underdog.data.probes.rates import hits_of
from underdog.data.probes.sheet import draw
from underdog.mcq.question import Question


def sheet_of(questions):
    return draw(questions, groups=None, seed=0, limit=len(questions)).sheet


def rate_by(questions, prefix):
    """How often the columns whose name holds `prefix` find the key."""
    sheet = sheet_of(questions)
    found = associate(sheet)
    wanted = [at for at, name in enumerate(found.names) if prefix in name]
    scores = fit_forward(sheet, compare(sheet, found.values[:, wanted])).scores
    return float(hits_of(scores, sheet)[cut_blocks(sheet)[1] :].mean())


def test_every_kind_of_measure_finds_choices_off_topic():
    """Pairs of words and places of topics each find keys among choices of other topics, and
    nothing where all choices are on topic.
    """
    off, on = made.other_topics(900, seed=1), made.clean_set(900, seed=1)
    for prefix in ("pairs", "answered words"):
        assert rate_by(off, prefix) > 0.5
        assert 0.2 < rate_by(on, prefix) < 0.3


def test_words_of_questions_place_choices():
    """A choice whose words stand in other questions is near those questions."""
    places = ["sea wave tide", "hill rock peak", "moon star void", "tree leaf moss"]
    homes = ("tide", "peak", "void", "moss")
    questions = [
        Question(f"{place} {at}?", tuple(f"{word} no{at}" for word in homes), at % 4)
        for at in range(100)
        for place in places
    ]
    sheet = sheet_of(questions)
    found = associate(sheet)
    near = found.values[:, found.names.index("cosine of words")]
    home = [
        text.split()[0] in sheet.questions[at].text
        for text, at in zip(sheet.texts, sheet.owner, strict=True)
    ]
    assert near[home].min() > near[~np.array(home)].max() + 0.3


def test_shared_stems_are_weighted_by_rarity():
    """A choice that repeats the question's words scores, a rare word more than a frequent one."""
    questions = [
        Question(f"common word {at} of volcanoes {'zebras' if at == 0 else ''}?", choices, 0)
        for at, choices in enumerate(
            [("zebra", "volcano", "moon"), *[("x", "y", "z")] * 9], start=0
        )
    ]
    sheet = sheet_of(questions)
    found = associate(sheet)
    values = dict(zip(sheet.texts, found.values[:, found.names.index("shared stems")], strict=True))
    assert values["zebra"] == np.float32(np.log(10))
    assert values["volcano"] == values["moon"] == 0


def test_measures_never_see_their_own_key():
    """Changing the keys from a block on changes no measure up to that block."""
    sheet = sheet_of(made.other_topics(200, seed=2))
    cut = cut_blocks(sheet)[10]
    keys = sheet.keys.copy()
    keys[cut:] = sheet.starts[cut:-1]
    end = sheet.starts[cut_blocks(sheet)[11]]
    before, after = associate(sheet).values, associate(replace(sheet, keys=keys)).values
    assert before[:end].tolist() == after[:end].tolist()
    assert before.tolist() != after.tolist()
