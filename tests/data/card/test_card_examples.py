"""Rows to read: drawn by hash, cut short, told where they stand."""

from __future__ import annotations

from dataclasses import replace

from example_card import make_rejects, make_rows, make_summary

from underdog.data.card.blocks import Choice, Fold, Samples, Section, Table, Text
from underdog.data.card.examples import SHOWN_REJECTS, SHOWN_ROWS
from underdog.data.card.examples import make_rejects as show_rejects
from underdog.data.card.examples import make_rows as show_rows
from underdog.data.row import Row
from underdog.mcq.question import Question


def samples(section: Section) -> Samples:
    (block,) = section.blocks
    assert isinstance(block, Samples)
    return block


def test_twenty_rows_are_drawn_by_their_ids() -> None:
    """The same twenty of sixty in any order; all but the last of them stay when one row comes."""
    rows = make_rows()
    section = show_rows(rows)
    assert section.title == "Twenty rows"
    texts = [row.text for row in samples(section).rows]
    assert len(set(texts)) == SHOWN_ROWS
    assert [row.text for row in samples(show_rows(rows[::-1])).rows] == texts
    fewer = [row.text for row in samples(show_rows(rows[1:])).rows]
    assert len(set(fewer) & set(texts)) >= SHOWN_ROWS - 1
    assert texts != sorted(texts)


def test_a_small_set_shows_what_it_has() -> None:
    """Five rows are five, one is one."""
    assert show_rows(make_rows(count=5)).title == "5 rows"
    assert show_rows(make_rows(count=1)).title == "One row"


def test_a_row_tells_what_it_is_and_where_it_stands() -> None:
    """Topic, source, band, chunk from 1; whether wrong choices were drawn; which is the key."""
    question = Question("Q" * 900, ("a" * 500, "b"), 1, explanation="why")
    row = replace(make_rows([question])[0], difficulty=0.25, converted=True)
    assert isinstance(row, Row)
    (shown,) = samples(show_rows([row])).rows
    assert shown.about == ("no topic", "no source", "easy 0.25", "chunk 1", "other choices drawn")
    assert len(shown.text) == 400
    assert shown.choices == (Choice("A", f"{'a' * 137}...", key=False), Choice("B", "b", key=True))
    assert shown.explanation == "why"


def test_ten_rejects_stand_below_every_reason() -> None:
    """Drawn by hash, listed by place; nothing left out is said."""
    rows, rejects = make_rows(), make_rejects(14)
    section = show_rejects(make_summary(rows, rejects), rejects)
    folds = [block for block in section.blocks if isinstance(block, Fold)]
    assert [fold.summary for fold in folds] == [
        "duplicate: 10 of 14",
        "fewer than two choices: 10 of 14",
        "no answer: 10 of 14",
    ]
    for fold in folds:
        (table,) = fold.blocks
        assert isinstance(table, Table)
        assert len(table.rows) == SHOWN_REJECTS
        numbers = [int(row[0].split(":")[1]) for row in table.rows]
        assert numbers == sorted(set(numbers))
    turned = show_rejects(make_summary(rows, rejects), rejects[::-1])
    assert turned == section
    nothing = show_rejects(make_summary(rows), ())
    assert nothing.blocks == (Text("Nothing was left out."),)
