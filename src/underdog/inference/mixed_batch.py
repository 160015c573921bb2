"""One batch for several adapters on one base: which of its rows go through which adapter.

`peft` has this too (`adapter_names=`), and refuses it for DoRA. Here a linear layer computes the
product with its frozen weight once for all rows and then adds to each member's rows what that
member's adapter says: LoRA, rsLoRA and OPLoRA (Hu et al. 2021, equation 3) and DoRA (Liu et al.
2024, equation 5). DoRA's row norms do not change while nothing trains, so they are computed once.

In: a `peft` model whose weights stay as they are. Out: the same model, computing by rows inside a
`with`. Never: a change to a weight, a dense B A.

Shapes: B rows of a batch (or predicted positions), I inputs, O outputs, R rank.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import torch
from peft import PeftModel
from peft.tuners.lora import Linear as LoraLinear

from underdog.adapters.lora import lora_layers
from underdog.errors import InputError

_linear = torch.nn.functional.linear


class Segment(NamedTuple):
    """The next `rows` rows of a batch use `adapter` (PEFT's name), None for the base alone."""

    adapter: str | None
    rows: int


class MixedBatch:
    """The adapted layers of one resident model. One forward pass at a time: it keeps whose turn it
    is, so two threads need a lock.
    """

    def __init__(self, model: PeftModel) -> None:
        """Looks at the layers; computes nothing yet."""
        self._layers = [layer for _, layer in lora_layers(model)]
        self._alone: str | None = None
        self._segments: tuple[Segment, ...] = ()
        self._gains: dict[tuple[int, str], torch.Tensor] = {}
        configs: Any = model.peft_config.values()
        self.exact = all(map(_allows, self._layers)) and all(map(_plain, configs))
        """Whether every part of every adapter can be computed by rows. Otherwise (adapters on
        embeddings, whole modules beside the adapter, trained biases) members take turns in `peft`.
        """

    @contextmanager
    def one(self, adapter: str | None) -> Iterator[None]:
        """Every row uses the same adapter, however many rows there are."""
        with self._patched(()):
            self._alone = adapter
            yield

    @contextmanager
    def rows(self, segments: Sequence[Segment]) -> Iterator[None]:
        """Rows use the adapters of their segments, whose sizes add up to the batch's."""
        with self._patched(segments):
            yield

    @contextmanager
    def resized(self, rows: Sequence[int]) -> Iterator[None]:
        """Inside `rows`: the same adapters in the same order for other numbers of rows, as where a
        layer reads predicted positions only. Without segments nothing changes.
        """
        before = self._segments
        if before:
            pairs = zip(before, rows, strict=True)
            self._segments = tuple(Segment(each.adapter, count) for each, count in pairs)
        try:
            yield
        finally:
            self._segments = before

    @contextmanager
    def _patched(self, segments: Sequence[Segment]) -> Iterator[None]:
        if not self.exact:
            raise InputError("adapters on linear layers only", got="others beside them")
        before = [layer.__dict__.get("forward") for layer in self._layers]
        self._segments = tuple(segments)
        for layer in self._layers:
            layer.forward = self._forward_of(layer)
        try:
            yield
        finally:
            self._segments = ()
            for layer, forward in zip(self._layers, before, strict=True):
                del layer.forward  # the instance's; the class's shows again
                if forward is not None:
                    layer.forward = forward

    def _forward_of(self, layer: Any) -> Callable[..., torch.Tensor]:
        def forward(x: torch.Tensor) -> torch.Tensor:
            segments = self._segments or (Segment(self._alone, x.shape[0]),)
            assert sum(each.rows for each in segments) == x.shape[0], "segments cover the batch"
            return self._compute(layer, x, segments)

        return forward

    def _compute(self, layer: Any, x: torch.Tensor, segments: Sequence[Segment]) -> torch.Tensor:
        base = layer.base_layer
        names = [each.adapter if each.adapter in layer.lora_A else None for each in segments]
        gains = [self._gain(layer, name) for name in names]
        # A gain multiplies what comes before the bias, so the bias then has to wait.
        late = None if all(gain is None for gain in gains) else base.bias
        result = _linear(x, base.weight, base.bias if late is None else None)
        start = 0
        for segment, name, gain in zip(segments, names, gains, strict=True):
            part = slice(start, start + segment.rows)
            if name is not None:
                _adapt(layer, name, gain, x[part], result[part])
            start += segment.rows
        return result if late is None else result.add_(late)

    @torch.no_grad()
    def _gain(self, layer: Any, name: str | None) -> torch.Tensor | None:
        """M / |W + s B A| of every row of the weight, (O,), for DoRA; None for the other kinds."""
        if name is None or name not in layer.lora_magnitude_vector:
            return None
        key = (id(layer), name)
        if key not in self._gains:
            magnitude_O = layer.lora_magnitude_vector[name].weight
            gain_O = magnitude_O.float() / _row_norms(layer, name)
            self._gains[key] = gain_O
        return self._gains[key]


def _allows(layer: Any) -> bool:
    """Whether a layer is what `_compute` computes, for each of its adapters."""
    if type(layer) is not LoraLinear or type(layer.base_layer) is not torch.nn.Linear:
        return False
    matrices = [*layer.lora_A.values(), *layer.lora_B.values()]
    kinds = {type(variant).__name__ for variant in layer.lora_variant.values()}
    return (
        not layer.merged
        and not layer.fan_in_fan_out
        and all(type(each) is torch.nn.Linear and each.bias is None for each in matrices)
        and kinds <= {"DoraLinearVariant"}
    )


def _plain(config: Any) -> bool:
    """Whether an adapter changes nothing beside the layers that it is on."""
    extras = (
        "modules_to_save",
        "trainable_token_indices",
        "layer_replication",
        "target_parameters",
    )
    return config.bias == "none" and not any(getattr(config, name, None) for name in extras)


def _adapt(
    layer: Any, name: str, gain: torch.Tensor | None, x: torch.Tensor, result: torch.Tensor
) -> None:
    """`result` becomes g (result + s (x A^T) B^T), in place; in the adapter's type where that is
    not the base's, as in `peft`, and rounded to the base's type once. `gain` is g, (O,); None is 1.
    """
    down, up = layer.lora_A[name].weight, layer.lora_B[name].weight
    scale = layer.scaling[name]
    inner = _linear(x.to(down.dtype), down)
    if result.dtype == up.dtype:
        flat = result.view(-1, result.shape[-1])
        flat.addmm_(inner.reshape(-1, inner.shape[-1]), up.t(), alpha=scale)
        if gain is not None:
            flat.mul_(gain)
        return
    changed = result + scale * _linear(inner, up)
    result.copy_(changed if gain is None else changed * gain)


def _row_norms(layer: Any, name: str) -> torch.Tensor:
    """|W + s B A| per row, (O,), float32, without B A: see `adapters/dora.py::_row_norms`."""
    weight_OI = layer.base_layer.weight.float()
    down_RI, up_OR = layer.lora_A[name].weight.float(), layer.lora_B[name].weight.float()
    scale = layer.scaling[name]
    cross_OR = weight_OI @ down_RI.t()
    cross_OR.addmm_(up_OR, down_RI @ down_RI.t(), beta=2, alpha=scale)
    change_O = torch.linalg.vecdot(cross_OR, up_OR)
    squares_O = torch.add(weight_OI.square().sum(dim=1), change_O, alpha=scale)
    # Rounding must not make a square negative.
    return squares_O.clamp_min(torch.finfo(squares_O.dtype).tiny).sqrt()
