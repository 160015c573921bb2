"""A small reader of the WordNet 3.0 noun file (Debian package wordnet-base)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

SOURCE = "WordNet 3.0 (wordnet-base 1:3.0-37)"
LICENCE = "WordNet-3.0"


@dataclass(frozen=True)
class Synset:
    """One meaning: its words, its typed pointers to other meanings, and its gloss."""

    offset: str
    words: tuple[str, ...]
    pointers: tuple[tuple[str, str], ...]
    gloss: str

    @property
    def name(self) -> str:
        """The first word, spaces for underscores."""
        return self.words[0]

    def to(self, *kinds: str) -> list[str]:
        """Offsets this meaning points to by pointers of the given kinds ('@', '@i', '#p' ...)."""
        return [offset for kind, offset in self.pointers if kind in kinds]


class WordNet:
    """All noun meanings by offset."""

    def __init__(self, data_noun: Path) -> None:
        lines = data_noun.read_text(encoding="latin-1").splitlines()
        synsets = (_parse(line) for line in lines if not line.startswith("  "))
        self.by_offset = {synset.offset: synset for synset in synsets}

    @cached_property
    def by_word(self) -> dict[str, list[Synset]]:
        """Meanings by exact word."""
        found: dict[str, list[Synset]] = {}
        for synset in self.by_offset.values():
            for word in synset.words:
                found.setdefault(word, []).append(synset)
        return found

    def above(self, synset: Synset) -> set[str]:
        """Offsets of all hypernyms, however far up."""
        seen: set[str] = set()
        open_ = synset.to("@", "@i")
        while open_:
            offset = open_.pop()
            if offset not in seen:
                seen.add(offset)
                open_ += self.by_offset[offset].to("@", "@i")
        return seen

    def wholes(self, synset: Synset) -> set[str]:
        """Offsets of everything this is a part of, however far up."""
        seen: set[str] = set()
        open_ = synset.to("#p")
        while open_:
            offset = open_.pop()
            if offset not in seen:
                seen.add(offset)
                open_ += self.by_offset[offset].to("#p")
        return seen


def _parse(line: str) -> Synset:
    head, _, gloss = line.partition(" | ")
    parts = head.split(" ")
    count = int(parts[3], 16)
    words = tuple(parts[4 + 2 * i].replace("_", " ") for i in range(count))
    at = 4 + 2 * count
    pairs = range(at + 1, at + 1 + 4 * int(parts[at]), 4)
    pointers = tuple((parts[i], parts[i + 1]) for i in pairs if parts[i + 2] == "n")
    return Synset(parts[0], words, pointers, gloss.strip())
