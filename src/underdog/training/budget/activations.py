"""What autograd keeps between the forward and the backward pass, in bytes, tensor by tensor.

In: a shape, adapter settings, one forward pass. Out: bytes kept by each part of the model. The sums
are not estimates: `tests/training/budget/test_activations.py` counts the tensors that real models
hand to autograd (`torch.autograd.graph.saved_tensors_hooks`), and they are equal to the byte.

Letters in the formulas: n tokens fed, a answer tokens, L tokens of a row, w bytes of a number of
the base's type, r rank, h hidden, q and k widths of queries and keys, f feed-forward width.

What our loop does, and the formulas follow: frozen matrices need no input of theirs, adapters do;
logits exist at answer positions only (`adapters.positions`), and so does the last block's
feed-forward part (`adapters.last_layer`), whose block is for that reason never computed twice;
with base and adapter in float32 one step of autograd keeps x and x A^T (`adapters.fused`), and with
a base in 16 bit `peft` keeps a float32 copy of x for every adapted layer.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

from underdog.adapters.settings import AdapterKind, AdapterSettings
from underdog.training.budget.adapter_size import adapted
from underdog.training.budget.shape import Linear, Shape

WIDTHS = {"float32": 4, "bfloat16": 2, "float16": 2}
"""Bytes of one number."""
FLOAT32 = 4
_SHARED_INPUTS = (("q_proj", "k_proj", "v_proj"), ("o_proj",), ("gate_proj", "up_proj"))
"""Layers that read the same tensor; `down_proj` reads one of its own."""


@dataclass(frozen=True, slots=True)
class Pass:
    """One forward pass: `rows` of `length` tokens each after padding, `answers` answer tokens a
    row. `flash` is False where attention keeps its L x L weights. `wide_masks`: dropout keeps a
    number per input (CPU), else a byte.
    """

    rows: int
    length: int
    answers: int
    dtype: str = "float32"
    checkpointing: bool = False
    flash: bool = True
    wide_masks: bool = True

    @property
    def tokens(self) -> int:
        """Fed, padding included."""
        return self.rows * self.length

    @property
    def answer_tokens(self) -> int:
        """Of the whole pass."""
        return self.rows * self.answers

    @property
    def width(self) -> int:
        """Bytes of a number of the base's type."""
        return WIDTHS[self.dtype]


class Kept(NamedTuple):
    """Bytes kept for the way back. `block` is one that is neither first nor last; `carried` are
    block inputs kept in place of blocks that are computed again; `head` follows the last norm.
    """

    first: int
    block: int
    middle_blocks: int
    last: int
    carried: int
    shared: int
    head: int

    @property
    def total(self) -> int:
        """At the end of the forward pass."""
        return (
            self.first
            + self.block * self.middle_blocks
            + self.last
            + self.carried
            + self.shared
            + self.head
        )


def kept_bytes(shape: Shape, adapter: AdapterSettings, one: Pass) -> Kept:
    """What is kept at the end of a forward pass. At least two blocks are assumed."""
    attention = _attention(shape, adapter, one)
    feed_forward = _feed_forward(shape, adapter, one, one.tokens)
    last = attention + _norm(shape, one.tokens)
    last += _norm(shape, one.answer_tokens)
    last += _feed_forward(shape, adapter, one, one.answer_tokens)
    block = attention + feed_forward + 2 * _norm(shape, one.tokens)
    shared = 2 * one.length * shape.head_width * one.width + one.tokens  # rotary; mask of answers
    start = _norm(shape, one.tokens) + _start_masks(shape, adapter, one)
    if shape.layers < 2:
        last -= start
    if one.checkpointing:
        carried = (shape.layers - 1) * one.tokens * shape.hidden * one.width
        return Kept(0, 0, 0, last, carried, shared, head_bytes(shape, one))
    first = block - start if shape.layers > 1 else 0
    middle = max(shape.layers - 2, 0)
    return Kept(first, block, middle, last, 0, shared, head_bytes(shape, one))


