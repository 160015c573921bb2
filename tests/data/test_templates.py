"""Templates: what is linked, what is only reported, and what is neither."""

from __future__ import annotations

import random

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from question_files import make_questions

from underdog.data.likeness import read_wordings
from underdog.data.templates import (
    LARGEST,
    Template,
    TemplateReport,
    link_templates,
    report_templates,
    template_keys,
)
from underdog.mcq.question import Question

STORY = "{} sold {} clips to friends in April and {} clips in May. How many clips did {} sell?"
CAPITALS = ("Lima", "Oslo", "Rome", "Bern")


def ask(text: str, *choices: str) -> Question:
    return Question(text, choices or ("12", "13", "14", "15"), 0)


def story(name: str, april: object, may: object, *choices: str) -> Question:
    return ask(STORY.format(name, april, may, name), *choices)


def links(*questions: Question, settled: tuple[int, ...] = ()) -> set[tuple[int, int]]:
    wordings = read_wordings(questions)
    vouched = np.isin(np.arange(len(questions)), settled)
    keys = template_keys(wordings.table, wordings.numeric)
    return {(one, other) for one, other in link_templates(keys, settled=vouched).tolist()}


def report(*questions: Question) -> TemplateReport:
    return report_templates(questions, read_wordings(questions).table, linked=2)


def test_a_long_sentence_with_other_numbers_is_linked() -> None:
    """Also with commas, points and dollars, and with other names."""
    one = story("Natalia", 48, 24)
    assert links(one, story("Natalia", "1,250", "$3.50")) == {(0, 1)}
    assert links(one, make_questions(1)[0], story("Boris", 7, 9)) == {(0, 2)}


def test_what_was_asked_of_another_person_is_another_question() -> None:
    """Names keep their place: the template of the first names is not that of the second."""
    text = "Ann has {} old coins and Bob has {} old coins more than her. How many coins has {} now?"
    one, other = (ask(text.format(3, 4, name)) for name in ("Ann", "Bob"))
    assert links(one, other) == set()
    assert links(one, ask(text.format(5, 6, "Ann"))) == {(0, 1)}


def test_short_arithmetic_and_lists_of_numbers_are_not_linked() -> None:
    """In these the numbers are the question."""
    assert links(ask("What is 3 + 4?"), ask("What is 5 + 9?")) == set()
    sequence = "Find the missing number in the following sequence: {}, {}, 100, __, 280"
    assert links(ask(sequence.format(10, 20)), ask(sequence.format(11, 16))) == set()


def test_years_and_answers_that_are_no_numbers_are_not_linked() -> None:
    """Another year asks for another event, another season for another episode."""
    games = "How many gold medals did the American team win at the Summer Games of {} in total?"
    assert links(ask(games.format(1984)), ask(games.format(1996))) == set()
    season = "Which of the following very old Friends episodes was never shown in season {} at all?"
    assert links(ask(season.format(9), "a", "b"), ask(season.format(2), "c", "d")) == set()


def test_rows_that_are_vouched_for_are_not_linked_with_each_other() -> None:
    """One of them with another row is."""
    rows = [story("Ann", at, at + 1) for at in range(3)]
    assert links(*rows, settled=(0, 1, 2)) == set()
    assert links(*rows, settled=(0, 1)) == {(0, 2)}


def test_clusters_are_reported_with_a_pattern_and_an_example() -> None:
    """Equal texts but for numbers and runs of names; the largest cluster first."""
    capitals = [ask(f"What is the capital of {name}?", *CAPITALS) for name in ("New Peru", "Mali")]
    sums = [ask(f"Is the sum of {at} and 1 odd?") for at in range(3)]
    assert report(*capitals, *sums, *make_questions(3)) == TemplateReport(
        clusters=2,
        rows=5,
        linked=2,
        largest=(
            Template("is the sum of [number] and [number] odd", "Is the sum of 0 and 1 odd?", 3),
            Template("what is the capital of [name]", "What is the capital of Mali?", 2),
        ),
    )


def test_texts_without_a_number_or_a_name_and_bare_names_are_no_templates() -> None:
    """Hundreds of rows ask "Which is true?", and masks alone say nothing."""
    same = [ask("Which of these is true?", f"a{at}", f"b{at}") for at in range(3)]
    bare = [ask(name) for name in ("Psalm 69", "Disco 3")]
    assert report(*same, *bare) == TemplateReport(0, 0, 2, ())


def test_no_more_than_ten_clusters_are_shown_and_all_are_counted() -> None:
    """As JSON too."""
    questions = [
        ask(f"How much is word{letter} times {at}?") for letter in "abcdefghijkl" for at in (1, 2)
    ]
    found = report(*questions)
    assert (found.clusters, found.rows, len(found.largest)) == (12, 24, LARGEST)
    assert found.to_json()["largest"][0] == {
        "pattern": "how much is worda time [number]",
        "example": "How much is worda times 1?",
        "rows": 2,
    }


@settings(max_examples=20)
@given(st.lists(st.integers(1, 9), min_size=2, max_size=12), st.randoms(use_true_random=False))
def test_order_changes_neither_links_nor_report(numbers: list[int], chance: random.Random) -> None:
    """The rows that links connect are the same, as is every line of the report."""
    questions = [story("Ann", at, at) for at in set(numbers)] + [
        ask(f"What is {at} + 1?") for at in set(numbers)
    ]
    linked = {questions[place].text for pair in links(*questions) for place in pair}
    before = report(*questions)
    chance.shuffle(questions)
    assert {questions[place].text for pair in links(*questions) for place in pair} == linked
    assert report(*questions) == before


def test_nothing_has_no_templates() -> None:
    """No rows, no clusters."""
    assert links() == set()
    assert report() == TemplateReport(0, 0, 2, ())
