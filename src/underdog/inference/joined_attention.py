"""Attention over a beginning that many rows share and over each row's own tokens, joined exactly.

Every row's queries meet the beginning's keys as one long row of queries, without a mask and
without a copy of the beginning per row; they meet their own row's keys under that row's mask. Each
of the two is a softmax over its part of the keys, and knows the logarithm of its sum of
exponentials. The softmax over all keys is their mean, weighted by those sums (Milakov and
Gimelshein 2018, arXiv 1805.02867, theorem 1; Dao et al. 2022, arXiv 2205.14135, section 3.1):

    out = own + sigmoid(log sum of the beginning - log sum of own) (beginning - own)

Models with fewer key heads than query heads (Ainslie et al. 2023, arXiv 2305.13245) read their
keys where they lie. torch's fused product gives the logarithms on a CPU under one name for all
masks, so this is for CPUs.

In: heads of queries, keys and values. Out: attended heads. Never: a weight matrix of all keys, a
gradient.

Shapes: B rows, Q queries and L tokens of a row, P tokens of the beginning, N query heads, K key
heads, D numbers per head.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch


class Beginning(NamedTuple):
    """One layer's keys and values, (1, K, P, D) each, that the next `rows` rows begin with."""

    keys: torch.Tensor
    values: torch.Tensor
    rows: int


def attend(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    *,
    mask: torch.Tensor | None,
    scale: float,
    beginnings: Sequence[Beginning] = (),
) -> torch.Tensor:
    """Query (B, Q, N, D), key and value (B, L, K, D), to (B, Q, N, D).

    `mask` (B or 1, 1, Q, L) is added to the scores of own tokens; None is causal, with Q = L.
    `beginnings` cover all rows in order, or there are none.
    """
    own, own_log = _softmax_product(
        query, key.transpose(1, 2), value.transpose(1, 2), mask, causal=mask is None, scale=scale
    )
    start = 0
    for each in beginnings:
        part = slice(start, start + each.rows)
        start += each.rows
        asked_1RND = query[part].flatten(0, 1).unsqueeze(0)
        before, before_log = _softmax_product(
            asked_1RND, each.keys, each.values, None, causal=False, scale=scale
        )
        share = torch.sigmoid(before_log.view_as(own_log[part]) - own_log[part]).unsqueeze(-1)
        _move_towards(own[part], before.view_as(own[part]), share)
    return own


def _softmax_product(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    mask: torch.Tensor | None,
    *,
    causal: bool,
    scale: float,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Query (B, Q, N, D), key and value (B, K, S, D), to (B, Q, N, D) and the logarithms of the
    sums of exponentials, float32, (B, Q, N).
    """
    attended_BNQD, log_BNQ = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu(
        query.transpose(1, 2), key, value, 0.0, causal, attn_mask=mask, scale=scale
    )
    return attended_BNQD.transpose(1, 2), log_BNQ.transpose(1, 2)


def _move_towards(own: torch.Tensor, other: torch.Tensor, share: torch.Tensor) -> None:
    """`own` becomes own + share (other - own), in place; 16-bit numbers are rounded once."""
    if own.dtype == share.dtype:
        own.lerp_(other, share)
    else:
        own.copy_(torch.lerp(own.to(share.dtype), other.to(share.dtype), share))
