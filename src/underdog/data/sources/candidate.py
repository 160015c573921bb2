"""What a reader hands on: a row that may become a question, or a row that cannot even be read.

Readers look for fields; they do not judge them. `quality` does, so that a reason is decided once.
"""

from __future__ import annotations

import re
from enum import Enum, auto
from typing import NamedTuple

from underdog.data.reject import Reason, shorten

LABELLED = re.compile(r"^\(?([A-Za-z]|\d{1,2})(?:[)\]]\s*|[.:](?:\s+|$))(.*)$", re.DOTALL)
"""A label with the text behind it: "A) 572", "(b) x", "3. x"; but not "1.5" and not "a.m."."""


class KeyKind(Enum):
    """What a reader knows about the way in which a key names its choice."""

    INDEX = auto()
    """A place among the choices, counted from 0."""
    LABEL = auto()
    """A label, or a label with the text of its choice ("A) 572")."""
    TEXT = auto()
    """The text of a choice."""
    ANY = auto()
    """A label, an index or a text: whichever fits; where two fit and disagree, the row is left."""


class Candidate(NamedTuple):
    """A row as found, tidied but unchecked.

    `choices` is None when the row has no field for them: with a key it is an open question. They
    are empty when the row speaks of choices and holds none. `labels` are the choices' own names
    when the row spells them out, and empty when they are the letters from A in order. `aliases` are
    further texts that are right; the key may be among them.
    """

    row: int
    text: str
    choices: tuple[str, ...] | None
    key: str | None
    kind: KeyKind = KeyKind.ANY
    labels: tuple[str, ...] = ()
    topic: str = ""
    source: str = ""
    licence: str = ""
    explanation: str = ""
    group: str = ""
    settled: bool = False
    """The source vouches for its groups: two such rows of different groups are not alike."""
    shape: str = ""
    """What kind of record it was; shown to the user."""
    aliases: tuple[str, ...] = ()

    def excerpt(self) -> str:
        """The row in one short line, for the rejects file."""
        choices = " | ".join((self.choices or ())[:30])
        return shorten(f"{self.text[:400]} [{choices[:400]}] {str(self.key)[:80]}")


class Broken(NamedTuple):
    """A row that holds no candidate at all."""

    row: int
    reason: Reason
    detail: str
    excerpt: str


def tidy(text: str) -> str:
    """Plain line ends, no control characters, no outer white space. Doing it twice changes nothing.

    Half of a surrogate pair, which no UTF-8 file can hold, becomes U+FFFD.
    """
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    if not plain.isprintable() and not plain.replace("\n", "").replace("\t", "").isprintable():
        plain = "".join(letter for letter in plain if letter >= " " or letter in "\n\t")
        plain = plain.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return plain.strip()
