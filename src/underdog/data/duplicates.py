"""Which questions are the same, and which are so alike that they must not be parted.

In: checked rows, with choices or still open. Out: rows without exact duplicates, and one group per
row. Groups are connected components of near-duplicates (`likeness`), of rows that are one long
template with other numbers (`templates`), and of rows that a source itself groups. No result
depends on the order in which files were given.

Two rows whose sources vouch for their groups are left as they are: the bank asks thousands of facts
in a few wordings, and its own groups say which rows ask one fact.
Measured (benchmarks/duplicates.py, 2026-11-21): of 2,002 near-duplicates planted in 61,205
questions of OpenTriviaQA, ARC, OpenBookQA and GSM8K 99.9 % land in the group of their original, of
470 hand-written pairs of different questions that look alike none share a group. Without planted
rows these questions have 150 groups of 316 rows, the largest of 5; read by eye, 145 are right.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

import numpy as np

from underdog.data.engine.engine import Engine
from underdog.data.engine.local import IN_PROCESS
from underdog.data.likeness import Wordings, read_wordings, same_question, spelling_threshold
from underdog.data.near_pairs import equal_pairs, near_pairs
from underdog.data.open_question import OpenQuestion
from underdog.data.quality import Checked
from underdog.data.reject import Reason, Reject, shorten
from underdog.data.shingles import distinct
from underdog.data.templates import TemplateReport, link_templates, report_templates, template_keys
from underdog.data.word_table import Integers
from underdog.mcq.question import Question, normalise

DEFAULT_THRESHOLD = 0.6
_NUMBER = re.compile(r"[-+]?[$€£]?\d[\d,]*(?:\.\d+)?%?")
_VERDICTS = {"yes": "yes", "true": "yes", "no": "no", "false": "no"}


class Deduplicated(NamedTuple):
    """`rows` in the order of their ids."""

    rows: tuple[Checked, ...]
    rejects: tuple[Reject, ...]


class DeduplicatedOpen(NamedTuple):
    """`rows` in the order of their identities."""

    rows: tuple[OpenQuestion, ...]
    rejects: tuple[Reject, ...]


class Links(NamedTuple):
    """Pairs of places that belong together, shape (pairs, 2), and what templates were seen."""

    pairs: Integers
    templates: TemplateReport


class Grouping(NamedTuple):
    """`groups` holds one name per row: a source's own group, else the smallest id in it."""

    groups: tuple[str, ...]
    templates: TemplateReport


def drop_exact(rows: Sequence[Checked]) -> Deduplicated:
    """Keep one of the rows with equal text, choices (in any order) and key.

    Which one is kept depends on content alone: the smallest (id, source, topic). Where keys differ,
    nobody can say which is right, so none is kept.
    """
    same: dict[tuple[str, ...], list[Checked]] = {}
    for row in rows:
        same.setdefault(identity(row.question), []).append(row)
    kept, rejects = [], []
    for group in same.values():
        if len(group) == 1:
            kept.append(group[0])
            continue
        keys = {_fold(row.question.answer_text or "") for row in group}
        group.sort(key=_preference)
        if len(keys) == 1:
            kept.append(group[0])
            detail = f"duplicate of {group[0].question.id}"
            rejects += [reject_row(row, Reason.DUPLICATE, detail) for row in group[1:]]
        else:
            detail = f"{len(keys)} different keys among {len(group)} rows like this one"
            rejects += [reject_row(row, Reason.CONTRADICTION, detail) for row in group]
    kept.sort(key=lambda row: row.question.id)
    return Deduplicated(tuple(kept), tuple(rejects))


def identity(question: Question) -> tuple[str, ...]:
    """Equal for questions that differ in case, white space and the order of choices at most."""
    return (_fold(question.text), *sorted(map(_fold, question.choices)))


