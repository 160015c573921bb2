"""The independent look across the split finds what is there and nothing else."""

from __future__ import annotations

from dataclasses import replace

from question_files import make_questions

from underdog.data.leakage import check_leakage
from underdog.data.row import Band, Row, Split
from underdog.mcq.question import Question


def rows_of(train: list[Question], held: list[Question]) -> list[Row]:
    placed = [
        Row(question, question.id, 0.5, Band.EASY, Split.TRAIN, 0, at)
        for at, question in enumerate(train)
    ]
    kept = [Row(each, each.id, 0.5, Band.EASY, Split.VALIDATION, None, None) for each in held]
    return placed + kept


def test_a_clean_split_is_clean() -> None:
    """Unlike questions give no pair, and the sentence states the sizes."""
    questions = make_questions(60)
    check = check_leakage(rows_of(questions[:50], questions[50:]), 0.6)
    assert check.clean
    assert check.word_highest < 0.3
    assert check.sentence().startswith("10 validation questions against all 50 training ones: 0")


def test_a_planted_twin_is_found_by_words_and_by_characters() -> None:
    """One validation question is a training question with one other word."""
    questions = make_questions(60)
    twin = replace(questions[0], text=questions[0].text.replace("What of", "What about"))
    check = check_leakage(rows_of(questions[:50], [*questions[50:], twin]), 0.6)
    assert not check.clean
    assert check.word_pairs >= 1
    assert check.character_pairs == 1
    assert check.character_highest >= 0.8


def test_rows_of_sources_that_vouch_for_their_groups_are_not_compared_with_each_other() -> None:
    """The same twins, when both are settled; one settled row alone is still compared."""
    questions = make_questions(20)
    twin = replace(questions[0], choices=(*questions[0].choices[:3], "amber 7"), answer=0)
    rows = rows_of(questions, [twin])
    both = check_leakage(rows, 0.6, settled=frozenset({twin.id, questions[0].id}))
    assert both.clean
    assert "2 rows bring groups of their own" in both.sentence()
    assert not check_leakage(rows, 0.6, settled=frozenset({twin.id})).clean


def test_without_a_validation_split_there_is_nothing_to_find() -> None:
    """A share of 0 is allowed."""
    check = check_leakage(rows_of(make_questions(5), []), 0.6)
    assert (check.sampled, check.against, check.clean) == (0, 5, True)
