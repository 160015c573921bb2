"""The official score."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from underdog.errors import ProtocolError
from underdog.protocol.scoring import InningsScore, is_right, score_innings

COUNTS = st.integers(1, 2000).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n)))


@pytest.mark.parametrize(
    ("key", "answer", "right"),
    [
        ("B", "B", True),
        ("B", "b", False),  # trap 9: case counts
        ("b", "B", False),
        ("A) 572", "A", True),  # only the key is cut to its first character
        ("A", "A) 572", False),  # trap 9
        ("Z", "A", False),  # trap 8: nobody can be right
        ("572", "5", True),
        ("B", "", False),
    ],
)
def test_the_first_character_of_the_key_is_compared_with_the_whole_answer(
    key: str, answer: str, right: bool
) -> None:
    """`q["answer"][0] == a["answer"]`, and nothing else."""
    assert is_right({"answer": key}, {"answer": answer}) is right


def test_an_empty_key_is_an_error_as_in_the_official_code() -> None:
    """Trap 8: it passes the filter, and then ends the scoring."""
    with pytest.raises(ProtocolError, match="a key of at least one letter"):
        is_right({"answer": ""}, {"answer": "A"})


def test_a_missing_answer_is_wrong() -> None:
    """Null entries keep their place and count against the answering team."""
    keys = [{"answer": "A"}, {"answer": "B"}, {"answer": "C"}]
    score = score_innings(keys, [{"answer": "A"}, None, {"answer": "D"}])
    assert score == InningsScore(3, 1)


def test_answers_that_were_filtered_out_instead_of_nulled_are_refused() -> None:
    """Trap 11: the lengths must agree."""
    with pytest.raises(ProtocolError, match="1 answers to 2 questions"):
        score_innings([{"answer": "A"}, {"answer": "B"}], [{"answer": "B"}])


def test_the_score_is_the_official_one_to_the_last_bit() -> None:
    """100 * correct / (N + 1e-9): a clean sweep is a hair below 100."""
    score = InningsScore(20, 13)
    assert score.answering == 100 * 13 / (20 + 1e-9) == 64.99999999675
    assert score.asking == 100 * 7 / (20 + 1e-9)
    assert InningsScore(20, 20).answering < 100


def test_an_innings_without_questions_scores_nothing_for_both() -> None:
    """What a disqualified team leaves behind."""
    assert InningsScore(0, 0).answering == InningsScore(0, 0).asking == 0.0


def test_more_right_answers_than_questions_are_refused() -> None:
    """A count that cannot be."""
    with pytest.raises(ProtocolError, match="3 of 2"):
        InningsScore(2, 3)


@given(COUNTS, COUNTS)
def test_a_match_is_zero_sum(one: tuple[int, int], other: tuple[int, int]) -> None:
    """Totals sum to 200, and team A - team B = 200 (accuracy A - accuracy B), up to the 1e-9."""
    first, second = InningsScore(*one), InningsScore(*other)
    team_a = first.asking + second.answering
    team_b = second.asking + first.answering
    accuracy_a, accuracy_b = other[1] / other[0], one[1] / one[0]
    assert team_a + team_b == pytest.approx(200, abs=1e-6)
    assert team_a - team_b == pytest.approx(200 * (accuracy_a - accuracy_b), abs=1e-6)


@given(COUNTS)
def test_raw_points_share_out_the_questions(count: tuple[int, int]) -> None:
    """Every question gives one point to one side."""
    score = InningsScore(*count)
    assert score.asking_points + score.answering_points == count[0]
