"""Peak memory of a training run, term by term, each as a range.

In: shape, adapter, one forward pass of the widest micro-batch, the device. Out: the terms at the
moment of the peak; they sum to the whole. Never: torch.

A step has four moments that can be its peak, and the largest by its high end counts:

- *head*: all activations are kept, the log-probabilities are made and their gradient;
- *norm*: all activations are kept, and the last norm is on its way back;
- *block*: a block's feed-forward part is on its way back (with checkpointing after having been
  computed again);
- *end*: the same in the first block, when all other adapters have their gradients.

Gradients grow from none to all during the way back of the first micro-batch and stay for the
others of a step. Adam's moments (AdamW, fused: in place) and the weights are always there.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

from underdog.adapters.settings import AdapterKind, AdapterSettings
from underdog.hardware.gpus import Device
from underdog.training.budget.activations import (
    FLOAT32,
    Pass,
    block_bytes,
    feeds_forward_at_once,
    head_bytes,
    kept_bytes,
)
from underdog.training.budget.adapter_size import adapted, kept_weights, trainable_weights
from underdog.training.budget.shape import Shape

ADAM_BYTES = 8
"""Two float32 moments per trained weight (`torch.optim.AdamW`)."""
GPU_CONTEXT_BYTES = (0.6e9, 2.0e9)
"""The driver's context, kernels of BLAS and attention with their workspaces: 1-2 GB is usual."""
CPU_RUNTIME_BYTES = (0.40e9, 0.47e9)
"""Python with torch, transformers and peft, after a step of a model without weights to speak of:
413 MiB, of which 386 right after the imports (torch 2.13, 2026-11-21)."""
GPU_FRAGMENTATION = (0.0, 0.10)
"""Of what comes and goes in a step: the caching allocator's blocks do not fit every tensor."""
CPU_FRAGMENTATION = (0.2, 0.75)
"""glibc's malloc keeps freed pieces below 32 MiB. Measured 2026-11-21 over the set-ups of
`benchmarks/plan_vs_measured.py`, with fused steps: 0.25 to 0.73 of the activations that a pass
without checkpointing keeps. With MALLOC_MMAP_THRESHOLD_=65536 nothing is kept: the peak was then
within 2 % of the other terms."""
KEPT_BLOCKS = 12
"""Beyond so many blocks of activations the heap's holes are taken to be used again."""
MALLOC_LARGEST = 32 * 1024**2
"""Larger tensors go back to the system at once (DEFAULT_MMAP_THRESHOLD_MAX of glibc)."""


class Term(NamedTuple):
    """One part of the whole, in bytes."""

    name: str
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Memory:
    """The peak. `moment` is when it is; `terms` are its parts, the largest first."""

    terms: tuple[Term, ...]
    moment: str

    @property
    def low(self) -> float:
        """Bytes, at least."""
        return sum(term.low for term in self.terms)

    @property
    def high(self) -> float:
        """Bytes, at most."""
        return sum(term.high for term in self.terms)

    @property
    def middle(self) -> float:
        """Bytes, the one number to compare a measurement with."""
        return (self.low + self.high) / 2

    @property
    def biggest(self) -> Term:
        """The term that decides."""
        return self.terms[0]


class Moment(NamedTuple):
    """What is there besides the terms that always are."""

    name: str
    gradients: float
    activations: float
    at_work: float
    logits: float

    @property
    def total(self) -> float:
        """Bytes."""
        return self.gradients + self.activations + self.at_work + self.logits


def peak_memory(
    shape: Shape,
    adapter: AdapterSettings,
    passes: tuple[Pass, Pass],
    device: Device,
    *,
    accumulation: int = 1,
) -> Memory:
    """The peak of a run. `passes` are the widest micro-batch at its smallest and largest (equal
    where lengths are known); `accumulation` is the number of micro-batches of a step.
    """
    typical, widest = (_moments(shape, adapter, one, accumulation) for one in passes)
    high = max(widest, key=lambda moment: moment.total)
    low = next(moment for moment in typical if moment.name == high.name)
    trained = trainable_weights(shape, adapter)
    weights = shape.weights * passes[1].width
    context = CPU_RUNTIME_BYTES if device.is_cpu else GPU_CONTEXT_BYTES
    terms = [
        Term("weights of the base", weights, weights),
        Term("adapter", FLOAT32 * trained, FLOAT32 * trained),
        Term("Adam's moments", ADAM_BYTES * trained, ADAM_BYTES * trained),
        Term("gradients", low.gradients, high.gradients),
        Term("activations kept", low.activations, high.activations),
        Term("one block at work", low.at_work, high.at_work),
        Term("logits at answers", low.logits, high.logits),
        Term("bases of OPLoRA", *[FLOAT32 * kept_weights(shape, adapter)] * 2),
        Term("context and libraries", *context),
        Term("fragmentation", *_fragmentation(shape, adapter, passes, (low, high), device)),
    ]
    present = (term for term in terms if term.high > 0)
    return Memory(tuple(sorted(present, key=lambda term: -term.high)), high.name)


