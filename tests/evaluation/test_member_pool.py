"""Panels, pooling rules, fitting, diversity."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakes import ChosenScorer, numbered_questions
from underdog.errors import InputError
from underdog.evaluation.diversity import diversity
from underdog.evaluation.panel import Panel, log_softmax, make_panel
from underdog.evaluation.pool import Pool, Rule, pool_predictions, pooled_logs
from underdog.evaluation.pool_fit import fit_log_weights, fit_pool, fit_temperature, nll
from underdog.mcq.prediction import Outcome, Prediction
from underdog.mcq.presentation import Presentation

QUESTIONS = numbered_questions(6)


def drawn_panel(n: int, *, skills: tuple[float, ...], seed: int = 0, size: int = 4) -> tuple:
    """Calibrated members by construction: logits are skill on the key plus Gaussian noise."""
    generator = np.random.default_rng(seed)
    keys = generator.integers(0, size, n)
    real = np.ones((n, size), dtype=bool)
    rows = []
    for skill in skills:
        logits = generator.normal(size=(n, size))
        logits[np.arange(n), keys] += skill
        rows.append(log_softmax(skill * logits, real))
    names = tuple(f"m{number}" for number in range(len(skills)))
    return Panel(names, np.stack(rows, axis=1), real), keys


def of(rows: list[list[float]]) -> Panel:
    """One question per entry of members' probabilities."""
    logs = np.log(np.asarray(rows, dtype=float))
    return Panel(
        tuple(f"m{each}" for each in range(logs.shape[1])),
        logs,
        np.ones((logs.shape[0], logs.shape[2]), dtype=bool),
    )


def test_rules_by_hand() -> None:
    """Two weak votes for the second choice against one strong one for the first."""
    panel = of([[[0.9, 0.1], [0.4, 0.6], [0.4, 0.6]]])
    chosen = {rule: int(pooled_logs(panel, Pool.even(rule, 3))[0].argmax()) for rule in Rule}
    assert chosen == {Rule.MAJORITY: 1, Rule.VOTE: 1, Rule.LINEAR: 0, Rule.LOG: 0}
    linear = np.exp(pooled_logs(panel, Pool.even(Rule.LINEAR, 3)))
    np.testing.assert_allclose(linear, [[1.7 / 3, 1.3 / 3]], atol=1e-12)
    log = np.exp(pooled_logs(panel, Pool.even(Rule.LOG, 3)))
    up, down = (0.9 * 0.4 * 0.4) ** (1 / 3), (0.1 * 0.6 * 0.6) ** (1 / 3)
    np.testing.assert_allclose(log, [[up / (up + down), down / (up + down)]], atol=1e-12)


def test_a_tied_vote_goes_to_the_surer_member() -> None:
    """One vote each: the mean probability decides, and nothing but ties."""
    panel = of([[[0.6, 0.4], [0.1, 0.9]], [[0.9, 0.1], [0.4, 0.6]]])
    votes = pooled_logs(panel, Pool.even(Rule.MAJORITY, 2))
    assert list(votes.argmax(axis=1)) == [1, 0]
    np.testing.assert_allclose(np.exp(votes), 0.5, atol=1e-6)


def test_independent_voters_are_weighed_as_their_posterior() -> None:
    """Weights log(a (C-1) / (1-a)) give P(choice | votes) of Bayes' rule."""
    a, b = 0.8, 0.6
    weights = tuple(math.log(each * 3 / (1 - each)) for each in (a, b))
    panel = of([[[0.7, 0.1, 0.1, 0.1], [0.1, 0.7, 0.1, 0.1]]])
    found = np.exp(pooled_logs(panel, Pool(Rule.VOTE, weights, (1.0, 1.0))))[0]
    joint = np.array([a * (1 - b) / 3, (1 - a) / 3 * b, *[(1 - a) / 3 * (1 - b) / 3] * 2])
    np.testing.assert_allclose(found, joint / joint.sum(), atol=1e-5)


@settings(max_examples=25)
@given(st.integers(0, 10_000), st.sampled_from(list(Rule)))
def test_every_rule_gives_probabilities_and_ignores_the_order_of_choices(
    seed: int, rule: Rule
) -> None:
    """Sums are 1, and permuting the choices permutes the answer."""
    panel, keys = drawn_panel(30, skills=(0.5, 1.0, 1.5), seed=seed)
    pool = fit_pool(panel, keys, rule)
    logs = pooled_logs(panel, pool)
    np.testing.assert_allclose(np.exp(logs).sum(axis=1), 1.0, atol=1e-9)
    order = np.random.default_rng(seed).permutation(4)
    turned = Panel(panel.names, panel.logs[:, :, order], panel.real)
    np.testing.assert_allclose(pooled_logs(turned, pool), logs[:, order], atol=1e-9)


def test_choices_that_a_question_lacks_get_nothing() -> None:
    """Questions of two and four choices share a panel; the padding takes no probability."""
    two, four = numbered_questions(1, choices=2)[0], QUESTIONS[1]
    scorer = ChosenScorer({two.id: (-0.1, -2.3)})
    panel = make_panel({"a": scorer((two, four)), "b": scorer((two, four))})
    for rule in Rule:
        logs = pooled_logs(panel, Pool.even(rule, 2))
        assert list(logs[0][2:]) == [0.0, 0.0]
        made = pool_predictions([scorer((two, four))], logs)
        assert [len(each.log_probs or ()) for each in made] == [2, 4]
        assert math.fsum(map(math.exp, made[0].log_probs or ())) == pytest.approx(1)


