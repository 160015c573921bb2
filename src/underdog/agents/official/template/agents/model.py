"""The model of this entry: a base, an adapter on it, and how likely each choice is to them."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class Model:
    """Loaded once per program."""

    def __init__(self, entry: Path) -> None:
        """`entry` holds settings.json, hf_models/base and ckpt/adapter."""
        from peft import PeftModel

        settings = json.loads((entry / "settings.json").read_text("utf-8"))
        base = entry / "hf_models" / "base"
        self._letters = settings["style"] == "letters"
        self._tokenizer = AutoTokenizer.from_pretrained(base, local_files_only=True)
        dtype = getattr(torch, settings["dtype"])
        model = AutoModelForCausalLM.from_pretrained(base, dtype=dtype, local_files_only=True)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            model = PeftModel.from_pretrained(model, str(entry / "ckpt" / "adapter"))
        self._model: Any = model.to("cuda" if torch.cuda.is_available() else "cpu").eval()

    @torch.inference_mode()
    def score(self, asked: list[tuple[str, list[str]]]) -> list[list[float]]:
        """For each question, the log-probability of each choice in nats. Halves what does not fit
        in memory.
        """
        try:
            return self._score(asked)
        except torch.OutOfMemoryError:
            if len(asked) == 1:
                raise
        middle = len(asked) // 2
        return self.score(asked[:middle]) + self.score(asked[middle:])

    def _score(self, asked: list[tuple[str, list[str]]]) -> list[list[float]]:
        """Rows of (beginning, continuation); letters of one token share one row."""
        rows: list[tuple[list[int], list[list[int]]]] = []
        sizes: list[int] = []
        for text, choices in asked:
            start, ends = self._ids(text, choices)
            alike = all(len(end) == 1 for end in ends)
            found = [(start, ends)] if alike else [(start + end[:-1], [end]) for end in ends]
            rows += found
            sizes.append(len(found))
        values = iter(self._rows(rows))
        return [[each for _ in range(size) for each in next(values)] for size in sizes]

    def _ids(self, text: str, choices: list[str]) -> tuple[list[int], list[list[int]]]:
        """The same words as in training; beginning and choices are cut into tokens apart."""
        head = f"Question: {text.strip()}\n"
        ends = [f" {choice.strip()}" for choice in choices]
        if self._letters:
            shown = zip(LETTERS, choices, strict=False)
            head += "".join(f"{letter}) {choice.strip()}\n" for letter, choice in shown)
            ends = [f" {LETTERS[place]}" for place in range(len(choices))]
        return self._cut(f"{head}Answer:"), [self._cut(end) for end in ends]

    def _cut(self, text: str) -> list[int]:
        found: list[int] = self._tokenizer.encode(text, add_special_tokens=False)
        return found

    def _rows(self, rows: list[tuple[list[int], list[list[int]]]]) -> list[list[float]]:
        """Padding stands on the right, where no real token sees it."""
        width = max(len(ids) for ids, _ in rows)
        device = self._model.device
        tokens = torch.tensor([ids + [0] * (width - len(ids)) for ids, _ in rows], device=device)
        mask = torch.tensor(
            [[1] * len(ids) + [0] * (width - len(ids)) for ids, _ in rows], device=device
        )
        logits = self._model(input_ids=tokens, attention_mask=mask).logits
        found = []
        for place, (ids, ends) in enumerate(rows):
            longest = max(map(len, ends))
            read = logits[place, len(ids) - longest : len(ids)].float().log_softmax(-1)
            found.append([_sum(read, end) for end in ends])
        return found


def _sum(read: Any, end: list[int]) -> float:
    return float(sum(read[place, token] for place, token in enumerate(end)))
