"""The independent look across the split finds what is there and nothing else."""

from __future__ import annotations

from dataclasses import replace

import planted
from question_files import checked, make_questions

from underdog.data.duplicates import drop_exact, group_rows
from underdog.data.leakage import LeakCheck, check_leakage
from underdog.data.row import Band, Row, Split
from underdog.data.split import split_groups
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


def ask(text: str, *choices: str) -> Question:
    return Question(text, choices, 0)


def compare(train: Question, held: Question) -> LeakCheck:
    """One validation question against one training question among others."""
    return check_leakage(rows_of([train, *make_questions(20)], [held]), 0.6)


def test_a_planted_twin_is_found_by_words_and_by_characters() -> None:
    """One validation question is a training question with one word more."""
    text = "What is the largest planet in the solar system?"
    train = ask(text, "Jupiter", "Mars", "Venus")
    check = compare(train, ask(f"{text} Answer soon", "Jupiter", "Mars", "Venus"))
    assert not check.clean
    assert (check.word_pairs, check.character_pairs, check.look_alikes) == (1, 1, 0)
    assert check.word_highest >= 0.6
    assert check.character_highest >= 0.7
    assert "1 pairs at or above 0.6 by words" in check.sentence()


def test_a_twin_full_of_typos_is_found_by_characters_alone() -> None:
    """Words are destroyed, runs of letters are left."""
    check = compare(
        ask("What is the largest planet of the solar system?", "Jupiter", "Mars", "Venus", "Pluto"),
        ask("What is the lrgest plnet of the solar systm?", "Jupiter", "Mars", "Venus", "Pluto"),
    )
    assert (check.word_pairs, check.character_pairs, check.clean) == (0, 1, False)


def test_a_stem_with_paraphrased_choices_is_found() -> None:
    """Nothing but the text is equal."""
    text = "The Grand Canyon was formed by the Colorado River doing what?"
    check = compare(ask(text, "flowing", "melting"), ask(text.lower(), "moving away", "freezing"))
    assert (check.word_pairs, check.clean) == (1, False)


def test_a_word_problem_with_other_numbers_is_found() -> None:
    """As a template, though neither words nor letters are alike enough."""
    text = "{} has {} red apples, buys {} green ones and eats {}. How many apples are left at last?"
    check = compare(
        ask(text.format("Anna", 4, 5, 6), "3", "4"), ask(text.format("Hans", 71, 82, 93), "60", "6")
    )
    assert (check.template_pairs, check.clean) == (1, False)
    assert "1 with other numbers alone" in check.sentence()


def test_look_alikes_are_counted_and_are_no_leak() -> None:
    """Another planet, another right answer."""
    choices = ("Jupiter", "Mercury", "Venus", "Mars")
    texts = [f"Which planet of the whole solar system is the {word}?" for word in ("first", "last")]
    held = Question(texts[1], choices, 1)
    check = compare(ask(texts[0], *choices), held)
    assert (check.clean, check.look_alikes) == (True, 1)
    assert "1 pairs as alike as that ask for different things" in check.sentence()
    assert check.word_highest < 0.6
    assert check.to_json()["look_alikes"] == 1


def test_rows_of_sources_that_vouch_for_their_groups_are_not_compared_with_each_other() -> None:
    """The same twins, when both are settled; one settled row alone is still compared."""
    questions = make_questions(20)
    twin = replace(questions[0], text=f"{questions[0].text} Pick one.")
    rows = rows_of(questions, [twin])
    both = check_leakage(rows, 0.6, settled=frozenset({twin.id, questions[0].id}))
    assert both.clean
    assert "2 rows bring groups of their own" in both.sentence()
    assert not check_leakage(rows, 0.6, settled=frozenset({twin.id})).clean


def test_grouping_and_checking_agree() -> None:
    """Twins of all kinds, grouped and split by group, leave nothing for brute force to find; split
    row by row they do.
    """
    originals = [
        *planted.word_problems(),
        *(q for pair in planted.read_look_alikes() for q in pair),
    ]
    twins = [twin.question for twin in planted.plant_all(originals[:700], count=220, seed=1)]
    rows = drop_exact([checked(question) for question in [*originals, *twins]]).rows
    groups = group_rows(rows).groups
    checks = []
    for names in (groups, [row.question.id for row in rows]):
        sides = split_groups(names, share=0.5, seed=0)
        parts: dict[Split, list[Question]] = {Split.TRAIN: [], Split.VALIDATION: []}
        for row, side in zip(rows, sides, strict=True):
            parts[side].append(row.question)
        checks.append(check_leakage(rows_of(*parts.values()), 0.6, sample=1000))
    assert checks[0].clean, checks[0].sentence()
    assert checks[1].word_pairs + checks[1].character_pairs > 50


def test_without_a_validation_split_there_is_nothing_to_find() -> None:
    """A share of 0 is allowed."""
    check = check_leakage(rows_of(make_questions(5), []), 0.6)
    assert (check.sampled, check.against, check.clean) == (0, 5, True)
