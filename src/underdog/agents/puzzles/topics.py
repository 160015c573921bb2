"""What kinds of puzzles there are, and which topics of which edition they belong to.

In: a topic's name, however it is written. Out: the kinds that are on it. How editions name their
topics stands in `protocol/editions.py`.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable
from random import Random
from types import MappingProxyType

from underdog.agents.puzzles import arithmetic, blood, seating, series, syllogism, truth
from underdog.agents.puzzles.puzzle import Draft
from underdog.errors import InputError
from underdog.mcq.question import normalise
from underdog.protocol.editions import EDITIONS, NEWEST

Draw = Callable[[Random, float], Draft | None]
KINDS: MappingProxyType[str, Draw] = MappingProxyType(
    {
        "seating-linear": seating.draw_linear,
        "seating-circular": seating.draw_circular,
        "blood": blood.draw,
        "truth": truth.draw,
        "syllogism": syllogism.draw,
        "series": series.draw,
        "arithmetic": arithmetic.draw,
    }
)
"""Name -> what draws one."""
SEATING = "Seating Arrangements (Linear, Circular)"
BLOOD = "Family tree logic"
TRUTH = "Truth-teller and Liar Problems"
SYLLOGISMS = "Syllogisms"
SERIES = "Mixed Series (Alphanumeric)"
ARITHMETIC = "Arithmetic and Units"
TOPICS: MappingProxyType[str, tuple[str, ...]] = MappingProxyType(
    {
        SEATING: ("seating-linear", "seating-circular"),
        BLOOD: ("blood",),
        TRUTH: ("truth",),
        SYLLOGISMS: ("syllogism",),
        SERIES: ("series",),
        ARITHMETIC: ("arithmetic",),
    }
)
"""Topic -> its kinds. Arithmetic is a topic of no edition."""
OTHER_NAMES: MappingProxyType[str, tuple[str, ...]] = MappingProxyType(
    {
        BLOOD: (
            "Blood Relations",
            "Blood Relations and Family Tree",
            "Puzzles involving generations and family tree logic",
        ),
        SERIES: ("Series and Patterns",),
    }
)
"""Topic -> what older editions, and the headings of assets/topics.json, call it."""
HEADING = "puzzles"
"""A heading of more than one topic: as a first word it says nothing."""


def topic_of(kind: str, edition: str = NEWEST) -> str:
    """The topic that a kind is on, as the edition names it."""
    return name_in(edition, next(topic for topic, kinds in TOPICS.items() if kind in kinds))


def name_in(edition: str, topic: str) -> str:
    """What an edition calls a topic of TOPICS; the topic itself where the edition has none."""
    return next((own for own in EDITIONS[edition].topics if find_topic(own) == topic), topic)


def find_kind(name: str) -> str:
    """InputError with the nearest kind when there is none of that name."""
    if name in KINDS:
        return name
    near = difflib.get_close_matches(name, KINDS, n=1, cutoff=0.0)[0]
    raise InputError(f"a kind of puzzle out of {', '.join(KINDS)}", got=repr(name), hint=near)


def find_topic(name: str) -> str | None:
    """The topic that a name means: a name of any edition, "Topic/Subtopic", a kind, or the first
    word of one of these ("Seating"); None when there is none.
    """
    parts = [normalise(part) for part in (name, *name.split("/"))]
    for topic, kinds in TOPICS.items():
        known = set(map(normalise, (topic, *OTHER_NAMES.get(topic, ()), *kinds)))
        words = {each.split()[0] for each in known} - {HEADING}
        if known & set(parts) or words & {word for part in parts for word in part.split()[:1]}:
            return topic
    return None
