"""The embedded tiny base is what its README says."""

from __future__ import annotations

from pathlib import Path

import pytest
from transformers import AutoModelForCausalLM, AutoTokenizer

from underdog.adapters.embedded import TINY_BASE, find_base

LIMIT_BYTES = 8_000_000


def test_it_is_small_and_loads_by_plain_auto_classes() -> None:
    """At most 8 MB; a Qwen2 of about 2M parameters; its tokenizer gives text back unchanged."""
    folder = Path(find_base(TINY_BASE))
    assert sum(path.stat().st_size for path in folder.iterdir()) < LIMIT_BYTES
    model = AutoModelForCausalLM.from_pretrained(folder)
    assert type(model).__name__ == "Qwen2ForCausalLM"
    assert 1.8e6 < sum(weight.numel() for weight in model.parameters()) < 2.6e6
    tokenizer = AutoTokenizer.from_pretrained(folder)
    text = "Question: Où est la ville de Łódź?\nAnswer: 中"
    assert tokenizer.decode(tokenizer.encode(text)) == text
    assert tokenizer.eos_token_id is not None
    assert len(tokenizer) == model.config.vocab_size


def test_a_folder_of_that_name_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Other names are left alone, and so is a real folder called like the embedded base."""
    assert find_base("some/model") == "some/model"
    monkeypatch.chdir(tmp_path)
    (tmp_path / TINY_BASE).mkdir()
    assert find_base(TINY_BASE) == TINY_BASE
