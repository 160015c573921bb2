"""Stand-ins at the seams of the package: none of them patches anything.

A tokenizer whose ids are bytes, a scorer whose log-probabilities are chosen, a clock that moves
when it is told to, and the smallest real model and tokenizer that the libraries accept.
"""

from __future__ import annotations

import itertools
import math
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from underdog.mcq.prediction import Outcome, Prediction
from underdog.mcq.presentation import Presentation
from underdog.mcq.question import Question


class ByteTokenizer:
    """Token ids are the bytes of the UTF-8 text; 256 ends a text."""

    eos_token_id: int | None = 256

    def encode(self, text: str, *, add_special_tokens: bool) -> list[int]:
        """As `mcq.encode.Tokenizer` asks."""
        ids = list(text.encode("utf-8"))
        return [*ids, 256] if add_special_tokens else ids

    def decode(self, ids: Sequence[int]) -> str:
        """Undo `encode`."""
        return bytes(each for each in ids if each < 256).decode("utf-8")


@dataclass
class ChosenScorer:
    """Answers from a table of log-probabilities by question id; unknown questions are even."""

    log_probs: Mapping[str, Sequence[float]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def __call__(self, questions: Sequence[Question]) -> tuple[Prediction, ...]:
        """Predictions in input order; the first of equally likely choices is taken."""
        return tuple(self._answer(question) for question in questions)

    def _answer(self, question: Question) -> Prediction:
        self.asked.append(question.id)
        size = len(question.choices)
        given = self.log_probs.get(question.id)
        log_probs = tuple(given) if given is not None else even_log_probs(size)
        choice = max(range(size), key=lambda index: (log_probs[index], -index))
        order = Presentation.identity(size)
        return Prediction(question.id, order, Outcome.CLEAN, choice, log_probs)


def even_log_probs(size: int) -> tuple[float, ...]:
    """What a model that knows nothing gives."""
    return (-math.log(size),) * size


class FakeClock:
    """Seconds that pass only by `advance`, or by the given steps at each reading."""

    def __init__(self, steps: Sequence[float] = ()) -> None:
        self.now_s = 0.0
        self._steps = iter(steps)

    def __call__(self) -> float:
        self.now_s += next(self._steps, 0.0)
        return self.now_s

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.now_s += seconds


def numbered_questions(count: int, *, choices: int = 4) -> tuple[Question, ...]:
    """Different questions whose keys go round the places; topics and sources take turns."""
    cycle = itertools.cycle(("geography", "elements", "arts"))
    return tuple(
        Question(
            text=f"Which number follows {number}?",
            choices=tuple(f"number {number + step}" for step in range(1, choices + 1)),
            answer=number % choices,
            topic=topic,
            source=f"source {number % 2}",
        )
        for number, topic in zip(range(count), cycle, strict=False)
    )


def byte_level_tokenizer() -> Any:
    """A Hugging Face tokenizer with one token per byte, and "<end>" as the end of a text."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {letter: number for number, letter in enumerate([*alphabet, "<end>"])}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<end>", pad_token="<end>")


def letter_tokenizer() -> Any:
    """The same, and " A".. " Z" are one token each, as in the vocabularies of large models."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    space = "Ġ"  # how byte-level BPE writes a space
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    capitals = [chr(code) for code in range(ord("A"), ord("Z") + 1)]
    tokens = [*alphabet, "<end>", *(space + capital for capital in capitals)]
    vocabulary = {token: number for number, token in enumerate(tokens)}
    merges = [(space, capital) for capital in capitals]
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=merges))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<end>", pad_token="<end>")


def tiny_qwen2(*, seed: int = 0, vocabulary: int = 300, attention: str = "sdpa") -> Any:
    """A random Qwen2 with every part of the real architecture; float32, a few thousand weights.

    The weights are drawn wide enough that different choices get clearly different scores.
    """
    import torch
    from transformers import Qwen2Config, Qwen2ForCausalLM

    config = Qwen2Config(
        vocab_size=vocabulary,
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=512,
        tie_word_embeddings=True,
        initializer_range=0.3,
        attn_implementation=attention,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return Qwen2ForCausalLM(config).eval()


def save_base(folder: Path, *, seed: int = 0, tokenizer: Any = None) -> Path:
    """Write a tiny base in Hugging Face format."""
    kept = tokenizer if tokenizer is not None else byte_level_tokenizer()
    tiny_qwen2(seed=seed).save_pretrained(folder)
    kept.save_pretrained(folder)
    return folder


@contextmanager
def peft_quiet() -> Iterator[None]:
    """Peft 0.21 reads a property that transformers 5.23 has renamed, and is warned of it."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "`is_gradient_checkpointing` is", FutureWarning)
        yield


def save_random_adapter(folder: Path, *, seed: int = 1, **kind: Any) -> Path:
    """Write a LoRA for `tiny_qwen2` whose matrices are both far from zero; `kind` goes to PEFT's
    config (use_rslora, use_dora ...), and DoRA's magnitudes differ from the base's row norms.
    """
    import torch
    from peft import LoraConfig, get_peft_model

    config = LoraConfig(**{"r": 4, "lora_alpha": 8, "target_modules": "all-linear", **kind})
    with peft_quiet():
        model = get_peft_model(tiny_qwen2(), config)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, weight in sorted(model.named_parameters()):
            if "lora_magnitude" in name:
                weight.mul_(1 + torch.randn(weight.shape, generator=generator) * 0.2)
            elif "lora_" in name:
                weight.copy_(torch.randn(weight.shape, generator=generator) * 0.3)
    model.save_pretrained(str(folder))
    return folder
