"""Logits at chosen positions only, on any causal language model of transformers.

In: a model, its inputs, and a mask of the positions wanted. Out: logits of those positions. Never:
a B x L x V tensor: at 2,048 tokens and 152,000 words one row's would be 1.2 GB in float32.

transformers has an argument for this (`logits_to_keep`), which takes a mask only since 5.21. Here
hidden states are gathered as they enter the output head, which is the same arithmetic on every
version, and whatever the model does to its logits afterwards (soft caps, scales) still happens.
Inside `last_layer.last_layer_where_read` they come gathered already, as 1 x P x H.
"""

from __future__ import annotations

from typing import Any

import torch

from underdog.errors import RunError


def logits_at(model: Any, wanted: torch.Tensor, **inputs: Any) -> torch.Tensor:
    """One forward pass without a cache; the result (P x V) follows the mask (B x L) row by row.

    `inputs` go to the model as they are. RunError for a model whose output head is not a module
    that takes hidden states.
    """
    head = getattr(model, "module", model).get_output_embeddings()
    if not isinstance(head, torch.nn.Module):
        raise RunError("a model with an output head is needed", got=type(model).__name__)

    def gather(_: torch.nn.Module, arguments: tuple[Any, ...]) -> tuple[Any, ...]:
        hidden, *others = arguments
        whole = hidden.shape[:2] == wanted.shape
        return (hidden[wanted] if whole else hidden[0], *others)

    hook = head.register_forward_pre_hook(gather)
    try:
        logits: torch.Tensor = model(**inputs, use_cache=False).logits
    finally:
        hook.remove()
    if logits.dim() != 2 or logits.shape[0] != int(wanted.sum()):
        raise RunError(
            "a model that gives one row of logits per position is needed",
            got=f"logits of shape {tuple(logits.shape)} for {int(wanted.sum())} positions",
        )
    return logits
