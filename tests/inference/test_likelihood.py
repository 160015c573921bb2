"""Scores against the slow plain way: one full sequence per choice, all logits built."""

from __future__ import annotations

import copy
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from fakes import byte_level_tokenizer, letter_tokenizer, tiny_qwen2
from underdog.errors import RunError
from underdog.inference.layout import Job, Layout, batches, lay_out
from underdog.inference.likelihood import choice_log_probs, choose_layout
from underdog.mcq.encode import EncodedPrompt, encode
from underdog.mcq.presentation import Presentation
from underdog.mcq.prompt import PromptStyle, render
from underdog.mcq.question import Question

TOLERANCE_NATS = 3e-5
"""Sums of up to 80 nats, whose last float32 digit is 8e-6. Against float64, transformers' own
forward in float32 is off by 1.7e-5 here, and so are these (2026-11-21)."""


def questions() -> list[Question]:
    """Two to five choices, of one to twenty-five tokens; prefixes of different lengths."""
    return [
        Question(
            f"Which {'very ' * (number % 4)}long word follows {number}?",
            tuple(f"w{number + step}" * (1 + number * step % 5) for step in range(2 + number % 4)),
            0,
        )
        for number in range(24)
    ]


def encoded_prompts(style: PromptStyle, tokenizer: Any) -> list[EncodedPrompt]:
    orders = [Presentation.shuffled(len(q.choices), seed=q.id) for q in questions()]
    return [
        encode(render(question, order, style), tokenizer)
        for question, order in zip(questions(), orders, strict=True)
    ]


@torch.inference_mode()
def slow(model: Any, encoded: EncodedPrompt) -> list[float]:
    """Sum of log-probabilities per choice from full sequences and full logits."""
    wide = torch.promote_types(model.dtype, torch.float32)
    sums = []
    for completion in encoded.completion_ids:
        ids = torch.tensor([[*encoded.prefix_ids, *completion]])
        log_probs = model(input_ids=ids, use_cache=False).logits[0].to(wide).log_softmax(-1)
        start = len(encoded.prefix_ids) - 1
        values = log_probs[range(start, start + len(completion)), completion]
        sums.append(sum(values.tolist()))
    return sums


def exact(model: Any, prompts: list[EncodedPrompt]) -> list[list[float]]:
    """The same in float64."""
    wide = copy.deepcopy(model).double()
    return [slow(wide, each) for each in prompts]


def fast(model: Any, prompts: list[EncodedPrompt], layout: Layout, max_tokens: int) -> list[Any]:
    jobs = [lay_out(number, each, layout) for number, each in enumerate(prompts)]
    found: dict[int, tuple[float, ...]] = {}
    for batch in batches(jobs, max_tokens=max_tokens, max_predicted=512):
        sums = choice_log_probs(model, batch)
        found |= {job.index: each for job, each in zip(batch, sums, strict=True)}
    return [found[number] for number in range(len(prompts))]


def largest_gap(one: list[Any], two: list[Any]) -> float:
    assert [len(each) for each in one] == [len(each) for each in two]
    return max(abs(a - b) for x, y in zip(one, two, strict=True) for a, b in zip(x, y, strict=True))


@pytest.mark.parametrize("attention", ["sdpa", "eager"])
@pytest.mark.parametrize("layout", Layout)
@pytest.mark.parametrize("style", PromptStyle)
@pytest.mark.parametrize("make_tokenizer", [byte_level_tokenizer, letter_tokenizer])
def test_all_scores_equal_those_of_full_sequences(
    attention: str, layout: Layout, style: PromptStyle, make_tokenizer: Any
) -> None:
    """Every choice of every question, in both layouts, styles, and kinds of attention."""
    model = tiny_qwen2(attention=attention)
    prompts = encoded_prompts(style, make_tokenizer())
    wanted = exact(model, prompts)
    assert largest_gap(fast(model, prompts, layout, 2000), wanted) < TOLERANCE_NATS
    spread = max(map(max, wanted)) - min(map(min, wanted))
    assert spread > 5.0  # the comparison is about scores that differ


