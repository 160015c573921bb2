"""What autograd keeps between the forward and the backward pass, in bytes, tensor by tensor.

In: a shape, adapter settings, one forward pass. Out: bytes kept by each part of the model. The sums
are not estimates: `tests/training/budget/test_activations.py` counts the tensors that real models
hand to autograd (`torch.autograd.graph.saved_tensors_hooks`), and they are equal to the byte.

Letters in the formulas: n tokens fed, a answer tokens, L tokens of a row, w bytes of a number of
the base's type, r rank, h hidden, q and k widths of queries and keys, f feed-forward width.

What our loop does, and the formulas follow: frozen matrices need no input of theirs, adapters do;
the last block keeps keys and values of all tokens, all else at answer positions only
(`adapters.last_layer`), and is for that reason never computed twice; layers that read one input
keep it once, with x A^T, and a feed-forward part keeps gate and up (`adapters.lora_steps`); norms
keep their input in its own type (`adapters.frozen_steps`). With dropout, or a base in float16,
`peft` keeps a float32 copy of x for every adapted layer; so does DoRA on a base in 16 bit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from underdog.adapters.settings import ALL_LINEAR, AdapterKind, AdapterSettings
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
    row. Every `every_n_layers`-th block from the first on is computed twice, none for 0. `flash` is
    False where attention keeps its L x L weights. `wide_masks`: dropout keeps a number per input
    (CPU), else a byte.
    """

    rows: int
    length: int
    answers: int
    dtype: str = "float32"
    every_n_layers: int = 0
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
    """What is kept at the end of a forward pass."""
    n = one.tokens
    block = _attention(shape, adapter, one) + _feed_forward(shape, adapter, one, n)
    block += 2 * _norm(shape, one, n)
    last = _last_block(shape, adapter, one)
    shared = 2 * one.length * shape.head_width * one.width  # rotary
    start = _norm(shape, one, n) + _start_masks(shape, adapter, one)
    head = head_bytes(shape, one)
    again = recomputed(shape, one.every_n_layers)
    carried = again * n * shape.hidden * one.width
    if shape.layers < 2:
        indices = 0 if shape.experts else _gathered(one)
        if again:
            return Kept(0, 0, 0, 0, carried, 0, head)
        return Kept(0, 0, 0, last - start - indices, 0, shared, head)
    last_again = shape.experts > 0 and again > 0 and (shape.layers - 1) % one.every_n_layers == 0
    if last_again:
        last = 0
    if again == shape.layers:
        shared = 0  # handed to blocks, and kept by none
    middle = shape.layers - 2 - max(again - 1 - last_again, 0)
    first = 0 if again else block - start
    return Kept(first, block, middle, last, carried, shared, head)


