"""Several adapters resident on one base in memory: the members of an ensemble, asked together.

In: a base and adapter folders by name. Out: a `Scorer` per member, which is a view of the same
weights, and the answers of all of them to the same questions. Never: a second copy of the base.

A member's log-probabilities are those of that member loaded alone: equal to the last bit where
members take turns, and within 1e-4 nats (float32) where they share a batch, because a matrix
product may round differently for another number of rows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from peft import PeftModel

from underdog.adapters.base import load_base
from underdog.adapters.lora import load_adapter
from underdog.errors import InputError
from underdog.evaluation.predictions import Scored
from underdog.hardware.memory_errors import is_out_of_memory
from underdog.inference.evidence import Evidence
from underdog.inference.evidence_cache import EvidenceCache, ModelCache
from underdog.inference.layout import Job
from underdog.inference.likelihood import choice_log_probs, choose_layout
from underdog.inference.mixed_batch import MixedBatch, Segment
from underdog.inference.model_content import model_cache
from underdog.inference.paper import Paper, shown_orders, write_paper
from underdog.inference.prefix import Prefix, PrefixMemory, PrefixRows
from underdog.inference.score import evidence_batches
from underdog.inference.scorer import (
    Scorer,
    ScoringConfig,
    default_device,
    evaluating,
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
    known: Callable[[str, EvidenceCache, ScoringConfig], ModelCache | None] = field(
        repr=False, compare=False
    )
    """A member's part of a cache; reads its files."""

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

    def known(name: str, cache: EvidenceCache, config: ScoringConfig) -> ModelCache | None:
        place = str(model.device)
        return model_cache(cache, base, folders[name], config=config, dtype=dtype, device=place)

    mixed = MixedBatch(model) if isinstance(model, PeftModel) else None
    identities = {
        name: {"dtype": dtype, **model_identity(base, folder)} for name, folder in folders.items()
    }
    return Members(
        Scorer(model, tokenizer, config or ScoringConfig(), None, mixed, PrefixMemory()),
        {name: None if folder is None else names[folder] for name, folder in folders.items()},
        identities,
        known,
    )


def score_members(
    questions: Sequence[Question],
    members: Members,
    names: Sequence[str] | None = None,
    *,
    presentations: Sequence[Presentation] | None = None,
    cache: EvidenceCache | None = None,
    progress: Progress = SILENT,
) -> dict[str, tuple[Scored, ...]]:
    """The answers of the named members (None: all) to every question, in input order.

    `presentations` (one per question) replaces the orders that the config's seed would give. What
    `cache` knows of a member is taken from there, and the rest is added to it.
    """
    chosen = members.names if names is None else tuple(names)
    members.check(chosen)
    orders = presentations or shown_orders(questions, members.config)
    progress.begin("scoring questions", len(questions) * len(chosen))
    notes = {name: _Notes(members, name, cache) for name in chosen}
    found = {name: each.read(questions, orders) for name, each in notes.items()}
    progress.advance(sum(map(len, found.values())))
    missing = [name for name in chosen if len(found[name]) < len(questions)]
    if missing:
        paper = write_paper(questions, orders, members.base)
        fresh = None if any(found.values()) else _together(paper, members, missing)
        for name in missing:
            done, scorer = found[name], members.scorer(name)
            batches = evidence_batches(paper, scorer, done=done) if fresh is None else [fresh[name]]
            for batch in batches:
                notes[name].write(batch)
                progress.advance(len(batch.keys() - found[name].keys()))
                found[name] = batch | found[name]
    progress.end()
    normalisation = members.config.normalisation
    return {
        name: tuple(
            evidence[index].scored(question, orders[index], normalisation)
            for index, question in enumerate(questions)
        )
        for name, evidence in found.items()
    }


class _Notes:
    """What is known of one member's answers; nothing, and nothing is kept, without a cache."""

    def __init__(self, members: Members, name: str, cache: EvidenceCache | None) -> None:
        self._known = None if cache is None else members.known(name, cache, members.config)
        self._keys: tuple[bytes, ...] = ()

    def read(
        self, questions: Sequence[Question], orders: Sequence[Presentation]
    ) -> dict[int, Evidence]:
        """By place."""
        if self._known is None:
            return {}
        self._keys = self._known.keys(questions, orders)
        return self._known.find(self._keys)

    def write(self, evidence: Mapping[int, Evidence]) -> None:
        """By place, of the questions read last."""
        if self._known is not None:
            self._known.remember(self._keys, evidence)


def _together(
    paper: Paper, members: Members, names: Sequence[str]
) -> dict[str, dict[int, Evidence]] | None:
    """All members in one forward pass, where that is one pass: a few questions, as when a match
    waits for an answer. None when there is more to do, or no room for it.
    """
    if len(names) < 2 or not members.mixable:
        return None
    layout = choose_layout(members.base.model)
    plan = paper.plan(members.config, layout)
    if len(plan) != 1 or not _fits(plan[0], len(names), members.config):
        return None
    try:
        return _mixed(paper, plan[0], members, names)
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
    return None


def _fits(jobs: Sequence[Job], times: int, config: ScoringConfig) -> bool:
    rows, predicted = sum(len(job.rows) for job in jobs), sum(job.predicted for job in jobs)
    tokens = rows * max(job.length for job in jobs)
    return times * tokens <= config.batch_tokens and times * predicted <= config.batch_predicted


def _mixed(
    paper: Paper, jobs: Sequence[Job], members: Members, names: Sequence[str]
) -> dict[str, dict[int, Evidence]]:
    layout = choose_layout(members.base.model)
    kept, bare_jobs = paper.kept(layout), paper.bare_jobs(jobs, layout)
    prefixes = [_prefix(members.scorer(name), kept) for name in names] if kept else []
    sums = _pass(members, names, jobs, prefixes)
    bare = _pass(members, names, bare_jobs, []) if bare_jobs else [[]] * len(names)
    return {
        name: paper.evidence(jobs, one, other)
        for name, one, other in zip(names, sums, bare, strict=True)
    }


def _prefix(scorer: Scorer, token_ids: tuple[int, ...]) -> Prefix:
    assert scorer.prefixes is not None
    with scorer.ready() as model:
        return scorer.prefixes.get(model, scorer.adapter, token_ids)


def _pass(
    members: Members, names: Sequence[str], jobs: Sequence[Job], prefixes: Sequence[Prefix]
) -> list[list[tuple[float, ...]]]:
    """The same jobs for every member, as one batch: members one after the other."""
    model, mixed = members.base.model, members.base.mixed
    assert mixed is not None
    rows = sum(len(job.rows) for job in jobs)

    def resized(read: torch.Tensor) -> AbstractContextManager[None]:
        return mixed.resized(read.view(len(names), -1).sum(dim=1).tolist())

    segments = [Segment(members.adapters[name], rows) for name in names]
    with evaluating(model), mixed.rows(segments):
        sums = choice_log_probs(
            model,
            [*jobs] * len(names),
            prefixes=[PrefixRows(prefix, rows) for prefix in prefixes],
            resized=resized,
        )
    return [sums[start : start + len(jobs)] for start in range(0, len(sums), len(jobs))]
