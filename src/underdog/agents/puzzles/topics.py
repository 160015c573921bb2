"""What kinds of puzzles there are, and which topics of which edition they belong to.

In: a topic's name, however it is written. Out: the kinds that are on it. Source of topics: facts/
evaluation-and-tournament.md 1.1.
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
BLOOD = "Blood Relations and Family Tree"
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
EDITION_TOPICS: MappingProxyType[str, tuple[str, ...]] = MappingProxyType(
    {
        "2025-07": (TRUTH, SEATING, BLOOD),
        "2025-10": (SEATING, BLOOD),
        "2026-02": (SYLLOGISMS, SEATING, BLOOD, SERIES),
    }
)


def topic_of(kind: str) -> str:
    """The topic that a kind is on."""
    return next(topic for topic, kinds in TOPICS.items() if kind in kinds)


def find_kind(name: str) -> str:
    """InputError with the nearest kind when there is none of that name."""
    if name in KINDS:
        return name
    near = difflib.get_close_matches(name, KINDS, n=1, cutoff=0.0)[0]
    raise InputError(f"a kind of puzzle out of {', '.join(KINDS)}", got=repr(name), hint=near)


def find_topic(name: str) -> str | None:
    """The topic that a name means: its own name, "Topic/Subtopic", or its first word ("Seating");
    None when there is none.
    """
    parts = [normalise(part) for part in (name, *name.split("/"))]
    for topic, kinds in TOPICS.items():
        known = {normalise(topic), normalise(topic).split()[0], *kinds}
        if known & set(parts) or any(part.split()[:1] == [normalise(topic).split()[0]]
                                     for part in parts):  # fmt: skip
            return topic
    return None
