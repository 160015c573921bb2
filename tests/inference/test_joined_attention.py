"""Attention over a shared beginning and own tokens, against one softmax over all keys."""

from __future__ import annotations

import pytest
import torch

from underdog.inference.joined_attention import Beginning, attend

B, L, P, N, K, D = 5, 9, 13, 4, 2, 8
SCALE = 0.4
CAUSAL = torch.ones(L, L, dtype=torch.bool).tril()


def drawn(*shape: int, seed: int, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return (2 * torch.randn(shape, generator=generator)).to(dtype)


def with_holes() -> torch.Tensor:
    """Row 1 does not see tokens 2 to 4 from token 6 on; everybody sees itself."""
    seen = CAUSAL.expand(B, 1, L, L).clone()
    seen[1, :, 6:, 2:5] = False
    return seen


def added(seen: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    return torch.zeros(seen.shape, dtype=dtype).masked_fill(~seen, torch.finfo(dtype).min)


def one_softmax(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    seen: torch.Tensor,
    beginnings: list[Beginning],
) -> torch.Tensor:
    """In float64, keys copied per row and per query head: (B, Q, N, D)."""
    keys, values = (each.double().transpose(1, 2) for each in (key, value))
    if beginnings:
        before = [
            torch.cat([part.double().expand(each.rows, -1, -1, -1) for each, part in pairs])
            for pairs in (
                [(each, each.keys) for each in beginnings],
                [(each, each.values) for each in beginnings],
            )
        ]
        keys, values = torch.cat([before[0], keys], 2), torch.cat([before[1], values], 2)
        seen = torch.nn.functional.pad(seen, (P, 0), value=True)
    keys, values = (each.repeat_interleave(N // K, dim=1) for each in (keys, values))
    scores = query.double().transpose(1, 2) @ keys.transpose(-1, -2) * SCALE
    weights = scores.masked_fill(~seen, float("-inf")).softmax(-1)
    return (weights @ values).transpose(1, 2)


@pytest.mark.parametrize("rows", [[], [B], [2, 3]])
@pytest.mark.parametrize("holes", [False, True])
@pytest.mark.parametrize(("dtype", "bound"), [(torch.float32, 5e-6), (torch.bfloat16, 0.05)])
def test_joined_attention_is_one_softmax_over_all_keys(
    rows: list[int], holes: bool, dtype: torch.dtype, bound: float
) -> None:
    """Whole tensors, with no beginning, one for all rows, and one for two rows beside another for
    three; causal, and with a mask that hides more. The beginning gets weights of every size.
    """
    query = drawn(B, L, N, D, seed=1, dtype=dtype)
    key, value = drawn(B, L, K, D, seed=2, dtype=dtype), drawn(B, L, K, D, seed=3, dtype=dtype)
    beginnings = [
        Beginning(
            drawn(1, K, P, D, seed=10 + n, dtype=dtype),
            drawn(1, K, P, D, seed=20 + n, dtype=dtype),
            count,
        )
        for n, count in enumerate(rows)
    ]
    seen = with_holes() if holes else CAUSAL.expand(B, 1, L, L)
    mask = added(seen, dtype) if holes else None
    found = attend(query, key, value, mask=mask, scale=SCALE, beginnings=beginnings)
    wanted = one_softmax(query, key, value, seen, beginnings)
    torch.testing.assert_close(found.double(), wanted, rtol=0, atol=bound)
    if beginnings:
        without = one_softmax(query, key, value, seen, [])
        assert (without - wanted).abs().max() > 1.0  # the beginning matters


def test_fewer_queries_than_tokens_follow_their_mask() -> None:
    """Two queries per row, at other places in each row: the rows of the whole result."""
    query, places = (
        drawn(B, L, N, D, seed=1),
        torch.tensor([[0, 8], [3, 4], [7, 1], [5, 5], [2, 6]]),
    )
    key, value = drawn(B, L, K, D, seed=2), drawn(B, L, K, D, seed=3)
    beginnings = [Beginning(drawn(1, K, P, D, seed=4), drawn(1, K, P, D, seed=5), B)]
    whole = attend(query, key, value, mask=None, scale=SCALE, beginnings=beginnings)
    asking = torch.arange(B).unsqueeze(1)
    found = attend(
        query[asking, places],
        key,
        value,
        mask=added(CAUSAL[places].unsqueeze(1), torch.float32),
        scale=SCALE,
        beginnings=beginnings,
    )
    torch.testing.assert_close(found, whole[asking, places], rtol=0, atol=5e-6)
