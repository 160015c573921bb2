"""Room on the disk that a run takes, part by part: what is fetched, kept while training, exported.

In: the shape of the base and of further models that are fetched, the adapter, how many checkpoints
and best adapters stay. Out: a Disk, in bytes. Never: a look at this machine's disk.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from underdog.adapters.settings import AdapterSettings
from underdog.errors import InputError
from underdog.training.budget.activations import FLOAT32, WIDTHS
from underdog.training.budget.adapter_size import trainable_weights
from underdog.training.budget.memory import ADAM_BYTES
from underdog.training.budget.shape import Shape

PUBLISHED_WIDTH = 2
"""Hub repositories of these families hold bfloat16."""
SPARE = 1.2
"""Asked for beyond the sum: the first team lost a day to a full disk."""
GGUF_FAMILIES = ("qwen2",)
"""What `underdog export gguf` writes."""
_F16, _Q8_0, _Q4_0, _Q4_1 = 2.0, 34 / 32, 18 / 32, 20 / 32
"""Bytes of a weight: blocks of 32 with their scale, and for Q4_1 their minimum, in 16 bit
(https://github.com/ggml-org/ggml/blob/master/src/ggml-common.h)."""


class Kept(NamedTuple):
    """What is decided by the user. `checkpoints` and `best` adapters stay; `local` says that the
    base is on this machine; `also` are further models that are fetched into the same hub cache;
    `copies` is the number of whole copies of the base beside the cache.
    """

    checkpoints: int = 3
    best: int = 1
    local: bool = False
    also: tuple[Shape, ...] = ()
    copies: int = 0


class Disk(NamedTuple):
    """Bytes. `download` is the base in the hub cache and `others` are further models there, for
    the cache keeps what was once fetched; `copies` are those of the base beside it. `checkpoints`
    holds those that stay and the one being written, of which `optimizer` are Adam's moments;
    `adapters` the last one and the best ones. `merged` and `exports` are wanted only when the
    adapter is folded into the base.
    """

    download: int
    others: int
    copies: int
    checkpoints: int
    optimizer: int
    adapters: int
    merged: int
    exports: dict[str, int]

    @property
    def cache(self) -> int:
        """What the hub cache grows to by this."""
        return self.download + self.others

    @property
    def needed(self) -> float:
        """What has to be free to train, with a fifth to spare; without the exports."""
        return SPARE * (self.cache + self.copies + self.checkpoints + self.adapters)

    @property
    def biggest(self) -> tuple[str, int]:
        """The part that decides, of what is needed to train."""
        return max(self.parts()[:5], key=lambda part: part[1])

    def parts(self) -> tuple[tuple[str, int], ...]:
        """All parts by name; the first five are needed to train."""
        return (
            ("the base, downloaded into the hub cache", self.download),
            ("further models in the hub cache", self.others),
            ("copies of the base beside the cache", self.copies),
            ("checkpoints, Adam's moments included", self.checkpoints),
            ("adapters: the last and the best", self.adapters),
            ("merged export", self.merged),
            *((f"GGUF export {kind}", size) for kind, size in self.exports.items()),
        )


def estimate_disk(shape: Shape, adapter: AdapterSettings, kept: Kept, *, dtype: str) -> Disk:
    """What a run of a base in `dtype` takes. InputError for a negative number of copies."""
    if kept.copies < 0:
        raise InputError("0 or more copies of the base", got=str(kept.copies))
    trained = trainable_weights(shape, adapter)
    base = shape.weights * PUBLISHED_WIDTH
    stored = kept.checkpoints + 1
    return Disk(
        download=0 if kept.local else base,
        others=sum(each.weights for each in kept.also) * PUBLISHED_WIDTH,
        copies=kept.copies * base,
        checkpoints=stored * trained * (FLOAT32 + ADAM_BYTES),
        optimizer=stored * trained * ADAM_BYTES,
        adapters=(1 + kept.best) * trained * FLOAT32,
        merged=shape.weights * WIDTHS[dtype],
        exports=export_bytes(shape),
    )


def export_bytes(shape: Shape) -> dict[str, int]:
    """The size of `underdog export gguf` by type, without the header; none for other families."""
    if shape.family not in GGUF_FAMILIES:
        return {}
    tables = (1 if shape.tied else 2) * shape.vocabulary * shape.hidden
    matrices = shape.layers * sum(each.weights for each in shape.linears)
    vectors = FLOAT32 * (shape.weights - tables - matrices)
    wide = more_bits(shape.layers) * sum(
        each.weights for each in shape.linears if each.name in ("v_proj", "down_proj")
    )
    mixed = _Q8_0 * wide + _Q4_1 * (matrices - wide)
    sizes: Sequence[tuple[str, float]] = (
        ("f16", _F16 * (tables + matrices)),
        ("q8_0", _Q8_0 * (tables + matrices)),
        ("q4_0", _Q8_0 * tables + _Q4_0 * matrices),
        ("q4_mixed", _Q8_0 * tables + mixed),
    )
    return {kind: vectors + round(size) for kind, size in sizes}


def more_bits(layers: int) -> int:
    """In how many layers q4_mixed keeps 8 bits: llama.cpp's `use_more_bits`."""
    eighth = layers // 8
    return sum(
        layer < eighth or layer >= 7 * layers // 8 or (layer - eighth) % 3 == 2
        for layer in range(layers)
    )
