"""A set that grows: old rows stay where they are, nothing leaks into what is held out."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from underdog.data.growth import drop_known, grow
from underdog.data.quality import Checked
from underdog.data.reject import Reason
from underdog.data.row import Band, Row, Split
from underdog.mcq.question import Question


def old_row(name: str, *, group: str, split: Split, answer: int = 0) -> Row:
    question = Question(f"What is {name}?", ("one", "two"), answer)
    place = (0, 0) if split is Split.TRAIN else (None, None)
    return Row(question, group, 0.5, Band.EASY, split, *place)


def new_row(number: int, text: str = "", answer: int = 0) -> Checked:
    question = Question(text or f"What is new {number}?", ("one", "two"), answer)
    return Checked("new.json", number, question, "")


OLD = (
    old_row("a", group="ga", split=Split.TRAIN),
    old_row("b", group="gb", split=Split.VALIDATION),
    old_row("c", group="gc", split=Split.TRAIN),
)
components = st.lists(st.sampled_from(["ga", "gb", "gc", "n1", "n2", "n3", "n4"]), max_size=40)


@given(components, st.sampled_from([0.0, 0.1, 0.5, 0.9]), st.integers(0, 3))
def test_nothing_new_shares_a_component_with_the_held_out_rows_of_old(
    new: list[str], share: float, seed: int
) -> None:
    """Those are turned away, all others stay; companions of old training rows train with them."""
    rows = [new_row(at) for at in range(len(new))]
    grown = grow(OLD, rows, ["ga", "gb", "gc", *new], share=share, seed=seed)
    kept = [each for each in new if each != "gb"]
    assert list(grown.groups) == kept
    assert [row.row for row in grown.rows] == [at for at, each in enumerate(new) if each != "gb"]
    assert len(grown.rejects) == new.count("gb")
    assert {each.reason for each in grown.rejects} <= {Reason.ALIKE_HELD_OUT}
    sides = set(zip(grown.groups, grown.splits, strict=True))
    assert len(sides) == len(set(grown.groups))
    assert {split for group, split in sides if group in ("ga", "gc")} <= {Split.TRAIN}


def test_the_whole_set_approaches_the_wanted_share() -> None:
    """Old held-out rows count: 1 of 3 old ones and 9 of 97 new ones make a tenth."""
    rows = [new_row(at) for at in range(97)]
    groups = ["ga", "gb", "gc", *(f"n{at}" for at in range(97))]
    grown = grow(OLD, rows, groups, share=0.1, seed=0)
    assert grown.splits.count(Split.VALIDATION) == 9
    assert grow(OLD, rows[:3], groups[:6], share=0.1, seed=0).splits == (Split.TRAIN,) * 3


@settings(max_examples=30)
@given(st.permutations(range(30)), st.integers(0, 2))
def test_the_order_of_new_rows_decides_nothing(order: list[int], seed: int) -> None:
    """Each row has the same group and split wherever it stands."""
    names = ["ga", "gb", "gc", *(f"n{at % 12}" for at in range(27))]
    rows = [new_row(at) for at in range(30)]

    def places(drawn: list[int]) -> dict[int, tuple[str, Split]]:
        grown = grow(
            OLD,
            [rows[at] for at in drawn],
            ["ga", "gb", "gc", *(names[at] for at in drawn)],
            share=0.3,
            seed=seed,
        )
        return {
            row.row: (group, split)
            for row, group, split in zip(grown.rows, grown.groups, grown.splits, strict=True)
        }

    assert places(order) == places(list(range(30)))


def test_a_bridge_between_old_sides_is_turned_away() -> None:
    """Where a new row joins a training and a held-out old row, both stay and the new one goes."""
    grown = grow(OLD, [new_row(1)], ["x", "x", "gc", "x"], share=0.5, seed=0)
    assert grown.rows == ()
    (reject,) = grown.rejects
    assert reject.reason is Reason.ALIKE_HELD_OUT
    assert reject.detail == f"in one group with the held-out {OLD[1].question.id}: 'What is b?'"


def test_a_new_row_that_joins_two_old_groups_takes_the_smaller_name() -> None:
    """Old groups keep their own names."""
    grown = grow(OLD, [new_row(1)], ["x", "gb", "x", "x"], share=0.5, seed=0)
    assert (grown.groups, grown.splits) == (("ga",), (Split.TRAIN,))


def test_what_the_old_set_holds_comes_in_no_second_time() -> None:
    """Equal but for case and the order of choices: a duplicate; with another key: contradicted."""
    rows = [
        Checked("f", 1, Question("what is A?", ("two", "One"), 1), ""),
        Checked("f", 2, Question("What is a?", ("one", "two"), 1), ""),
        new_row(3),
    ]
    unknown = drop_known(rows, OLD)
    assert unknown.rows == (rows[2],)
    assert [(each.row, each.reason) for each in unknown.rejects] == [
        (1, Reason.DUPLICATE),
        (2, Reason.CONTRADICTION),
    ]
    assert drop_known(unknown.rows, OLD).rows == unknown.rows
