"""What the training benchmark runs on: two model shapes, one set of rows, and their arithmetic.

Rows come from OpenTriviaQA when it lies in ../shared/data, otherwise from the embedded bank. The
weights are random: speed, memory and the agreement of losses do not depend on what they know.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast, Qwen2Config, Qwen2ForCausalLM

from underdog.data.row import Band, Row, Split
from underdog.mcq.question import Question, find_fault

TRIVIA = Path(__file__).resolve().parents[2] / "shared" / "data" / "opentriviaqa"
SEED = 20261120


@dataclass(frozen=True, slots=True)
class Shape:
    """A Qwen2 architecture with tied embeddings."""

    name: str
    hidden: int
    intermediate: int
    layers: int
    heads: int
    kv_heads: int
    vocabulary: int

    @property
    def block_weights(self) -> int:
        """Weights of all matrix products inside the layers."""
        kv = self.hidden * self.kv_heads // self.heads
        attention = 2 * self.hidden * self.hidden + 2 * self.hidden * kv
        return self.layers * (attention + 3 * self.hidden * self.intermediate)

    def lora_weights(self, rank: int) -> int:
        """Weights of LoRA on every linear layer but the head: rank x (in + out) each."""
        kv = self.hidden * self.kv_heads // self.heads
        sides = 2 * (2 * self.hidden) + 2 * (self.hidden + kv)
        sides += 3 * (self.hidden + self.intermediate)
        return self.layers * rank * sides


TINY = Shape("tiny", 160, 432, 5, 5, 5, 4096)
"""The shape of the embedded base."""
FORTY = Shape("39M", 512, 1408, 8, 8, 2, 32_000)
SHAPES = {shape.name: shape for shape in (TINY, FORTY)}


def needed_flops(shape: Shape, rank: int, input_tokens: int, answer_tokens: int) -> float:
    """Floating-point operations a LoRA step needs; recomputation and padding do not count.

    A product with W costs 2 operations per weight and token forward, 2 for the gradient of its
    input and 2 for that of W (Kaplan et al. 2020, arXiv 2001.08361, table 1: 2N + 4N = 6N). Frozen
    weights need no gradient of their own: 4N. LoRA's do: 6N. The head is needed at answer positions
    only. Attention's own products (under 2 % at these lengths) are left out.
    """
    per_token = 4 * shape.block_weights + 6 * shape.lora_weights(rank)
    return per_token * input_tokens + 4 * shape.vocabulary * shape.hidden * answer_tokens


def read_questions() -> tuple[list[Question], str]:
    """Four-choice questions, and where they are from."""
    if TRIVIA.is_dir():
        return read_trivia(TRIVIA), "OpenTriviaQA (CC BY-SA 4.0)"
    from underdog.data.bank.facts import load_facts, load_relations
    from underdog.data.bank.questions import four_choice_questions

    made = four_choice_questions(load_facts(), load_relations(), seed=SEED, per_fact=1)
    return [each.question for each in made], "the embedded bank"


def read_trivia(folder: Path) -> list[Question]:
    """Whole four-choice records; everything else is skipped."""
    found: dict[str, Question] = {}
    for path in sorted(folder.iterdir()):
        for record in path.read_text(encoding="latin-1").split("\n\n"):
            lines = [line.strip() for line in record.strip().splitlines()]
            text = lines[0].removeprefix("#Q ") if lines else ""
            choices = tuple(line[2:].strip() for line in lines if line[:2] in CHOICE_MARKS)
            right = [line[2:].strip() for line in lines if line.startswith("^ ")]
            if len(choices) != 4 or len(right) != 1 or right[0] not in choices:
                continue
            answer = choices.index(right[0])
            if find_fault(text, choices, answer) is None:
                question = Question(text, choices, answer, path.name, "OpenTriviaQA")
                found[question.id] = question
    return list(found.values())


CHOICE_MARKS = {"A ", "B ", "C ", "D ", "E ", "F "}


def take_rows(questions: list[Question], count: int) -> tuple[Row, ...]:
    """A random sample, as one chunk of a curriculum."""
    drawn = random.Random(SEED).sample(questions, count)
    return tuple(
        Row(question, question.id, 0.5, Band.MEDIUM, Split.TRAIN, 0, place)
        for place, question in enumerate(drawn)
    )


def make_base(shape: Shape, questions: list[Question], folder: Path) -> None:
    """A random model and a byte-level BPE tokenizer trained on the questions."""
    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=shape.vocabulary,
        special_tokens=["<pad>", "<eos>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    texts = (" ".join((each.text, *each.choices)) for each in questions)
    bpe.train_from_iterator(texts, trainer)
    fast = PreTrainedTokenizerFast(tokenizer_object=bpe, pad_token="<pad>", eos_token="<eos>")
    fast.save_pretrained(folder)
    torch.manual_seed(SEED)
    Qwen2ForCausalLM(qwen2_config(shape)).save_pretrained(folder)


def qwen2_config(shape: Shape) -> Any:
    return Qwen2Config(
        vocab_size=shape.vocabulary,
        hidden_size=shape.hidden,
        intermediate_size=shape.intermediate,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        num_key_value_heads=shape.kv_heads,
        tie_word_embeddings=True,
        max_position_embeddings=2048,
        pad_token_id=0,
        eos_token_id=1,
        bos_token_id=None,
    )


def largest_gap(one: list[float], other: list[float]) -> float:
    """Largest absolute difference of two curves of equal length."""
    if len(one) != len(other):
        raise ValueError(f"curves of equal length, not {len(one)} and {len(other)}")
    return max(abs(a - b) for a, b in zip(one, other, strict=True))
