"""Choosing: by time, only what is right, kept on disk, and never in the way of training."""

from __future__ import annotations

import itertools
import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from cases import CPU

from underdog.vision.conv import tune
from underdog.vision.conv.algorithms import registry
from underdog.vision.conv.algorithms.im2col import Im2col
from underdog.vision.conv.cache import ChoiceCache
from underdog.vision.conv.engine import NATIVE, Choice, Engine, Fixed
from underdog.vision.conv.spec import ConvSpec, Part
from underdog.vision.conv.tune import Trial, TuneConfig, Tuner, operands, winner

SPEC = ConvSpec.of((1, 8, 12, 12), (8, 8, 3, 3), padding=1)
QUICK = TuneConfig(chunks_bytes=(1 << 20,), rounds=1, final_rounds=0)


class Wrong(Im2col):
    """Very fast, and off by a little."""

    name = "im2col"

    def correlate(self, x, w, y, window, work) -> None:  # type: ignore[no-untyped-def]
        super().correlate(x, w, y, window, work)
        y += 0.01


class Failing(Im2col):
    """Raises what no one foresaw."""

    def correlate(self, x, w, y, window, work) -> None:  # type: ignore[no-untyped-def]
        raise RuntimeError("no kernel image")


def ticking() -> itertools.count[float]:
    return itertools.count(0.0, 1.0)


def test_the_choice_outlives_the_process(tmp_path: Path) -> None:
    """A second tuner takes the kept trials without measuring again."""
    path = tmp_path / "choices.json"
    first = Tuner(ChoiceCache(path), QUICK).explain(SPEC, Part.FORWARD, CPU)

    def never() -> float:
        raise AssertionError("measured again")

    assert Tuner(ChoiceCache(path), QUICK, clock=never).explain(SPEC, Part.FORWARD, CPU) == first
    assert {trial.choice.algorithm for trial in first} == {"native", *registry.ALGORITHMS}


def test_a_choice_holds_for_the_code_it_timed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With another state of an algorithm it is measured again, and both are kept."""
    path = tmp_path / "choices.json"
    Tuner(ChoiceCache(path), QUICK).explain(SPEC, Part.FORWARD, CPU)
    digests = tune.algorithm_digests()
    assert {"im2col.py", "native.py", "winograd_4x4.py", "workspace.py"} < set(digests)
    monkeypatch.setattr(tune, "algorithm_digests", lambda: digests | {"im2col.py": "0"})
    cache = ChoiceCache(path)
    Tuner(cache, QUICK).explain(SPEC, Part.FORWARD, CPU)
    assert len(json.loads(path.read_text(encoding="utf-8"))["entries"]) == 2


@pytest.mark.parametrize("damage", ["{", "[]", '{"format": 2, "sha256": "0", "entries": {}}'])
def test_a_damaged_cache_is_told_and_made_again(
    tmp_path: Path, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Text that is no JSON, no object or has another digest: a message, then whole again."""
    path = tmp_path / "choices.json"
    path.write_text(damage, encoding="utf-8")
    with caplog.at_level(logging.WARNING):
        cache = ChoiceCache(path)
    assert "choices are made again" in caplog.text
    cache.put("key", {"trials": []})
    assert ChoiceCache(path).get("key") == {"trials": []}
    entry = json.loads(path.read_text(encoding="utf-8"))
    assert sorted(entry) == ["entries", "format", "sha256"]


def test_two_processes_do_not_lose_each_others_choices(tmp_path: Path) -> None:
    """A writer keeps what was written after it had read."""
    path = tmp_path / "choices.json"
    one, other = ChoiceCache(path), ChoiceCache(path)
    one.put("a", {})
    other.put("b", {})
    assert len(ChoiceCache(path)) == 2


