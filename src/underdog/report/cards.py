"""Questions with the models' probabilities as bars. In: results.json. Out: cards."""

from __future__ import annotations

from dataclasses import dataclass

from underdog.pages.words import percent
from underdog.report.dots import SHARES, roles
from underdog.report.folder import Json

_KINDS = {
    "gained": ("Gained", "wrong before, right now"),
    "lost": ("Lost", "right before, wrong now"),
    "right": ("Right", "right before and now"),
    "wrong": ("Wrong", "wrong before and now"),
}
_KINDS_OF_ONE = {"right": ("Right", "answered right"), "wrong": ("Wrong", "answered wrong")}


@dataclass(frozen=True, slots=True)
class Bar:
    """One model's probability of one choice; `width` is None when it gives none."""

    model: str
    role: str
    width: float | None
    text: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Option:
    """One choice. `key` marks the right one."""

    text: str
    key: bool
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Card:
    """One question. `failures` say which model gave no answer, and why."""

    id: str
    text: str
    tags: tuple[str, ...]
    options: tuple[Option, ...]
    failures: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cards:
    """The examples of one kind."""

    kind: str
    title: str
    remark: str
    cards: tuple[Card, ...]


def make_examples(results: Json) -> tuple[Cards, ...]:
    """The examples by kind: first what tuning changed, then what it left alone."""
    models = dict(roles(results))
    titles = _KINDS if len(models) > 1 else _KINDS_OF_ONE
    found = {
        kind: tuple(_card(each, models) for each in results["examples"] if each["kind"] == kind)
        for kind in titles
    }
    return tuple(Cards(kind, *titles[kind], cards) for kind, cards in found.items() if cards)


def _card(example: Json, models: dict[str, str]) -> Card:
    answers = example["answers"]
    options = tuple(
        Option(text, index == example["answer"], tuple(_bar(a, index, models) for a in answers))
        for index, text in enumerate(example["choices"])
    )
    failures = tuple(
        f"{answer['model']} gave no answer: {answer['outcome']}"
        for answer in answers
        if answer["choice"] is None
    )
    tags = tuple(tag for tag in (example["topic"], example["band"], example["source"]) if tag)
    return Card(example["question_id"], example["text"], tags, options, failures)


def _bar(answer: Json, index: int, models: dict[str, str]) -> Bar:
    shares = answer["probabilities"]
    return Bar(
        model=answer["model"],
        role=models[answer["model"]],
        width=None if shares is None else SHARES.across(shares[index]),
        text="" if shares is None else percent(shares[index], 0),
        chosen=answer["choice"] == index,
    )
