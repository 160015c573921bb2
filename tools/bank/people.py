"""Famous people: profession, years of birth and death; presidents of the United States."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rows import Row, Shelf, best_known, century, plain
from wordnet import LICENCE, SOURCE, Synset, WordNet

PROFESSIONS = (
    "composer", "painter", "philosopher", "poet", "dramatist", "novelist", "physicist", "chemist",
    "mathematician", "astronomer", "architect", "sculptor", "inventor", "explorer", "economist",
    "historian", "biologist", "botanist", "psychologist", "anthropologist", "general", "actor",
    "actress", "singer", "dancer", "choreographer", "conductor", "pianist", "violinist",
    "film maker", "tennis player", "theologian", "linguist", "journalist", "navigator", "pope",
    "physiologist", "biochemist", "sociologist", "lexicographer", "cartoonist", "photographer",
    "jazz musician", "songwriter", "astronaut", "aviator", "industrialist", "surgeon",
)  # fmt: skip
KEPT = {"profession": 260, "birth_year": 250, "death_year": 150}
"""Best known people kept per relation: WordNet holds thousands."""

TEAMS = {
    "A": (
        "poet",
        "composer",
        "painter",
        "physicist",
        "general",
        "explorer",
        "actor",
        "biologist",
        "sociologist",
    ),
    "B": (
        "novelist",
        "conductor",
        "sculptor",
        "chemist",
        "economist",
        "navigator",
        "actress",
        "theologian",
        "astronaut",
    ),
    "C": (
        "dramatist",
        "pianist",
        "architect",
        "mathematician",
        "historian",
        "inventor",
        "singer",
        "botanist",
    ),
    "D": (
        "philosopher",
        "dancer",
        "violinist",
        "astronomer",
        "journalist",
        "pope",
        "anthropologist",
        "surgeon",
        "cartoonist",
        "photographer",
    ),
}
"""Professions one person hardly joins: wrong choices are drawn inside a team."""


def rows(shelf: Shelf) -> list[Row]:
    """All rows about people."""
    wn = WordNet(shelf.share("wordnet", "data.noun"))
    known = {s.offset: p for s in wn.by_offset.values() for p in PROFESSIONS if s.name == p}
    anniversaries = _anniversaries(shelf)
    found: list[Row] = []
    for synset in wn.by_offset.values():
        if synset.to("@i") and (life := _life(synset.gloss)):
            kinds = [known[o] for o in synset.to("@i") if o in known]
            found += _person(shelf, synset, life, kinds, anniversaries)
    capped = [
        best_known([r for r in found if r.relation == name], count) for name, count in KEPT.items()
    ]
    return [*(row for rows_ in capped for row in rows_), *presidents(shelf, wn)]


def _life(gloss: str) -> tuple[int, int] | None:
    years = re.search(r"\((?:born )?(1[0-9]\d\d)-(1[0-9]\d\d|20\d\d)\)", gloss)
    return (int(years[1]), int(years[2])) if years else None


def _full_name(synset: Synset) -> str | None:
    """The shortest spelling with a first name, or None where WordNet has only one word."""
    fuller = [w for w in synset.words if re.match(r"[A-Z][a-z]+ ", w)]
    spellings = [
        w
        for w in fuller
        if not re.match(r"(Sir|Lord|Baron|Saint) ", w)
        and not re.search(r"^[A-Z]\. |\b(the|of)\b", w)
    ]
    return spellings[0] if spellings else None


def _person(
    shelf: Shelf,
    synset: Synset,
    life: tuple[int, int],
    kinds: list[str],
    anniversaries: dict[tuple[str, str], set[int]],
) -> Iterator[Row]:
    name = _full_name(synset)
    if name is None:
        return
    born, died = life
    opening = synset.gloss.split(";")[0].split("(")[0]
    if (
        len(kinds) == 1
        and any(kinds[0] in t for t in TEAMS.values())
        and re.search(rf"\b{kinds[0]}\b", opening)
    ):
        team = next((t for t, kinds_ in TEAMS.items() if kinds[0] in kinds_), "")
        article = "an" if kinds[0][0] in "aeiou" else "a"
        yield Row(
            name, "profession", f"{article} {kinds[0]}", team, SOURCE, LICENCE, "WordNet gloss"
        )
    for relation, year in (("birth_year", born), ("death_year", died)):
        second = anniversaries.get((relation, plain(name.split(" ")[-1])), {})
        match = [y for n, y in second if _same_person(n, synset)] if second else []
        if not match:
            continue
        if year not in match:
            shelf.dropped[f"{relation}: sources disagree"] += 1
            continue
        yield Row(name, relation, str(year), century(year), SOURCE, LICENCE, "calendar 12.1.8")


def _same_person(text: str, synset: Synset) -> bool:
    names = {plain(part) for word in synset.words for part in word.split(" ")}
    first = [plain(part) for part in text.split(" ")]
    return len(first) > 1 and first[-1] in names and first[0] in names


def _anniversaries(shelf: Shelf) -> dict[tuple[str, str], set[tuple[str, int]]]:
    """(relation, plain surname) -> the (name, year) pairs of Debian's calendar files."""
    found: dict[tuple[str, str], set[tuple[str, int]]] = {}
    for file in ("birthday", "music", "history", "computer"):
        text = shelf.share("calendar", f"calendar.{file}").read_text(encoding="utf-8")
        for entry in re.sub(r"\n\t", " ", text).split("\n"):
            line = entry.partition("\t")[2]
            event = re.match(r"(.+?) (?:is |was )?(born|dies|died)\b.*?\b(1\d\d\d|20\d\d)\b", line)
            if not event:
                continue
            name = re.sub(r" \(.*?\)|\".*?\" |^(Sir|Dr\.|King|Jazz great) ", "", event[1]).strip(
                " ,"
            )
            relation = "birth_year" if event[2] == "born" else "death_year"
            key = (relation, plain(name.split(" ")[-1]))
            found.setdefault(key, set()).add((name, int(event[3])))
    return found


def presidents(shelf: Shelf, wn: WordNet) -> Iterator[Row]:
    """Number and first year of a US president: npm presidents, checked by WordNet."""
    text = (shelf.npm / "presidents" / "index.js").read_text(encoding="utf-8")
    blocks = re.findall(
        r"order: (\d+),\s*name: [\"'](.*?)[\"'],\s*term: \{\s*startYear: (\d+).*?"
        r"party: [\"'](.*?)[\"'],\s*life: \{\s*birthYear: (\d+),\s*deathYear: (\w+)",
        text,
        re.DOTALL,
    )
    second = {
        plain(w): s.gloss
        for s in wn.by_offset.values()
        for w in s.words
        if any(wn.by_offset[o].name == "President of the United States" for o in s.to("@i"))
    }
    for order, name, start, _party, _born, _died in blocks:
        gloss = second.get(plain(name), "")
        ordinal = re.search(r"(\d+)(?:st|nd|rd|th)", gloss)
        checked = SOURCE if ordinal and ordinal[1] == order else ""
        if ordinal and ordinal[1] != order:
            print("president?", name, order, gloss)
        source, licence = "presidents 1.1.1", "MIT"
        if name not in ("Grover Cleveland", "Donald Trump"):
            yield Row(name, "president_number", order, "", source, licence, checked)
            yield Row(name, "president_start_year", start, century(int(start)), source, licence, "")
