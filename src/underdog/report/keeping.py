"""Which adapters a training kept, what the guards changed, and what was forgotten.

In: train/result.json. Out: rows and sentences, ready to print.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from underdog.pages.words import count, counted, percent, points, points_range, three_digits
from underdog.report.folder import Json

_MEANING = {"adapter": "the run's result", "best": "best of the validated ones"}


class Kept(NamedTuple):
    """One adapter folder; texts are empty where that step was not validated."""

    folder: str
    meaning: str
    step: str
    accuracy: str
    loss: str


class Change(NamedTuple):
    """One topic of the retention set that lost answers."""

    topic: str
    questions: str
    forgotten: str
    learned: str


@dataclass(frozen=True, slots=True)
class Keeping:
    """`warnings` are sentences that a reader should not miss."""

    adapters: tuple[Kept, ...]
    start: str
    warnings: tuple[str, ...]
    forgetting: str
    figures: tuple[tuple[str, str], ...]
    topics: tuple[Change, ...]


def make_keeping(stored: Json) -> Keeping:
    """From what `training.record.write_result` wrote. LookupError for a run of an older version."""
    result = stored["result"]
    found = result["forgetting"]
    start = result["start_accuracy"]
    return Keeping(
        adapters=tuple(_kept(each) for each in result["adapters"]),
        start="" if start is None else percent(start),
        warnings=tuple(_warnings(result)),
        forgetting="" if found is None else str(found["sentence"]),
        figures=() if found is None else _figures(found),
        topics=() if found is None else tuple(_change(each) for each in found["topics"]),
    )


def _kept(entry: Json) -> Kept:
    name = str(entry["adapter"])
    loss = entry["loss"]
    return Kept(
        folder=name,
        meaning=_MEANING.get(name, "one of the best validated ones"),
        step=count(entry["step"]),
        accuracy="" if entry["accuracy"] is None else percent(entry["accuracy"]),
        loss="" if loss is None else three_digits(loss),
    )


def _warnings(result: Json) -> list[str]:
    found = []
    if result["remedies"]:
        guards = ", ".join(sorted({str(each["guard"]) for each in result["remedies"]}))
        number = counted(len(result["remedies"]), "remedy", "remedies")
        found.append(f"Guards changed this run: {number} ({guards}).")
    since = result["overfitting_since"]
    if since is not None:
        found.append(
            f"Overfitting since step {count(since)}: held-out answers went worse while the "
            "training loss fell."
        )
    return found


def _figures(found: Json) -> tuple[tuple[str, str], ...]:
    return (
        ("Net change", f"{points(found['net'])} {points_range(found['net'])}"),
        ("Learned", count(found["learned"])),
        ("Kept", count(found["kept"])),
        ("Forgotten", count(found["forgotten"])),
    )


def _change(entry: Json) -> Change:
    numbers = (count(entry[key]) for key in ("questions", "forgotten", "learned"))
    return Change(str(entry["topic"]), *numbers)