def block_bytes(shape: Shape, adapter: AdapterSettings, one: Pass) -> int:
    """What one whole block keeps while it is computed again."""
    return kept_bytes(shape, adapter, replace(one, checkpointing=False)).block


def head_bytes(shape: Shape, one: Pass) -> int:
    """The last norm, the log-probabilities (a, V) in float32, the targets and the loss."""
    targets = 8 * one.answer_tokens + FLOAT32
    return _norm(shape, one.tokens) + FLOAT32 * one.answer_tokens * shape.vocabulary + targets


def _start_masks(shape: Shape, adapter: AdapterSettings, one: Pass) -> int:
    """Masks of dropout on what comes from the frozen embeddings: nothing goes back there."""
    if adapter.dropout == 0:
        return 0
    names = {each.name for each in adapted(shape, adapter)} & set(_SHARED_INPUTS[0])
    return one.tokens * len(names) * shape.hidden * (FLOAT32 if one.wide_masks else 1)


def _norm(shape: Shape, tokens: int) -> int:
    """RMSNorm computes in float32: its input (n, h) and 1 / rms (n, 1)."""
    return FLOAT32 * tokens * (shape.hidden + 1)


def _attention(shape: Shape, adapter: AdapterSettings, one: Pass) -> int:
    """q, k and v as attention reads them, its output, the log of its sums per head; the layers."""
    query, key, n = shape.query_width, shape.key_width, one.tokens
    kept = n * (2 * query + 2 * key) * one.width + FLOAT32 * n * shape.heads
    if shape.qk_norm:
        kept += FLOAT32 * n * (query + key + shape.heads + shape.kv_heads)
    if not one.flash:
        kept += n * one.length * shape.heads * (one.width + FLOAT32)
    return kept + _layers(shape, adapter, one, n, _SHARED_INPUTS[:2])


def _feed_forward(shape: Shape, adapter: AdapterSettings, one: Pass, tokens: int) -> int:
    """Gate, its SiLU and up (n, f) each; for experts the same for those that see the token."""
    kept = tokens * 3 * shape.intermediate * one.width * max(shape.experts_used, 1)
    if shape.experts:  # the tokens' copies per expert, and the router's probabilities
        kept += tokens * shape.experts_used * shape.hidden * one.width
        return kept + 2 * FLOAT32 * tokens * shape.experts
    return kept + _layers(shape, adapter, one, tokens, (_SHARED_INPUTS[2], ("down_proj",)))


def _layers(
    shape: Shape,
    adapter: AdapterSettings,
    one: Pass,
    tokens: int,
    groups: tuple[tuple[str, ...], ...],
) -> int:
    chosen = {each.name: each for each in adapted(shape, adapter)}
    kept = 0
    for group in groups:
        layers = [chosen[name] for name in group if name in chosen]
        kept += tokens * sum(_own(each, adapter, one) for each in layers)
        if layers and not _copies(adapter, one) and group != ("o_proj",):
            kept += tokens * layers[0].width_in * one.width  # attention's output is kept anyway
    return kept


def _own(layer: Linear, adapter: AdapterSettings, one: Pass) -> int:
    """Bytes per token that one adapted layer keeps for itself: x A^T, and copies of x."""
    kept = FLOAT32 * adapter.rank
    if _copies(adapter, one):
        kept += FLOAT32 * layer.width_in
    if adapter.dropout > 0:
        kept += (FLOAT32 if one.wide_masks else 1) * layer.width_in
    if adapter.kind is AdapterKind.DORA:
        kept += FLOAT32 * layer.width_out  # the product before its magnitude
    return kept


def _copies(adapter: AdapterSettings, one: Pass) -> bool:
    """Whether each layer keeps an input of its own, in float32."""
    return one.width != FLOAT32 or adapter.dropout > 0
