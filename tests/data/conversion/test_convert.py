"""The laws of conversion: what may stand beside a right answer, and what never does."""

import random
import re
from itertools import combinations, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_up_questions import Parcelled, make_questions

from underdog.data.answers.read import read_answer
from underdog.data.answers.same import same_answer
from underdog.data.conversion.config import ConversionConfig, TwoOptions
from underdog.data.conversion.convert import Converted, PoolAnswer, convert
from underdog.data.open_question import OpenQuestion
from underdog.data.quality import Checked
from underdog.data.reject import Reason, Reject
from underdog.mcq.question import Question, normalise

QUESTIONS = make_questions(240)
CAPITALS = [each for each in make_questions(240, seed=5) if "capital" in each.text]
WORDS = ("Castle", "River", "Garden", "Tower", "Letter", "Winter", "Ghost", "Mirror", "Bridge")
WRITERS = [each for each in QUESTIONS if each.text.startswith("Who wrote")]


def ask(text: str, answer: str, *, aliases: tuple[str, ...] = ()) -> OpenQuestion:
    return OpenQuestion("asked.csv", 1, text, answer, aliases)


def converted(question: OpenQuestion, beside: list[OpenQuestion]) -> Question:
    """The question with its choices, when it is converted together with others."""
    result = convert([question, *beside], seed=1)
    return next(row.question for row in result.rows if row.file == question.file)


def by_text(result: Converted) -> dict[str, Question]:
    return {row.question.text: row.question for row in result.rows}


@given(st.integers(0, 2**32), st.integers(3, 8), st.integers(60, 240))
@settings(max_examples=8)
def test_choices_differ_and_hold_the_key_once(seed: int, choices: int, count: int) -> None:
    """Every converted question has the asked number of choices, no two of which say the same, and
    its key is the right answer; every question is in the result once.
    """
    config = ConversionConfig(choices=choices)
    result = convert(QUESTIONS[:count], config, seed=seed)
    places = sorted(each.row for each in (*result.rows, *result.rejects))
    assert places == list(range(1, count + 1))
    assert sum(result.kinds.values()) == len(result.rows)
    answers = {each.row: each.answer for each in QUESTIONS}
    for row in result.rows:
        assert len(row.question.choices) == choices
        assert row.question.answer_text == answers[row.row]
        read = [read_answer(choice, row.question.text) for choice in row.question.choices]
        assert not any(same_answer(*pair) for pair in combinations(read, 2))


@given(st.randoms(use_true_random=False), st.integers(0, 2**32))
@settings(max_examples=8)
def test_the_order_of_questions_decides_nothing(rng: random.Random, seed: int) -> None:
    """Shuffled questions and a shuffled pool give every question the same choices in the same
    order.
    """
    pool = [PoolAnswer(each.answer, each.text, each.topic) for each in CAPITALS]
    questions = rng.sample(QUESTIONS, len(QUESTIONS))
    shuffled = convert(questions, seed=seed, pool=rng.sample(pool, len(pool)))
    assert by_text(shuffled) == by_text(convert(QUESTIONS, seed=seed, pool=pool))
    assert [row.row for row in shuffled.rows] == [
        each.row for each in questions if each.text in by_text(shuffled)
    ]


def test_the_engine_decides_nothing() -> None:
    """An engine that sends blocks through pickle, last block first, gives an equal result."""
    assert convert(QUESTIONS, seed=3, engine=Parcelled()) == convert(QUESTIONS, seed=3)


def test_the_seed_decides() -> None:
    """The same seed gives an equal result, another seed other choices to most questions."""
    first, again, other = (by_text(convert(QUESTIONS, seed=seed)) for seed in (1, 1, 2))
    assert first == again
    changed = [text for text in first.keys() & other.keys() if first[text].id != other[text].id]
    assert len(changed) > len(first) / 2


def test_equal_questions_get_equal_choices() -> None:
    """The same question from two files gets the same choices in the same order."""
    twice = [*QUESTIONS, *(each._replace(file="copy.csv") for each in QUESTIONS)]
    rows = convert(twice, seed=1).rows
    copies = {row.question.text: row.question for row in rows if row.file == "copy.csv"}
    assert copies == {row.question.text: row.question for row in rows if row.file == "made-up.csv"}


