"""Asking puzzles."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from underdog.agents import puzzles
from underdog.agents.puzzle_asker import PuzzleAsker, generator_digests
from underdog.errors import InputError
from underdog.protocol.filters import filter_questions
from underdog.protocol.official import read_question
from underdog.protocol.player import QuestionCall
from underdog.protocol.tokens import estimate_tokens
from underdog.runs.files import digest_file

DRAWS = st.lists(st.sampled_from(PuzzleAsker().topics), min_size=1, max_size=6).map(tuple)


@settings(deadline=None, max_examples=15)
@given(DRAWS, st.integers(0, 99), st.data())
def test_puzzles_are_on_topic_official_new_and_asked_alike_again(
    draw: tuple[str, ...], seed: int, data: st.DataObject
) -> None:
    """One per place of the draw, none twice; a player asked anew in the middle says the same."""
    messages = PuzzleAsker().ask(QuestionCall(draw, seed, 0, len(draw)))
    assert len(filter_questions(messages, estimate_tokens)) == len(draw)
    found = [read_question(each) for each in messages]
    assert tuple(each.topic for each in found) == draw
    assert len({each.id for each in found}) == len(draw)
    start = data.draw(st.integers(0, len(draw) - 1))
    assert PuzzleAsker().ask(QuestionCall(draw, seed, start, len(draw))) == messages[start:]


def test_a_topic_without_puzzles_is_refused() -> None:
    """With the topics that there are."""
    with pytest.raises(InputError, match=r"a topic out of Seating Arrangements.*got 'opera'"):
        PuzzleAsker().check(["seating", "opera"])


def test_each_edition_has_its_topics() -> None:
    """What is drawn from when no topic is named."""
    assert PuzzleAsker(edition="2025-10").topics == (
        "Seating Arrangements (Linear, Circular)",
        "Puzzles involving generations and family tree logic",
    )
    assert PuzzleAsker(edition="2025-07").find_topic("family") == "Blood Relations"
    assert "Syllogisms" in PuzzleAsker(edition="2026-02").topics


def test_the_digest_tells_difficulties_apart() -> None:
    """A match is continued only with the asker that began it."""
    digests = {PuzzleAsker(each).digest for each in (0.1, 0.1, 0.9)}
    assert len(digests) == 2


def test_the_digest_covers_every_file_that_makes_puzzles() -> None:
    """Each module and the words: a changed generator is not taken for the same question set."""
    folder = Path(puzzles.__path__[0])
    files = [path for path in folder.iterdir() if path.suffix in (".py", ".toml")]
    covered = generator_digests()
    assert {path.name: digest_file(path) for path in files}.items() <= covered.items()
    assert {"words.toml", "arithmetic.py", "agents/puzzle_asker.py"} <= set(covered)


def test_it_has_as_many_questions_as_are_wanted() -> None:
    """On topics that there are puzzles on."""
    assert PuzzleAsker().size("Syllogisms") == math.inf
    assert PuzzleAsker().size("opera") == 0
