"""Every public set by its name, and how names on a command line become sets.

In: names as typed, such as `mmlu`, `arc` (both halves) or `sciq@3f1a...` (a revision of the hub).
Out: the sets in the order named, each once. Never: a guess; an unknown name is an error that
suggests the nearest known one.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import NamedTuple

from underdog.data.hub.source import HubSource
from underdog.data.hub.sources import (
    aqua_rat,
    arc,
    boolq,
    commonsense_qa,
    competition_math,
    gsm8k,
    hellaswag,
    medmcqa,
    medqa,
    mmlu,
    mmlu_pro,
    nq_open,
    openbookqa,
    piqa,
    qasc,
    quartz,
    race,
    sciq,
    social_i_qa,
    trivia_qa,
    truthful_qa,
    web_questions,
    winogrande,
)
from underdog.errors import InputError

SOURCES: dict[str, HubSource] = {
    source.name: source
    for source in (
        mmlu.SOURCE,
        mmlu_pro.SOURCE,
        sciq.SOURCE,
        arc.EASY,
        arc.CHALLENGE,
        openbookqa.SOURCE,
        qasc.SOURCE,
        quartz.SOURCE,
        race.SOURCE,
        boolq.SOURCE,
        medmcqa.SOURCE,
        medqa.SOURCE,
        commonsense_qa.SOURCE,
        hellaswag.SOURCE,
        winogrande.SOURCE,
        piqa.SOURCE,
        social_i_qa.SOURCE,
        truthful_qa.SOURCE,
        aqua_rat.SOURCE,
        competition_math.SOURCE,
        gsm8k.SOURCE,
        trivia_qa.SOURCE,
        nq_open.SOURCE,
        web_questions.SOURCE,
    )
}
"""By name, in the order in which they are listed."""
TOGETHER = {"arc": ("arc_easy", "arc_challenge")}
"""Names that stand for several sets."""


class Wanted(NamedTuple):
    """A set, and the revision asked for (a branch, a tag or a commit), or None."""

    source: HubSource
    revision: str | None


def find_sources(names: Sequence[str]) -> tuple[Wanted, ...]:
    """The sets that are named, in order, each once.

    Raises InputError for a name that is not known, when there is none, and when one set is asked
    for in two revisions.
    """
    if not names:
        raise InputError(
            "the name of at least one set is needed", hint="underdog data fetch --list"
        )
    found: dict[str, Wanted] = {}
    for typed in names:
        name, _, revision = typed.partition("@")
        for wanted in (Wanted(source, revision or None) for source in _sets_of(name)):
            before = found.setdefault(wanted.source.name, wanted)
            if before.revision != wanted.revision:
                raise InputError(
                    f"one revision of {wanted.source.name} is needed",
                    got=f"{before.revision or 'none'} and {wanted.revision or 'none'}",
                )
    return tuple(found.values())


def _sets_of(typed: str) -> list[HubSource]:
    name = typed.strip().casefold().replace("-", "_")
    names = TOGETHER.get(name, (name,))
    if all(each in SOURCES for each in names):
        return [SOURCES[each] for each in names]
    near = difflib.get_close_matches(name, [*SOURCES, *TOGETHER], n=1, cutoff=0.5)
    raise InputError(
        "the name of a known set is needed",
        got=repr(typed),
        hint=f"{near[0]}, or underdog data fetch --list"
        if near
        else "underdog data fetch --list shows them all",
    )
