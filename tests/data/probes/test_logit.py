"""The conditional logit, fitted to earlier questions and asked about later ones."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import planted_sets as made

from underdog.data.probes.evidence import cut_blocks
from underdog.data.probes.logit import RIDGE, compare, fit_forward
from underdog.data.probes.sheet import draw


def sheet_of(count, seed=0, sizes=(4,)):
    clean = made.clean_set(count, seed, sizes=sizes)
    return draw(clean, groups=None, seed=0, limit=count).sheet


def test_compared_columns_are_centred_and_scaled():
    """Each question's values sum to zero, each column's mean square is one; a constant is zero."""
    sheet = sheet_of(100, sizes=(2, 5))
    values = np.random.default_rng(1).normal(3, 7, (len(sheet.texts), 3))
    values[:, 2] = 4
    compared = compare(sheet, values)
    assert np.allclose(sheet.total(compared), 0, atol=1e-4)
    assert np.allclose(np.mean(compared**2, axis=0), [1, 1, 0], atol=1e-4)


def test_planted_weights_come_back():
    """Keys drawn from a softmax with known weights are fitted by those weights, shrunk a little."""
    sheet = sheet_of(4000)
    rng = np.random.default_rng(2)
    features = compare(sheet, rng.normal(size=(16000, 3)))
    truth = np.array([1.0, -0.5, 0.0])
    noisy = features @ truth + rng.gumbel(size=16000)
    keys = sheet.starts[:-1] + noisy.reshape(-1, 4).argmax(axis=1)
    fitted = fit_forward(replace(sheet, keys=keys), features)
    assert np.allclose(fitted.weights, truth, atol=0.08)


def test_weights_minimise_the_penalised_loss():
    """At the last weights the slope of the loss over the questions fitted is close to zero."""
    sheet = sheet_of(600, seed=1)
    features = compare(sheet, np.random.default_rng(3).normal(size=(2400, 4)))
    weights = fit_forward(sheet, features).weights
    seen = cut_blocks(sheet)[16]
    choices = features[: 4 * seen].reshape(seen, 4, 4).astype(float)
    scores = choices @ weights
    shares = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    keys = features[sheet.keys[:seen]].astype(float)
    slope = (shares[:, :, None] * choices).sum(axis=(0, 1)) - keys.sum(axis=0) + RIDGE * weights
    assert np.abs(slope).max() < 0.01 * seen**0.5


def test_scores_never_see_later_keys():
    """Changing the keys from a block on changes no score up to that block."""
    sheet = sheet_of(300, seed=2)
    features = compare(sheet, np.random.default_rng(4).normal(size=(1200, 3)))
    cut = cut_blocks(sheet)[10]
    keys = sheet.keys.copy()
    keys[cut:] = sheet.starts[cut:-1]
    before = fit_forward(sheet, features).scores
    after = fit_forward(replace(sheet, keys=keys), features).scores
    assert before[: sheet.starts[cut]].tolist() == after[: sheet.starts[cut]].tolist()
    assert before.tolist() != after.tolist()
    assert not before[: sheet.starts[cut_blocks(sheet)[1]]].any()