def _fold(text: str) -> str:
    """`normalise`, three times as fast for plain ASCII, which Unicode leaves as it is."""
    return " ".join(text.lower().split()) if text.isascii() else normalise(text)


def _preference(row: Checked) -> tuple[str, ...]:
    question = row.question
    return (question.id, question.source, question.topic, "\x1f".join(question.choices), row.file)


def reject_row(row: Checked, reason: Reason, detail: str) -> Reject:
    """A row with choices as a line of rejects.jsonl."""
    question = row.question
    excerpt = shorten(f"{question.text[:400]} [{' | '.join(question.choices)[:400]}]")
    return Reject(row.file, row.row, reason, detail, excerpt)


def drop_exact_open(
    rows: Sequence[OpenQuestion], known: Iterable[Question] = ()
) -> DeduplicatedOpen:
    """Keep one of the open questions with equal text, and none that `known` asks with choices.

    Other answers to one text are usually right as well ("Name a noble gas": neon, argon). One row
    stays, the smallest by content; the answers of the others become its aliases, so that no
    conversion offers them as wrong choices. But two numbers, or yes and no, cannot both be right:
    then none of the rows is kept, as nobody knows which is. `known` questions always stay.
    """
    keys: dict[str, dict[str, str]] = {}
    for question in known:
        asked = keys.setdefault(_fold(question.text), {})
        asked.setdefault(_fold(question.answer_text or ""), question.id)
    same: dict[str, list[OpenQuestion]] = {}
    for row in rows:
        same.setdefault(_fold(row.text), []).append(row)
    kept: list[OpenQuestion] = []
    rejects: list[Reject] = []
    for text, group in same.items():
        if text in keys:
            rejects += [_reject_known(row, keys[text]) for row in group]
        elif len(group) == 1:
            kept += group
        elif len(_single_values(row.answer for row in group)) > 1:
            detail = f"{len(group)} rows ask this and their answers exclude each other"
            rejects += [_reject_open(row, Reason.CONTRADICTION, detail) for row in group]
        else:
            group.sort(key=_preference_open)
            kept.append(_gather_aliases(group))
            rejects += [
                _reject_open(row, Reason.DUPLICATE, _repeats(row, group[0])) for row in group[1:]
            ]
    kept.sort(key=lambda row: row.identity)
    return DeduplicatedOpen(tuple(kept), tuple(rejects))


def _reject_known(row: OpenQuestion, keys: Mapping[str, str]) -> Reject:
    """An open question that questions with choices ask, by their folded keys and ids."""
    answers = [_fold(answer) for answer in (row.answer, *row.aliases)]
    twin = next((keys[answer] for answer in answers if answer in keys), None)
    if twin is not None:
        return _reject_open(row, Reason.DUPLICATE, f"duplicate of {twin}")
    twin = min(keys.values())
    if len(_single_values((row.answer, *keys))) > 1:
        return _reject_open(row, Reason.CONTRADICTION, f"{twin} asks this and has another key")
    return _reject_open(row, Reason.DUPLICATE, f"{twin} asks this for another right answer")


def _single_values(answers: Iterable[str]) -> set[Hashable]:
    """The values among answers to one question of which only one can be right."""
    values: set[Hashable] = set()
    for answer in map(_fold, answers):
        if answer in _VERDICTS:
            values.add(_VERDICTS[answer])
        elif _NUMBER.fullmatch(answer):
            values.add(Decimal(re.sub(r"[,$€£%+]", "", answer)))
    return values


def _gather_aliases(rows: Sequence[OpenQuestion]) -> OpenQuestion:
    """The first row, with all that answers the others."""
    first = rows[0]
    others = sorted({text for row in rows[1:] for text in (row.answer, *row.aliases)})
    aliases: dict[str, str] = {}
    for text in (*first.aliases, *others):
        aliases.setdefault(_fold(text), text)
    aliases.pop(_fold(first.answer), None)
    return first._replace(aliases=tuple(aliases.values()))


