"""An ensemble as one small file: which base, which adapters, how they are asked, what they weigh.

In: an `Ensemble`. Out: JSON that is replaced as a whole, and the value back. Never: a weight of a
model in it. Paths are stored relative to the file, so that a folder with both can be moved.

    kind         "underdog ensemble"
    base         a hub name, a name of an embedded base, or a folder
    scoring      how every member is asked (`ensemble.scoring_table`), worked examples in full
    members      [{"name", "adapter": folder or null for the base itself, "digest"}]
    rule         majority, vote, linear, log
    weights, temperatures   one per member; temperature of the pool
    topics       {topic: weights}
    judged       what was measured when it was fitted (`evaluation.judge.Verdict.to_json`)
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from underdog.errors import CorruptFileError, InputError
from underdog.evaluation.pool import Pool, Rule
from underdog.runs.files import read_json, write_json

KIND = "underdog ensemble"


@dataclass(frozen=True, slots=True)
class EnsembleMember:
    """`adapter` is a PEFT folder or a run that holds one, None for the base itself. `digest` is
    that of the base and the adapter when the weights were fitted.
    """

    name: str
    adapter: Path | None
    digest: str


@dataclass(frozen=True, slots=True)
class Ensemble:
    """`scoring` is a flat table of settings; `judged` may be empty."""

    base: str
    members: tuple[EnsembleMember, ...]
    pool: Pool
    scoring: Mapping[str, Any]
    judged: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        names = [each.name for each in self.members]
        if len(names) != len(self.pool.weights) or len(set(names)) != len(names):
            raise InputError(
                f"{len(self.pool.weights)} members with different names", got=f"{names}"
            )

    @property
    def active(self) -> tuple[EnsembleMember, ...]:
        """The members that weigh anything: the others need not be asked."""
        rows = [self.pool.weights, *self.pool.topics.values()]
        return tuple(
            each for place, each in enumerate(self.members) if any(row[place] for row in rows)
        )

    @property
    def active_pool(self) -> Pool:
        """The pool over the active members only."""
        kept = [place for place, each in enumerate(self.members) if each in self.active]

        def pick(row: tuple[float, ...]) -> tuple[float, ...]:
            return tuple(row[place] for place in kept)

        pool = self.pool
        topics = {topic: pick(row) for topic, row in pool.topics.items()}
        return Pool(
            pool.rule, pick(pool.weights), pick(pool.temperatures), pool.temperature, topics
        )


def write_ensemble(path: Path, ensemble: Ensemble) -> None:
    """Replace the file as a whole."""
    home = path.resolve().parent
    pool = ensemble.pool
    members = [
        {
            "name": each.name,
            "adapter": None if each.adapter is None else _relative(each.adapter, home),
            "digest": each.digest,
        }
        for each in ensemble.members
    ]
    base = ensemble.base
    value = {
        "kind": KIND,
        "base": _relative(Path(base), home) if Path(base).is_dir() else base,
        "base_is_folder": Path(base).is_dir(),
        "scoring": dict(ensemble.scoring),
        "members": members,
        "rule": pool.rule.value,
        "weights": list(pool.weights),
        "temperatures": list(pool.temperatures),
        "temperature": pool.temperature,
        "topics": {topic: list(row) for topic, row in pool.topics.items()},
        "judged": dict(ensemble.judged),
    }
    write_json(path, value)


def _relative(target: Path, home: Path) -> str:
    return Path(os.path.relpath(target.resolve(), home)).as_posix()


def read_ensemble(path: Path) -> Ensemble:
    """The ensemble in a file; InputError when there is none, CorruptFileError when it is damaged
    or something else.
    """
    if not path.is_file():
        raise InputError(
            "an ensemble file is needed",
            got="a folder" if path.is_dir() else "no such file",
            where=path,
            hint="underdog ensemble fit makes one",
        )
    value = read_json(path)
    if not isinstance(value, Mapping) or value.get("kind") != KIND:
        raise CorruptFileError(f"a JSON object of kind {KIND!r}", got=str(value)[:80], where=path)
    home = path.resolve().parent
    try:
        return _from_json(value, home)
    except (KeyError, TypeError, ValueError) as error:
        raise CorruptFileError("a whole ensemble", got=str(error), where=path) from error


def _from_json(value: Mapping[str, Any], home: Path) -> Ensemble:
    members = tuple(
        EnsembleMember(
            each["name"],
            None if each["adapter"] is None else _found(home, each["adapter"]),
            each["digest"],
        )
        for each in value["members"]
    )
    pool = Pool(
        Rule(value["rule"]),
        tuple(map(float, value["weights"])),
        tuple(map(float, value["temperatures"])),
        float(value["temperature"]),
        {topic: tuple(map(float, row)) for topic, row in value["topics"].items()},
    )
    base = str(_found(home, value["base"])) if value["base_is_folder"] else str(value["base"])
    return Ensemble(base, members, pool, dict(value["scoring"]), dict(value["judged"]))


def _found(home: Path, stored: str) -> Path:
    return Path(os.path.normpath(home / stored))
