"""How answers were taken, and whether a model keeps to one place.

In: results.json. Out: one small table, and a warning where a model has collapsed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from underdog.mcq.presentation import LETTERS
from underdog.pages.words import percent, settings
from underdog.report.folder import Json


class ScoredModel(NamedTuple):
    """One model's answers: how many at each place, how they ended, the choices' probability."""

    model: str
    places: tuple[int, ...]
    outcomes: str
    mass: str


@dataclass(frozen=True, slots=True)
class Answers:
    """`keys` says how often the right choice stood at each place."""

    letters: tuple[str, ...]
    keys: tuple[int, ...]
    models: tuple[ScoredModel, ...]
    settings: tuple[tuple[str, str], ...]
    warnings: tuple[str, ...]


def make_answers(results: Json) -> Answers:
    """The table, with a warning for each model that gives nearly always the same place."""
    models = results["models"]
    keys = tuple(models[0]["places"]["key_counts"])
    return Answers(
        letters=tuple(LETTERS[: len(keys)]),
        keys=keys,
        models=tuple(_scored(model) for model in models),
        settings=tuple(settings(results["scoring"])),
        warnings=tuple(
            f"{model['name']} gives the same place in "
            f"{percent(model['places']['largest_share'])} of its answers: it has collapsed."
            for model in models
            if model["places"]["constant"]
        ),
    )


def _scored(model: Json) -> ScoredModel:
    mass = model["answer_mass"]
    return ScoredModel(
        model=model["name"],
        places=tuple(model["places"]["counts"]),
        outcomes=", ".join(f"{number} {name}" for name, number in model["outcomes"].items()),
        mass="–" if mass is None else percent(mass),
    )
