"""One row of the bank, and the few helpers that every topic's maker shares.

A maker module offers ``rows(shelf) -> list[Row]``. A fact that fails its second source is
counted with ``shelf.dropped`` and never becomes a row.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple


class Row(NamedTuple):
    """The columns of facts.csv, in order."""

    subject: str
    relation: str
    object: str
    near: str
    source: str
    licence: str
    checked_against: str


@dataclass
class Shelf:
    """Where the unpacked fact packages lie, and what was dropped on the way."""

    deb: Path
    """Root under which the Debian packages were unpacked."""
    npm: Path
    """A node_modules folder."""
    dropped: Counter[str] = field(default_factory=Counter)

    def share(self, *parts: str) -> Path:
        """A path below usr/share of the unpacked Debian packages."""
        return self.deb.joinpath("usr", "share", *parts)


def pip(name: str) -> str:
    """Name and installed version of a PyPI package, as written into the source columns."""
    return f"{name} {version(name)}"


def plain(text: str) -> str:
    """Lower case letters and digits only, without accents: the form names are compared in."""
    folded = unicodedata.normalize("NFKD", text.replace("ı", "i").replace("ø", "o"))
    bare = "".join(c for c in folded if not unicodedata.combining(c)).lower()
    return re.sub(r"[^a-z0-9]+", "", bare)


def fame(name: str) -> float:
    """How common a name or phrase is in English text: wordfreq's Zipf score of its words.

    Used only to choose which of many facts to keep: the best known ones.
    """
    from wordfreq import zipf_frequency

    return zipf_frequency(name, "en")


def best_known(rows: list[Row], count: int) -> list[Row]:
    """The rows with the best known subjects; ties in alphabetical order."""
    return sorted(rows, key=lambda r: (-fame(_name(r)), r.subject))[:count]


def _name(row: Row) -> str:
    """What a reader may know: the city behind an airport's code, else the subject."""
    return row.object if row.relation == "airport_city" else row.subject


def century(year: int) -> str:
    """Grouping key of a year: '1800s'."""
    return f"{year // 100}00s"
