"""Laws of planned memory."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from underdog.adapters.settings import AdapterKind, AdapterSettings
from underdog.hardware.gpus import find_gpu, processor
from underdog.training.budget.activations import Pass
from underdog.training.budget.memory import peak_memory
from underdog.training.budget.shape import find_shape

MODELS = ("Qwen/Qwen2.5-0.5B", "Qwen/Qwen3-8B", "meta-llama/Llama-3.1-70B", "Qwen/Qwen3-30B-A3B")
DEVICES = (find_gpu("mi300x"), find_gpu("rx7900xtx"), processor(24 * 10**9, 2))
PASSES = st.builds(
    Pass,
    rows=st.integers(1, 64),
    length=st.integers(2, 2048),
    answers=st.integers(1, 8),
    dtype=st.sampled_from(["float32", "bfloat16"]),
    every_n_layers=st.integers(0, 4),
)
ADAPTERS = st.builds(
    lambda rank, kind: AdapterSettings(rank, 2.0 * rank, kind=kind),
    st.integers(1, 256),
    st.sampled_from(list(AdapterKind)),
)


@given(st.sampled_from(MODELS), ADAPTERS, PASSES, st.sampled_from(DEVICES), st.integers(1, 4))
def test_memory_rises_with_rows_length_and_rank(
    model: str, adapter: AdapterSettings, one: Pass, device: object, accumulation: int
) -> None:
    """More of anything never needs less, and the parts sum to the whole."""
    assert hasattr(device, "memory_bytes")
    shape = find_shape(model)

    def high(settings: AdapterSettings, wanted: Pass) -> float:
        memory = peak_memory(shape, settings, (wanted, wanted), device, accumulation=accumulation)
        assert sum(term.high for term in memory.terms) == pytest.approx(memory.high)
        assert all(0 <= term.low <= term.high for term in memory.terms)
        assert memory.biggest.high == max(term.high for term in memory.terms)
        return memory.high

    here = high(adapter, one)
    assert high(adapter, replace(one, rows=one.rows + 1)) >= here
    assert high(adapter, replace(one, length=one.length + 1)) >= here
    assert high(replace(adapter, rank=adapter.rank + 1), one) >= here
    assert high(adapter, replace(one, answers=one.answers + 1)) >= here


def test_checkpointing_and_half_precision_need_less() -> None:
    """What the advice says is so."""
    shape, adapter = find_shape("Qwen/Qwen2.5-7B"), AdapterSettings(16, 32.0)
    device, one = find_gpu("mi300x"), Pass(8, 256, 2, "float32")

    def high(wanted: Pass) -> float:
        return peak_memory(shape, adapter, (wanted, wanted), device).high

    assert high(replace(one, every_n_layers=1)) < high(one)
    assert high(replace(one, dtype="bfloat16")) < high(one)


def test_gradients_stand_from_the_second_micro_batch_on() -> None:
    """With accumulation the peak has them all; without, they grow as activations go: one of 28
    blocks has its own when the first feed-forward part is on its way back, which is the peak.
    """
    shape, adapter = find_shape("Qwen/Qwen2.5-7B"), AdapterSettings(64, 128.0)
    one, device = Pass(8, 256, 2, "bfloat16"), find_gpu("mi300x")

    def gradients(accumulation: int) -> float:
        memory = peak_memory(shape, adapter, (one, one), device, accumulation=accumulation)
        return sum(term.high for term in memory.terms if term.name == "gradients")

    assert gradients(1) == 4 * 161_480_704 / 28
    assert gradients(2) == 4 * 161_480_704
