"""Exact duplicates leave, near-duplicates get one group, and the order of rows decides nothing."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st
from question_files import any_questions, checked, make_questions

from underdog.data.duplicates import drop_exact, group_rows
from underdog.data.reject import Reason
from underdog.mcq.question import Question


def groups_of(*questions: Question) -> list[str]:
    """Groups in the order of the questions, whatever else is around."""
    rows = [checked(each) for each in [*questions, *make_questions(40)]]
    return list(group_rows(rows))[: len(questions)]


def ask(text: str, *choices: str, answer: int = 0) -> Question:
    return Question(text, choices, answer)


def test_case_space_and_order_of_choices_do_not_make_a_new_question() -> None:
    """Of rows that differ in nothing else, one is kept and the others name it."""
    rows = [
        checked(ask("Who wrote Faust?", "Goethe", "Schiller")),
        checked(ask("who  wrote FAUST?", "goethe", "Schiller")),
        checked(ask("Who wrote Faust?", "Schiller", "Goethe", answer=1)),
    ]
    result = drop_exact(rows)
    assert len(result.rows) == 1
    assert [each.reason for each in result.rejects] == [Reason.DUPLICATE] * 2
    assert {each.detail for each in result.rejects} == {
        f"duplicate of {result.rows[0].question.id}"
    }


def test_rows_that_contradict_each_other_all_leave() -> None:
    """Where equal questions have different keys, nobody knows which is right."""
    rows = [
        checked(ask("Who wrote Faust?", "Goethe", "Schiller")),
        checked(ask("Who wrote Faust?", "Goethe", "Schiller", answer=1)),
    ]
    result = drop_exact(rows)
    assert result.rows == ()
    assert [each.reason for each in result.rejects] == [Reason.CONTRADICTION] * 2


@given(st.lists(any_questions(), max_size=12), st.randoms(use_true_random=False))
def test_dropping_is_idempotent_and_ignores_order(
    questions: list[Question], chance: random.Random
) -> None:
    """Doing it again changes nothing; every row is kept or rejected; order decides nothing."""
    rows = [checked(each) for each in questions * 2]
    once = drop_exact(rows)
    assert drop_exact(once.rows).rows == once.rows
    assert len(once.rows) + len(once.rejects) == len(rows)
    chance.shuffle(rows)
    assert drop_exact(rows).rows == once.rows


def test_one_question_with_other_distractors_is_one_group() -> None:
    """Same wording, same answer, other wrong choices."""
    one, other = groups_of(
        ask("What is the largest planet in the solar system?", "Jupiter", "Mars", "Venus", "Earth"),
        ask("Which is the largest planet in the Solar System?", "Jupiter", "Saturn", "Io", "Titan"),
    )
    assert one == other


def test_one_stem_with_other_choices_is_two_groups() -> None:
    """Stems such as "Which is true?" say nothing: the choices are the question."""
    one, other = groups_of(
        ask(
            "Which of these is true?",
            "Gold is a metal",
            "Tin is a gas",
            "Ice is hot",
            "Iron is soft",
        ),
        ask(
            "Which of these is true?", "Bats are blind", "Whales are fish", "Owls sing", "Apes fly"
        ),
    )
    assert one != other


def test_long_stems_about_different_things_with_a_common_answer_are_two_groups() -> None:
    """Answers such as "All of these" and "True" say nothing about the question."""
    one, other = groups_of(
        ask(
            "Which of these statements is true about seahorses?",
            "All of these",
            "They swim upright",
            "Males carry the young",
            "They eat plankton",
        ),
        ask(
            "Which of these statements is true about squirrels?",
            "All of these",
            "Some can glide",
            "They bury their food",
            "Their teeth keep growing",
        ),
    )
    assert one != other


def test_one_template_over_the_same_choices_is_one_group() -> None:
    """The texts of MEAN and MODE questions differ in one word of twenty."""
    texts = ("the value that occurs most", "the average of all values", "the value in the middle")
    choices = [tuple(f"The {name} is {text}" for text in texts) for name in ("MEAN", "MODE")]
    one, other = groups_of(
        Question("Which of these definitions is the definition of the MEAN?", choices[0], 1),
        Question("Which of these definitions is the definition of the MODE?", choices[1], 0),
    )
    assert one == other


def test_groups_stated_by_a_source_are_kept_and_joined() -> None:
    """Two rows of one stated group stay together, and a near-duplicate joins them."""
    first, second, third = make_questions(3)
    twin = replace(first, choices=(*first.choices[:3], "another choice"), answer=0)
    rows = [
        checked(first, group="fact-1", settled=True),
        checked(second, group="fact-1", settled=True),
        checked(third, group="fact-2", settled=True),
        checked(twin),
    ]
    assert group_rows(rows) == ("fact-1", "fact-1", "fact-2", "fact-1")


def test_facts_in_one_wording_stay_apart_where_the_source_vouches_for_them() -> None:
    """A bank asks many facts in few words; its own groups decide, not the template."""
    choices = ("Peru", "Chile", "Cuba", "Mali")
    texts = [f"Which country do you visit when you go to {name}?" for name in ("Lima", "Cuzco")]
    settled = [checked(Question(text, choices, 0), group=text, settled=True) for text in texts]
    loose = [checked(Question(text, choices, 0)) for text in texts]
    assert len(set(group_rows(settled))) == 2
    assert len(set(group_rows(loose))) == 1


@settings(max_examples=15)
@given(st.randoms(use_true_random=False))
def test_groups_ignore_the_order_of_rows_after_sorting(chance: random.Random) -> None:
    """`drop_exact` sorts by id, so shuffled files give the same groups."""
    questions = make_questions(30, seed=1)
    twins = [replace(each, choices=(*each.choices[:3], "z"), answer=0) for each in questions[:10]]
    rows = [checked(each) for each in questions + twins]
    expected = drop_exact(rows).rows
    chance.shuffle(rows)
    shuffled = drop_exact(rows).rows
    assert group_rows(shuffled) == group_rows(expected)


def test_thousands_of_rows_of_one_template_stay_cheap() -> None:
    """Where everything is alike the work stays linear, and all of it becomes one group."""
    questions = [
        Question(
            f"If the world were a village of 100 people, how many would be kind {at}?",
            ("1", "5", "11", "15"),
            0,
        )
        for at in range(3000)
    ]
    counts = Counter(group_rows([checked(each) for each in questions]))
    assert counts.most_common(1)[0][1] == 3000
