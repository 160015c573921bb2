"""Drawing questions from a bank."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes import numbered_questions
from underdog.agents.bank_asker import BankAsker
from underdog.errors import InputError
from underdog.mcq.question import Question
from underdog.protocol.filters import filter_questions
from underdog.protocol.official import read_question
from underdog.protocol.player import QuestionCall
from underdog.protocol.tokens import estimate_tokens

QUESTIONS = numbered_questions(60)
TOPICS = ("arts", "elements", "geography")
DRAWS = st.lists(st.sampled_from(TOPICS), min_size=1, max_size=20).map(tuple)


def asked(asker: BankAsker, draw: tuple[str, ...], seed: int = 0) -> list[Question]:
    return [read_question(each) for each in asker.ask(QuestionCall(draw, seed, 0, len(draw)))]


@given(DRAWS, st.integers(0, 99))
def test_every_question_is_on_its_topic_official_and_new(draw: tuple[str, ...], seed: int) -> None:
    """One per place of the draw, none twice, all let pass by the official filter."""
    asker = BankAsker(QUESTIONS)
    messages = asker.ask(QuestionCall(draw, seed, 0, len(draw)))
    assert len(filter_questions(messages, estimate_tokens)) == len(draw)
    found = [read_question(each) for each in messages]
    assert tuple(each.topic for each in found) == draw
    assert len({each.id for each in found}) == len(draw)


@given(DRAWS, st.integers(0, 9), st.data())
def test_any_part_can_be_asked_for_again(
    draw: tuple[str, ...], seed: int, data: st.DataObject
) -> None:
    """A player asked anew after a kill says what it would have said."""
    start = data.draw(st.integers(0, len(draw) - 1))
    whole = BankAsker(QUESTIONS).ask(QuestionCall(draw, seed, 0, len(draw)))
    rest = BankAsker(reversed(QUESTIONS)).ask(QuestionCall(draw, seed, start, len(draw)))
    assert rest == whole[start:]


def test_the_seed_decides_the_draw() -> None:
    """Other questions for another seed."""
    asker = BankAsker(QUESTIONS)
    draw = ("arts",) * 10
    assert asked(asker, draw, 1) == asked(asker, draw, 1)
    assert asked(asker, draw, 1) != asked(asker, draw, 2)


def test_harder_questions_are_preferred() -> None:
    """Only the harder half is drawn from, as long as it is large enough."""
    hard = {each.id: float(number) for number, each in enumerate(QUESTIONS)}
    asker = BankAsker(QUESTIONS, difficulty=hard)
    arts = sorted(hard[each.id] for each in QUESTIONS if each.topic == "arts")
    drawn = {hard[each.id] for seed in range(30) for each in asked(asker, ("arts",) * 5, seed)}
    assert drawn == set(arts[10:])
    everything = {hard[each.id] for each in asked(asker, ("arts",) * 20)}
    assert everything == set(arts)


def test_questions_of_unknown_difficulty_count_as_the_easiest() -> None:
    """They are drawn when nothing else is left."""
    arts = [each for each in QUESTIONS if each.topic == "arts"]
    asker = BankAsker(QUESTIONS, difficulty={arts[0].id: -5.0}, hardest_share=0.01)
    assert [each.id for each in asked(asker, ("arts",))] == [arts[0].id]


def test_questions_that_cannot_be_asked_are_left_out() -> None:
    """Not four choices, no key, no topic, too long, or there already."""
    good = Question("Capital of Peru?", ("Quito", "Lima", "Bogota", "La Paz"), 1, topic="arts")
    bad = [
        Question("x", ("a", "b", "c"), 1, topic="arts"),
        Question("y", good.choices, None, topic="arts"),
        Question("z", good.choices, 1, topic=" "),
        Question("why " * 200, good.choices, 1, topic="arts"),
        good,
    ]
    asker = BankAsker([*bad, good])
    assert (asker.topics, asker.size("arts"), asker.size("none")) == (("arts",), 1, 0)
    with pytest.raises(InputError, match="questions with 4 choices, a key and a topic; got none"):
        BankAsker(bad[:4])


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (("arts", "elements", "geografy"), r"arts, elements, geography; got 'geografy'.*geography"),
        (("arts",) * 21, r"21 questions on 'arts'; got 20 that can be asked.*at most 20 questions"),
    ],
)  # fmt: skip
def test_a_draw_that_cannot_be_served_is_refused(draw: tuple[str, ...], message: str) -> None:
    """Both when checked and when asked for."""
    asker = BankAsker(QUESTIONS)
    with pytest.raises(InputError, match=message):
        asker.check(draw)
    with pytest.raises(InputError, match=message):
        asker.ask(QuestionCall(draw, 0, 0, 1))


def test_topics_are_found_however_they_are_written() -> None:
    """Case and spaces make no difference."""
    assert BankAsker(QUESTIONS).find_topic(" Geography ") == "geography"


@pytest.mark.parametrize("share", [0.0, 1.1, -1.0])
def test_an_impossible_share_is_refused(share: float) -> None:
    """Some part of a topic must be drawn from."""
    with pytest.raises(InputError, match="a share above 0"):
        BankAsker(QUESTIONS, hardest_share=share)


def test_the_digest_tells_banks_apart() -> None:
    """By questions and keys; the order in which they came does not matter."""
    changed: list[Any] = [*QUESTIONS[:-1], Question("new?", ("a", "b", "c", "d"), 0, topic="arts")]
    digests = Counter(
        BankAsker(each).digest for each in (QUESTIONS, QUESTIONS[::-1], changed, QUESTIONS[1:])
    )
    assert sorted(digests.values()) == [1, 1, 2]
