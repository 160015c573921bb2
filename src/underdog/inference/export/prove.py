"""An export counts only once it has answered questions as its adapter does.

In: how to write the export, how to load it, the adapter's source and questions. Out: the export
under its name with `parity.json`, or under a name that ends in `.rejected`. Never: a file of the
final name before the proof: until then it ends in `.unproven`, also after a kill.
"""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from underdog.adapters.base import load_base, quiet_transformers
from underdog.evaluation.parity import GATES, Parity, measure_parity
from underdog.inference.export.source import Source
from underdog.inference.score import score
from underdog.inference.scorer import Scorer, ScoringConfig, default_device, open_scorer
from underdog.mcq.prediction import Prediction
from underdog.mcq.question import Question
from underdog.runs.files import write_json

UNPROVEN, REJECTED = ".unproven", ".rejected"


@dataclass(frozen=True, slots=True)
class Proof:
    """`path` is where the export lies now; `faults` is empty for a good one."""

    path: Path
    parity: Parity
    faults: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reference:
    """What the adapter and its base answer, and how they were asked."""

    questions: tuple[Question, ...]
    config: ScoringConfig
    adapter: tuple[Prediction, ...]
    base: tuple[Prediction, ...]


def ask_reference(
    source: Source, questions: Sequence[Question], config: ScoringConfig, *, dtype: str = "float32"
) -> Reference:
    """Ask the adapter on its base, and the base alone; both are out of memory afterwards."""
    scorer = open_scorer(source.base, source.adapter, config=config, dtype=dtype)
    return Reference(
        tuple(questions),
        config,
        score(questions, scorer),
        score(questions, scorer.without_adapter()),
    )


def prove(
    write: Callable[[Path], None],
    load: Callable[[Path, ScoringConfig], Scorer],
    out: Path,
    reference: Reference,
    *,
    kind: str,
) -> Proof:
    """Write, ask, judge by the gate of `kind`, and name the export by the verdict.

    An older export of the same name is replaced by a good one only.
    """
    unproven = out.with_name(out.name + UNPROVEN)
    _remove(unproven)
    write(unproven)
    answers = score(reference.questions, load(unproven, reference.config))
    parity = measure_parity(reference.adapter, answers, reference.base)
    faults = parity.faults(GATES[kind])
    target = out.with_name(out.name + REJECTED) if faults else out
    _remove(target)
    unproven.rename(target)
    write_json(
        target / "parity.json"
        if target.is_dir()
        else target.with_name(f"{target.name}.parity.json"),
        {"kind": kind, "faults": list(faults), **parity.to_json()},
    )
    return Proof(target, parity, faults)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def load_merged(folder: Path, config: ScoringConfig) -> Scorer:
    """A merged export as plain transformers loads it, computed with in float32."""
    model, tokenizer = load_base(folder)
    return Scorer(model.to(default_device()), tokenizer, config)


def load_gguf(path: Path, config: ScoringConfig) -> Scorer:
    """A GGUF file as transformers loads it: weights and tokenizer from the file, in float32."""
    # The library draws a bar of its own for GGUF, whatever it was told.
    with quiet_transformers(), redirect_stderr(io.StringIO()):
        tokenizer: Any = AutoTokenizer.from_pretrained(path.parent, gguf_file=path.name)
        model: Any = AutoModelForCausalLM.from_pretrained(
            path.parent, gguf_file=path.name, dtype=torch.float32
        )
    return Scorer(model.eval().to(default_device()), tokenizer, config)
