"""Small real models with adapters, the tensors they keep, and the memory they take."""

from __future__ import annotations

import warnings
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch.autograd.graph import saved_tensors_hooks
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from transformers import AutoConfig, AutoModelForCausalLM

from underdog.adapters.adapter import attach
from underdog.adapters.fused import fused_lora
from underdog.adapters.last_layer import last_layer_where_read
from underdog.adapters.recompute import recomputing
from underdog.adapters.settings import AdapterKind, AdapterSettings
from underdog.training.batches import BatchTensors, answer_loss
from underdog.training.budget.activations import Pass
from underdog.training.budget.shape import Shape, shape_of


@dataclass(frozen=True)
class Case:
    """One forward and backward pass."""

    family: str = "qwen2"
    dtype: str = "float32"
    rows: int = 3
    length: int = 37
    layers: int = 4
    rank: int = 8
    vocabulary: int = 512
    every_n_layers: int = 0
    kind: AdapterKind = AdapterKind.LORA
    dropout: float = 0.0
    targets: tuple[str, ...] = ("all-linear",)
    sizes: dict[str, int] = field(default_factory=dict)

    @property
    def config(self) -> dict[str, Any]:
        """As in config.json."""
        return {
            "model_type": self.family,
            "hidden_size": 64,
            "intermediate_size": 176,
            "num_attention_heads": 4,
            "num_key_value_heads": 2,
            "head_dim": 16,
            "num_hidden_layers": self.layers,
            "vocab_size": self.vocabulary,
            "tie_word_embeddings": True,
            **self.sizes,
        }

    @property
    def shape(self) -> Shape:
        """What the planner sees."""
        return shape_of(self.config, "case")

    @property
    def adapter(self) -> AdapterSettings:
        """Of the kind, with protected directions that leave room."""
        protected = 4 if self.kind is AdapterKind.OPLORA else None
        return AdapterSettings(
            self.rank, 2.0 * self.rank, self.dropout, self.targets, self.kind, protected=protected
        )

    @property
    def forward_pass(self) -> Pass:
        """What the planner is told; two answer tokens a row."""
        return Pass(self.rows, self.length, 2, self.dtype, self.every_n_layers)


@contextmanager
def adapted(case: Case) -> Iterator[tuple[Any, BatchTensors]]:
    """The model as the trainer prepares it, and a batch with the answers at the ends of rows."""
    torch.manual_seed(0)
    config = AutoConfig.for_model(**case.config)
    model = AutoModelForCausalLM.from_config(config, dtype=getattr(torch, case.dtype)).eval()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        warnings.simplefilter(
            "ignore", RuntimeWarning
        )  # peft's patterns for experts, of no use here
        prepared = attach(model, case.adapter, seed=0)
    prepared.train()
    answers = torch.zeros(case.rows, case.length, dtype=torch.bool)
    answers[:, -2:] = True
    ids = torch.randint(0, case.vocabulary, (case.rows, case.length))
    targets = torch.randint(0, case.vocabulary, (2 * case.rows,))
    with (
        recomputing(prepared, every_n_layers=case.every_n_layers),
        fused_lora(prepared),
        last_layer_where_read(prepared) as reading,
    ):
        reading.wanted = answers
        yield prepared, BatchTensors(ids, answers, targets, case.rows * case.length)


def product_flops(case: Case) -> int:
    """Operations of all matrix products of a pass with adapters, forward and back."""
    with adapted(case) as (model, batch), _Products() as products:
        answer_loss(model, batch).backward()
    return products.flops


class _Products(TorchDispatchMode):
    """Counts two operations per multiplication; attention's kernel is not a product here."""

    def __init__(self) -> None:
        super().__init__()
        self.flops = 0

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        name = func.__name__.split(".")[0]
        if name in {"mm", "addmm", "addmm_"}:
            left, right = args[-2:]
            self.flops += 2 * left.shape[0] * left.shape[1] * right.shape[1]
        return func(*args, **(kwargs or {}))


def saved_bytes(case: Case) -> int:
    """Storages that autograd is given to keep, weights and buffers aside, each once."""
    kept: dict[int, torch.Tensor] = {}
    with adapted(case) as (model, batch):
        beside = (*model.parameters(), *model.buffers())
        static = {weight.untyped_storage().data_ptr() for weight in beside}

        def keep(tensor: torch.Tensor) -> torch.Tensor:
            place = tensor.untyped_storage().data_ptr()
            if place not in static:
                kept.setdefault(place, tensor)
            return tensor

        with saved_tensors_hooks(keep, lambda tensor: tensor):
            answer_loss(model, batch)
    return sum(tensor.untyped_storage().nbytes() for tensor in kept.values())


def peak_bytes(case: Case) -> int:
    """Most bytes that tensors held at once during a step, frozen weights aside."""
    with adapted(case) as (model, batch):
        beside = (*model.parameters(), *model.buffers())
        static = {weight.untyped_storage()._cdata for weight in beside}
        with _Live(static) as live:
            answer_loss(model, batch).backward()
    return live.peak


class _Live(TorchDispatchMode):
    """Adds what operations make, and takes off what is gone."""

    def __init__(self, static: set[int]) -> None:
        super().__init__()
        self._sizes: dict[int, int] = {}
        self._static = static
        self.now = self.peak = 0

    def __torch_dispatch__(
        self, function: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        result = function(*args, **(kwargs or {}))
        for leaf in tree_leaves(result):
            if isinstance(leaf, torch.Tensor):
                self._add(leaf.untyped_storage())
        return result

    def _add(self, storage: torch.UntypedStorage) -> None:
        place = storage._cdata
        if place in self._sizes or place in self._static:
            return
        self._sizes[place] = storage.nbytes()
        self.now += storage.nbytes()
        self.peak = max(self.peak, self.now)
        weakref.finalize(storage, self._drop, place)

    def _drop(self, place: int) -> None:
        self.now -= self._sizes.pop(place, 0)
