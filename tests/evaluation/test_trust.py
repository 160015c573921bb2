"""Whether a number can be trusted, in one sentence."""

from __future__ import annotations

from underdog.evaluation.trust import trust_sentence
from underdog.interval import Interval, wilson


def test_fifty_questions_are_not_enough() -> None:
    """The width, what it excludes, and what would do."""
    said = trust_sentence("tuned", wilson(25, 50), chance=0.25, groups=None)
    assert said == (
        "Can this be trusted? With 50 questions the accuracy of tuned is known to +-13.4 points "
        "(37 to 63 %): better than guessing; +-3 points need about 1068 questions"
    )


def test_many_questions_are() -> None:
    """5,000 questions at 85 % are known to one point."""
    said = trust_sentence("tuned", wilson(4250, 5000), chance=0.25, groups=5000)
    assert said.endswith("good enough to compare models that differ by 3 points")
    assert "+-1.0 points" in said


def test_chance_and_below() -> None:
    """Guessing cannot be told from 26 %, and 10 % is worse than it."""
    near, below = (
        trust_sentence("m", wilson(hits, 100), chance=0.25, groups=None) for hits in (26, 8)
    )
    assert "not distinguishable from guessing" in near
    assert "worse than guessing" in below


def test_dependent_questions_need_more() -> None:
    """An interval twice as wide as the count promises asks for about four times as many."""
    wide = Interval(0.5, 0.372, 0.628, 234, "cluster-bootstrap")
    said = trust_sentence("m", wide, chance=0.25, groups=60)
    assert "234 questions of 60 groups" in said
    needed = int(said.rsplit("about ", 1)[1].split()[0])
    assert 3800 < needed < 4700