def test_only_what_is_verified_and_faster_is_chosen() -> None:
    """Fast and unverified, fast and wrong, right and no faster: each leaves PyTorch's own."""
    own = Trial(NATIVE, time_s=1.0)
    shift = Choice("shift")
    assert winner([own, Trial(shift, 0.5, error=0.1, bound=0.2)], 0.05) == shift
    assert winner([own, Trial(shift, 0.5)], 0.05) == NATIVE
    assert winner([own, Trial(shift, 0.5, error=0.3, bound=0.2)], 0.05) == NATIVE
    assert winner([own, Trial(shift, 0.97, error=0.1, bound=0.2)], 0.05) == NATIVE
    assert winner([Trial(NATIVE), Trial(shift, 9.0, error=0.1, bound=0.2)], 0.05) == shift


def test_a_wrong_candidate_is_never_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    """It may be the fastest by far; the float64 reference sees it."""
    monkeypatch.setitem(registry.ALGORITHMS, "im2col", Wrong())
    tuner = Tuner(config=QUICK)

    def timed(choice: Choice, *_: object) -> float:
        return {"native": 9.0, "im2col": 1.0}.get(choice.algorithm, 99.0)

    tuner._time = timed  # type: ignore[method-assign]
    assert tuner.choose(SPEC, Part.FORWARD, CPU) == NATIVE
    trials = tuner.explain(SPEC, Part.FORWARD, CPU)
    assert "further from float64 than its bound" in {trial.refusal for trial in trials}


def shift_wins_with_6(config: TuneConfig, times: Iterator[float]) -> bool:
    """Whether `shift`, which takes so long at its calls, is chosen for the 6 seconds it takes in
    the end, before native's 10; gemm and the rest do not serve or are hopeless.
    """
    tuner = Tuner(config=config)
    calls = {"native": itertools.repeat(10.0), "shift": times}

    def timed(choice: Choice, *_: object) -> float:
        return next(calls.get(choice.algorithm, itertools.repeat(99.0)))

    tuner._time = timed  # type: ignore[method-assign]
    trials = tuner.explain(SPEC, Part.FORWARD, CPU)
    best = [(str(each.choice), each.time_s) for each in trials[:2]]
    chosen = winner(trials, config.margin).algorithm
    return best == [("shift, 1 MiB", 6.0), ("native", 10.0)] and chosen == "shift"


def test_a_disturbance_in_the_first_rounds_is_mended_by_the_finals() -> None:
    """A candidate that a busy machine made look slow beats PyTorch's own when they meet again."""
    config = TuneConfig(chunks_bytes=(1 << 20,), rounds=1, final_rounds=2)
    assert shift_wins_with_6(config, itertools.chain([12.0] * 4, [6.0] * 9))


def test_a_slow_start_of_the_process_is_no_verdict() -> None:
    """What took eight times as long at its first call is timed once more before it is given up."""
    config = TuneConfig(chunks_bytes=(1 << 20,), rounds=1, final_rounds=0)
    assert shift_wins_with_6(config, itertools.chain([80.0] * 2, [6.0] * 9))


def test_a_failure_falls_back_and_is_counted(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The result is PyTorch's own; the message comes once, the count each time."""
    monkeypatch.setitem(registry.ALGORITHMS, "im2col", Failing())
    engine = Engine(Fixed(Choice("im2col")))
    a, b = operands(SPEC, Part.FORWARD, CPU, seed=1)
    expected = torch.nn.functional.conv2d(a, b, padding=1)
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            torch.testing.assert_close(engine.compute(SPEC, Part.FORWARD, a, b), expected)
    assert list(engine.fallbacks.values()) == [2]
    assert caplog.text.count("no kernel image") == 1


def test_a_budget_binds_the_choice() -> None:
    """With no room for temporaries nothing but PyTorch's own is left, and the trials say why."""
    tuner = Tuner(config=TuneConfig(budget_bytes=64, chunks_bytes=(64,), rounds=1))
    assert tuner.choose(SPEC, Part.FORWARD, CPU) == NATIVE
    refusals = [trial.refusal for trial in tuner.explain(SPEC, Part.FORWARD, CPU)]
    assert any("at most 64 bytes of workspace" in refusal for refusal in refusals)
