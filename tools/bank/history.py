"""Battles: when they were fought, and in which war."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rows import Row, Shelf, century
from wordnet import LICENCE, SOURCE, Synset, WordNet


def rows(shelf: Shelf) -> list[Row]:
    """All history rows."""
    wn = WordNet(shelf.share("wordnet", "data.noun"))
    return list(battles(shelf, wn))


def battles(shelf: Shelf, wn: WordNet) -> Iterator[Row]:
    """Year and war of a battle: WordNet's gloss; the war must be both pointer and gloss."""
    kinds = ("pitched battle", "naval battle", "siege", "amphibious assault", "battle")
    dated = shelf.share("calendar", "calendar.history").read_text(encoding="utf-8")
    for synset in wn.by_offset.values():
        kind = next(
            (wn.by_offset[o].name for o in synset.to("@i") if wn.by_offset[o].name in kinds), None
        )
        years = set(re.findall(r"\b(?:1[0-9]|20)\d\d\b", synset.gloss))
        if kind is None:
            continue
        wars = [wn.by_offset[o] for o in synset.to("#p")]
        named = next((w for w in synset.words if re.match("(?i)battle of|siege of", w)), None)
        title = named or f"Battle of {synset.name}"
        if kind == "siege" and named is None:
            title = f"Siege of {synset.name}"
        title = "the " + title[0].upper() + title[1:]
        if len(years) == 1:
            year = years.pop()
            checked = _in_war(int(year), wars) or _in_calendar(title, year, dated)
            yield Row(title, "battle_year", year, century(int(year)), SOURCE, LICENCE, checked)
        if len(wars) == 1 and wars[0].name != "American Revolution":
            yield Row(
                title,
                "battle_war",
                _with_article(wars[0].name),
                "",
                SOURCE,
                LICENCE,
                "WordNet gloss" if wars[0].name in synset.gloss else "",
            )


def _in_war(year: int, wars: list[Synset]) -> str:
    """Name of the check when the year lies in the years WordNet gives for the war."""
    for war in wars:
        spans = re.findall(r"\b(1\d{3})\D{1,20}(1\d{3})\b", war.gloss)
        spans += [(y, y) for y in re.findall(r"\b1\d{3}\b", war.gloss)]
        if any(int(first) <= year <= int(last) for first, last in spans):
            return "WordNet entry of the war"
    return ""


def _in_calendar(title: str, year: str, dated: str) -> str:
    place = title.split(" of ")[-1].removeprefix("the ")
    line = next((text for text in dated.split("\n") if place in text and year in text), "")
    return "calendar 12.1.8" if line else ""


def _with_article(war: str) -> str:
    return war if war.startswith("World War") else f"the {war}"
