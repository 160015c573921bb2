"""Gods of many peoples."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rows import Row, Shelf, best_known
from wordnet import LICENCE, SOURCE, WordNet

PANTHEONS = {
    "Greek deity": "Greek", "Roman deity": "Roman", "Norse deity": "Norse", "Hindu deity": "Hindu",
    "Egyptian deity": "Egyptian", "Celtic deity": "Celtic", "Japanese deity": "Japanese",
    "Chinese deity": "Chinese",
    "Anglo-Saxon deity": "Anglo-Saxon", "Persian deity": "Persian",
}  # fmt: skip


def rows(shelf: Shelf) -> list[Row]:
    """All mythology rows."""
    wn = WordNet(shelf.share("wordnet", "data.noun"))
    return [*best_known(list(pantheons(wn)), 130), *counterparts(wn)]


def pantheons(wn: WordNet) -> Iterator[Row]:
    """The mythology a deity belongs to: WordNet's hypernym."""
    for synset in wn.by_offset.values():
        kinds = {
            PANTHEONS[wn.by_offset[o].name]
            for o in synset.to("@i")
            if wn.by_offset[o].name in PANTHEONS
        }
        if len(kinds) == 1 and len(synset.name) > 2:
            people = kinds.pop()
            checked = "WordNet gloss" if re.search(rf"\b{people[:5]}", synset.gloss) else ""
            yield Row(synset.name, "deity_mythology", people, "", SOURCE, LICENCE, checked)


def counterparts(wn: WordNet) -> Iterator[Row]:
    """Roman counterpart of a Greek god, from either god's gloss."""
    pairs: dict[str, set[str]] = {}
    for synset in wn.by_offset.values():
        kinds = {wn.by_offset[o].name for o in synset.to("@i")}
        if "Roman deity" in kinds and (
            m := re.search(r"counterpart of (?:Greek )?([A-Z]\w+)", synset.gloss)
        ):
            pairs.setdefault(m[1], set()).add(synset.name)
        if "Greek deity" in kinds and (
            m := re.search(r"counterpart of Roman ([A-Z]\w+)", synset.gloss)
        ):
            pairs.setdefault(synset.name, set()).add(m[1])
    for greek, roman in pairs.items():
        if len(roman) == 1:
            yield Row(greek, "roman_counterpart", roman.pop(), "", SOURCE, LICENCE, "")