def test_keys_stand_everywhere_equally_often() -> None:
    """Among questions with as many choices, no place has two keys more than another."""
    rows = convert(QUESTIONS, seed=7).rows
    counts = [sum(row.question.answer == place for row in rows) for place in range(4)]
    assert len(rows) > 200
    assert max(counts) - min(counts) <= 1


def test_distractors_are_of_the_kind_asked_for() -> None:
    """Capitals stand beside capitals, writers beside writers, and numbers beside numbers."""
    for row in convert(QUESTIONS, seed=2).rows:
        kinds = {read_answer(each, row.question.text).kind for each in row.question.choices}
        assert len(kinds) == 1


def test_the_pool_is_drawn_from() -> None:
    """A lone question takes its choices from the pool that is given, and from nowhere else."""
    pool = [PoolAnswer(each.answer, each.text) for each in CAPITALS]
    lone = ask("What is the capital of the country of Zembla?", "Onhava")
    (row,) = convert([lone], seed=1, pool=pool).rows
    assert set(row.question.choices) - {"Onhava"} <= {each.answer for each in CAPITALS}


def test_numbers_need_no_other_answers() -> None:
    """Numbers get the same choices whether the names in the pool are read or not, and the other
    right answers to their questions are never offered, in words or figures.
    """
    numbers = [ask(f"How many moons has the planet Zembla {at}?", str(at)) for at in range(9, 60)]
    counts = [PoolAnswer(str(at * at), f"How many legs have {at} spiders?") for at in range(80)]
    right = [PoolAnswer("Ten, or so they say", each.text) for each in numbers]
    names = [PoolAnswer(each.answer, each.text) for each in CAPITALS]
    alone = convert(numbers, seed=1, pool=[*counts, *right])
    assert alone == convert(numbers, seed=1, pool=[*names, *counts, *right])
    beside = convert([*numbers, *CAPITALS], seed=1, pool=[*counts, *right])
    made = by_text(beside)
    choices = {row.question.text: set(row.question.choices) for row in alone.rows}
    assert choices == {text: set(made[text].choices) for text in choices}
    assert len(choices) == len(numbers)
    assert all("10" not in found for found in list(choices.values())[2:])


def test_a_title_that_is_a_number_still_gets_titles() -> None:
    """Asked for a film, "1917" is one: its choices are other films, from the pool."""
    films = [PoolAnswer(name, f"Which film came {at} years late?") for at, name in enumerate(WORDS)]
    lone = ask("Which film was shot in Zembla?", "1917")
    (row,) = convert([lone], seed=1, pool=films).rows
    assert set(row.question.choices) - {"1917"} <= {each.answer for each in films}


def test_a_row_keeps_what_is_known_of_it() -> None:
    """File, row, group, topic, source, licence and explanation of a question stay."""
    lone = OpenQuestion(
        "file.csv",
        17,
        "What is the capital of the country of Zembla?",
        "  Onhava ",
        (),
        "geography",
        "a source",
        "MIT",
        "As everybody knows.",
        "group 3",
    )
    pool = [PoolAnswer(each.answer, each.text) for each in CAPITALS]
    (row,) = convert([lone], seed=1, pool=pool).rows
    made = Question(
        lone.text,
        row.question.choices,
        row.question.answer,
        topic="geography",
        source="a source",
        licence="MIT",
        explanation="As everybody knows.",
    )
    assert row == Checked("file.csv", 17, made, "group 3", settled=False)
    assert row.question.answer_text == "Onhava"


def test_other_names_of_the_key_are_never_offered() -> None:
    """Neither a stated alias nor another name of the key, nor one of a stated alias, is a choice,
    though the pool holds little else.
    """
    names = ("Wolfgang Amadeus Mozart", "W. A. Mozart", "mozart", "Amadeus", "Johannes Mozartinus")
    others = ("Joseph Haydn", "Franz Schubert", "Johannes Brahms", "Clara Schumann")
    pool = [
        PoolAnswer(name, f"Which composer wrote the symphony number {at}?")
        for at, name in enumerate((*names, *others))
    ]
    question = "Which composer wrote the opera The Magic Flute?"
    asked = ask(question, "Mozart", aliases=("Amadeus", "Johannes Mozartinus", "Clara Schumann"))
    (row,) = convert([asked], seed=1, pool=pool).rows
    assert set(row.question.choices) == {"Mozart", *others[:3]}


