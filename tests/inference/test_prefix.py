"""The beginning that all prompts share."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from fakes import letter_tokenizer, numbered_questions, save_base, save_random_adapter, tiny_qwen2
from underdog.inference.evidence import Normalisation
from underdog.inference.members import open_members, score_members
from underdog.inference.paper import shown_orders, write_paper
from underdog.inference.prefix import PrefixMemory
from underdog.inference.score import evidence_batches, score
from underdog.inference.scorer import Scorer, ScoringConfig
from underdog.mcq.encode import encode
from underdog.mcq.prompt import PromptStyle

QUESTIONS = numbered_questions(14)
SHOTS = numbered_questions(17)[-3:]


def scorer(style: PromptStyle, attention: str = "sdpa", **config: Any) -> Scorer:
    asked = ScoringConfig(style=style, shots=SHOTS, **config)
    return Scorer(tiny_qwen2(attention=attention), letter_tokenizer(), asked)


def sums(given: Scorer) -> torch.Tensor:
    """[14, 4]"""
    paper = write_paper(QUESTIONS, shown_orders(QUESTIONS, given.config), given)
    assert len(paper.beginning) > 100
    found = {}
    for batch in evidence_batches(paper, given):
        found |= batch
    return torch.tensor([found[index].sums for index in range(len(QUESTIONS))])


@torch.inference_mode()
def plainly(given: Scorer) -> torch.Tensor:
    """Whole prompts, one choice at a time, all logits."""
    frame, rows = given.template().frame(), []
    for question, order in zip(QUESTIONS, shown_orders(QUESTIONS, given.config), strict=True):
        encoded = encode(frame.render(question, order), given.tokenizer)
        row = []
        for completion in encoded.completion_ids:
            ids = torch.tensor([[*encoded.prefix_ids, *completion]])
            log_probs = given.model(input_ids=ids, use_cache=False).logits[0].log_softmax(-1)
            start = len(encoded.prefix_ids) - 1
            row.append(log_probs[range(start, start + len(completion)), completion].sum())
        rows.append(row)
    return torch.tensor(rows)


@pytest.mark.parametrize("attention", ["sdpa", "eager"])
@pytest.mark.parametrize("style", PromptStyle)
def test_scores_equal_those_of_whole_prompts(style: PromptStyle, attention: str) -> None:
    """Beginning from the cache, choices as branches: what full sequences give."""
    given = scorer(style, attention)
    torch.testing.assert_close(sums(given), plainly(given), rtol=0, atol=1e-4)


@pytest.mark.parametrize("batch_tokens", [1, 200, 100_000])
def test_the_batch_size_does_not_matter(batch_tokens: int) -> None:
    """One question at a time or all together, within 1e-4 nats."""
    given = scorer(PromptStyle.TEXTS)
    limited = scorer(PromptStyle.TEXTS, batch_tokens=batch_tokens)
    torch.testing.assert_close(sums(limited), sums(given), rtol=0, atol=1e-4)


def test_the_beginning_runs_once_for_all_batches_and_calls() -> None:
    """Counted in tokens that enter the model; a question alone finds it too."""
    given = replace(scorer(PromptStyle.LETTERS, batch_tokens=200), prefixes=PrefixMemory())
    fed: list[int] = []
    embedding = given.model.get_input_embeddings()
    embedding.register_forward_hook(lambda _m, inputs, _o: fed.append(inputs[0].shape[1]))
    score(QUESTIONS, given)
    score(QUESTIONS[:1], given)
    assert len(fed) > 3
    assert sum(length > 100 for length in fed) == 1


def test_every_member_reads_its_own_beginning(tmp_path: Path) -> None:
    """A mixed batch over three adapters equals each of them in turn."""
    base = save_base(tmp_path / "base", tokenizer=letter_tokenizer())
    kinds: dict[str, dict[str, Any]] = {"lora": {}, "dora": {"use_dora": True}}
    adapters = {name: save_random_adapter(tmp_path / name, **kind) for name, kind in kinds.items()}
    config = ScoringConfig(
        shots=SHOTS, batch_tokens=100_000, normalisation=Normalisation.UNCONDITIONAL
    )
    members = open_members(base, {**adapters, "base": None}, config=config, device="cpu")
    mixed = score_members(QUESTIONS, members)
    turns = members.asked(replace(config, batch_tokens=200))
    for name, scored in score_members(QUESTIONS, turns).items():
        wanted = torch.tensor([each.prediction.log_probs for each in scored])
        found = torch.tensor([each.prediction.log_probs for each in mixed[name]])
        torch.testing.assert_close(found, wanted, rtol=0, atol=1e-4)
