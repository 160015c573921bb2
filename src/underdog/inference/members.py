"""Several adapters resident on one base in memory: the members of an ensemble, asked together.

In: a base and adapter folders by name. Out: a `Scorer` per member, which is a view of the same
weights, and the answers of all of them to the same questions. Never: a second copy of the base.

A member's log-probabilities are those of that member loaded alone: equal to the last bit where
members take turns, and within 1e-4 nats (float32) where they share a batch, because a matrix
product may round differently for another number of rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from peft import PeftModel

from underdog.adapters.base import load_base
from underdog.adapters.lora import load_adapter
from underdog.errors import InputError
from underdog.evaluation.predictions import Scored
from underdog.inference.mixed_batch import MixedBatch
from underdog.inference.score import scored_batches
from underdog.inference.scorer import (
    Scorer,
    ScoringConfig,
    default_device,
    find_adapter,
    model_identity,
)
from underdog.mcq.presentation import Presentation
from underdog.mcq.question import Question
from underdog.runs.progress import SILENT, Progress


@dataclass(frozen=True, slots=True)
class Members:
    """Members by name, in the order given. `adapters` holds PEFT's name of each one's adapter, None
    for the base itself; `identities` tells each from other models on disk (plain JSON).
    """

    base: Scorer
    adapters: Mapping[str, str | None]
    identities: Mapping[str, Mapping[str, Any]] = field(repr=False)

    @property
    def names(self) -> tuple[str, ...]:
        """The members, in the order given."""
        return tuple(self.adapters)

    @property
    def config(self) -> ScoringConfig:
        """How all of them are asked."""
        return self.base.config

    @property
    def mixable(self) -> bool:
        """Whether one batch can serve several members."""
        return self.base.mixed is not None and self.base.mixed.exact

    def scorer(self, name: str) -> Scorer:
        """A view of one member; InputError for a name that is none's."""
        self.check([name])
        return replace(self.base, adapter=self.adapters[name])

    def asked(self, config: ScoringConfig) -> Members:
        """The same members, asked in another way; nothing is loaded or copied."""
        return replace(self, base=replace(self.base, config=config))

    def check(self, names: Sequence[str]) -> None:
        """InputError for a name that is no member's, or that comes twice."""
        unknown = [name for name in names if name not in self.adapters]
        if unknown or len(set(names)) != len(names):
            raise InputError(
                f"names of members, each once, out of {', '.join(self.adapters)}",
                got=", ".join(map(repr, unknown or names)),
            )


def open_members(
    base: str | Path,
    adapters: Mapping[str, Path | None],
    *,
    config: ScoringConfig | None = None,
    dtype: str = "float32",
    device: str | None = None,
) -> Members:
    """Load a base once and on it every adapter: PEFT folders (LoRA, rsLoRA, DoRA, OPLoRA), or runs
    that hold one; None names the base itself. A folder given twice is loaded once.

    `dtype` and `device` as in `open_scorer`. InputError for no member or an adapter that is not
    there or was made for another base.
    """
    if not adapters:
        raise InputError("at least one member", got="none")
    folders = {name: path and find_adapter(path).resolve() for name, path in adapters.items()}
    distinct = list(dict.fromkeys(folder for folder in folders.values() if folder is not None))
    names = {folder: f"member{number}" for number, folder in enumerate(distinct)}
    model, tokenizer = load_base(base, dtype=dtype)
    for folder in distinct:
        model = load_adapter(model, folder, name=names[folder])
    model.to(device or default_device())
    mixed = MixedBatch(model) if isinstance(model, PeftModel) else None
    identities = {
        name: {"dtype": dtype, **model_identity(base, folder)} for name, folder in folders.items()
    }
    return Members(
        Scorer(model, tokenizer, config or ScoringConfig(), None, mixed),
        {name: folder and names[folder] for name, folder in folders.items()},
        identities,
    )


def score_members(
    questions: Sequence[Question],
    members: Members,
    names: Sequence[str] | None = None,
    *,
    presentations: Sequence[Presentation] | None = None,
    progress: Progress = SILENT,
) -> dict[str, tuple[Scored, ...]]:
    """The answers of the named members (None: all) to every question, in input order.

    `presentations` (one per question) replaces the orders that the config's seed would give.
    """
    chosen = members.names if names is None else tuple(names)
    members.check(chosen)
    progress.begin("scoring questions", len(questions) * len(chosen))
    found: dict[str, tuple[Scored, ...]] = {}
    for name in chosen:
        scored: dict[int, Scored] = {}
        for batch in scored_batches(questions, members.scorer(name), presentations=presentations):
            scored |= batch
            progress.advance(len(batch))
        found[name] = tuple(scored[index] for index in range(len(questions)))
    progress.end()
    return found
