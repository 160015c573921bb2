"""Which questions are the same, and which are so alike that they must not be parted.

In: checked rows. Out: rows without exact duplicates, and one group per row. Groups are connected
components of near-duplicate pairs (`near_pairs`), joined with the groups that sources state
themselves. The result does not depend on the order in which files were given.

Two questions are near-duplicates when one of three holds at the threshold (default 0.6):
  wording   words and word pairs of the text, together with whole choices: "Which is the largest
            planet?" with other distractors; not "Which is true?" with other choices
  fact      words and word pairs of the text alone, where both have the same right answer, unless
            that says nothing ("True", "All of these")
  content   words and word pairs of text and choices: "the definition of the MEAN / of the MODE"
Two rows whose sources vouch for their groups are left as they are: the bank asks thousands of facts
in a few wordings ("Which country do you visit when you go to Tanga / Mandalay?"); without this rule
its relations become groups of up to 942 rows that fall whole on one side of the split.
Measured on 53,732 distinct OpenTriviaQA and ARC/OpenBookQA questions (2026-11-20): 562 such pairs,
742 questions in groups, the largest of 9 ("If the world were a village of 100 people ..."). By
wording alone, 0.5 chains 81 questions ("What is the capital / state flower of ...?") and 0.7 finds
138 pairs where 0.6 finds 505, most of them true.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from underdog.data.near_pairs import near_pairs
from underdog.data.quality import Checked
from underdog.data.reject import Reason, Reject, shorten
from underdog.data.shingles import Integers, content_sets, read_words, text_sets, wording_sets
from underdog.mcq.question import Question, normalise

DEFAULT_THRESHOLD = 0.6
_SAYS_NOTHING = re.compile(r"(true|false|yes|no|(all|none|both|neither|any|some|either|each)\b.*)")


class Deduplicated(NamedTuple):
    """`rows` in the order of their ids."""

    rows: tuple[Checked, ...]
    rejects: tuple[Reject, ...]


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
        keys = {normalise(row.question.answer_text or "") for row in group}
        group.sort(key=_preference)
        if len(keys) == 1:
            kept.append(group[0])
            detail = f"duplicate of {group[0].question.id}"
            rejects += [_reject(row, Reason.DUPLICATE, detail) for row in group[1:]]
        else:
            detail = f"{len(keys)} different keys among {len(group)} rows like this one"
            rejects += [_reject(row, Reason.CONTRADICTION, detail) for row in group]
    kept.sort(key=lambda row: row.question.id)
    return Deduplicated(tuple(kept), tuple(rejects))


def identity(question: Question) -> tuple[str, ...]:
    """Equal for questions that differ in case, white space and the order of choices at most."""
    return (normalise(question.text), *sorted(map(normalise, question.choices)))


def _preference(row: Checked) -> tuple[str, ...]:
    question = row.question
    return (question.id, question.source, question.topic, "\x1f".join(question.choices), row.file)


def _reject(row: Checked, reason: Reason, detail: str) -> Reject:
    question = row.question
    excerpt = shorten(f"{question.text[:400]} [{' | '.join(question.choices)[:400]}]")
    return Reject(row.file, row.row, reason, detail, excerpt)


def group_rows(rows: Sequence[Checked], threshold: float = DEFAULT_THRESHOLD) -> tuple[str, ...]:
    """One group per row, named by a source's own group, else by the smallest id in it."""
    questions = [row.question for row in rows]
    words = read_words(questions)
    alike = np.concatenate(
        [
            near_pairs(wording_sets(words), threshold),
            near_pairs(text_sets(words), threshold, classes=_answer_classes(questions)),
            near_pairs(content_sets(words), threshold),
        ]
    )
    settled = np.asarray([row.settled for row in rows], bool)
    alike = alike[~settled[alike].all(axis=1)]
    labels = _components(np.concatenate([_stated_pairs(rows), alike]), len(rows)).tolist()
    names: dict[int, str] = {}
    for label, row in zip(labels, rows, strict=True):
        # "!" sorts before every letter: stated names win over ids.
        name = f"!{row.group}" if row.group else row.question.id
        names[label] = min(names.get(label, name), name)
    return tuple(names[label].removeprefix("!") for label in labels)


def _answer_classes(questions: Sequence[Question]) -> Integers:
    """Equal numbers for equal right answers; -1 where the answer says nothing about the fact."""
    known: dict[str, int] = {}
    answers = (normalise(question.answer_text or "") for question in questions)
    numbers = [
        -1
        if not answer or _SAYS_NOTHING.fullmatch(answer)
        else known.setdefault(answer, len(known))
        for answer in answers
    ]
    return np.asarray(numbers, np.int64)


def _stated_pairs(rows: Sequence[Checked]) -> Integers:
    first: dict[str, int] = {}
    linked = [(first.setdefault(row.group, at), at) for at, row in enumerate(rows) if row.group]
    return np.asarray(linked, np.int64).reshape(-1, 2)


def _components(pairs: Integers, count: int) -> Integers:
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    weights = np.ones(len(pairs), np.int8)
    graph = coo_array((weights, (pairs[:, 0], pairs[:, 1])), shape=(count, count))
    return connected_components(graph, directed=False)[1].astype(np.int64)
