"""Logits at chosen positions only, on any causal language model of transformers.

In: a model, its inputs, and a mask of the positions wanted. Out: logits of those positions. Never:
a B x L x V tensor: at 2,048 tokens and 152,000 words one row's would be 1.2 GB in float32.

transformers has an argument for this (`logits_to_keep`), which takes a mask only since 5.21. Here
hidden states are gathered as they enter the output head, which is the same arithmetic on every
version, and whatever the model does to its logits afterwards (soft caps, scales) still happens.
Inside `last_layer.last_layer_where_read` they come gathered already, as 1 x P x H.
"""

from __future__ import annotations

import threading
from typing import Any

import torch

from underdog.errors import RunError


def logits_at(
    model: Any, wanted: torch.Tensor, *, words: torch.Tensor | None = None, **inputs: Any
) -> torch.Tensor:
    """One forward pass without a cache; the result (P x V) follows the mask (B x L) row by row.
    With `words`, ids of tokens (C,), it is (P x C): where the head is a linear layer, nothing is
    computed for the rest of the vocabulary.

    `inputs` go to the model as they are. Other threads may use the model at the same time. RunError
    for a model whose output head is not a module that takes hidden states.
    """
    head = getattr(model, "module", model).get_output_embeddings()
    if not isinstance(head, torch.nn.Module):
        raise RunError("a model with an output head is needed", got=type(model).__name__)

    asking = threading.get_ident()

    def gather(_: torch.nn.Module, arguments: tuple[Any, ...]) -> tuple[Any, ...]:
        if threading.get_ident() != asking:
            return arguments
        hidden, *others = arguments
        whole = hidden.shape[:2] == wanted.shape
        return (hidden[wanted] if whole else hidden[0], *others)

    hooks = [head.register_forward_pre_hook(gather)]
    if words is not None:
        hooks += _for_words(head, words, asking)
    try:
        logits: torch.Tensor = model(**inputs, use_cache=False).logits
    finally:
        for hook in hooks:
            hook.remove()
    if logits.dim() != 2 or logits.shape[0] != int(wanted.sum()):
        raise RunError(
            "a model that gives one row of logits per position is needed",
            got=f"logits of shape {tuple(logits.shape)} for {int(wanted.sum())} positions",
        )
    return logits


def _for_words(head: torch.nn.Module, words: torch.Tensor, asking: int) -> list[Any]:
    """A linear head is given no row at all, and what it would have given for some words is put in
    place of its result; of another head's result the columns are taken. What the model does to its
    logits afterwards follows.
    """
    if type(head) is not torch.nn.Linear:

        def choose(_: Any, __: Any, logits: torch.Tensor) -> torch.Tensor:
            return logits[..., words] if threading.get_ident() == asking else logits

        return [head.register_forward_hook(choose)]
    bias = None if head.bias is None else head.bias[words]
    chosen: list[torch.Tensor] = []

    def withhold(_: Any, arguments: tuple[Any, ...]) -> tuple[Any, ...]:
        if threading.get_ident() != asking:
            return arguments
        hidden, *others = arguments
        chosen.append(torch.nn.functional.linear(hidden, head.weight[words], bias))
        return (hidden[:0], *others)

    def put(_: Any, __: Any, logits: torch.Tensor) -> torch.Tensor:
        return chosen.pop() if threading.get_ident() == asking else logits

    return [head.register_forward_pre_hook(withhold), head.register_forward_hook(put)]