def _repeats(row: OpenQuestion, first: OpenQuestion) -> str:
    if _fold(row.answer) == _fold(first.answer):
        return f"duplicate of {first.identity}"
    return f"{first.identity} asks this; the answer {shorten(row.answer, 60)!r} is an alias there"


def _preference_open(row: OpenQuestion) -> tuple[str, ...]:
    content = (row.answer, *row.aliases, row.source, row.topic, row.licence, row.explanation)
    return (*content, row.group, row.text, row.file)


def _reject_open(row: OpenQuestion, reason: Reason, detail: str) -> Reject:
    excerpt = shorten(f"{row.text[:400]} [{row.answer[:400]}]")
    return Reject(row.file, row.row, reason, detail, excerpt)


def group_rows(
    rows: Sequence[Checked],
    threshold: float = DEFAULT_THRESHOLD,
    *,
    engine: Engine = IN_PROCESS,
) -> Grouping:
    """One group per row. Blocks of rows are read on `engine`, whose results are always the same."""
    links = link_rows(rows, threshold, engine=engine)
    labels = label_components(links.pairs, len(rows))
    return Grouping(name_groups(rows, labels), links.templates)


def link_rows(
    rows: Sequence[Checked], threshold: float = DEFAULT_THRESHOLD, *, engine: Engine = IN_PROCESS
) -> Links:
    """Near-duplicates, rows of one long template, and rows that a source groups together. In links
    of the last two kinds the first row of its kind stands for it.
    """
    questions = [row.question for row in rows]
    wordings = read_wordings(questions, engine=engine)
    settled = np.asarray([row.settled for row in rows], bool)
    candidates = _find_candidates(wordings, threshold)
    candidates = candidates[~settled[candidates].all(axis=1)]
    alike = candidates[same_question(wordings, candidates, threshold)]
    linked = link_templates(template_keys(wordings.table, wordings.numeric), settled=settled)
    report = report_templates(questions, wordings.table, linked=len(np.unique(linked)))
    return Links(np.concatenate([_stated_pairs(rows), alike, linked]), report)


def name_groups(rows: Sequence[Checked], labels: Integers) -> tuple[str, ...]:
    """The name of each row's group; rows with equal labels are one."""
    names: dict[int, str] = {}
    numbers = labels.tolist()
    for label, row in zip(numbers, rows, strict=True):
        # "!" sorts before every letter: stated names win over ids.
        name = f"!{row.group}" if row.group else row.question.id
        names[label] = min(names.get(label, name), name)
    return tuple(names[label].removeprefix("!") for label in numbers)


def _find_candidates(wordings: Wordings, threshold: float) -> Integers:
    """Pairs that one of the rules of `likeness` may hold for."""
    keys = np.unique(wordings.keys, return_inverse=True)[1].astype(np.int64)
    found = [
        near_pairs(wordings.texts, threshold, classes=np.where(wordings.telling, keys, -1)),
        near_pairs(wordings.spellings, spelling_threshold(threshold)),
        equal_pairs(wordings.stems),
    ]
    count = len(wordings.keys)
    codes = distinct(np.concatenate([pairs[:, 0] * count + pairs[:, 1] for pairs in found]))
    return np.stack([codes // max(count, 1), codes % max(count, 1)], axis=1)


def _stated_pairs(rows: Sequence[Checked]) -> Integers:
    first: dict[str, int] = {}
    linked = [(first.setdefault(row.group, at), at) for at, row in enumerate(rows) if row.group]
    return np.asarray(linked, np.int64).reshape(-1, 2)


def label_components(pairs: Integers, count: int) -> Integers:
    """One number per place; equal numbers for places that pairs connect."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    weights = np.ones(len(pairs), np.int8)
    graph = coo_array((weights, (pairs[:, 0], pairs[:, 1])), shape=(count, count))
    return connected_components(graph, directed=False)[1].astype(np.int64)