def test_what_stands_in_the_question_is_never_offered() -> None:
    """A text of the question is no wrong choice, whatever its article or case."""
    pool = [PoolAnswer(each.answer, each.text) for each in CAPITALS[:4]]
    named = CAPITALS[0].answer
    asked = ask(f"Which capital of a country lies north of the {named.upper()}?", "Onhava")
    (row,) = convert([asked], seed=1, pool=pool).rows
    assert set(row.question.choices) == {"Onhava", *(each.answer for each in CAPITALS[1:4])}


def test_what_is_right_for_the_same_question_is_never_offered() -> None:
    """Two right answers to one question, written differently, do not stand beside each other."""
    text = "Which writer was born in the town of Onhava?"
    first, second = ask(text, "Karin Olsdotter"), ask(text.upper(), "Peder Vindal")
    result = convert([first, second, *WRITERS], seed=4)
    made = [row.question for row in result.rows if row.file == "asked.csv"]
    assert len(made) == 2
    assert all(
        not {"Karin Olsdotter", "Peder Vindal"} <= set(question.choices) for question in made
    )


@pytest.mark.parametrize(
    ("text", "answer", "choices"),
    [
        ("Is the sun a star?", "Yes", {"Yes", "No"}),
        ("A cat is a dog.", "false", {"true", "false"}),
        ("Is a tomato a fruit or a vegetable?", "a fruit", {"a fruit", "a vegetable"}),
    ],
)
def test_two_options_are_kept_or_rejected(text: str, answer: str, choices: set[str]) -> None:
    """A question with two possible answers gets two choices, or is rejected where the settings say
    so; it is never padded.
    """
    asked = ask(text, answer)
    kept = convert([asked, *CAPITALS], seed=1)
    made = next(row.question for row in kept.rows if row.file == "asked.csv")
    assert set(made.choices) == choices
    assert made.answer_text == answer
    config = ConversionConfig(yes_no=TwoOptions.REJECT)
    (reject,) = convert([asked], config, seed=1).rejects
    assert reject.reason is Reason.YES_NO
    assert set(reject.detail.replace("'", "").split(" or ")) == choices


def test_the_places_of_two_choices_are_balanced() -> None:
    """Half of the right answers to yes/no questions stand first."""
    asked = [ask(f"Is {number} a number?", "Yes") for number in range(50)]
    rows = convert(asked, seed=1).rows
    assert sum(row.question.answer == 0 for row in rows) == 25


@pytest.mark.parametrize(
    ("text", "answer", "detail"),
    [
        ("Which of these is a fish?", "All of these", "answer 'All of these'"),
        ("Why?", "b" * 121, "an answer of 121 characters, at most 120"),
        (
            "Is it red, green or blue?",
            "red",
            "the question names 'red' among its options",
        ),
        (
            "Why do cats purr?",
            "because they like to be with us",
            "a phrase of more than 3 words has no like",
        ),
        ("What is a zoetrope?", "toy", "0 of 3 for a phrase"),
    ],
)
def test_what_has_no_honest_choices_is_rejected(text: str, answer: str, detail: str) -> None:
    """Answers that speak of choices, explain, are too long or have no likes are rejected, and the
    reject says which row it was.
    """
    result = convert([ask(text, answer), *CAPITALS], seed=1)
    reason = Reason.CHOICE_OF_ALL if answer.startswith("All") else Reason.TOO_FEW_DISTRACTORS
    excerpt = f"{text} [{answer}]"
    assert result.rejects == (Reject("asked.csv", 1, reason, detail, excerpt),)
    assert len(result.rows) == len(CAPITALS)


def test_answers_that_speak_of_choices_are_never_drawn() -> None:
    """The pool may hold "None of these" as a right answer: no question offers it as a wrong one."""
    pool = [PoolAnswer(text, "Which?") for text in ("None of these", "All of the above", "x" * 300)]
    for row in convert(CAPITALS, seed=1, pool=pool).rows:
        assert not {each.answer for each in pool} & set(row.question.choices)