def _fragmentation(
    shape: Shape,
    adapter: AdapterSettings,
    passes: tuple[Pass, Pass],
    moments: tuple[Moment, Moment],
    device: Device,
) -> tuple[float, float]:
    """Memory that is free and cannot be used, low and high."""
    if not device.is_cpu:
        low, high = (moment.total for moment in moments)
        return GPU_FRAGMENTATION[0] * low, GPU_FRAGMENTATION[1] * high
    low, high = (_whole_pass(shape, adapter, one) for one in passes)
    widest = FLOAT32 * passes[0].tokens * shape.intermediate
    least = CPU_FRAGMENTATION[0] if widest < MALLOC_LARGEST else 0.0
    return least * low, CPU_FRAGMENTATION[1] * high


def _whole_pass(shape: Shape, adapter: AdapterSettings, one: Pass) -> float:
    """What a pass without checkpointing keeps, of the first KEPT_BLOCKS blocks."""
    whole = kept_bytes(shape, adapter, replace(one, every_n_layers=0))
    beyond = max(0, whole.middle_blocks - KEPT_BLOCKS) * whole.block
    return float(whole.total - beyond)


def _moments(
    shape: Shape, adapter: AdapterSettings, one: Pass, accumulation: int
) -> tuple[Moment, ...]:
    gradients = float(FLOAT32 * trainable_weights(shape, adapter))
    standing = gradients if accumulation > 1 else 0.0
    kept = kept_bytes(shape, adapter, one)
    share = 1 / shape.layers
    head = head_bytes(shape, one) - FLOAT32 * one.answer_tokens * shape.vocabulary
    bodies = kept.total - kept.head + head
    before_last = kept.first + kept.block * kept.middle_blocks + kept.carried + kept.shared
    again = block_bytes(shape, adapter, one) if one.every_n_layers else 0
    return (
        Moment("head", standing, bodies, 0.0, _logits(shape, one)),
        Moment("norm", standing, bodies, _norm_work(shape, one), 0.0),
        Moment(
            "block",
            max(standing, gradients * share),
            before_last,
            again + _block_work(shape, adapter, one),
            0.0,
        ),
        Moment(
            "end",
            max(standing, gradients * (1 - share)),
            kept.first + kept.shared + (one.tokens * shape.hidden * one.width),
            again + _block_work(shape, adapter, one),
            0.0,
        ),
    )


def _logits(shape: Shape, one: Pass) -> float:
    """(a, V) in float32 three times at once: the logits, their log-softmax, and its gradient."""
    return 3.0 * FLOAT32 * one.answer_tokens * shape.vocabulary


def _norm_work(shape: Shape, one: Pass) -> float:
    """The last norm on its way back: five float32 tensors (a, h) at once, counted 2026-11; (n, h)
    for blocks of experts, which are computed whole.
    """
    return 5.0 * FLOAT32 * (one.tokens if shape.experts else one.answer_tokens) * shape.hidden


def _block_work(shape: Shape, adapter: AdapterSettings, one: Pass) -> float:
    """The feed-forward part on its way back, beside what is kept, counted 2026-11 in float32 and
    bfloat16. As one step: silu(gate), its product with up and that one's gradient (n, f), two
    (n, h), the gradient of x A^T. Else two float32 tensors (n, f), and for DoRA the float32 copy of
    one frozen matrix.
    """
    n, wide = one.tokens, max(shape.intermediate * max(shape.experts_used, 1), shape.hidden)
    if feeds_forward_at_once(shape, adapter, one):
        numbers = 3 * shape.intermediate + 2 * shape.hidden + 2 * adapter.rank
        return float(n * numbers * one.width)
    work = 2.0 * FLOAT32 * n * wide
    if adapter.kind is AdapterKind.DORA:
        work += FLOAT32 * max(each.weights for each in adapted(shape, adapter))
    return work
