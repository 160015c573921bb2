"""Facts -> plain English statements, the text a language model is pretrained on.

Enters: facts and relations. Leaves: sentences. Never contains a question.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from underdog.data.bank.facts import Fact, Relation, fill


@dataclass(frozen=True, slots=True)
class Statement:
    """One sentence that states one fact."""

    text: str
    group: str
    """Key of the fact stated."""
    relation: str


def statements(facts: Iterable[Fact], relations: Mapping[str, Relation]) -> Iterator[Statement]:
    """Every wording of every fact, facts in the order given, wordings in file order."""
    for fact in facts:
        for wording in relations[fact.relation].statements:
            text = fill(wording, subject=fact.subject, object_=fact.object)
            yield Statement(text=text, group=fact.key, relation=fact.relation)
