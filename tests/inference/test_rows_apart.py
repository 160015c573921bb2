"""Rows of one pass on threads of their own: the log-probabilities of one thread."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch

from fakes import tiny_qwen2
from underdog.adapters.crew import LEAST_TOKENS
from underdog.inference.layout import Job, Layout, lay_out
from underdog.inference.likelihood import choice_log_probs
from underdog.inference.prefix import PrefixRows, run_prefix
from underdog.mcq.encode import EncodedPrompt

BEGINNINGS = (tuple(range(3, 23)), tuple(range(29, 49)))


def make_jobs(layout: Layout) -> list[Job]:
    """9 questions of 36 to 44 tokens with choices of one and two."""
    drawn = torch.randint(2, 60, (9, 60), generator=torch.Generator().manual_seed(5)).tolist()
    prompts = [
        EncodedPrompt(tuple(row[: 36 + at]), ((20, 21), (30,))) for at, row in enumerate(drawn)
    ]
    return [lay_out(at, prompt, layout) for at, prompt in enumerate(prompts)]


@pytest.mark.parametrize("layout", [Layout.SHARED, Layout.SEPARATE])
@pytest.mark.parametrize("beginnings", [(), (1.0,), (0.4, 0.6)])
def test_log_probs_on_several_threads(
    layout: Layout, beginnings: Sequence[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of 1, 2 and 3 threads agree within 1e-5, with no beginning, one, and two whose border no
    share keeps to; the same threads give the same bytes again.
    """
    model, jobs = tiny_qwen2(), make_jobs(layout)
    rows = sum(len(job.rows) for job in jobs)
    assert rows * 36 > 2 * LEAST_TOKENS
    prefixes = [
        PrefixRows(run_prefix(model, tokens), round(share * rows))
        for tokens, share in zip(BEGINNINGS, beginnings, strict=False)
    ]
    found = []
    for threads in (1, 2, 3, 3):
        monkeypatch.setattr(torch, "get_num_threads", lambda threads=threads: threads)
        found.append(choice_log_probs(model, jobs, prefixes=prefixes))
    torch.set_num_threads(1)
    assert found[2] == found[3]
    for other in found[1:3]:
        for ours, alone in zip(other, found[0], strict=True):
            assert ours == pytest.approx(alone, abs=1e-5)
