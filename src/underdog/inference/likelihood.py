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
from contextlib import nullcontext
from functools import partial
from typing import Any, NamedTuple

import torch

from underdog.adapters.crew import crew_of
from underdog.errors import RunError
from underdog.inference.layout import PREFIX, Job, Layout, Row
from underdog.inference.prefix import PrefixRows, cache_of
from underdog.inference.quick_layers import Reading, quick_layers, serves
from underdog.inference.read_positions import Resized, logits_where_read

_PADDING = -1
"""The branch number of padding: no real token sees it."""
_SUMMED_TOGETHER = 16
"""Positions whose exponentials are in memory at once: 2 MB of 32,000 words, 10 MB of 152,000."""
_MASKABLE = {"sdpa", "eager"}
"""Attention implementations of transformers 5 that take a 4-D mask as it is."""


class BatchTensors(NamedTuple):
    """What the model is called with; shapes in the comments.

    `positions` and `seen` are None when plain causal attention is right.
    """

    tokens: torch.Tensor  # [B, L] ids
    positions: torch.Tensor | None  # [B or 1, L]
    seen: torch.Tensor | None  # [B, 1, L, L] bool: which own tokens see which
    keep: torch.Tensor  # [B, L] bool, P of them true


def choose_layout(model: Any) -> Layout:
    """SHARED where the model can be told which token sees which; SEPARATE elsewhere.

    Sliding windows are left to the model's own masks, and positions must be arguments of its
    forward (learned or rotary ones are; ALiBi counts columns instead).
    """
    inner = model.get_base_model() if hasattr(model, "get_base_model") else model
    attention = getattr(inner.config, "_attn_implementation", None)
    window = getattr(inner.config, "sliding_window", None)
    plain = "full_attention" if window is None else "sliding_attention"
    kinds = set(getattr(inner.config, "layer_types", None) or [plain])
    positional = "position_ids" in inspect.signature(inner.forward).parameters
    if attention in _MASKABLE and kinds == {"full_attention"} and positional:
        return Layout.SHARED
    return Layout.SEPARATE


@torch.inference_mode()
def choice_log_probs(
    model: Any,
    jobs: Sequence[Job],
    *,
    prefixes: Sequence[PrefixRows] = (),
    resized: Resized | None = None,
) -> list[tuple[float, ...]]:
    """One forward pass. For each job, for each choice: the natural logarithm of its probability
    given the prefix, summed over its tokens, at most 0. RunError when the model gives NaN.

    `prefixes` cover the rows of all jobs when the jobs were laid out without their beginning;
    `resized` serves a mixed batch.
    """
    rows = [row for job in jobs for row in job.rows]
    batch = _tensors(model, rows, prefixes[0].prefix.length if prefixes else 0)
    quick = serves(model) and choose_layout(model) is Layout.SHARED
    compute = _quick_logits if quick else _plain_logits
    logits_PV = compute(model, batch, prefixes, resized).float()
    values = iter(_target_log_probs(logits_PV, rows))
    return [_sums(job, values) for job in jobs]


def _quick_logits(
    model: Any, batch: BatchTensors, prefixes: Sequence[PrefixRows], resized: Resized | None
) -> torch.Tensor:
    """By the layers of this package, on a CPU; each thread has rows of its own where enough is to
    do. A mixed batch stays whole: its adapters know their rows by number.
    """
    mask = None if batch.seen is None else _as_attention_takes_it(batch.seen, model)
    narrow = nullcontext() if resized is None else resized(batch.keep)
    count, width = batch.tokens.shape

    def logits(rows: slice) -> torch.Tensor:
        own = None if mask is None else mask[rows]
        places = batch.positions
        if places is not None and len(places) > 1:
            places = places[rows]
        turn.reading = Reading(batch.keep[rows], own, _of_rows(prefixes, rows), narrow)
        with torch.inference_mode():  # holds for the thread that says so
            logits_1PV: torch.Tensor = model(
                input_ids=batch.tokens[rows],
                attention_mask=own,
                position_ids=places,
                use_cache=False,
            ).logits
        return logits_1PV[0]

    whole = Reading(batch.keep, mask, prefixes, narrow)
    with crew_of(torch.get_num_threads()) as crew, quick_layers(model, whole) as turn:
        shares = [slice(0, count)] if resized is not None else crew.shares([width] * count)
        return torch.cat(crew.each([partial(logits, share) for share in shares]))


