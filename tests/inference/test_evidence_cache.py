"""Evidence on disk."""

from __future__ import annotations

import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from children import CHILDREN
from fakes import FakeClock, letter_tokenizer, numbered_questions, save_base, save_random_adapter
from patience import until
from underdog.errors import CorruptFileError
from underdog.evaluation.results import Item
from underdog.inference.evidence import Evidence, Normalisation
from underdog.inference.evidence_cache import EvidenceCache, ModelCache, default_folder
from underdog.inference.examine import base_and_tuned, evaluate_models
from underdog.inference.model_content import model_content
from underdog.inference.paper import shown_orders
from underdog.inference.scorer import Scorer, ScoringConfig
from underdog.mcq.presentation import Presentation
from underdog.mcq.prompt import PromptStyle
from underdog.mcq.template import Spacing

QUESTIONS = numbered_questions(8)
CONFIG = ScoringConfig(style=PromptStyle.LETTERS)
CONTENT = {"base": {"model.safetensors": "digest"}, "dtype": "float32", "device": "cpu"}
EVIDENCE = Evidence((-1.5, -0.1 - 2e-16), (1, 300), (-3.25, -1e-300))


def keys(config: ScoringConfig = CONFIG, content: Any = CONTENT) -> tuple[bytes, ...]:
    cache = ModelCache(EvidenceCache(Path("nowhere")), content, config)
    return cache.keys(QUESTIONS, shown_orders(QUESTIONS, CONFIG))


def test_what_was_put_comes_back_to_the_last_bit(tmp_path: Path) -> None:
    """With and without scores after the bare cue; what was there first stays."""
    cache, plain = EvidenceCache(tmp_path / "new"), replace(EVIDENCE, unconditional=None)
    assert cache.get([b"a"]) == {}
    cache.put({b"a": EVIDENCE, b"b": plain})
    cache.put({b"a": plain})
    assert EvidenceCache(tmp_path / "new").get([b"a", b"b", b"c"]) == {b"a": EVIDENCE, b"b": plain}


@pytest.mark.parametrize(
    "change",
    [
        {"style": PromptStyle.TEXTS},
        {"shots": numbered_questions(20)[-1:]},
        {"instruction": "Answer with a letter."},
        {"chat_template": True},
        {"spacing": Spacing.NONE},
        {"normalisation": Normalisation.UNCONDITIONAL},
    ],
    ids=lambda change: next(iter(change)),
)
def test_every_change_of_the_asking_misses(change: dict[str, Any]) -> None:
    """Not one key of one question stays."""
    assert not set(keys()) & set(keys(replace(CONFIG, **change)))


@pytest.mark.parametrize("change", [{"dtype": "bfloat16"}, {"device": "cuda"}, {"adapter": {}}])
def test_another_model_misses(change: dict[str, Any]) -> None:
    """Type, device and adapter are part of every key."""
    assert not set(keys()) & set(keys(content={**CONTENT, **change}))


def test_what_does_not_matter_hits() -> None:
    """Batch limits move no key, and lengths are divided by afterwards."""
    assert keys() == keys(replace(CONFIG, batch_tokens=7, normalisation=Normalisation.PER_TOKEN))


def test_an_order_of_choices_is_part_of_the_key() -> None:
    """The same question, shown in four orders, has four keys."""
    cache = ModelCache(EvidenceCache(Path("nowhere")), CONTENT, CONFIG)
    orders = [Presentation.rotated(4, by) for by in range(4)]
    assert len(set(cache.keys(QUESTIONS[:1] * 4, orders))) == 4


def test_a_changed_file_of_the_model_is_noticed(tmp_path: Path) -> None:
    """Weights, tokenizer, adapter: same name and same size are not enough; notes do not count."""
    base, adapter = save_base(tmp_path / "base"), save_random_adapter(tmp_path / "adapter")

    def content() -> object:
        return model_content(base, adapter, dtype="float32", device="cpu")

    seen = [content()]
    for path in (base / "model.safetensors", base / "tokenizer.json"):
        whole = bytearray(path.read_bytes())
        whole[-3] ^= 1
        path.write_bytes(whole)
        seen.append(content())
    save_random_adapter(adapter, seed=9)
    seen.append(content())
    assert all(one != other for n, one in enumerate(seen) for other in seen[:n])
    (base / "README.md").write_text("notes")
    assert content() == seen[-1]


def test_a_base_that_is_not_here_is_not_cached() -> None:
    """Nothing is downloaded to find out."""
    assert model_content("nobody/no-such-model", None, dtype="float32", device="cpu") is None


def test_a_second_evaluation_opens_no_model(tmp_path: Path) -> None:
    """In another folder, with another normalisation: every answer comes from the cache."""
    base = save_base(tmp_path / "base", tokenizer=letter_tokenizer())
    adapter = save_random_adapter(tmp_path / "adapter")
    items, cache = [Item(each) for each in QUESTIONS], EvidenceCache(tmp_path / "cache")
    config = ScoringConfig()
    first = base_and_tuned(base, adapter, config=config, device="cpu", cache=cache)
    before = evaluate_models(items, first, tmp_path / "one", clock=FakeClock())

    def never() -> Scorer:
        raise AssertionError("the model was opened")

    again = base_and_tuned(base, adapter, config=config, device="cpu", cache=cache)
    closed = [replace(each, open=never) for each in again]
    assert evaluate_models(items, closed, tmp_path / "two", clock=FakeClock()) == before
    per_token = replace(config, normalisation=Normalisation.PER_TOKEN)
    other = base_and_tuned(base, adapter, config=per_token, device="cpu", cache=cache)
    closed = [replace(each, open=never) for each in other]
    assert evaluate_models(items, closed, tmp_path / "three", clock=FakeClock()) != before


def put_for_ever(folder: Path) -> None:
    cache, number = EvidenceCache(folder), 0
    while True:
        cache.put({number.to_bytes(8, "big"): EVIDENCE})
        number += 1


def test_a_killed_writer_leaves_whole_rows(tmp_path: Path) -> None:
    """SIGKILL in the middle of writing: every row that is there can be read, and more are added."""
    writer = CHILDREN.Process(target=put_for_ever, args=(tmp_path,))
    writer.start()
    cache = EvidenceCache(tmp_path)
    until(lambda: cache.get([(20).to_bytes(8, "big")]) or not writer.is_alive())
    writer.kill()
    writer.join()
    assert writer.exitcode == -signal.SIGKILL
    found = cache.get([number.to_bytes(8, "big") for number in range(10_000)])
    assert len(found) >= 21
    assert set(found.values()) == {EVIDENCE}
    cache.put({b"more": EVIDENCE})
    assert cache.get([b"more"]) == {b"more": EVIDENCE}


def test_a_file_that_is_no_cache_is_named(tmp_path: Path) -> None:
    """With the remedy."""
    cache = EvidenceCache(tmp_path)
    cache.path.write_text("not a database, and long enough to be looked at as one" * 50)
    with pytest.raises(CorruptFileError, match="delete the file: all it holds can be computed"):
        cache.get([b"a"])


def test_the_cache_folder_follows_the_environment(
    monkeypatch: pytest.MonkeyPatch, own_cache: Path
) -> None:
    """Its own variable first, then the user's cache folder."""
    assert default_folder() == own_cache
    monkeypatch.delenv("UNDERDOG_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")
    assert default_folder() == Path("/somewhere/underdog")
