"""The embedded facts and the relations they use.

Enters: ``facts.csv`` and ``relations.toml`` beside this module (or other text of the same form).
Leaves: ``Fact`` and ``Relation`` values, validated. Never reads anything outside the package; the
scripts that made the files from public packages are in ``tools/bank``.
"""

from __future__ import annotations

import csv
import hashlib
import io
import string
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import resources
from types import MappingProxyType

from underdog.errors import SourceError

COLUMNS = ("subject", "relation", "object", "near", "source", "licence", "checked_against")
"""Header of facts.csv, in order."""

NUMERIC_KINDS = frozenset({"year", "number"})
"""Answer kinds whose wrong choices are the nearest in value."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One true triple, with where it comes from."""

    subject: str
    relation: str
    object: str
    near: str
    """Grouping key: facts of one relation with the same key make hard wrong choices. May be ''."""
    source: str
    """Package and version the fact was read from."""
    licence: str
    """Licence of that package or of the data in it, as its owner names it."""
    checked_against: str
    """Packages that confirm the fact; '' where none was available."""

    def __post_init__(self) -> None:
        for name in ("subject", "relation", "object", "source", "licence"):
            value = getattr(self, name)
            if not value or value != " ".join(value.split()):
                raise SourceError(f"fact {self.subject!r} {self.relation!r}: bad {name} {value!r}")
        if any(mark in self.subject + self.object for mark in "{}()"):
            raise SourceError(f"fact {self.subject!r} {self.relation!r}: brackets in the text")

    @property
    def key(self) -> str:
        """Stable name of what is asked: facts with the same subject and relation share it."""
        digest = hashlib.sha256(f"{self.relation}\x1f{self.subject}".encode()).hexdigest()
        return f"{self.relation}-{digest[:12]}"


@dataclass(frozen=True, slots=True)
class Relation:
    """What a relation means and how it is worded."""

    name: str
    topic: str
    answer_kind: str
    inverse: bool
    """Whether the object alone determines the subject."""
    statements: tuple[str, ...]
    questions: tuple[str, ...]
    inverse_questions: tuple[str, ...]

    def __post_init__(self) -> None:
        _check_wordings(self.name, self.statements, {"subject", "object"}, 4)
        _check_wordings(self.name, self.questions, {"subject"}, 4)
        _check_wordings(self.name, self.inverse_questions, {"object"}, 3 if self.inverse else 0)
        if self.inverse_questions and not self.inverse:
            raise SourceError(f"relation {self.name}: inverse questions, but inverse is false")

    @property
    def numeric(self) -> bool:
        """Whether answers are compared by value."""
        return self.answer_kind in NUMERIC_KINDS


def load_facts() -> tuple[Fact, ...]:
    """All embedded facts, in file order."""
    text = resources.files(__package__).joinpath("facts.csv").read_text(encoding="utf-8")
    facts = parse_facts(io.StringIO(text))
    unknown = {fact.relation for fact in facts} - set(load_relations())
    if unknown:
        raise SourceError(f"facts.csv uses relations that relations.toml lacks: {sorted(unknown)}")
    return facts


def load_relations() -> Mapping[str, Relation]:
    """All embedded relations by name, read-only."""
    text = resources.files(__package__).joinpath("relations.toml").read_text(encoding="utf-8")
    return MappingProxyType(parse_relations(text))


def parse_facts(lines: Iterable[str]) -> tuple[Fact, ...]:
    """Facts from the lines of a CSV file with the header ``COLUMNS``."""
    rows = csv.reader(lines)
    header = tuple(next(rows, ()))
    if header != COLUMNS:
        raise SourceError(f"the header should be {','.join(COLUMNS)}, it is {','.join(header)}")
    return tuple(_fact(number, row) for number, row in enumerate(rows, start=2))


def parse_relations(text: str) -> dict[str, Relation]:
    """Relations from TOML text: one table per relation."""
    return {name: _relation(name, table) for name, table in tomllib.loads(text).items()}


def fill(wording: str, *, subject: str = "", object_: str = "") -> str:
    """Put the names into a wording; the first letter of the sentence is made a capital."""
    text = wording.format(subject=subject, object=object_)
    return text[:1].upper() + text[1:]


def _fact(number: int, row: list[str]) -> Fact:
    if len(row) != len(COLUMNS):
        raise SourceError(f"line {number}: {len(COLUMNS)} columns expected, {len(row)} found")
    return Fact(*row)


def _relation(name: str, table: Mapping[str, object]) -> Relation:
    wanted = {"topic", "answer_kind", "inverse", "statements", "questions", "inverse_questions"}
    if set(table) != wanted:
        raise SourceError(f"relation {name}: keys {sorted(table)} instead of {sorted(wanted)}")
    return Relation(
        name=name,
        topic=_text(name, table["topic"]),
        answer_kind=_text(name, table["answer_kind"]),
        inverse=table["inverse"] is True,
        statements=_texts(name, table["statements"]),
        questions=_texts(name, table["questions"]),
        inverse_questions=_texts(name, table["inverse_questions"]),
    )


def _text(name: str, value: object) -> str:
    if not isinstance(value, str) or not value:
        raise SourceError(f"relation {name}: text expected, {value!r} found")
    return value


def _texts(name: str, values: object) -> tuple[str, ...]:
    if not isinstance(values, list):
        raise SourceError(f"relation {name}: a list of texts expected, {values!r} found")
    return tuple(_text(name, value) for value in values)


def _check_wordings(name: str, wordings: tuple[str, ...], fields: set[str], least: int) -> None:
    if len(wordings) < least or len(set(wordings)) != len(wordings):
        raise SourceError(f"relation {name}: {least} different wordings wanted, got {wordings}")
    for wording in wordings:
        used = {field for _, field, _, _ in string.Formatter().parse(wording) if field is not None}
        if used != fields:
            raise SourceError(f"relation {name}: {wording!r} should use exactly {sorted(fields)}")