def _of_rows(prefixes: Sequence[PrefixRows], rows: slice) -> list[PrefixRows]:
    """What stands before some neighbouring rows."""
    found, start = [], 0
    for prefix, count in prefixes:
        here = min(start + count, rows.stop) - max(start, rows.start)
        if here > 0:
            found.append(PrefixRows(prefix, here))
        start += count
    return found


def _plain_logits(
    model: Any, batch: BatchTensors, prefixes: Sequence[PrefixRows], resized: Resized | None
) -> torch.Tensor:
    """By the model's own layers. Everybody sees the whole beginning, which stands left of the own
    tokens.
    """
    mask, seen = None, batch.seen
    if prefixes and seen is None:
        width = batch.tokens.shape[1]
        seen = torch.ones(1, 1, width, width, dtype=torch.bool, device=model.device).tril()
    if seen is not None:
        kept = prefixes[0].prefix.length if prefixes else 0
        whole = torch.nn.functional.pad(seen, (kept, 0), value=True)
        mask = _as_attention_takes_it(whole, model)
    return logits_where_read(
        model,
        batch.keep,
        resized=resized,
        input_ids=batch.tokens,
        attention_mask=mask,
        position_ids=batch.positions,
        past_key_values=cache_of(prefixes) if prefixes else None,
    )


def _tensors(model: Any, rows: Sequence[Row], kept: int) -> BatchTensors:
    width = max(len(row.tokens) for row in rows)
    keep = torch.zeros(len(rows), width, dtype=torch.bool)
    for number, row in enumerate(rows):
        keep[number, [target.place for target in row.targets]] = True
    tokens_BL = _padded([row.tokens for row in rows], width, 0).to(model.device)
    positions, seen = None, None
    if any(row.branched for row in rows):
        positions = _padded([row.positions for row in rows], width, 0).to(model.device)
        branches_BL = _padded([row.branches for row in rows], width, _PADDING)
        seen = _branch_mask(branches_BL).tril().to(model.device)
    elif kept:
        positions = torch.arange(kept, kept + width, device=model.device)[None]
    return BatchTensors(tokens_BL, positions, seen, keep.to(model.device))


def _padded(rows: Sequence[Sequence[int]], width: int, filler: int) -> torch.Tensor:
    """Padding stands on the right, where causal attention hides it from every real token."""
    return torch.tensor([[*row, *([filler] * (width - len(row)))] for row in rows])


def _branch_mask(branches: torch.Tensor) -> torch.Tensor:
    """(B, L) to (B, 1, L, L): true where the column's token belongs to the prefix or to the same
    branch as the row's, so that no choice sees another.
    """
    seen_B11L, seer_B1L1 = branches[:, None, None, :], branches[:, None, :, None]
    return (seen_B11L == PREFIX) | (seen_B11L == seer_B1L1)


def _as_attention_takes_it(mask: torch.Tensor, model: Any) -> torch.Tensor:
    """SDPA takes booleans; eager attention adds the mask to the scores, and so does SDPA on a CPU,
    which would make this of a boolean mask again in every layer.
    """
    if model.config._attn_implementation == "sdpa" and model.device.type != "cpu":
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
    # A few positions at a time: the exponentials of all would be as large as the logits again.
    parts = torch.split(logits, _SUMMED_TOGETHER)
    total_P = torch.cat([part.logsumexp(dim=-1) for part in parts])
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
