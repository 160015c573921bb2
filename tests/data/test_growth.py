"""Growing a set: old rows keep all they have, and nothing that was held out leaks."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence

import planted
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from question_files import checked, make_questions

from underdog.data.duplicates import drop_exact, group_rows
from underdog.data.growth import Grown, drop_known, grow
from underdog.data.leakage import check_leakage
from underdog.data.quality import Checked
from underdog.data.reject import Reason
from underdog.data.row import Band, Row, Split
from underdog.data.split import split_groups
from underdog.errors import InputError
from underdog.mcq.question import Question

ORIGINALS = planted.word_problems() + [
    question for pair in planted.read_look_alikes()[:60] for question in pair
]
TWINS = {
    original.id: [
        twin
        for kind in ("typos", "rewording", "punctuation", "article")
        if (twin := planted.plant(original, kind, seed=0)) is not None
    ]
    for original in ORIGINALS
}
"""Up to four near-duplicates of each original, which are alike each other too."""


def as_row(question: Question, group: str, split: Split) -> Row:
    place = (0, 0) if split is Split.TRAIN else (None, None)
    return Row(question, group, 0.5, Band.EASY, split, *place)


def build(questions: Sequence[Question], *, share: float = 0.3, seed: int = 0) -> list[Row]:
    """A set as a first build makes it."""
    rows = drop_exact([checked(question) for question in questions]).rows
    groups = group_rows(rows).groups
    splits = split_groups(groups, share=share, seed=seed)
    return [
        as_row(row.question, group, split)
        for row, group, split in zip(rows, groups, splits, strict=True)
    ]


def add(old: Sequence[Row], grown: Grown) -> list[Row]:
    """The whole set after growing."""
    return [
        *old,
        *(
            as_row(row.question, group, split)
            for row, group, split in zip(grown.rows, grown.groups, grown.splits, strict=True)
        ),
    ]


def rows_of(questions: Sequence[Question]) -> list[Checked]:
    return [
        Checked("new.json", at, question, "", settled=False)
        for at, question in enumerate(questions, start=1)
    ]


def assert_whole(rows: Sequence[Row], *, old: Sequence[Row]) -> None:
    """No group has two sides, no new row is like one on the other side, ids are distinct."""
    sides = {(row.group, row.split) for row in rows}
    assert len(sides) == len({group for group, _ in sides})
    assert len({row.question.id for row in rows}) == len(rows)
    settled = frozenset(row.question.id for row in old)
    check = check_leakage(rows, 0.6, settled=settled, sample=len(rows))
    assert check.clean, check.sentence()


@st.composite
def a_set_and_new_questions(draw: st.DrawFn) -> tuple[list[Question], list[Question]]:
    """Originals and twins, dealt to the old set and to what comes, some to both."""
    chosen = draw(st.lists(st.sampled_from(ORIGINALS), min_size=3, max_size=14, unique_by=id))
    family = [question for each in chosen for question in (each, *TWINS[each.id])]
    dealt = draw(st.lists(st.integers(0, 3), min_size=len(family), max_size=len(family)))
    old = [question for question, to in zip(family, dealt, strict=True) if to in (0, 2)]
    new = [question for question, to in zip(family, dealt, strict=True) if to in (1, 2)]
    return old or family[:1], new


@settings(max_examples=12)
@given(a_set_and_new_questions(), st.sampled_from([0.0, 0.2, 0.5]), st.integers(0, 3))
def test_growing_keeps_old_rows_and_leaks_nothing(
    questions: tuple[list[Question], list[Question]], share: float, seed: int
) -> None:
    """Every new row is kept or rejected; no kept one is like a row on the other side; the same new
    rows again add nothing.
    """
    old, new = build(questions[0]), rows_of(questions[1])
    grown = grow(old, new, share=share, seed=seed)
    whole = add(old, grown)
    assert whole[: len(old)] == old
    assert len(grown.rows) + len(grown.rejects) == len(new)
    assert_whole(whole, old=old)
    again = grow(whole, new, share=share, seed=seed)
    assert (again.rows, again.groups, again.splits) == ((), (), ())
    assert len(again.rejects) == len(new)


@settings(max_examples=8)
@given(a_set_and_new_questions(), st.randoms(use_true_random=False))
def test_the_order_of_old_and_new_rows_does_not_matter(
    questions: tuple[list[Question], list[Question]], chance: random.Random
) -> None:
    """Shuffled, they give the same rows, groups, splits and rejects."""
    old, new = build(questions[0]), rows_of(questions[1])
    before = grow(old, new, share=0.3, seed=0)
    chance.shuffle(old)
    chance.shuffle(new)
    after = grow(old, new, share=0.3, seed=0)
    assert (after.rows, after.groups, after.splits) == (before.rows, before.groups, before.splits)
    assert sorted(after.rejects) == sorted(before.rejects)


@settings(max_examples=8)
@given(
    st.lists(st.sampled_from(range(120)), min_size=2, max_size=24, unique=True),
    st.integers(1, 23),
)
def test_growing_twice_is_growing_once_where_nothing_is_alike(places: list[int], cut: int) -> None:
    """The same rows and groups, and as many held-out rows within one group."""
    questions = make_questions(120, seed=5)
    old = build(questions[:40], share=0.2)
    new = rows_of([questions[at] for at in places])
    once = add(old, grow(old, new, share=0.2, seed=0))
    first = add(old, grow(old, new[:cut], share=0.2, seed=0))
    twice = add(first, grow(first, new[cut:], share=0.2, seed=0))
    assert {(row.question.id, row.group) for row in twice} == {
        (row.question.id, row.group) for row in once
    }
    counts = [Counter(row.split for row in rows)[Split.VALIDATION] for rows in (once, twice)]
    assert abs(counts[0] - counts[1]) <= 1


def test_a_row_alike_a_held_out_one_is_rejected_with_all_that_is_alike_it() -> None:
    """Over new rows the likeness is passed on; the reject names the held-out question."""
    base = "Which planet of our solar system {} is the largest one of all?"
    choices = ("Jupiter", "Mercury", "Venus", "Mars")
    texts = (base.format(""), base.format("of old"), base.format("of old, as everyone knows,"))
    held, near, far = (Question(text, choices, 0) for text in texts)
    old = [as_row(held, "g", Split.VALIDATION), *build(make_questions(9), share=0)]
    grown = grow(old, rows_of([near, far]), share=0.1, seed=0)
    assert grown.rows == ()
    assert {(each.reason, each.detail) for each in grown.rejects} == {
        (Reason.ALIKE_HELD_OUT, f"alike {held.id}")
    }
    trained = [as_row(held, "g", Split.TRAIN), *old[1:]]
    grown = grow(trained, rows_of([near, far]), share=0.1, seed=0)
    assert (grown.groups, grown.splits) == (("g", "g"), (Split.TRAIN, Split.TRAIN))


def test_old_groups_that_a_new_row_would_bridge_stay_as_they_are() -> None:
    """A row alike old rows of both sides is rejected; one alike two train groups joins the first; a
    chain over an old train row counts for nothing.
    """
    text = "Which {} of the whole {} system is the largest of all?"
    choices = ("Jupiter", "Mercury", "Venus", "Mars")
    names = ("planet", "planett", "plaanet")
    one, other, bridge = (Question(text.format(name, "solar"), choices, 0) for name in names)
    splits = ((Split.TRAIN, Split.VALIDATION), (Split.TRAIN, Split.TRAIN))
    mixed, trained = (
        [as_row(one, "b", first), as_row(other, "a", second)] for first, second in splits
    )
    assert grow(mixed, rows_of([bridge]), share=0, seed=0).rejects[0].detail == f"alike {other.id}"
    grown = grow(trained, rows_of([bridge]), share=0, seed=0)
    assert (grown.groups, grown.splits) == (("a",), (Split.TRAIN,))
    beside = Question(f"{text.format('planet', 'solar')} Tell me, please, its name.", choices, 0)
    longer = Question(f"{beside.text} It was seen by Galileo and by Kepler.", choices, 0)
    old = [as_row(one, "v", Split.VALIDATION), as_row(beside, "t", Split.TRAIN)]
    grown = grow(old, rows_of([longer]), share=0, seed=0, threshold=0.8)
    assert (grown.groups, grown.splits) == (("t",), (Split.TRAIN,))


def test_rows_that_the_set_holds_leave_before_anything_else() -> None:
    """With the same key as duplicates, with another one as contradictions; the old row stays."""
    old = build(make_questions(5))
    first, second = old[0].question, old[1].question
    turned = Question(
        second.text.upper(), second.choices, (second.answer or 0) ^ 1, source="another file"
    )
    fresh = make_questions(6, seed=9)[5]
    found = drop_known(rows_of([first, turned, fresh]), old)
    assert [row.question for row in found.rows] == [fresh]
    assert [(each.row, each.reason, each.detail) for each in found.rejects] == [
        (1, Reason.DUPLICATE, f"duplicate of {first.id}"),
        (2, Reason.CONTRADICTION, f"{second.id} asks this and has another key"),
    ]


def test_a_row_of_an_old_group_follows_that_group() -> None:
    """By the group that its source states, and by a group's name that is its own id."""
    question, fresh, named = make_questions(3)
    for split in (Split.TRAIN, Split.VALIDATION):
        old = [as_row(question, "fact-1", split)]
        stated = grow(old, [checked(fresh, group="fact-1", settled=True)], share=0, seed=0)
        old = [as_row(question, named.id, split)]
        same_name = grow(old, rows_of([named]), share=0, seed=0)
        for grown, group in ((stated, "fact-1"), (same_name, named.id)):
            kept = ((group,), (Split.TRAIN,)) if split is Split.TRAIN else ((), ())
            assert (grown.groups, grown.splits) == kept


def test_the_whole_set_approaches_its_share() -> None:
    """What the old set held out counts; nothing is held out beyond it."""
    questions = make_questions(100)
    old = build(questions[:40], share=0.5)
    grown = grow(old, rows_of(questions[40:]), share=0.3, seed=0)
    assert grown.splits.count(Split.VALIDATION) == 10
    grown = grow(old, rows_of(questions[40:60]), share=0.3, seed=0)
    assert grown.splits.count(Split.VALIDATION) == 0
    grown = grow(build(questions[:40], share=0), rows_of(questions[40:]), share=0.3, seed=0)
    assert grown.splits.count(Split.VALIDATION) == 30


def test_nothing_added_to_nothing_and_impossible_shares() -> None:
    """Empty sets are sets; a share is from 0 to below 1."""
    grown = grow([], [], share=0.1, seed=0)
    assert (grown.rows, grown.groups, grown.splits, grown.rejects) == ((), (), (), ())
    with pytest.raises(InputError, match=r"a validation share from 0 to below 1; got 1\.0"):
        grow([], [], share=1.0, seed=0)
