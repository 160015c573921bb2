"""A bank that learns what its opponents miss."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakes import numbered_questions
from underdog.agents.bandit import Arm
from underdog.agents.bandit_asker import OTHER, BanditAsker
from underdog.errors import InputError
from underdog.mcq.question import Question
from underdog.protocol.filters import filter_questions
from underdog.protocol.official import read_question
from underdog.protocol.player import Past, QuestionCall
from underdog.protocol.tokens import estimate_tokens

QUESTIONS = numbered_questions(120)
KINDS = {each.id: f"kind {number // 3 % 2}" for number, each in enumerate(QUESTIONS)}
TOPICS = ("arts", "elements", "geography")
DRAWS = st.lists(st.sampled_from(TOPICS), min_size=1, max_size=15).map(tuple)


PLAIN = BanditAsker(QUESTIONS, kinds=KINDS)
SAME = BanditAsker(reversed(QUESTIONS), kinds=KINDS)


def bandit(**more: float) -> BanditAsker:
    return BanditAsker(QUESTIONS, kinds=KINDS, **more) if more else PLAIN  # type: ignore[arg-type]


def asked(call: QuestionCall, asker: BanditAsker | None = None) -> list[Question]:
    return [read_question(each) for each in (asker or bandit()).ask(call)]


def innings(draw: tuple[str, ...], seed: int, history: tuple[Past, ...] = ()) -> QuestionCall:
    return QuestionCall(draw, seed, 0, len(draw), history)


def fared(questions: list[Question], missed_kind: str) -> tuple[Past, ...]:
    """An opponent that misses one kind always and the others never."""
    return tuple(
        Past(each.id, each.topic, 1, int(KINDS[each.id] == missed_kind)) for each in questions
    )


@settings(max_examples=25, deadline=None)
@given(DRAWS, st.integers(0, 99), st.data())
def test_every_question_is_on_its_topic_official_new_and_asked_alike_again(
    draw: tuple[str, ...], seed: int, data: st.DataObject
) -> None:
    """One per place, none twice, none that was asked before; any part asked for again, by another
    asker with the same bank, is the same.
    """
    before = asked(innings(draw, seed + 1))
    history = fared(before, "kind 1")
    call = innings(draw, seed, history)
    messages = bandit().ask(call)
    assert len(filter_questions(messages, estimate_tokens)) == len(draw)
    found = [read_question(each) for each in messages]
    assert tuple(each.topic for each in found) == draw
    assert len({each.id for each in [*found, *before]}) == 2 * len(draw)
    start = data.draw(st.integers(0, len(draw) - 1))
    assert SAME.ask(QuestionCall(draw, seed, start, len(draw), history)) == messages[start:]


def test_the_kind_that_is_missed_is_asked_more_and_more() -> None:
    """Ten innings against an opponent that misses one kind: at first both, at the end that one."""
    draw = ("arts",) * 3
    history: tuple[Past, ...] = ()
    kinds: list[Counter[str]] = []
    for seed in range(6):
        found = asked(innings(draw, seed, history))
        kinds.append(Counter(KINDS[each.id] for each in found))
        history += fared(found, "kind 1")
    late = kinds[3] + kinds[4] + kinds[5]
    assert late["kind 1"] > 2 * late["kind 0"]


def test_topics_are_learned_about_apart() -> None:
    """What was missed on one topic says nothing about another."""
    call = innings(("arts",) * 12, 3)
    history = tuple(
        Past(each.id, each.topic, 9, 9 * (KINDS[each.id] == "kind 1"))
        for each in QUESTIONS
        if each.topic == "elements"
    )
    assert asked(call) == asked(innings(call.topics, 3, history))
    seen = bandit().seen([*history, Past("a puzzle's", "arts", 1, 1)])
    assert seen == {("elements", "kind 0"): Arm(0, 180), ("elements", "kind 1"): Arm(180, 180)}


def test_a_topic_that_was_asked_out_is_asked_again() -> None:
    """Rather than nothing; within the innings still none twice."""
    history = tuple(Past(each.id, each.topic, 1, 0) for each in QUESTIONS)
    found = asked(innings(("arts",) * 20, 0, history))
    assert len({each.id for each in found}) == 20


def test_the_harder_part_of_a_kind_is_drawn_from() -> None:
    """As the bank does, by kind."""
    hard = {each.id: number / 120 for number, each in enumerate(QUESTIONS)}
    asker = bandit(difficulty=hard, hardest_share=0.25)  # type: ignore[arg-type]
    found = {each.id for seed in range(40) for each in asked(innings(("arts",), seed), asker)}
    for kind in ("kind 0", "kind 1"):
        of_kind = [each.id for each in QUESTIONS if each.topic == "arts" and KINDS[each.id] == kind]
        assert found & set(of_kind) <= set(of_kind[-5:])
    assert len(found) > 5


def test_small_kinds_are_one_arm_and_digests_tell_kinds_apart() -> None:
    """Seven questions are too few to learn about."""
    few = {each.id: "rare" if number < 21 else "usual" for number, each in enumerate(QUESTIONS)}
    asker = BanditAsker(QUESTIONS, kinds=few)
    assert asker.arms("arts") == (OTHER, "usual")
    assert bandit().arms("arts") == ("kind 0", "kind 1")
    assert bandit().arms("opera") == ()
    assert asker.digest != bandit().digest == bandit().digest
    assert (asker.size("arts"), asker.topics) == (40, TOPICS)
    assert asker.find_topic("Arts") == "arts"


def test_a_draw_that_cannot_be_served_is_refused() -> None:
    """As by the bank."""
    with pytest.raises(InputError, match="41 questions on 'arts'; got 40 that can be asked"):
        asked(innings(("arts",) * 41, 0))
