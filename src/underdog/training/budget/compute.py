"""Time of a training run, from the operations it needs and the rate of the device.

A product with a weight costs 2 operations per token forward, 2 for the gradient of its input and 2
for its own (Kaplan et al. 2020, arXiv 2001.08361, table 1: 6 N in all). Frozen weights have no
gradient of their own: 4 N. LoRA's have: 6. Activation checkpointing computes its blocks, never the
last, forward once more: + 2 N. The head, and the last block but its keys and values, work at answer
positions only. Attention: 4 q L forward per token and block, 8 q L back (the causal half is not
taken off: what kernels make of it differs).
"""

from __future__ import annotations

from dataclasses import dataclass

from underdog.adapters.settings import AdapterSettings
from underdog.hardware.gpus import Device
from underdog.training.budget.activations import recomputed
from underdog.training.budget.adapter_size import trainable_weights
from underdog.training.budget.lengths import Work
from underdog.training.budget.shape import Shape

LAUNCH_S = (4e-6, 9e-6)
"""Host time per operation that PyTorch starts, on CPUs as on GPUs: why small models do not reach
the rates of large ones. The usual order of magnitude, not measured here."""
OPERATIONS_PER_BLOCK = {
    ("float32", False): 137,
    ("float32", True): 181,
    ("half", False): 180,
    ("half", True): 239,
}
"""Started per block and micro-batch, forward and back, views aside, by the base's type and
checkpointing; counted 2026-11-21 for Qwen2 with LoRA on seven layers (a TorchDispatchMode), where
gradients are added to those of another micro-batch. DoRA starts 1.4 times as many."""


@dataclass(frozen=True, slots=True)
class Time:
    """Seconds as ranges (low, high); None where the device's rate is not known. `flops` are the
    operations of the whole run, `measured` says that seconds come from a rehearsal.
    """

    steps: int
    flops: float
    step_s: tuple[float, float] | None
    total_s: tuple[float, float] | None
    measured: bool = False


def estimate_time(
    shape: Shape,
    adapter: AdapterSettings,
    work: Work,
    device: Device,
    *,
    dtype: str,
    every_n_layers: int,
    accumulation: int,
) -> Time:
    """Time of all steps: operations at the rate that training reaches, and starting them."""
    flops = run_flops(shape, adapter, work, every_n_layers=every_n_layers)
    peak = device.flops_32 if dtype == "float32" else device.flops_16
    if not device.rates_known or peak <= 0:
        return Time(work.steps, flops, None, None)
    low_share, high_share = device.hfu
    again = recomputed(shape, every_n_layers)
    kind = "float32" if dtype == "float32" else "half"
    operations = again * OPERATIONS_PER_BLOCK[kind, True]
    operations += (shape.layers - again) * OPERATIONS_PER_BLOCK[kind, False]
    started = work.steps * accumulation * operations
    low = max(flops / (peak * high_share), started * LAUNCH_S[0])
    high = flops / (peak * low_share) + started * LAUNCH_S[1]
    return Time(work.steps, flops, (low / work.steps, high / work.steps), (low, high))


def run_flops(shape: Shape, adapter: AdapterSettings, work: Work, *, every_n_layers: int) -> float:
    """Operations of the whole run, padding included. Left out: what the last block's queries do
    with all keys, and that the first block's input needs no gradient.
    """
    attention, feed_forward = shape.attention_products, shape.feed_forward_products
    trained = trainable_weights(shape, adapter)
    again = recomputed(shape, every_n_layers)
    at_answers = 0 if shape.experts else 2 * shape.hidden * shape.query_width + feed_forward
    per_token = 4 * (shape.layers * (attention + feed_forward) - at_answers)
    per_token += 2 * again * (attention + feed_forward)
    per_token += 6 * trained + 2 * trained * again // max(shape.layers, 1)
    per_answer = 4 * (at_answers + shape.vocabulary * shape.hidden)
    whole = shape.layers if shape.experts else shape.layers - 1
    per_square = (12 * whole + 4 * again) * shape.query_width
    return (
        float(per_token) * work.tokens
        + float(per_answer) * work.answer_tokens
        + float(per_square) * work.square
    )
