"""Whether an ensemble is better than its best member."""

from __future__ import annotations

import numpy as np
import pytest

from underdog.errors import InputError
from underdog.evaluation.judge import Exam, judge
from underdog.evaluation.panel import Panel, log_softmax
from underdog.evaluation.pool import Rule

TOPICS = ("arts", "geography")


def exam(n: int, *, seed: int, special: bool = False, copies: bool = False) -> Exam:
    """Two members over two topics. `special`: each knows one topic well. `copies`: they agree."""
    generator = np.random.default_rng(seed)
    keys = generator.integers(0, 4, n)
    topics = np.array(TOPICS)[generator.integers(0, 2, n)]
    rows = [_member(generator, keys, topics, name if special else None) for name in TOPICS]
    if copies:
        rows = rows[:1] * 2
    panel = Panel(("one", "two"), np.stack(rows, axis=1), np.ones((n, 4), dtype=bool))
    groups = tuple(f"g{number // 2}" for number in range(n))
    return Exam(panel, tuple(map(int, keys)), groups, tuple(map(str, topics)))


def _member(
    generator: np.random.Generator, keys: np.ndarray, topics: np.ndarray, special: str | None
) -> np.ndarray:
    """Log-probabilities of one member, (N, 4)."""
    n = len(keys)
    logits = generator.normal(size=(n, 4))
    skill = np.full(n, 1.0) if special is None else np.where(topics == special, 2.5, 0.0)
    logits[np.arange(n), keys] += skill
    return log_softmax(logits, np.ones((n, 4), dtype=bool))


def test_members_that_differ_make_a_better_ensemble() -> None:
    """Independent members: the gain's interval lies above zero, and the sentence says so."""
    found = judge(exam(1500, seed=1), Rule.LOG)
    verdict = found.chosen
    assert verdict.better
    assert verdict.gain.low > 0
    assert verdict.nll_gain.low > 0
    assert verdict.gain.n == 1500
    assert "The ensemble (log) is better than its best member" in verdict.sentence()
    assert {each.rule for each in found.verdicts} == {each.value for each in Rule}
    assert found.how == "cross-validation over 5 parts"


def test_copies_are_no_ensemble() -> None:
    """Two equal members gain nothing, and the sentence says that it is not better."""
    verdict = judge(exam(400, seed=2, copies=True), Rule.LOG).chosen
    assert not verdict.better
    assert verdict.gain.value == 0
    assert "is not better than its best member" in verdict.sentence()


def test_no_weight_is_judged_on_what_it_was_fitted_to() -> None:
    """Keys drawn at random: on seen questions any fit looks good, held-out ones show chance."""
    base = exam(600, seed=3)
    random_keys = tuple(map(int, np.random.default_rng(9).integers(0, 4, 600)))
    found = judge(Exam(base.panel, random_keys, base.groups, base.topics), Rule.LOG)
    assert found.chosen.pool.nll > np.log(4) - 0.01
    assert found.chosen.pool.accuracy.low < 0.25 < found.chosen.pool.accuracy.high


def test_a_test_part_is_held_out_by_group() -> None:
    """The judged questions are about the asked share, the same in every run."""
    whole = exam(1000, seed=4)
    found = judge(whole, Rule.LINEAR, test_share=0.3)
    assert 230 < found.chosen.gain.n < 370
    assert found.chosen.gain.n % 2 == 0  # groups of two stay together
    assert found == judge(whole, Rule.LINEAR, test_share=0.3)
    assert found.how == "a test part of 30 %"


def test_specialists_are_routed_only_where_that_wins() -> None:
    """Members that know one topic each get weights of their topics; equal ones do not."""
    routed = judge(exam(1200, seed=5, special=True), Rule.LOG, by_topic=True)
    assert routed.routed == ("arts", "geography")
    weights = routed.pool.topics
    assert weights["arts"][0] > 3 * weights["arts"][1]
    assert weights["geography"][1] > 3 * weights["geography"][0]
    plain = judge(exam(1200, seed=5, special=True), Rule.LOG)
    assert routed.chosen.pool.nll < plain.chosen.pool.nll
    assert judge(exam(1200, seed=6), Rule.LOG, by_topic=True).routed == ()


def test_too_few_groups_are_refused() -> None:
    """One group cannot be on both sides."""
    one = exam(10, seed=1)
    with pytest.raises(InputError, match="questions of enough groups"):
        judge(Exam(one.panel, one.keys, ("g",) * 10, one.topics), Rule.LOG)
    with pytest.raises(InputError, match="a key, a group and a topic per question"):
        Exam(one.panel, one.keys[:3], one.groups, one.topics)
