"""Whole plans: the figures that are known, the largest micro-batch, and what to change."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from underdog.adapters.settings import AdapterSettings
from underdog.errors import InputError
from underdog.hardware.gpus import Device, find_gpu
from underdog.mcq.prompt import PromptStyle
from underdog.training.budget.advice import find_remedies
from underdog.training.budget.lengths import assumed
from underdog.training.budget.plan import (
    Fit,
    Request,
    fit_of,
    fitted,
    largest_micro_batch,
    make_plan,
    plan_memory,
    with_execution,
)
from underdog.training.budget.shape import find_shape
from underdog.training.config import ExecutionConfig, TrainingConfig
from underdog.training.schedule import ScheduleConfig


def request(
    model: str = "Qwen/Qwen2.5-72B-Instruct", gpu: str = "mi300x", rank: int = 64, parts: int = 4
) -> Request:
    """The first team's run: 16 rows per step, 180 tokens a row, checkpointing, bfloat16."""
    config = TrainingConfig(
        style=PromptStyle.LETTERS,
        max_tokens=384,
        schedule=ScheduleConfig(batch_size=16),
        execution=ExecutionConfig(accumulation=parts, activation_checkpointing=1),
    )
    rows = assumed(45_000, 180, 384, style=PromptStyle.LETTERS)
    adapter = AdapterSettings(rank, 2.0 * rank)
    return Request(find_shape(model), adapter, config, rows, find_gpu(gpu), "bfloat16")


def test_the_first_teams_run_is_explained() -> None:
    """159.4 GB were observed, and 3.59 s per step of 16 rows."""
    plan = make_plan(request())
    assert 148e9 <= plan.memory.low <= plan.memory.high <= 166e9
    assert plan.memory.middle == pytest.approx(159.4e9, rel=0.03)
    assert plan.memory.biggest.name == "weights of the base"
    assert plan.memory.biggest.high == pytest.approx(135.43 * 1024**3, rel=1e-4)
    assert plan.fit is Fit.FITS
    assert plan.time.step_s is not None
    low, high = plan.time.step_s
    assert low < 3.59 < high < 6
    assert "180 tokens" in plan.request.rows.origin


def test_a_model_larger_than_the_device_is_refused_with_the_reason() -> None:
    """470 GB of weights: nothing is tried, three devices would hold them, 4 bit is not offered."""
    asked = request("Qwen/Qwen3-235B-A22B", rank=16)
    assert make_plan(asked).fit is Fit.TOO_LARGE
    remedies = find_remedies(asked)
    assert remedies.solution is None
    assert remedies.tried == ()
    assert "weights of the base alone take 470.2 GB in 16 bit" in remedies.unavailable[0]
    assert "4-bit base: not available" in remedies.unavailable[1]
    assert "3 such devices" in remedies.unavailable[2]


def test_a_remedy_is_planned_again_before_it_is_given() -> None:
    """14B in float32 on 24 GB does not fit; what is proposed does, by the planner's own word."""
    asked = replace(request("Qwen/Qwen2.5-3B", "rx7900xtx", parts=1), dtype="float32")
    asked = with_execution(asked, activation_checkpointing=0)
    assert make_plan(asked).fit is not Fit.FITS
    found = find_remedies(asked)
    assert found.solution is not None
    assert fit_of(plan_memory(found.solution.request), asked.device) is Fit.FITS
    assert all(each.fit is not Fit.FITS for each in found.tried[:-1])


def test_hopeless_requests_name_devices_that_would_do() -> None:
    """7B with adapters does not fit into 16 GB; every change was tried."""
    found = find_remedies(request("Qwen/Qwen2.5-7B", "rx7800xt"))
    assert found.solution is None
    assert [each.change.split(" (")[0] for each in found.tried][-1] == "and rank = 4"
    assert any(name.startswith("rx7900xt") for name in found.larger)


@settings(max_examples=40)
@given(
    st.sampled_from(["Qwen/Qwen2.5-0.5B", "Qwen/Qwen3-4B", "Qwen/Qwen2.5-7B"]),
    st.integers(4, 80),
    st.integers(1, 4),
    st.integers(0, 3),
)
def test_the_largest_micro_batch_fits_and_one_more_does_not(
    model: str, gib: int, parts: int, every_n_layers: int
) -> None:
    """For any memory; 0 says that one row does not fit."""
    device = Device("some", gib * 1024**3, 1e14, 1e13, (0.2, 0.4))
    asked = with_execution(
        replace(request(model, parts=parts), device=device),
        activation_checkpointing=every_n_layers,
    )
    largest = largest_micro_batch(asked)

    def fits(rows: int) -> bool:
        return fit_of(plan_memory(asked, rows), device) is Fit.FITS

    assert largest == 0 or fits(largest)
    assert not fits(largest + 1)
    best = fitted(asked)
    assert best is None or make_plan(best).fit is Fit.FITS
    if parts > 1:  # with one part, cutting a step also makes the gradients stand
        assert (best is None) == (largest == 0)


def test_cost_is_hours_times_price_and_disk_has_its_parts() -> None:
    """No price is built in."""
    plan = make_plan(replace(request(), price=2.0, local=False))
    assert plan.time.total_s is not None
    assert plan.cost == pytest.approx([seconds / 1800 for seconds in plan.time.total_s])
    assert make_plan(request()).cost is None
    assert plan.disk.download == 2 * plan.request.shape.weights
    assert plan.disk.checkpoints == 4 * 12 * plan.trained_weights
    with pytest.raises(InputError, match="a price of at least 0"):
        replace(request(), price=-1.0)


def test_a_plan_is_plain_json() -> None:
    """Everything the terminal shows is in it."""
    value = json.loads(json.dumps(make_plan(request()).to_json()))
    assert value["memory"]["fit"] == "fits"
    assert value["batch"]["largest_micro_batch"] > 4
    assert value["adapter"]["trained_weights"] == 842_137_600


def test_an_unknown_rate_gives_no_time() -> None:
    """Rather than a wrong one."""
    device = Device("new", 10**12, 0.0, 0.0, (0.0, 0.0), rates_known=False)
    plan = make_plan(replace(request(), device=device, price=3.0))
    assert plan.time.step_s is None
    assert plan.cost is None