@pytest.mark.parametrize("max_tokens", [1, 150, 700, 100_000])
def test_scores_do_not_depend_on_the_batch(max_tokens: int) -> None:
    """One question at a time, or all in one batch with much padding: the same scores."""
    model = tiny_qwen2()
    prompts = encoded_prompts(PromptStyle.TEXTS, byte_level_tokenizer())
    wanted = exact(model, prompts)
    assert largest_gap(fast(model, prompts, Layout.SHARED, max_tokens), wanted) < TOLERANCE_NATS


def test_a_branch_that_saw_its_neighbour_would_be_noticed() -> None:
    """The test above can fail: with plain causal attention the scores are far off."""
    model = tiny_qwen2()
    prompts = encoded_prompts(PromptStyle.TEXTS, byte_level_tokenizer())
    blind = []
    for number, each in enumerate(prompts):
        job = lay_out(number, each, Layout.SHARED)
        row = job.rows[0]
        joined = type(row)(row.tokens, row.positions, (0,) * len(row.tokens), row.targets)
        blind += choice_log_probs(model, [Job(number, job.choices, (joined,))])
    assert largest_gap(blind, [slow(model, each) for each in prompts]) > 0.1


def test_letters_build_logits_at_one_position_per_question() -> None:
    """The vocabulary-sized matrix has as many rows as there are questions."""
    model, shapes = tiny_qwen2(), []
    model.lm_head.register_forward_hook(lambda _m, _i, out: shapes.append(tuple(out.shape)))
    prompts = encoded_prompts(PromptStyle.LETTERS, letter_tokenizer())
    fast(model, prompts, Layout.SHARED, 100_000)
    assert shapes == [(1, len(prompts), model.config.vocab_size)]


def test_half_precision_is_summed_in_float32() -> None:
    """bfloat16 weights move scores by their own rounding, about 1 % here, not by the sum's."""
    model = tiny_qwen2()
    prompts = encoded_prompts(PromptStyle.TEXTS, byte_level_tokenizer())
    model.to(torch.bfloat16)
    wanted = [slow(model, each) for each in prompts]
    found = fast(model, prompts, Layout.SHARED, 2000)
    for one, two in zip(found, wanted, strict=True):
        assert one == pytest.approx(two, rel=0.03, abs=0.3)


def test_nan_is_an_error_not_an_answer() -> None:
    """A diverged model is named as the cause."""
    model = tiny_qwen2()
    with torch.no_grad():
        model.model.norm.weight.fill_(float("nan"))
    job = lay_out(0, EncodedPrompt((1, 2), ((3,), (4,))), Layout.SHARED)
    with pytest.raises(RunError, match="logits are finite numbers; got NaN"):
        choice_log_probs(model, [job])


def stub(**config: Any) -> Any:
    """Only what `choose_layout` looks at."""

    def with_positions(input_ids: Any, position_ids: Any) -> None: ...

    return SimpleNamespace(config=SimpleNamespace(**config), forward=with_positions)


def test_the_layout_follows_what_the_model_can_be_told() -> None:
    """Flash attention takes no 4-D mask, a sliding window has its own, ALiBi has no positions."""
    assert choose_layout(tiny_qwen2()) is Layout.SHARED
    assert choose_layout(stub(_attn_implementation="eager")) is Layout.SHARED
    assert choose_layout(stub(_attn_implementation="flash_attention_2")) is Layout.SEPARATE
    sliding = stub(_attn_implementation="sdpa", layer_types=["sliding_attention"])
    assert choose_layout(sliding) is Layout.SEPARATE
    windowed = stub(_attn_implementation="sdpa", sliding_window=4096)  # Mistral 7B v0.1
    assert choose_layout(windowed) is Layout.SEPARATE
    without = SimpleNamespace(
        config=SimpleNamespace(_attn_implementation="sdpa"), forward=lambda input_ids: None
    )
    assert choose_layout(without) is Layout.SEPARATE
