"""Writes an entry: agents, weights and a bank of questions in one folder that needs no underdog.

In: an adapter with its base, questions, how they are asked. Out: a folder as the competition
collects it. Never: a link out of the folder, an absolute path in it, a question that the official
filter would not let pass.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from importlib.resources import as_file, files
from pathlib import Path

from underdog.errors import InputError
from underdog.inference.export.source import Source
from underdog.mcq.presentation import Presentation
from underdog.mcq.question import Question
from underdog.protocol.filters import CHOICES, filter_question
from underdog.protocol.official import write_question
from underdog.protocol.tokens import CountTokens, estimate_tokens
from underdog.runs.files import read_json, replacing_folder, write_json

WEIGHTS = ("*.json", "*.safetensors", "*.txt", "*.jinja", "*.model")
BASE, ADAPTER = Path("hf_models") / "base", Path("ckpt") / "adapter"


def export_entry(
    source: Source,
    questions: Iterable[Question],
    out: Path,
    *,
    style: str,
    dtype: str,
    count_tokens: CountTokens = estimate_tokens,
) -> int:
    """Write the entry to `out`, which must not be there; how many questions its bank holds.

    Choices are shown in an order that each question's id decides, so keys are spread evenly.
    """
    if out.exists():
        raise InputError("a folder that is not there yet", got="one that is", where=out)
    bank = [
        message
        for question in questions
        if question.answer is not None and len(question.choices) == CHOICES and question.topic
        for message in [write_question(question, Presentation.shuffled(CHOICES, seed=question.id))]
        if filter_question(message, count_tokens).finding is None
    ]
    if not bank:
        raise InputError(f"questions with {CHOICES} choices, a key and a topic", got="none")
    with replacing_folder(out) as folder:
        with as_file(files("underdog.agents.official") / "template") as template:
            shutil.copytree(
                template, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__")
            )
        _copy(source.base, folder / BASE)
        _copy(source.adapter, folder / ADAPTER)
        config = folder / ADAPTER / "adapter_config.json"
        write_json(config, read_json(config) | {"base_model_name_or_path": BASE.as_posix()})
        write_json(folder / "settings.json", {"style": style, "dtype": dtype})
        write_json(folder / "assets" / "bank.json", bank)
        topics = sorted({str(message["topic"]) for message in bank})
        write_json(folder / "assets" / "topics.json", {topic: [topic] for topic in topics})
    return len(bank)


def _copy(source: Path, target: Path) -> None:
    """Files only, and their contents where they are links into a hub's cache."""
    target.mkdir(parents=True)
    for pattern in WEIGHTS:
        for path in source.glob(pattern):
            shutil.copyfile(path, target / path.name)
