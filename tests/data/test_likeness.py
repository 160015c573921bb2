"""Whether two questions that look alike are one question."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from question_files import any_questions, make_questions

from underdog.data.likeness import read_wordings, same_question, spelling_threshold
from underdog.mcq.question import Question


def ask(text: str, *choices: str, answer: int | None = 0) -> Question:
    return Question(text, choices, answer)


def one_question(one: Question, other: Question, threshold: float = 0.6) -> bool:
    wordings = read_wordings([one, other])
    return bool(same_question(wordings, np.asarray([[0, 1]]), threshold)[0])


def test_one_fact_with_other_wrong_choices_is_one_question() -> None:
    """Same wording, same right answer."""
    assert one_question(
        ask("What is the largest planet in the solar system?", "Jupiter", "Mars", "Venus"),
        ask("Which is the largest planet in the Solar System?", "Jupiter", "Io", "Titan"),
    )


def test_one_fact_in_exchanged_words_is_one_question() -> None:
    """Words that are no names may be exchanged where the rest is alike."""
    assert one_question(
        ask("Which movie by Orson Welles begins with the word Rosebud?", "Citizen Kane", "Heat"),
        ask("Which film by Orson Welles begins with the word Rosebud?", "Citizen Kane", "Alien"),
    )


@pytest.mark.parametrize(
    ("one", "other"),
    [("Helsinki", "Turku"), ("1936", "1972"), ("World War I", "World War II")],
)
def test_another_name_or_number_makes_another_question(one: str, other: str) -> None:
    """Even where choices and right answers are equal."""
    text = "In which country were the famous Summer Games of {} held and opened?"
    choices = ("Germany", "Finland", "Japan", "Italy")
    same = one_question(ask(text.format(one), *choices), ask(text.format(other), *choices))
    # "II" is the only word of its own: the second text says more, not something else.
    assert same is (one == "World War I")


def test_other_right_answers_make_other_questions_however_alike_the_rest_is() -> None:
    """Four planets, two questions."""
    choices = ("Jupiter", "Mercury", "Venus", "Mars")
    assert not one_question(
        ask("Which planet of the solar system is the largest?", *choices),
        ask("Which planet of the solar system is the smallest?", *choices, answer=1),
    )
    assert not one_question(
        ask("Which animal comes from a male lion and a female tiger?", "Liger", "Tigon", "Lion"),
        ask("Which animal comes from a female lion and a male tiger?", "Tigon", "Liger", "Lion"),
    )


def test_a_typo_in_the_right_answer_is_no_other_answer() -> None:
    """Unless the other question has that very text as a wrong choice."""
    choices = ("Naples", "Genoa", "Turin")
    text = "In which city did the Italian composer Giuseppe Verdi die in 1901?"
    assert one_question(ask(text, "Milan", *choices), ask(f"{text} Pick one.", "Mlian", *choices))
    assert not one_question(
        ask(text, "Milan", *choices), ask(f"{text} Pick one.", "Mlian", "Milan", *choices[1:])
    )
    assert not one_question(
        ask(f"{text} Pick one of these.", "1842", *choices), ask(text, "1843", *choices)
    )


def test_stems_that_say_nothing_make_no_question_and_particular_ones_do() -> None:
    """The rule of the stem: enough meaning words, choices in common counted in."""
    assert not one_question(
        ask("Which of these statements is true?", "Gold is a metal", "Tin is a gas"),
        ask("Which of these statements is true?", "Bats are mammals", "Owls are fish"),
    )
    assert one_question(
        ask("The Grand Canyon was formed by the Colorado River doing what?", "flowing", "melting"),
        ask("the grand canyon was formed by the colorado river doing what?", "moving", "freezing"),
    )
    same = ("light", "sound", "cold")
    assert one_question(
        ask("What kind of energy causes evaporation?", "heat", *same),
        ask("What kind of energy causes evaporation?", "hotness", *same),
    )
    assert not one_question(
        ask("What kind of energy causes evaporation?", "heat", *same),
        ask("What kind of energy is it that causes evaporation?", "light", "heat", *same[1:]),
    )
    assert not one_question(
        ask("Where was the composer Ludwig van Beethoven born in winter?", "Bonn", "Graz"),
        ask("When was the composer Ludwig van Beethoven born in winter?", "1770", "1756"),
    )


def test_one_text_with_one_set_of_choices_is_one_question_even_if_the_keys_contradict() -> None:
    """Marks and articles do not make another text."""
    assert one_question(
        ask("The Eiffel Tower is in Paris.", "True", "False"),
        ask("Eiffel Tower is in Paris", "True", "False", answer=1),
    )


def test_a_right_answer_that_says_nothing_is_no_fact() -> None:
    """Two statements are not one because both are true."""
    assert not one_question(
        ask("Which of these is true about the sea horse?", "All of these", "a", "b"),
        ask("Which of these is true about the squirrel?", "All of these", "c", "d"),
    )


def test_questions_without_keys_can_be_alike() -> None:
    """By spelling alone."""
    choices = ("Jupiter", "Mercury", "Venus", "Mars")
    one = ask("Which planet of the solar system is the largest?", *choices, answer=None)
    other = ask("Which planet of the solar systm is largest?", *choices, answer=None)
    assert one_question(one, other)
    assert not one_question(one, make_questions(1)[0])


@settings(max_examples=20)
@given(any_questions(), any_questions())
def test_likeness_has_no_direction_and_everything_is_like_itself(
    one: Question, other: Question
) -> None:
    """The order of a pair does not matter; a question with the choices turned round is the same."""
    assert one_question(one, other) == one_question(other, one)
    assert one.answer is not None
    turned = Question(one.text, one.choices[::-1], len(one.choices) - 1 - one.answer)
    assert one_question(one, turned)


@settings(max_examples=8)
@given(st.randoms(use_true_random=False))
def test_other_questions_around_do_not_change_a_verdict(chance: random.Random) -> None:
    """Wordings are read one question at a time."""
    pair = [
        ask("Which planet of the solar system is the largest?", "Jupiter", "Mars"),
        ask("Which planet of the solar systm is the largest?", "Jupiter", "Mars"),
    ]
    questions = [*pair, *make_questions(6)]
    chance.shuffle(questions)
    places = [questions.index(each) for each in pair]
    verdict = same_question(read_wordings(questions), np.asarray([places]), 0.6)
    assert verdict.tolist() == [True]


def test_no_questions_have_wordings_too() -> None:
    """Every array is there and empty."""
    wordings = read_wordings([])
    assert len(wordings.keys) == len(wordings.stems) == wordings.spellings.size == 0
    assert same_question(wordings, np.empty((0, 2), np.int64), 0.6).tolist() == []


def test_the_threshold_of_letters_follows_that_of_words() -> None:
    """Down to a level at which unlike questions are alike."""
    assert spelling_threshold(0.6) == pytest.approx(0.45)
    assert spelling_threshold(0.1) == 0.2
