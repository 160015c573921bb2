"""Log-probabilities of a question's choices, from one forward pass over its row.

In: a causal language model and laid-out questions. Out: for each choice, the sum of its tokens'
log-probabilities under a full-vocabulary float32 log-softmax. Never: a generated token, a logit at
a position where nothing is predicted, a change to the model.

The end of a choice's text is not scored: a base that never saw the prompt does not expect the text
to end there (0.31 against 0.36 accuracy on 1,000 bank questions, 2.2M base, 2026-11-20).

Shape letters: B rows, L tokens, P predicted positions of the whole batch, V vocabulary.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import torch

from underdog.adapters.positions import logits_at
from underdog.errors import RunError
from underdog.inference.layout import PREFIX, Job, Layout, Row

_PADDING = -1
"""The branch number of padding: no real token sees it."""
_MASKABLE = {"sdpa", "eager"}
"""Attention implementations of transformers 5 that take a 4-D mask as it is."""


class BatchTensors(NamedTuple):
    """What the model is called with; shapes in the comments.

    `positions` and `mask` are None when plain causal attention is right.
    """

    tokens: torch.Tensor  # [B, L] ids
    positions: torch.Tensor | None  # [B, L]
    mask: torch.Tensor | None  # [B, 1, L, L]
    keep: torch.Tensor  # [B, L] bool, P of them true


def choose_layout(model: Any) -> Layout:
    """SHARED where the model can be told which token sees which; SEPARATE elsewhere.

    Sliding windows are left to the model's own masks, and positions must be arguments of its
    forward (learned or rotary ones are; ALiBi counts columns instead).
    """
    inner = model.get_base_model() if hasattr(model, "get_base_model") else model
    attention = getattr(inner.config, "_attn_implementation", None)
    kinds = set(getattr(inner.config, "layer_types", None) or ["full_attention"])
    positional = "position_ids" in inspect.signature(inner.forward).parameters
    if attention in _MASKABLE and kinds == {"full_attention"} and positional:
        return Layout.SHARED
    return Layout.SEPARATE


@torch.inference_mode()
def choice_log_probs(model: Any, jobs: Sequence[Job]) -> list[tuple[float, ...]]:
    """One forward pass. For each job, for each choice: the natural logarithm of its probability
    given the prefix, summed over its tokens, at most 0. RunError when the model gives NaN.
    """
    rows = [row for job in jobs for row in job.rows]
    batch = _tensors(model, rows)
    logits_PV = logits_at(
        model,
        batch.keep,
        input_ids=batch.tokens,
        attention_mask=batch.mask,
        position_ids=batch.positions,
    ).float()
    values = iter(_target_log_probs(logits_PV, rows))
    return [_sums(job, values) for job in jobs]


def _tensors(model: Any, rows: Sequence[Row]) -> BatchTensors:
    width = max(len(row.tokens) for row in rows)
    keep = torch.zeros(len(rows), width, dtype=torch.bool)
    for number, row in enumerate(rows):
        keep[number, [target.place for target in row.targets]] = True
    tokens_BL = _padded([row.tokens for row in rows], width, 0)
    positions_BL = mask_B1LL = None
    if any(row.branched for row in rows):
        positions_BL = _padded([row.positions for row in rows], width, 0)
        mask_B1LL = _branch_mask(_padded([row.branches for row in rows], width, _PADDING))
        mask_B1LL = _as_attention_takes_it(mask_B1LL, model).to(model.device)
        positions_BL = positions_BL.to(model.device)
    return BatchTensors(tokens_BL.to(model.device), positions_BL, mask_B1LL, keep.to(model.device))


def _padded(rows: Sequence[Sequence[int]], width: int, filler: int) -> torch.Tensor:
    """Padding stands on the right, where causal attention hides it from every real token."""
    return torch.tensor([[*row, *([filler] * (width - len(row)))] for row in rows])


def _branch_mask(branches: torch.Tensor) -> torch.Tensor:
    """[B, L] to [B, 1, L, L]: true where the row's token may look at the column's, which is where
    the column's is earlier and belongs to the prefix or to the same branch.
    """
    width = branches.shape[1]
    earlier_LL = torch.ones(width, width, dtype=torch.bool).tril()
    seen_B11L, seer_B1L1 = branches[:, None, None, :], branches[:, None, :, None]
    return earlier_LL & ((seen_B11L == PREFIX) | (seen_B11L == seer_B1L1))


def _as_attention_takes_it(mask: torch.Tensor, model: Any) -> torch.Tensor:
    """SDPA takes booleans; eager attention adds the mask to the scores."""
    if model.config._attn_implementation == "sdpa":
        return mask
    floor = torch.finfo(model.dtype).min
    return torch.zeros_like(mask, dtype=model.dtype).masked_fill(~mask, floor)


def _target_log_probs(logits: torch.Tensor, rows: Sequence[Row]) -> list[float]:
    """[P, V] to the log-probability of every target: rows in order, targets in their row's."""
    kept: list[int] = []
    tokens: list[int] = []
    before = 0
    for row in rows:
        places = sorted({target.place for target in row.targets})
        number = {place: before + rank for rank, place in enumerate(places)}
        kept.extend(number[target.place] for target in row.targets)
        tokens.extend(target.token for target in row.targets)
        before += len(places)
    total_P = logits.logsumexp(dim=-1)
    values: list[float] = (logits[kept, tokens] - total_P[kept]).tolist()
    if not all(map(math.isfinite, values)):
        raise RunError(
            "a model whose logits are finite numbers",
            got="NaN or infinity",
            hint="look for a diverged loss in the adapter's training log, or load in float32",
        )
    return values


def _sums(job: Job, values: Iterator[float]) -> tuple[float, ...]:
    """Per choice; takes as many values as the job has targets. Rounding may lift a token that is
    certain a hair above probability 1, hence the bound.
    """
    sums = [0.0] * job.choices
    for row in job.rows:
        for target in row.targets:
            sums[target.choice] += min(next(values), 0.0)
    return tuple(sums)
