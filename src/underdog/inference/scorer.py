"""A resident model that can be asked questions, with its adapter on or off.

In: a base (path or hub id) and, when wanted, a PEFT adapter folder. Out: a `Scorer`. One base is
loaded once and serves both: `without_adapter()` is a view of the same weights. Never: a question.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

import torch
from peft import PeftModel

from underdog.adapters.base import load_base
from underdog.adapters.embedded import find_base
from underdog.adapters.lora import CONFIG_NAME, NAME, load_adapter
from underdog.errors import InputError
from underdog.inference.evidence import Normalisation
from underdog.inference.mixed_batch import MixedBatch
from underdog.inference.prefix import PrefixMemory
from underdog.mcq.encode import Tokenizer
from underdog.mcq.prompt import PromptStyle
from underdog.mcq.question import Question
from underdog.mcq.template import ChatWriter, Spacing, Template
from underdog.runs.files import digest_file

__all__ = ["Normalisation", "Scorer", "ScoringConfig", "default_device", "open_scorer"]

_WHOLE_DIGEST_BYTES = 64 * 2**20
"""Larger files are identified by name and size: a 72B base would take minutes to read."""


@dataclass(frozen=True, slots=True)
class ScoringConfig:
    """How questions are put to a model."""

    style: PromptStyle = PromptStyle.TEXTS
    """Letters for instruction-tuned models, choice texts for small ones (facts, checked.md)."""
    normalisation: Normalisation = Normalisation.SUM
    """Of choice texts; for letters of one token each only `unconditional` makes a difference."""
    seed: int = 0
    """Decides the order in which choices are shown under letters; no effect on choice texts."""
    batch_tokens: int = 1024
    """Tokens per forward pass after padding, at least 1. On a CPU 512 to 8192 are equally fast for
    2.2M parameters (2026-11-20); at 39M with worked examples 4096 cost 1.2 times as much processor
    time as 1024 (2026-11-21). A GPU wants 8192 or more."""
    batch_predicted: int = 512
    """Positions per forward pass whose logits are built, at least 1: 512 x 152,000 words in float32
    are 311 MB."""
    shots: tuple[Question, ...] = ()
    """Worked examples before every question, with known answers; `mcq.template.draw_shots`."""
    instruction: str = ""
    """First line of every prompt, or the system's message in a chat; "" for none."""
    chat_template: bool = False
    """Whether prompts are messages in the tokenizer's chat template."""
    spacing: Spacing = Spacing.AUTOMATIC
    """Whether answers begin with a space: " A" in plain prompts, "A" in a chat's turn."""

    def __post_init__(self) -> None:
        if self.batch_tokens < 1 or self.batch_predicted < 1:
            raise InputError("batch limits of at least 1", got=f"{self}")

    def to_json(self) -> dict[str, Any]:
        """As a plain JSON object; examples by their ids."""
        shown = {name: getattr(self, name) for name in self.__dataclass_fields__}
        strings = {name: str(each) for name, each in shown.items() if isinstance(each, StrEnum)}
        return {**shown, **strings, "shots": [shot.id for shot in self.shots]}


@dataclass(frozen=True, slots=True)
class Scorer:
    """A model in memory. `adapter` is the PEFT name of the adapter in use, None for the base."""

    model: Any = field(repr=False)
    tokenizer: Tokenizer = field(repr=False)
    config: ScoringConfig
    adapter: str | None = None
    mixed: MixedBatch | None = field(default=None, repr=False, compare=False)
    """How resident adapters are computed; None leaves it to `peft` (a model that is training)."""
    prefixes: PrefixMemory | None = field(default=None, repr=False, compare=False)
    """Keeps what all prompts begin with from call to call; None forgets it after each, as it must
    be for a model that is training."""

    def without_adapter(self) -> Scorer:
        """The base on the same weights; nothing is loaded or copied."""
        return replace(self, adapter=None)

    def template(self) -> Template:
        """How questions become prompts; InputError when a chat template is wanted and missing."""
        config = self.config
        chat = chat_writer(self.tokenizer) if config.chat_template else None
        return Template(
            config.style,
            shots=config.shots,
            instruction=config.instruction,
            spacing=config.spacing,
            seed=config.seed,
            chat=chat,
        )

    @contextmanager
    def ready(self) -> Iterator[Any]:
        """The model in evaluation mode with the right adapter; both are put back afterwards."""
        if self.adapter is not None and not isinstance(self.model, PeftModel):
            raise InputError("a model with an adapter", got=type(self.model).__name__)
        with evaluating(self.model):
            if self.mixed is not None and self.mixed.exact:
                with self.mixed.one(self.adapter):
                    yield self.model
            else:
                with self._switched():
                    yield self.model

    @contextmanager
    def _switched(self) -> Iterator[None]:
        """The same by the switches of `peft`."""
        adapted = isinstance(self.model, PeftModel)
        before = self.model.active_adapter if adapted else None
        try:
            if self.adapter is not None and self.adapter != before:
                self.model.set_adapter(self.adapter, inference_mode=True)
            with self.model.disable_adapter() if adapted and not self.adapter else nullcontext():
                yield
        finally:
            if self.adapter is not None and self.adapter != before:
                self.model.set_adapter(before)