def recomputed(shape: Shape, every_n_layers: int) -> int:
    """Blocks that are computed twice: the first, the n-th after it and so on; the last one only if
    it is of experts, and so not known to `adapters.last_layer`.
    """
    may = shape.layers if shape.experts else shape.layers - 1
    return 0 if every_n_layers == 0 else -(-may // every_n_layers)


def block_bytes(shape: Shape, adapter: AdapterSettings, one: Pass) -> int:
    """What one whole block keeps while it is computed again."""
    n = one.tokens
    block = _attention(shape, adapter, one) + _feed_forward(shape, adapter, one, n)
    return block + 2 * _norm(shape, one, n)


def head_bytes(shape: Shape, one: Pass) -> int:
    """The last norm, the log-probabilities (a, V) in float32, the targets and the loss."""
    a = one.tokens if shape.experts else one.answer_tokens
    targets = 8 * one.answer_tokens + FLOAT32
    targets += one.tokens if shape.experts else 0  # the marks by which the head's rows are taken
    return _norm(shape, one, a) + FLOAT32 * one.answer_tokens * shape.vocabulary + targets


def _last_block(shape: Shape, adapter: AdapterSettings, one: Pass) -> int:
    """Keys and values of all tokens; queries and what follows them at answer positions. Blocks of
    experts are not known to `adapters.last_layer` and are whole.
    """
    n, a = one.tokens, one.answer_tokens
    if shape.experts:
        return block_bytes(shape, adapter, one)
    kept = _norm(shape, one, n) + _norm(shape, one, a) + _feed_forward(shape, adapter, one, a)
    kept += _layers(shape, adapter, one, n, (("k_proj", "v_proj"),))
    kept += _layers(shape, adapter, one, a, (("q_proj",), ("o_proj",)))
    if _reads(shape, adapter, one, "o_proj"):
        kept += a * shape.query_width * one.width  # its rows of attention's output, gathered
    kept += 2 * a * shape.head_width * one.width  # rotary at the queries
    return kept + _gathered(one) + one.rows * 16 * one.answers + 8 * a + _last_attention(shape, one)


def _gathered(one: Pass) -> int:
    """Which rows and places a gradient goes back to: (B, 1) and (B, Q) integers, (B, L) marks."""
    return 8 * one.rows + 8 * one.answer_tokens + one.tokens


def _last_attention(shape: Shape, one: Pass) -> int:
    """With queries at answer positions: under a mask, keys and values are repeated for each group
    of heads, as transformers does it.
    """
    n, a, w = one.tokens, one.answer_tokens, one.width
    grouped = shape.heads > shape.kv_heads > 1  # one key head is repeated without a copy
    repeated = shape.query_width if grouped else shape.key_width
    kept = 2 * n * repeated * w + 2 * a * shape.query_width * w + FLOAT32 * a * shape.heads
    kept += a * one.length * w  # the mask as numbers
    if shape.qk_norm:
        kept += n * shape.key_width * w + FLOAT32 * n * shape.kv_heads
        kept += a * shape.query_width * w + FLOAT32 * a * shape.heads
    if not one.flash:
        kept += a * one.length * shape.heads * (w + FLOAT32)
    return kept


def _start_masks(shape: Shape, adapter: AdapterSettings, one: Pass) -> int:
    """Masks of dropout on what comes from the frozen embeddings: nothing goes back there."""
    if adapter.dropout == 0:
        return 0
    names = {each.name for each in adapted(shape, adapter)} & set(_SHARED_INPUTS[0])
    return one.tokens * len(names) * shape.hidden * (FLOAT32 if one.wide_masks else 1)


def _norm(shape: Shape, one: Pass, tokens: int) -> int:
    """RMSNorm keeps its input (n, h) and 1 / rms (n, 1) in float32; for blocks of experts, which
    transformers computes, the input too is in float32.
    """
    width = FLOAT32 if shape.experts else one.width
    return tokens * (width * shape.hidden + FLOAT32)


def _attention(shape: Shape, adapter: AdapterSettings, one: Pass) -> int:
    """q, k and v as attention reads them, its output, the log of its sums per head; the layers."""
    query, key, n = shape.query_width, shape.key_width, one.tokens
    kept = n * (2 * query + 2 * key) * one.width + FLOAT32 * n * shape.heads
    if shape.qk_norm:
        width = FLOAT32 if shape.experts else one.width
        kept += n * (width * (query + key) + FLOAT32 * (shape.heads + shape.kv_heads))
    if not one.flash:
        kept += n * one.length * shape.heads * (one.width + FLOAT32)
    return kept + _layers(shape, adapter, one, n, _SHARED_INPUTS[:2])


def _feed_forward(shape: Shape, adapter: AdapterSettings, one: Pass, tokens: int) -> int:
    """Gate and up (n, f) each, and their product where `down_proj` is a step of its own; for
    experts gate, its SiLU and up for each that sees the token.
    """
    if shape.experts:
        return _experts(shape, adapter, one, tokens)
    kept = tokens * 2 * shape.intermediate * one.width
    kept += _layers(shape, adapter, one, tokens, (_SHARED_INPUTS[2], ("down_proj",)))
    at_once = feeds_forward_at_once(shape, adapter, one)
    if at_once or not _reads(shape, adapter, one, "down_proj"):
        return kept
    return kept + tokens * shape.intermediate * one.width


def _experts(shape: Shape, adapter: AdapterSettings, one: Pass, tokens: int) -> int:
    """What transformers' grouped experts keep. Each token is there once per expert that sees it:
    gate and up beside each other, SiLU of gate, and what comes out, beside the router's
    probabilities and the order that puts rows of one expert together. With adapters (`peft`'s on
    whole tensors of experts) also what the products read, and the changed weights themselves.
    """
    h, f, w, count = shape.hidden, shape.intermediate, one.width, shape.experts
    seen = tokens * shape.experts_used
    kept = FLOAT32 * tokens * count + 8 * seen  # probabilities, and which experts were chosen
    kept += seen * (3 * f + h) * w + seen * w + 3 * 8 * seen + 4 * count
    if ALL_LINEAR in adapter.targets:
        kept += tokens * h * w + seen * (h + f) * w + count * h * w + 3 * count * h * f * w
        if w != FLOAT32:  # and the adapters of experts, in the base's type
            kept += w * adapter.rank * count * (2 * (h + 2 * f) + h + f)
    if shape.shares_normed:
        kept += FLOAT32 * (tokens + seen)
    return kept


def feeds_forward_at_once(shape: Shape, adapter: AdapterSettings, one: Pass) -> bool:
    """Whether gate, up and down are a single step (`lora_steps.FusedFeedForward`)."""
    whole = {"gate_proj", "up_proj", "down_proj"} <= {e.name for e in adapted(shape, adapter)}
    return whole and not _copies(adapter, one) and adapter.kind is not AdapterKind.DORA


def _reads(shape: Shape, adapter: AdapterSettings, one: Pass, name: str) -> bool:
    """Whether this layer's adapter keeps the layer's input as it comes."""
    names = {each.name for each in adapted(shape, adapter)}
    return name in names and not _copies(adapter, one)


def _layers(
    shape: Shape,
    adapter: AdapterSettings,
    one: Pass,
    tokens: int,
    groups: tuple[tuple[str, ...], ...],
) -> int:
    """What adapters keep: each its own, and the input of a group once. The inputs of `o_proj` and
    `down_proj` are counted where they are made.
    """
    chosen = {each.name: each for each in adapted(shape, adapter)}
    kept = 0
    for group in groups:
        layers = [chosen[name] for name in group if name in chosen]
        kept += sum(_own(each, adapter, one, tokens) for each in layers)
        if layers and not _copies(adapter, one) and group[0] not in {"o_proj", "down_proj"}:
            kept += tokens * layers[0].width_in * one.width
    return kept


def _own(layer: Linear, adapter: AdapterSettings, one: Pass, tokens: int) -> int:
    """What one adapted layer keeps for itself: x A^T, and copies of x."""
    kept = (FLOAT32 if _copies(adapter, one) else one.width) * adapter.rank
    if _copies(adapter, one):
        kept += FLOAT32 * layer.width_in
    if adapter.dropout > 0:
        kept += (FLOAT32 if one.wide_masks else 1) * layer.width_in
    if adapter.kind is not AdapterKind.DORA:
        return tokens * kept
    kept += FLOAT32 * layer.width_out  # the product before its gain, which is m / norm
    return tokens * kept + FLOAT32 * layer.width_out


def _copies(adapter: AdapterSettings, one: Pass) -> bool:
    """Whether each layer keeps an input of its own, in float32."""
    if adapter.dropout > 0 or one.dtype == "float16":
        return True
    return adapter.kind is AdapterKind.DORA and one.width != FLOAT32