def test_the_log_pool_of_one_member_is_temperature_scaling() -> None:
    """Logits that were sharpened three times are cooled by three."""
    panel, keys = drawn_panel(4000, skills=(1.2,))
    sharp = Panel(panel.names, log_softmax_rows(panel.logs * 3), panel.real)
    plain, hot = fit_temperature(panel, keys), fit_temperature(sharp, keys)
    assert hot == pytest.approx(3 * plain, rel=1e-2)
    assert plain == pytest.approx(1.0, abs=0.1)


def log_softmax_rows(values: np.ndarray) -> np.ndarray:
    """Over the last axis."""
    return values - np.log(np.exp(values).sum(axis=-1, keepdims=True))


def test_fitted_weights_are_a_minimum() -> None:
    """No nearby weights have a lower penalised loss: checked by steps in every direction."""
    panel, keys = drawn_panel(400, skills=(0.3, 0.8, 1.4), seed=3)
    found = np.array(fit_log_weights(panel, keys))

    def loss(weights: np.ndarray) -> float:
        logs = log_softmax(np.einsum("m,nmc->nc", weights, panel.logs), panel.real)
        away = weights - weights.mean()
        return float(nll(logs, keys).sum() + 4 / 2 * away @ away)

    here = loss(found)
    for direction in np.eye(3):
        for step in (0.02, -0.02):
            if (found + step * direction >= 0).all():
                assert loss(found + step * direction) > here
    assert found[2] > found[0]


def test_few_questions_give_nearly_equal_weights() -> None:
    """The prior draws members together; with more questions the better one stands out. Both
    members are equally sure here, so the better one deserves more weight.
    """
    panel, keys = drawn_panel(3000, skills=(0.5, 1.5), seed=1)
    sure = panel.logs / np.array([0.5, 1.5])[None, :, None]
    level = Panel(panel.names, log_softmax_rows(sure), panel.real)
    ratios = [
        weights[1] / weights[0]
        for weights in (
            fit_log_weights(level.part(slice(0, 3)), keys[:3]),
            fit_log_weights(level, keys),
        )
    ]
    assert ratios[0] < 2 < ratios[1]


def test_a_member_that_only_misleads_gets_no_weight() -> None:
    """Its weight is zero, never negative, and the pool is then the other member, tempered."""
    panel, keys = drawn_panel(500, skills=(1.5, 0.5), seed=2)
    bad = panel.logs.copy()
    bad[np.arange(500), 1, keys] -= 4
    bad[:, 1] = log_softmax_rows(bad[:, 1])
    weights = fit_log_weights(Panel(panel.names, bad, panel.real), keys)
    assert weights[1] == 0
    assert weights[0] > 0.5


def test_the_fitted_log_pool_is_nearest_to_the_keys() -> None:
    """On fresh questions its loss is below the best member's and the majority's."""
    panel, keys = drawn_panel(3000, skills=(0.6, 0.8, 1.0), seed=4)
    fit, test = panel.part(slice(0, 1000)), panel.part(slice(1000, 3000))
    losses = {
        rule: float(nll(pooled_logs(test, fit_pool(fit, keys[:1000], rule)), keys[1000:]).mean())
        for rule in Rule
    }
    best = float(nll(test.logs[:, 2], keys[1000:]).mean())
    assert losses[Rule.LOG] < losses[Rule.LINEAR] < best
    assert losses[Rule.LOG] < losses[Rule.MAJORITY]


def test_weights_of_a_topic_hold_for_its_questions_only() -> None:
    """Routing: the second member answers geography, the first all else."""
    panel = of([[[0.9, 0.1], [0.1, 0.9]]] * 2)
    pool = Pool(Rule.LOG, (1.0, 0.0), (1.0, 1.0), topics={"geography": (0.0, 1.0)})
    chosen = pooled_logs(panel, pool, ["geography", "arts"]).argmax(axis=1)
    assert list(chosen) == [1, 0]


def test_diversity_by_hand() -> None:
    """Four questions, two members: differ twice, both wrong once, one right three times."""
    a, b = [0.9, 0.1], [0.1, 0.9]
    panel = of([[a, a], [a, b], [b, a], [b, b]])
    found = diversity(panel, [0, 0, 0, 0])
    assert found.disagreement == 0.5
    assert found.double_fault == 0.25
    assert found.oracle == 0.75
    assert found.all_right == 0.25
    assert diversity(panel.member(0), [0, 0, 0, 0]).disagreement is None


def test_what_cannot_be_pooled_is_said() -> None:
    """Other questions, no probabilities, impossible weights."""
    scorer = ChosenScorer()
    with pytest.raises(InputError, match="answers of every member to the same questions"):
        make_panel({"a": scorer(QUESTIONS), "b": scorer(QUESTIONS[:3])})
    bare = Prediction(QUESTIONS[0].id, Presentation.identity(4), Outcome.CLEAN, 1)
    with pytest.raises(InputError, match="probabilities of every choice"):
        make_panel({"a": [bare]})
    with pytest.raises(InputError, match="at least one member"):
        make_panel({})
    with pytest.raises(InputError, match="weights from 0 on"):
        Pool(Rule.LOG, (1.0, -0.1), (1.0, 1.0))
    with pytest.raises(InputError, match="2 members; got 3"):
        pooled_logs(of([[[0.5, 0.5]] * 3]), Pool.even(Rule.LOG, 2))
