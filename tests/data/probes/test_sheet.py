"""Drawing questions by content and laying them flat."""

from __future__ import annotations

import random

import numpy as np
import planted_sets as made
from hypothesis import given, settings
from hypothesis import strategies as st

from underdog.data.probes.sheet import COMMON_CHOICES, draw, fold, name_units
from underdog.mcq.question import Question, normalise

QUESTIONS = [
    Question("Which metal?", ("Iron", "gold", "Tin"), 2),
    Question("No key?", ("a", "b"), None),
    Question("Yes?", ("yes", "No"), 0),
]


def test_choices_lie_sorted_under_their_question():
    """A sheet holds the choices of each question side by side, sorted, with the row of the key."""
    sheet = draw(QUESTIONS, groups=None, seed=0, limit=10).sheet
    by_text = {each.text: at for at, each in enumerate(sheet.questions)}
    metal, yes = by_text["Which metal?"], by_text["Yes?"]
    assert sorted(by_text.values()) == [0, 1]
    rows = [list(sheet.texts[sheet.starts[at] : sheet.starts[at + 1]]) for at in (metal, yes)]
    assert rows == [["Iron", "Tin", "gold"], ["No", "yes"]]
    assert [sheet.texts[row] for row in sheet.keys[[metal, yes]]] == ["Tin", "yes"]
    assert sheet.sizes[[metal, yes]].tolist() == [3, 2]
    assert sheet.chance[[metal, yes]].tolist() == [1 / 3, 1 / 2]
    assert sheet.owner.tolist() == np.repeat([0, 1], sheet.sizes).tolist()
    assert sheet.total(np.ones(5))[[metal, yes]].tolist() == [3.0, 2.0]


def test_drawn_and_rest_are_all_questions_with_a_key():
    """What is not drawn is the rest; questions without a key are in neither."""
    clean = [*made.clean_set(50, seed=1), QUESTIONS[1]]
    drawn = draw(clean, groups=None, seed=0, limit=20)
    assert len(drawn.sheet.questions) == 20
    assert len(drawn.units) == 50
    assert {each.id for each in drawn.questions} == {each.id for each in clean[:50]}


@settings(max_examples=25)
@given(st.integers(0, 5), st.integers(1, 60), st.randoms(use_true_random=False))
def test_a_group_is_drawn_as_a_whole(seed, limit, rng):
    """No group is on the sheet and in the rest, but for a first one that exceeds the limit; groups
    stand side by side; the order of the questions plays no part.
    """
    clean = made.clean_set(50, seed=2)
    pairs = [(each, f"group {at // 7}") for at, each in enumerate(clean)]
    drawn = draw(clean, groups=[name for _, name in pairs], seed=seed, limit=limit)
    inside = drawn.units[: len(drawn.sheet.questions)].tolist()
    assert len(inside) <= limit
    assert sorted(set(inside), key=inside.index) == list(range(len(set(inside))))
    assert inside == sorted(inside)
    outside = set(drawn.units[len(inside) :].tolist())
    assert not set(inside) & outside or set(inside) == {0}
    rng.shuffle(pairs)
    again = draw(
        [each for each, _ in pairs], groups=[name for _, name in pairs], seed=seed, limit=limit
    )
    assert again.questions == drawn.questions


def test_equal_choices_make_a_unit_unless_they_are_common():
    """The same choices in other order and case get one name; true and false everywhere do not."""
    alike = [Question("a?", ("Red", "blue"), 0), Question("b?", ("Blue", "red "), 0)]
    assert len(set(name_units(alike))) == 1
    common = [Question(f"{at}?", ("true", "false"), at % 2) for at in range(COMMON_CHOICES + 1)]
    assert name_units(common) == [each.id for each in common]
    assert len(set(name_units(common[1:]))) == 1


def test_seeds_draw_differently():
    """Another seed draws other questions."""
    clean = made.clean_set(100, seed=3)
    first, second = (
        {each.id for each in draw(clean, groups=None, seed=seed, limit=50).sheet.questions}
        for seed in (0, 1)
    )
    assert 10 < len(first & second) < 40


@given(st.text(max_size=30))
def test_fold_is_normalise(text):
    """The short way for plain texts gives what `normalise` gives."""
    assert fold(text) == normalise(text)


def test_the_order_of_choices_leaves_no_trace():
    """Questions with their choices in another order lie on an equal sheet."""
    clean = made.clean_set(30, seed=4)
    rng = random.Random(0)
    turned = []
    for each in clean:
        order = rng.sample(range(4), 4)
        turned.append(
            Question(each.text, tuple(each.choices[at] for at in order), order.index(each.answer))
        )
    first, second = (draw(each, groups=None, seed=0, limit=30).sheet for each in (clean, turned))
    assert first.texts == second.texts
    assert first.keys.tolist() == second.keys.tolist()
