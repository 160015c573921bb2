"""The embedded bank as a source: questions made from its facts, with its own groups kept."""

from __future__ import annotations

from underdog.data.bank.facts import load_facts, load_relations
from underdog.data.bank.questions import BankQuestion, four_choice_questions
from underdog.data.sources.candidate import Candidate, KeyKind
from underdog.data.sources.find import BANK_WORD
from underdog.data.sources.read import FileRows
from underdog.runs.files import digest_value


def read_bank(*, seed: int, per_fact: int) -> FileRows:
    """Four-choice questions from every fact. The digest covers what was made, not a file."""
    made = four_choice_questions(load_facts(), load_relations(), seed=seed, per_fact=per_fact)
    rows = tuple(_read_question(row, each) for row, each in enumerate(made, start=1))
    digest = digest_value([[row.text, row.choices, row.key, row.group] for row in rows])
    return FileRows(BANK_WORD, "embedded bank, four choices", digest, rows, ())


def _read_question(row: int, made: BankQuestion) -> Candidate:
    question = made.question
    return Candidate(
        row,
        question.text,
        question.choices,
        str(question.answer),
        KeyKind.INDEX,
        topic=question.topic,
        source=question.source,
        licence=question.licence,
        explanation=question.explanation,
        group=made.group,
        settled=True,
    )
