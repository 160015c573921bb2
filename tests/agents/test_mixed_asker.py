"""Several askers as one."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakes import numbered_questions
from underdog.agents.bank_asker import BankAsker
from underdog.agents.mixed_asker import MixedAsker
from underdog.agents.puzzle_asker import PuzzleAsker
from underdog.errors import InputError
from underdog.protocol.official import read_question
from underdog.protocol.player import QuestionCall

QUESTIONS = numbered_questions(60)
ONE = BankAsker(QUESTIONS[:42])
OTHER = BankAsker(QUESTIONS[42:])
PUZZLES = PuzzleAsker(0.2)
SERIES = "Mixed Series (Alphanumeric)"
TOPICS = ("arts", "elements", SERIES)
DRAWS = st.lists(st.sampled_from(TOPICS), min_size=1, max_size=12).map(tuple)
OURS = {each.id: 0 if place < 42 else 1 for place, each in enumerate(QUESTIONS)}


def mixed(one: float = 1, other: float = 1) -> MixedAsker:
    parts = {"one": ONE, "other": OTHER, "puzzle": PUZZLES}
    return MixedAsker(parts, {"one": one, "other": other, "puzzle": 1})


@settings(deadline=None, max_examples=20)
@given(DRAWS, st.integers(0, 99), st.data())
def test_every_place_is_asked_at_by_who_can_and_any_part_can_be_asked_for_again(
    draw: tuple[str, ...], seed: int, data: st.DataObject
) -> None:
    """On topic, none twice, puzzles where only puzzles are on the topic."""
    messages = mixed().ask(QuestionCall(draw, seed, 0, len(draw)))
    found = [read_question(each) for each in messages]
    assert tuple(each.topic for each in found) == draw
    assert len({each.id for each in found}) == len(draw)
    names = mixed().who_asks(draw, seed)
    assert [name == "puzzle" for name in names] == [topic == SERIES for topic in draw]
    start = data.draw(st.integers(0, len(draw) - 1))
    stop = data.draw(st.integers(start + 1, len(draw)))
    assert mixed().ask(QuestionCall(draw, seed, start, stop)) == messages[start:stop]


def test_shares_hold_on_average() -> None:
    """Three to one: 900 of 1,200 places, within four standard deviations (15)."""
    counts = Counter(
        name for seed in range(400) for name in mixed(3, 1).who_asks(("arts",) * 3, seed)
    )
    assert abs(counts["one"] - 900) < 60
    assert counts["one"] + counts["other"] == 1200


def test_who_is_asked_out_gives_its_places_to_the_others() -> None:
    """20 questions on a topic, 14 and 6: all are asked."""
    found = mixed(1, 50).ask(QuestionCall(("arts",) * 20, 1, 0, 20))
    assert len({read_question(each).id for each in found}) == 20
    mixed().check(("arts",) * 20)
    with pytest.raises(InputError, match="21 questions on 'arts'; got 20 in all"):
        mixed().check(("arts",) * 21)


def test_topics_are_those_of_all_parts() -> None:
    """Each found by whoever knows it; unknown to all, the last one's error tells what there is."""
    assert mixed().topics == (*ONE.topics, *PUZZLES.topics)
    assert mixed().find_topic("series") == SERIES
    assert mixed().find_topic(" Arts") == "arts"
    with pytest.raises(InputError, match="a topic out of Seating"):
        mixed().find_topic("opera")


def test_shares_decide_the_digest_and_must_be_above_nothing() -> None:
    """Two mixtures of the same parts are two question sets."""
    assert mixed(1).digest == mixed(1).digest != mixed(2).digest
    for shares in ({}, {"one": 0.0}, {"one": -1.0}, {"one": 1.0, "two": 1.0}):
        with pytest.raises(InputError, match="a share above 0 for each"):
            MixedAsker({"one": ONE}, shares)
    with pytest.raises(InputError, match="a share above 0"):
        MixedAsker({}, {})
