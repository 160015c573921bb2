"""Statements: every wording of every fact, tidy, and never a question."""

from __future__ import annotations

from underdog.data.bank.facts import load_facts, load_relations
from underdog.data.bank.statements import statements

FACTS = load_facts()
RELATIONS = load_relations()


def test_every_fact_is_stated_in_every_wording() -> None:
    """The number of sentences is the sum of the wordings of each fact's relation."""
    made = list(statements(FACTS, RELATIONS))
    assert len(made) == sum(len(RELATIONS[fact.relation].statements) for fact in FACTS)


def test_statements_are_tidy_sentences() -> None:
    """No braces, no double space, a capital or a sign at the front, a full stop at the end."""
    for statement in statements(FACTS, RELATIONS):
        assert not set("{}") & set(statement.text)
        assert "  " not in statement.text
        assert statement.text.endswith(".")
        assert not statement.text[0].islower()


def test_a_statement_names_subject_and_object() -> None:
    """Each sentence holds both names of its fact, apart from the first letter's case."""
    for fact in FACTS:
        for statement in statements([fact], RELATIONS):
            assert fact.subject[1:] in statement.text
            assert fact.object[1:] in statement.text
            assert statement.group == fact.key


def test_no_statement_is_a_question_and_no_question_wording_is_a_statement() -> None:
    """Question wordings are not statement wordings with a question mark."""
    for relation in RELATIONS.values():
        stated = {w.replace("{object}", "").strip(" .").casefold() for w in relation.statements}
        asked = {w.strip(" ?.").casefold() for w in relation.questions}
        assert not stated & asked, relation.name
        assert not any("?" in w for w in relation.statements)