def test_wrong_answers_of_a_model_come_first() -> None:
    """Texts from the callable are used before any other, in their order, as far as they pass."""
    asked = ask("What is the capital of the country of Zembla?", "Onhava")
    offered = ["Onhava", "onhava.", "Zembla", "17", "kobaltana", "Kobaltana", "Ryedsholm", "Uran"]
    result = convert(
        [asked, *CAPITALS],
        seed=1,
        wrong_answers=lambda question: offered if question is asked else [],
    )
    made = next(row.question for row in result.rows if row.file == "asked.csv")
    assert set(made.choices) == {"Onhava", "Kobaltana", "Ryedsholm", "Uran"}


def test_too_few_wrong_answers_are_filled_up() -> None:
    """One text of a model and two answers of other questions make three wrong choices."""
    asked = ask("What is the capital of the country of Zembla?", "Onhava")
    result = convert([asked, *CAPITALS], seed=1, wrong_answers=lambda _: ["Kobaltana"])
    made = next(row.question for row in result.rows if row.file == "asked.csv")
    known = {each.answer for each in CAPITALS}
    assert len(made.choices) == 4
    assert set(made.choices) - known == {"Onhava", "Kobaltana"}


def test_wrong_answers_serve_numbers_too() -> None:
    """A model's wrong number stands among slips of the right one."""
    asked = ask("How many moons has the planet Zembla?", "14")
    (row,) = convert([asked], seed=1, wrong_answers=lambda _: ["fourteen", "14", "3117", "29"]).rows
    assert {"14", "29"} < set(row.question.choices)
    assert "fourteen" not in row.question.choices


def test_a_past_year_has_no_future_beside_it() -> None:
    """No choice lies after the latest year of the settings, or after the right year."""
    years = [
        ask(f"In what year was the bridge of Zembla number {year} built?", str(year))
        for year in range(1990, 2032)
    ]
    config = ConversionConfig(latest_year=2026)
    for row in convert(years, config, seed=1).rows:
        assert row.question.answer_text is not None
        latest = max(2026, int(row.question.answer_text))
        assert max(map(int, row.question.choices)) <= latest


@pytest.mark.parametrize(
    ("text", "answer", "form"),
    [
        ("How much did the tower cost?", "$1,250,000", r"\$\d{1,3}(,\d{3})+|\$\d{3}"),
        ("What is the density?", "0.75", r"\d+\.\d\d"),
        ("How long is the bridge?", "120 metres", r"\d+ metres"),
        ("What share of it is water?", "35%", r"\d{1,2}%|100%"),
        ("When was the treaty signed?", "July 4, 1776", r"\w+ \d{1,2}, \d{4}"),
        ("What part of it is left?", "3/4", r"\d+/\d+"),
        ("In which century was it built?", "12th century", r"\d{1,2}(st|nd|rd|th) century"),
        ("How many sides has it?", "Seven", r"[A-Z][a-z]+(-[a-z]+)?"),
    ],
)
def test_numbers_keep_their_form(text: str, answer: str, form: str) -> None:
    """Money, decimals, units, shares, dates, fractions, ordinals and words stay what they are."""
    for seed in range(5):
        (row,) = convert([ask(text, answer)], seed=seed).rows
        assert len(row.question.choices) == 4
        for choice in row.question.choices:
            assert re.fullmatch(form, choice), choice


def test_nothing_gives_nothing() -> None:
    """No question, no row; a pool alone changes nothing."""
    empty = Converted((), (), {})
    assert convert([], seed=1) == empty
    assert convert([], seed=1, pool=[PoolAnswer("a", "b")]) == empty


@given(st.lists(st.tuples(st.text(max_size=30), st.text(max_size=30)), max_size=6))
@settings(max_examples=25)
def test_any_text_is_converted_or_rejected(pairs: list[tuple[str, str]]) -> None:
    """No text of a question or an answer raises; what is converted is whole."""
    questions = [
        OpenQuestion("any.csv", at, f"{text} x?", answer)
        for at, (text, answer) in enumerate(pairs)
        if answer.strip()
    ]
    result = convert(questions, seed=1)
    assert len(result.rows) + len(result.rejects) == len(questions)
    for row in result.rows:
        folded = [normalise(choice) for choice in row.question.choices]
        assert all(one != other for one, other in pairwise(sorted(folded)))