@contextmanager
def evaluating(model: Any) -> Iterator[None]:
    """The model in evaluation mode, put back afterwards."""
    training = model.training
    if training:
        model.eval()
    try:
        yield
    finally:
        if training:
            model.train()


def chat_writer(tokenizer: Any) -> ChatWriter:
    """Writes messages in the template of a Hugging Face tokenizer, up to the assistant's turn.
    Models that can think aloud first are told not to.
    """
    if getattr(tokenizer, "chat_template", None) is None:
        raise InputError(
            "a tokenizer with a chat template",
            got="none",
            hint="plain prompts (no --chat-template)",
        )

    def write(messages: Sequence[Mapping[str, str]]) -> str:
        text: str = tokenizer.apply_chat_template(
            list(messages), tokenize=False, add_generation_prompt=True, enable_thinking=False
        )
        return text

    return write


def open_scorer(
    base: str | Path,
    adapter: Path | None = None,
    *,
    config: ScoringConfig | None = None,
    dtype: str = "float32",
    device: str | None = None,
) -> Scorer:
    """Load a base, and on it an adapter: a PEFT folder, or a run that holds one.

    `dtype` is a name in `adapters.base.DTYPES`; log-probabilities are computed in float32 always.
    `device` is a torch device; None takes an accelerator where there is one.
    """
    folder = None if adapter is None else find_adapter(adapter)
    model, tokenizer = load_base(base, dtype=dtype)
    model.to(device or default_device())
    config = config or ScoringConfig()
    kept = PrefixMemory()
    if folder is None:
        return Scorer(model, tokenizer, config, prefixes=kept)
    adapted = load_adapter(model, folder)
    return Scorer(adapted, tokenizer, config, NAME, MixedBatch(adapted), kept)


def default_device() -> str:
    """Where such a device answers "cuda", which is ROCm's name in torch too; else "cpu"."""
    return "cuda" if torch.cuda.is_available() else "cpu"


def find_adapter(path: Path) -> Path:
    """The PEFT folder at `path`, or the final one of the run folder at `path`."""
    for folder in (path, path / "adapter", path / "train" / "adapter"):
        if (folder / CONFIG_NAME).is_file():
            return folder
    raise InputError(
        f"an adapter folder (with {CONFIG_NAME}) or a run folder with train/adapter is needed",
        got="neither" if path.exists() else "no such path",
        where=path,
        hint="underdog train makes one",
    )


def model_identity(base: str | Path, adapter: Path | None = None) -> Mapping[str, Any]:
    """What tells two models apart on disk: digests of small files, sizes of large ones; a hub id
    by its name.
    """
    folder = Path(find_base(base))
    known = _folder_identity(folder) if folder.is_dir() else str(base)
    found = None if adapter is None else _folder_identity(find_adapter(adapter))
    return {"base": known, "adapter": found}


def _folder_identity(folder: Path) -> dict[str, str]:
    return {
        path.name: digest_file(path)
        if path.stat().st_size <= _WHOLE_DIGEST_BYTES
        else f"{path.stat().st_size} bytes"
        for path in sorted(folder.iterdir())
        if path.suffix in {".json", ".safetensors", ".bin", ".txt", ".model", ".jinja"}
    }
