"""The places of keys."""

from __future__ import annotations

import numpy as np
import pytest

from underdog.data.probes.key_places import KeyPositions, count_places
from underdog.interval import Interval
from underdog.mcq.question import Question


def questions(*answers, size=4):
    return [
        Question(f"{at}?", tuple(f"{at} {place}" for place in range(size)), answer)
        for at, answer in enumerate(answers)
    ]


def test_counts_and_chi_square_by_size():
    """Keys are counted by place and number of choices, with Pearson's statistic by hand."""
    pair = questions(*[0] * 18, *[1] * 12, None, size=2)
    four = questions(*[0, 1, 2, 3] * 5)
    two, even = count_places([*four, *pair])
    assert two == KeyPositions(
        2,
        (18, 12),
        (Interval(0.6, 0.4232, 0.7541, 30, "wilson"), Interval(0.4, 0.2459, 0.5768, 30, "wilson")),
        statistic=1.2,
        degrees_of_freedom=1,
        p=0.2733,
    )
    assert (even.counts, even.statistic, even.degrees_of_freedom, even.p) == ((5,) * 4, 0.0, 3, 1.0)


def test_few_keys_have_no_p():
    """Below five expected keys per place there are counts and no p."""
    (found,) = count_places(questions(*[0] * 19))
    assert (found.counts, found.statistic, found.p) == ((19, 0, 0, 0), 57.0, None)


def test_p_is_even_on_even_keys():
    """On keys drawn evenly p falls below 0.1 about one time in ten."""
    rng = np.random.default_rng(0)
    drawn = [count_places(questions(*rng.integers(0, 4, 60).tolist()))[0].p for _ in range(80)]
    assert np.mean(np.array(drawn) < 0.1) == pytest.approx(0.1, abs=0.07)


def test_no_questions_no_entries():
    """Nothing in, nothing out."""
    assert count_places([]) == ()
