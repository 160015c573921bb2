"""Questions that are one sentence with other numbers and names in it.

In: a word table. Out: links between rows that are near-duplicates for that reason, and a report of
all templates, for people. Years, ordinals and the like name a thing and are not masked as numbers:
"Who won in 1998?" and "Who won in 2002?" are two questions.

Masking everything joins far too much: "What is 3 + 4?" would meet all of arithmetic and "What is
the capital of [name]?" every capital. What is left decides. Two rows are linked when their right
answers are numbers and what is left besides the masks is one and the same, and long:
  numbers masked            8 words, 5 of them with a meaning
  numbers and names masked  12 words, 8 of them with a meaning or numbers; each name keeps its
                            place: "Ann has 3, Bob 4: how many has Ann / Bob?" are two questions
Read by eye on OpenTriviaQA, ARC/OpenBookQA and GSM8K (61,205 rows, 2026-11-21): equal texts but for
numbers 8 clusters, for numbers and names 443. The rule links 3 of them, 6 rows, all rightly ("A
train travels 360 miles in 3 hours ..."). One word fewer would link "If the world were a village of
1000 people, how many would speak Hindi / Mandarin?" and "Find the missing number in the sequence".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np

from underdog.data.word_table import Hashes, Integers, Marks, WordTable, hash_spans, running_count
from underdog.mcq.question import Question

NUMBERS_LEFT, NUMBERS_LEFT_MEANING = 8, 5
NAMES_LEFT, NAMES_LEFT_MEANING = 12, 8
REPORTED_LEFT = 3
"""A cluster is reported when three words are left, one of them with a meaning."""
LARGEST = 10
_NONE, _NUMBER_MASK, _NAME_MASK = np.uint64(0), np.uint64(1), np.uint64(2)
_MIX = np.uint64(0x9E3779B97F4A7C15)


class Template(NamedTuple):
    """`pattern` has [number] and [name] where masks stand; `example` is one of its texts."""

    pattern: str
    example: str
    rows: int


@dataclass(frozen=True, slots=True)
class TemplateReport:
    """Rows whose texts are equal but for numbers and names, two rows to a cluster at least."""

    clusters: int
    rows: int
    linked: int
    """Rows that share a group for this reason; the other clusters are reported only."""
    largest: tuple[Template, ...]
    """The ten largest clusters, the largest first."""

    def to_json(self) -> dict[str, Any]:
        """As a plain JSON object."""
        return {**asdict(self), "largest": [each._asdict() for each in self.largest]}


class TemplateKeys(NamedTuple):
    """One hash per row for each way of masking; 0 where too little is left. Rows with equal keys
    are near-duplicates.
    """

    by_number: Hashes
    by_name: Hashes


class _Masked(NamedTuple):
    """One hash per text, the words left in it, and those of them with a meaning."""

    hashes: Hashes
    left: Integers
    meaning: Integers


class _Texts(NamedTuple):
    """The words of the texts alone, row after row."""

    hashes: Hashes
    bounds: Integers
    quantity: Marks
    name: Marks
    function: Marks


def template_keys(table: WordTable, numeric: Marks) -> TemplateKeys:
    """What of each text is left, where that is long enough for a near-duplicate. `numeric` says
    which rows have a number as right answer.
    """
    texts = _read_texts(table)
    numbers = _count(texts.quantity, texts)
    plain = _mask(texts, names=np.zeros(len(texts.name), bool))
    enough = (plain.left >= NUMBERS_LEFT) & (plain.meaning >= NUMBERS_LEFT_MEANING)
    by_number = np.where(enough & numeric & (numbers > 0), plain.hashes, _NONE)
    named = _mask(texts, names=texts.name)
    enough = (named.left >= NAMES_LEFT) & (named.meaning + numbers >= NAMES_LEFT_MEANING)
    by_name = np.where(enough & numeric & (numbers > 0), named.hashes, _NONE)
    return TemplateKeys(by_number, by_name)


def link_templates(keys: TemplateKeys, *, settled: Marks) -> Integers:
    """Pairs of rows with equal keys, shape (pairs, 2): each with the first of its kind. Two
    `settled` rows are never linked.
    """
    pairs = np.concatenate([_link_equal(each) for each in keys])
    linked: Integers = pairs[~settled[pairs].all(axis=1)]
    return linked


def report_templates(
    questions: Sequence[Question], table: WordTable, *, linked: int
) -> TemplateReport:
    """All clusters of texts that are equal but for numbers and runs of names. `linked` is what the
    report says about rows that `link_templates` joined.
    """
    texts = _merge_names(_read_texts(table))
    masked = _mask(texts, names=texts.name, told_apart=False)
    shown = _count(texts.quantity | texts.name, texts) > 0
    shown &= (masked.left >= REPORTED_LEFT) & (masked.meaning > 0)
    sizes = Counter(masked.hashes[shown].tolist())
    repeated = {key: size for key, size in sizes.items() if size > 1}
    example: dict[int, int] = {}
    for row in np.flatnonzero(shown).tolist():
        key = int(masked.hashes[row])
        if key in repeated:
            other = example.setdefault(key, row)
            example[key] = min(other, row, key=lambda at: questions[at].text)
    largest = sorted(repeated, key=lambda key: (-repeated[key], questions[example[key]].text))
    return TemplateReport(
        clusters=len(repeated),
        rows=sum(repeated.values()),
        linked=linked,
        largest=tuple(
            Template(_pattern(table, example[key]), questions[example[key]].text, repeated[key])
            for key in largest[:LARGEST]
        ),
    )


def _read_texts(table: WordTable) -> _Texts:
    chosen = table.is_text()[table.word_parts()]
    return _Texts(
        table.hashes[chosen],
        running_count(chosen)[table.part_bounds[table.row_bounds]],
        table.quantity[chosen],
        table.name[chosen],
        table.function[chosen],
    )


def _count(marks: Marks, texts: _Texts) -> Integers:
    return np.diff(running_count(marks)[texts.bounds])


def _merge_names(texts: _Texts) -> _Texts:
    """Of each run of names ("New York City") the first word alone."""
    kept = np.ones(len(texts.name), bool)
    kept[1:] = ~(texts.name[1:] & texts.name[:-1])
    kept[texts.bounds[:-1][texts.bounds[:-1] < len(kept)]] = True
    return _Texts(
        texts.hashes[kept],
        running_count(kept)[texts.bounds],
        texts.quantity[kept],
        texts.name[kept],
        texts.function[kept],
    )


def _mask(texts: _Texts, *, names: Marks, told_apart: bool = True) -> _Masked:
    """Numbers masked, and the words marked in `names`; with `told_apart` a name's mask says where
    in the text the name came first.
    """
    values = np.where(texts.quantity, _NUMBER_MASK, texts.hashes)
    values[names] = _NAME_MASK
    if told_apart:
        values[names] += _first_places(texts, names) * _MIX
    left = ~(texts.quantity | names)
    return _Masked(
        hash_spans(values, texts.bounds),
        _count(left, texts),
        _count(left & ~texts.function, texts),
    )


def _first_places(texts: _Texts, names: Marks) -> Hashes:
    """For each marked word, how many words of its text stand before it comes for the first time."""
    rows = np.repeat(np.arange(len(texts.bounds) - 1), np.diff(texts.bounds))[names]
    own = texts.hashes[names] ^ (rows.astype(np.uint64) * _MIX)
    _, first, places = np.unique(own, return_index=True, return_inverse=True)
    positions = np.flatnonzero(names) - texts.bounds[rows]
    return positions[first[places]].astype(np.uint64)


def _link_equal(keys: Hashes) -> Integers:
    rows = np.flatnonzero(keys != _NONE)
    _, first, places = np.unique(keys[rows], return_index=True, return_inverse=True)
    pairs = np.stack([rows[first[places]], rows], axis=1)
    others: Integers = pairs[pairs[:, 0] != pairs[:, 1]]
    return others


def _pattern(table: WordTable, row: int) -> str:
    """The folded text with [number] and [name] for what is masked."""
    shown: list[str] = []
    for word in table.words(int(table.row_bounds[row])):
        mask = "[number]" if word.quantity else "[name]" if word.name else word.letters
        if mask != "[name]" or shown[-1:] != ["[name]"]:
            shown.append(mask)
    return " ".join(shown)
