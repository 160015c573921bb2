"""When norms are an explosion, and when they are only a new chunk."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from underdog.errors import InputError
from underdog.training.guards.config import GuardConfig, WatchConfig
from underdog.training.guards.explosion import Growth, NormHistory, describe, judge_norm

CONFIG = GuardConfig()


def judge_all(norms: list[float], config: GuardConfig = CONFIG) -> tuple[list[Growth], NormHistory]:
    history, verdicts = NormHistory(), []
    for norm in norms:
        verdict, history = judge_norm(norm, history, config)
        verdicts.append(verdict)
    return verdicts, history


def test_three_norms_of_unsloth_577_are_an_explosion() -> None:
    """0.54 and then 9.4, the published figures: suspicious twice, exploding at the third."""
    verdicts, _ = judge_all([0.54] * 20 + [9.4] * 3)
    assert verdicts[:20] == [Growth.CALM] * 20
    assert verdicts[20:] == [Growth.SUSPICIOUS, Growth.SUSPICIOUS, Growth.EXPLODING]


def test_one_wild_step_is_borne() -> None:
    """Two in a row, then calm: the count starts again."""
    verdicts, history = judge_all([1.0] * 20 + [50.0, 50.0, 1.0, 50.0, 50.0, 1.0])
    assert Growth.EXPLODING not in verdicts
    assert history.suspicious_in_a_row == 0


def test_a_new_chunk_after_one_known_by_heart_is_no_explosion() -> None:
    """From norms of 5 down to 0.05, then 2 for ten steps: 40 times the median, but the run has
    seen 5 before.
    """
    verdicts, _ = judge_all([5.0] * 30 + [0.05] * 80 + [2.0] * 10)
    assert set(verdicts) == {Growth.CALM}


def test_norms_below_the_clipping_limit_are_never_suspicious() -> None:
    """0.9 after 0.001: large beside what was, small in itself."""
    assert set(judge_all([0.001] * 30 + [0.9] * 5)[0]) == {Growth.CALM}


@given(st.integers(0, 10_000), st.floats(0.01, 100), st.integers(20, 200))
def test_ordinary_noise_gives_no_alarm(seed: int, level: float, steps: int) -> None:
    """Log-normal norms of any level with sigma 0.5 (the tiny base has 0.3) stay calm or alone."""
    rng = random.Random(seed)
    verdicts, _ = judge_all([level * rng.lognormvariate(0, 0.5) for _ in range(steps)])
    assert Growth.EXPLODING not in verdicts


@given(st.lists(st.floats(0, 1e6), max_size=120))
def test_the_history_is_bounded_and_a_pure_function(norms: list[float]) -> None:
    """Equal norms give equal histories; at most the window is kept; suspicious norms never are."""
    one, two = judge_all(norms), judge_all(norms)
    assert one == two
    verdicts, history = one
    assert len(history.calm) <= CONFIG.explosion_window
    calm = [norm for norm, verdict in zip(norms, verdicts, strict=True) if verdict is Growth.CALM]
    assert list(history.calm) == calm[-CONFIG.explosion_window :]
    assert history.peak == max(calm, default=0.0)


def test_the_cause_names_norm_and_median() -> None:
    """Both numbers and the rule."""
    _, history = judge_all([0.5] * 12)
    told = describe(9.4, history, CONFIG)
    assert told == "the gradient norm is 9.4, over 10 times the median 0.5 for 3 steps"


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"patience": 0}, "max_gradient_norm above 0 and a patience"),
        ({"max_gradient_norm": 0.0}, "max_gradient_norm above 0 and a patience"),
        ({"explosion_factor": 1.0}, "explosion_factor above 1"),
        ({"explosion_window": 9}, "explosion_window of at least 10"),
        ({"snapshot_every": 0}, "snapshot_every of at least 1"),
        ({"remedies": -1}, "remedies of at least 0"),
        ({"collapse_nats": 0.0}, "collapse_nats above 0"),
    ],
)
def test_impossible_limits_are_refused(wrong: dict[str, float], message: str) -> None:
    """Each names what it has to be."""
    with pytest.raises(InputError, match=message):
        GuardConfig(**wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("wrong", [{"stall_s": 0.0}, {"disk_wait_s": -1.0}])
def test_impossible_waits_are_refused(wrong: dict[str, float]) -> None:
    """A stall at once, a wait that ended before it began."""
    with pytest.raises(InputError, match="stall_s above 0 and disk_wait_s"):
        WatchConfig(**wrong)
