"""Puzzles of every kind: one right choice, within limits, the same for the same seed."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from underdog.agents.puzzles.generate import PuzzleConfig, fits, make_puzzle, make_puzzles
from underdog.agents.puzzles.models import right_choices
from underdog.agents.puzzles.syllogism import GROUPS, PATTERNS
from underdog.agents.puzzles.topics import KINDS, TOPICS, find_topic, topic_of
from underdog.errors import InputError
from underdog.mcq.question import normalise
from underdog.protocol.editions import EDITIONS
from underdog.protocol.tokens import estimate_tokens

CONFIGS = st.builds(
    PuzzleConfig,
    kind=st.sampled_from(list(KINDS)),
    difficulty=st.floats(0, 1),
    seed=st.integers(0, 10**6),
    edition=st.sampled_from(list(EDITIONS)),
)


@settings(deadline=None, max_examples=60)
@given(CONFIGS, st.integers(0, 999))
def test_exactly_one_choice_is_right_in_every_world(config: PuzzleConfig, number: int) -> None:
    """Going through all worlds, without the solver that made it, finds the key and nothing else;
    and the puzzle is within the edition's limits.
    """
    puzzle = make_puzzle(config, number)
    assert right_choices(puzzle) == [puzzle.question.answer]
    assert fits(puzzle.question, EDITIONS[config.edition], estimate_tokens)
    assert puzzle.question.topic == topic_of(config.kind, config.edition)


@pytest.mark.parametrize("kind", KINDS)
def test_the_worded_puzzle_says_what_its_facts_say(kind: str) -> None:
    """Everyone and everything in the facts is named in the text, and no frame is left unfilled."""
    for puzzle in make_puzzles(PuzzleConfig(kind, 0.7, seed=3), 12):
        text = puzzle.question.text
        assert "{" not in text + puzzle.question.explanation
        if kind not in ("series", "arithmetic"):
            assert all(normalise(name) in normalise(text) for name in puzzle.names)
        assert len(puzzle.question.explanation.split()) <= 100


@pytest.mark.parametrize("kind", KINDS)
def test_a_puzzle_depends_on_its_seed_and_number_alone(kind: str) -> None:
    """Made in another order, after other puzzles, it is the same; another seed gives another."""
    config = PuzzleConfig(kind, 0.6, seed=5)
    forward = [make_puzzle(config, number) for number in range(6)]
    backward = [make_puzzle(config, number) for number in reversed(range(6))]
    assert forward == backward[::-1]
    assert make_puzzle(PuzzleConfig(kind, 0.6, seed=6), 0) != forward[0]


@pytest.mark.parametrize("kind", KINDS)
def test_no_letter_is_likelier_and_no_puzzle_comes_twice(kind: str) -> None:
    """Keys fall on every letter; with four equal shares of 80, fewer than 6 or more than 40 on one
    of them has a chance below 1e-4.
    """
    puzzles = list(make_puzzles(PuzzleConfig(kind, 0.5, seed=1), 80))
    keys = Counter(each.question.answer for each in puzzles)
    assert all(6 <= keys[place] <= 40 for place in range(4))
    assert len({each.question.id for each in puzzles}) == 80


def test_conclusions_look_the_same_from_each_of_them() -> None:
    """For each pattern and each two of its pairs, a renaming of the groups maps one to the other
    and the pattern to itself; "no" and "some" are the same either way round.
    """
    for form, patterns in PATTERNS.items():
        for pattern in patterns:
            told = [tuple(sorted(each)) if form in ("no", "some") else each for each in pattern]
            images = set()
            for names in permutations(range(GROUPS)):
                moved = [(names[one], names[other]) for one, other in told]
                if form in ("no", "some"):
                    moved = [(min(each), max(each)) for each in moved]
                if set(moved) == set(told):
                    images.add(moved[0])
            assert images == set(told)
            assert len(images) == 4


def test_the_right_number_of_a_series_is_as_often_the_larger_one() -> None:
    """And as often even: with 400 fair coins, a share beyond 41 to 59 % has a chance of 0.0003."""
    larger, even, unlike = 0, 0, 0
    for puzzle in make_puzzles(PuzzleConfig("series", 0.5, seed=4), 400):
        place = puzzle.names.index("number")
        right = puzzle.claims[puzzle.question.answer][place][3]
        (wrong,) = {claim[place][3] for claim in puzzle.claims} - {right}
        larger += right > wrong
        if (right - wrong) % 2:
            unlike, even = unlike + 1, even + (right % 2 == 0)
    assert 0.41 < larger / 400 < 0.59
    assert abs(even - unlike / 2) < 1.8 * unlike**0.5


@pytest.mark.parametrize("kind", ["seating-linear", "blood", "truth"])
def test_harder_puzzles_are_larger(kind: str) -> None:
    """More persons, on average, at difficulty 1 than at 0."""
    sizes = [
        sum(each.size for each in make_puzzles(PuzzleConfig(kind, difficulty), 20))
        for difficulty in (0.0, 1.0)
    ]
    assert sizes[0] < sizes[1]


@pytest.mark.parametrize("kind", ["seating-linear", "seating-circular", "blood"])
def test_no_clue_is_needless_where_it_is_not_easy(kind: str) -> None:
    """Without any one of its clues, all worlds together leave more than the key open, or rule the
    key out.
    """
    for puzzle in make_puzzles(PuzzleConfig(kind, 1.0, seed=2), 4):
        for left_out in puzzle.facts:
            fewer = tuple(each for each in puzzle.facts if each is not left_out)
            assert right_choices(replace(puzzle, facts=fewer)) != [puzzle.question.answer]


def test_topics_are_found_however_editions_write_them() -> None:
    """Names of editions, "Topic/Subtopic", the first word, or a kind; other topics are not."""
    for topic in TOPICS:
        assert find_topic(topic) == topic
        assert find_topic(f"Puzzles/{topic.upper()}") == topic
    for edition in EDITIONS.values():
        for name in edition.topics:
            found = find_topic(name)
            assert found is not None
            assert {topic_of(kind, edition.name) for kind in TOPICS[found]} == {name}
    assert find_topic("Blood Relations and Family Tree") == "Family tree logic"
    assert find_topic("Puzzles") is None
    assert (
        find_topic("seating")
        == find_topic("seating-linear")
        == "Seating Arrangements (Linear, Circular)"
    )
    assert find_topic("geography") is None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"kind": "seting"}, "a kind of puzzle out of seating-linear"),
        ({"kind": "blood", "difficulty": 1.5}, "a difficulty from 0 to 1; got 1.5"),
        ({"kind": "blood", "edition": "1999"}, "an edition out of 2025-07, 2025-10, 2026-02"),
    ],
)  # fmt: skip
def test_impossible_wishes_are_refused(arguments: dict[str, object], message: str) -> None:
    """The error names what there is."""
    with pytest.raises(InputError, match=message):
        PuzzleConfig(**arguments)  # type: ignore[arg-type]


def test_limits_that_nothing_fits_into_end_the_search() -> None:
    """A tokenizer that finds a thousand tokens in every text."""
    with pytest.raises(InputError, match="limits that a series puzzle fits into"):
        make_puzzle(PuzzleConfig("series"), 0, count_tokens=lambda text: 1000)
