"""Models by name, opened for serving: a base, adapters on it, an ensemble of them, temperatures.

In: a base and adapter folders, or an ensemble file. Out: a `Voice` per name on one base in memory.
Never: a second base.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from underdog.errors import InputError
from underdog.evaluation.panel import make_panel
from underdog.evaluation.pool_fit import fit_temperature
from underdog.inference.ensemble import open_ensemble
from underdog.inference.members import open_members
from underdog.inference.score import score
from underdog.inference.scorer import ScoringConfig
from underdog.inference.server.resident import Voice
from underdog.mcq.question import Question


def open_voices(
    base: str | Path,
    adapters: Mapping[str, Path | None],
    *,
    config: ScoringConfig,
    dtype: str = "float32",
    device: str | None = None,
) -> dict[str, Voice]:
    """By the names given; None is the base itself."""
    members = open_members(base, adapters, config=config, dtype=dtype, device=device)
    return {name: Voice(members.scorer(name)) for name in members.names}


def open_ensemble_voices(
    file: Path, name: str, *, batch_tokens: int, device: str | None = None
) -> dict[str, Voice]:
    """The ensemble first, which answers questions, and each of its members, which make text too."""
    opened = open_ensemble(file, batch_tokens=batch_tokens, device=device)
    members = {each: Voice(opened.members.scorer(each)) for each in opened.members.names}
    if name in members:
        raise InputError("a name that no member has", got=repr(name), hint="--name NAME")
    return {name: Voice(opened.members.base, asked=opened), **members}


def calibrated(voices: Mapping[str, Voice], questions: Sequence[Question]) -> dict[str, Voice]:
    """The same with temperatures fitted on questions with known answers (Guo et al., ICML 2017,
    section 4.2). InputError without one. What answers by itself is left as it is.
    """
    known = [question for question in questions if question.answer is not None]
    keys = [question.answer for question in known if question.answer is not None]
    if not known:
        raise InputError("questions with known answers to calibrate on", got="none")
    found = dict(voices)
    for name, voice in voices.items():
        if voice.asked is None:
            panel = make_panel({name: score(known, voice.scorer)})
            found[name] = replace(voice, temperature=fit_temperature(panel, keys))
    return found


def base_name(base: str | Path) -> str:
    """What a base is called where no name is given: a hub name as it is, else the folder's."""
    text = str(base)
    hub = re.fullmatch(r"[\w.-]+(/[\w.-]+)?", text) and not Path(text).is_dir()
    return text if hub else Path(text).resolve().name


def named_adapters(given: Sequence[str], *, taken: str) -> dict[str, Path]:
    """`NAME=DIR` or `DIR`, whose last part is the name (of a run, the run's). InputError for a
    name that comes twice.
    """
    found: dict[str, Path] = {}
    for text in given:
        name, equals, folder = text.partition("=")
        path = Path(folder if equals else text)
        plain = [part for part in path.resolve().parts if part not in {"adapter", "train", "best"}]
        chosen = name if equals else plain[-1]
        if not chosen or chosen in found or chosen == taken:
            raise InputError(
                "adapters with different names", got=repr(chosen), hint="--adapter NAME=DIR"
            )
        found[chosen] = path
    return found
