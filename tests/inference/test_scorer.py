"""A resident model with its adapter on or off."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM

from fakes import (
    ByteTokenizer,
    byte_level_tokenizer,
    numbered_questions,
    peft_quiet,
    save_base,
    save_random_adapter,
    tiny_qwen2,
)
from underdog.errors import InputError
from underdog.inference.score import score
from underdog.inference.scorer import (
    Scorer,
    ScoringConfig,
    find_adapter,
    model_identity,
    open_scorer,
)

QUESTIONS = numbered_questions(12)


def log_probs(scorer: Scorer) -> torch.Tensor:
    """[12, 4]"""
    return torch.tensor([each.log_probs for each in score(QUESTIONS, scorer)])


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    root = tmp_path_factory.mktemp("models")
    return save_base(root / "base"), save_random_adapter(root / "run" / "train" / "adapter")


def test_an_adapter_scores_as_in_stock_peft(folders: tuple[Path, Path]) -> None:
    """Same log-probabilities, to the last bit, as a model that PEFT itself loads."""
    base, adapter = folders
    with peft_quiet():
        stock = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(base), str(adapter))
    wanted = log_probs(Scorer(stock, byte_level_tokenizer(), ScoringConfig(), "default"))
    found = log_probs(open_scorer(base, adapter, device="cpu"))
    torch.testing.assert_close(found, wanted, rtol=0, atol=0)


def test_one_resident_base_serves_both(folders: tuple[Path, Path]) -> None:
    """Without its adapter the same object scores as the base alone, and then tuned again."""
    base, adapter = folders
    tuned = open_scorer(base, adapter, device="cpu")
    before = log_probs(tuned)
    plain = log_probs(tuned.without_adapter())
    torch.testing.assert_close(plain, log_probs(open_scorer(base, device="cpu")), rtol=0, atol=0)
    torch.testing.assert_close(log_probs(tuned), before, rtol=0, atol=0)
    assert (before - plain).abs().max() > 0.05
    assert tuned.without_adapter().model is tuned.model


def test_the_merged_model_agrees(folders: tuple[Path, Path]) -> None:
    """Adapter beside the weights and inside them: equal up to float32 rounding of the product."""
    base, adapter = folders
    tuned = open_scorer(base, adapter, device="cpu")
    beside = log_probs(tuned)
    merged = tuned.model.merge_and_unload()
    inside = log_probs(Scorer(merged, tuned.tokenizer, ScoringConfig()))
    torch.testing.assert_close(inside, beside, rtol=0, atol=1e-4)


@pytest.mark.parametrize("training", [True, False])
def test_scoring_leaves_the_model_as_it_was(folders: tuple[Path, Path], training: bool) -> None:
    """Mode and what is trained are put back, so a trainer may evaluate between two steps."""
    base, adapter = folders
    scorer = open_scorer(base, adapter, device="cpu")
    scorer.model.set_adapter("default")
    scorer.model.train(training)
    trained = [name for name, each in scorer.model.named_parameters() if each.requires_grad]
    assert trained
    for each in (scorer, scorer.without_adapter()):
        score(QUESTIONS[:2], each)
        assert scorer.model.training is training
        now = [name for name, each in scorer.model.named_parameters() if each.requires_grad]
        assert now == trained
        assert scorer.model.active_adapter == "default"


def test_dropout_is_off_while_scoring() -> None:
    """A model in training mode gives the scores of evaluation mode."""
    model = tiny_qwen2()
    model.config.attention_dropout = 0.5
    for layer in model.model.layers:
        layer.self_attn.attention_dropout = 0.5
    scorer = Scorer(model, ByteTokenizer(), ScoringConfig())
    quiet = log_probs(scorer)
    model.train()
    torch.testing.assert_close(log_probs(scorer), quiet, rtol=0, atol=0)


def test_a_second_adapter_is_chosen_by_name_and_the_first_put_back(
    folders: tuple[Path, Path], tmp_path: Path
) -> None:
    """Two adapters on one base do not disturb each other."""
    base, adapter = folders
    first = open_scorer(base, adapter, device="cpu")
    alone = log_probs(first)
    other = save_random_adapter(tmp_path / "other", seed=2)
    wanted = log_probs(open_scorer(base, other, device="cpu"))
    first.model.load_adapter(str(other), adapter_name="other")
    second = Scorer(first.model, first.tokenizer, first.config, "other")
    torch.testing.assert_close(log_probs(second), wanted, rtol=0, atol=0)
    assert first.model.active_adapter == "default"
    torch.testing.assert_close(log_probs(first), alone, rtol=0, atol=0)


def test_an_adapter_needs_a_model_that_has_one() -> None:
    """A plain model cannot be scored under an adapter's name."""
    with pytest.raises(InputError, match="a model with an adapter; got Qwen2ForCausalLM"):
        score(QUESTIONS, Scorer(tiny_qwen2(), ByteTokenizer(), ScoringConfig(), "default"))


def test_an_adapter_is_found_in_its_run(folders: tuple[Path, Path]) -> None:
    """The folder itself, the training folder, the whole run."""
    adapter = folders[1]
    for path in (adapter, adapter.parent, adapter.parent.parent):
        assert find_adapter(path) == adapter


@pytest.mark.parametrize(("name", "got"), [("missing", "no such path"), ("empty", "neither")])
def test_a_path_without_an_adapter_is_named(tmp_path: Path, name: str, got: str) -> None:
    """The message says what was looked for and how to get one."""
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=f"{got}. Try: underdog train") as caught:
        find_adapter(tmp_path / name)
    assert caught.value.where == str(tmp_path / name)


def test_a_model_is_known_by_its_content(folders: tuple[Path, Path], tmp_path: Path) -> None:
    """Equal weights elsewhere are the same model; another adapter or base is another."""
    base, adapter = folders
    assert model_identity(save_base(tmp_path / "copy"), adapter) == model_identity(base, adapter)
    assert model_identity(save_base(tmp_path / "other", seed=5)) != model_identity(base)
    assert model_identity(base, adapter) != model_identity(base)
    assert model_identity("owner/name")["base"] == "owner/name"


def test_batch_limits_are_at_least_one() -> None:
    """A batch of nothing scores nothing."""
    for limits in ({"batch_tokens": 0}, {"batch_predicted": 0}):
        with pytest.raises(InputError, match="batch limits of at least 1"):
            ScoringConfig(**limits)
