"""What fits on a card, and which card a run needs."""

from __future__ import annotations

import pytest

from underdog.adapters.settings import AdapterKind, AdapterSettings
from underdog.hardware.gpus import Device, find_gpu, known_gpus
from underdog.mcq.prompt import PromptStyle
from underdog.training.budget.cards import (
    MICRO_BATCHES,
    cheapest,
    on_device,
    what_fits,
    which_cards,
)
from underdog.training.budget.lengths import assumed
from underdog.training.budget.plan import Fit, Request, fit_of, fitted, plan_memory
from underdog.training.budget.shape import find_shape
from underdog.training.config import ExecutionConfig, TrainingConfig
from underdog.training.schedule import ScheduleConfig


def asked(model: str, gpu: str = "rx7900xtx") -> Request:
    """16 rows a step in one part, in bfloat16."""
    config = TrainingConfig(
        style=PromptStyle.LETTERS,
        schedule=ScheduleConfig(batch_size=16),
        execution=ExecutionConfig(accumulation=1),
    )
    rows = assumed(10_000, 150, 512, style=PromptStyle.LETTERS)
    return Request(
        find_shape(model), AdapterSettings(16, 32.0), config, rows, find_gpu(gpu), "bfloat16"
    )


def test_every_kind_of_adapter_is_tried_without_and_with_checkpointing() -> None:
    """The marks are the planner's own; the largest fits, and one more does not."""
    options = what_fits([asked("Qwen/Qwen2.5-3B"), asked("Qwen/Qwen2.5-32B")])
    assert len(options) == 2 * 3 * 2
    for option in options:
        device = option.request.device
        for rows, high in zip(MICRO_BATCHES, option.high, strict=True):
            assert (high <= device.memory_bytes) == (rows <= option.largest)
        if option.largest:
            more = plan_memory(option.request, option.largest + 1)
            assert fit_of(more, device) is not Fit.FITS
    small, large = options[:6], options[6:]
    assert all(option.largest > 0 for option in small)
    assert all(option.largest == 0 for option in large)
    assert {option.request.adapter.kind for option in small} == {
        AdapterKind.LORA,
        AdapterKind.DORA,
        AdapterKind.OPLORA,
    }


def test_cards_are_planned_each_and_ordered_by_memory() -> None:
    """As asked 7B may need more than 24 GB; in parts it fits there, by so many bytes."""
    request = asked("Qwen/Qwen2.5-7B")
    cards = which_cards(request, known_gpus().values(), {"rtx4090": 0.5, "mi300x": 2.0})
    sizes = [card.device.memory_bytes for card in cards]
    assert sizes == sorted(sizes)
    assert len(cards) == len(known_gpus())
    by_name = {card.device.name: card for card in cards}
    small, large = by_name["rtx4090"], by_name["mi300x"]
    assert (small.fit, large.fit) == (Fit.TIGHT, Fit.FITS)
    assert small.parts is not None
    assert small.parts > 1 == large.parts
    assert small.spare < 0 < large.spare
    assert (
        large.spare
        == large.device.memory_bytes - plan_memory(on_device(request, large.device)).high
    )
    assert by_name["rx7600"].parts is None
    assert by_name["rx7600"].cost is None
    assert by_name["h100"].cost is None


def test_the_cheapest_card_is_the_one_with_the_lowest_cost() -> None:
    """By hours times price at the high end; without prices there is none."""
    request = asked("Qwen/Qwen2.5-3B")
    some = [find_gpu(name) for name in ("rtx4090", "mi300x", "rx7600")]
    cards = which_cards(request, some, {"rtx4090": 0.01, "mi300x": 50.0, "rx7600": 0.0})
    best = cheapest(cards)
    assert best is not None
    assert best.device.name == "rtx4090"
    assert best.hours is not None
    assert best.cost == pytest.approx([hours * 0.01 for hours in best.hours])
    assert cheapest(which_cards(request, some, {})) is None


def test_a_card_without_bfloat16_is_planned_in_float16() -> None:
    """Which takes more: peft keeps float32 copies there."""
    request = asked("Qwen/Qwen2.5-3B")
    assert on_device(request, find_gpu("v100")).dtype == "float16"
    assert on_device(request, find_gpu("a100")).dtype == "bfloat16"


@pytest.mark.parametrize("gib", [4, 24, 400])
def test_parts_are_the_fewest_that_fit(gib: int) -> None:
    """They are what `fitted` finds."""
    device = Device("some", gib * 1024**3, 1e14, 1e13, (0.2, 0.4))
    request = asked("Qwen/Qwen2.5-7B")
    (card,) = which_cards(request, [device], {})
    best = fitted(on_device(request, device))
    assert card.parts == (None if best is None else best.config.execution.accumulation)
