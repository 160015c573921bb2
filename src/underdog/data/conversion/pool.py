"""Right answers to draw from, with what decides who is whose like.

In: right answers with their questions. Out: a `Pool`, one row per answer and question, each with a
hash that stands for it wherever chance is drawn. Never: two rows with the same two texts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple
from zlib import crc32

import numpy as np

from underdog.data.answers.families import family_of
from underdog.data.answers.focus import read_focus, wanted
from underdog.data.answers.genders import gender_of_name, gender_of_noun
from underdog.data.answers.kind import Answer, AnswerKind, Form
from underdog.data.answers.read import read_answer, says_yes_or_no
from underdog.data.conversion.admission import case_of
from underdog.data.conversion.composites import Date, Fraction, read_date, read_fraction
from underdog.data.conversion.figures import NUMERIC, Figure, read_figure
from underdog.data.conversion.meaning import Meaning, find_meaning
from underdog.data.conversion.word_hashes import (
    Hashes,
    Integers,
    Words,
    find_words,
    fold_texts,
    mix,
)
from underdog.data.engine.engine import Engine, cut

BLOCK = 1500
"""Answers that are read at a time."""
LONGEST_PHRASE_WORDS = 3
_WHO = re.compile(
    r"\b[Ww]ho(?:m|se)?\s+(?:(?:is|was|were|are|has|had|have|did|does|the|a|an|first|originally|"
    r"also|famously|reportedly|once|later|actually)\s+)*([a-z]{3,})"
)
_WOMEN = "she her hers herself woman actress lady girl queen mother daughter sister wife princess"
_MEN = "he his him himself man actor gentleman boy king father son brother husband prince"


class PoolAnswer(NamedTuple):
    """A further right answer to draw from, and the question that it answers."""

    answer: str
    question: str
    topic: str = ""


class Read(NamedTuple):
    """What one answer and its question say about their likes."""

    kind: AnswerKind
    focus: str
    role: str
    """What a person did whom "who" asks for: "directed", "wrote"; "" elsewhere."""
    wanted: str
    family: str
    """The sort of things that the focus is one of (`answers.families`); "" where it is unknown."""
    gender: int
    """1 for a woman, -1 for a man, by the noun asked for or by the name; 0 for the rest."""
    surface: tuple[str, str, int, bool, bool]
    """What must be alike at first sight: numeral, case, words (up to 1, 3, 6, 9), a full stop, an
    article of small words."""
    plural: bool
    numeric: Figure | Date | Fraction | None
    """A number, date or fraction that can be replaced by others; None for every other answer."""


class Pool(NamedTuple):
    """n rows, in the order given. `folded` texts have lower-case words between blanks."""

    answers: tuple[str, ...]
    questions: tuple[str, ...]
    topics: tuple[str, ...]
    reads: tuple[Read, ...]
    folded_answers: list[str]
    folded_questions: list[str]
    answer_words: Words
    question_words: Words
    meaning: Meaning
    hashes: Hashes
    """Of both texts, letter for letter: what stands for a row wherever chance is drawn."""
    asked: Hashes
    """Of the question's words: equal for equal questions."""
    said: Hashes
    """Of the answer's words."""

    def explains(self, row: int) -> bool:
        """Whether an answer is a phrase too long to name anything: a reason, a statement, a way.
        What others say of other things is no fair choice beside it.
        """
        phrase = self.reads[row].kind is AnswerKind.PHRASE
        return phrase and len(self.answers[row].split()) > LONGEST_PHRASE_WORDS

    def in_words(self, row: int) -> bool:
        """Whether an answer takes its wrong choices from other answers: it is neither a number nor
        yes or no, and names something.
        """
        read = self.reads[row]
        said = read.numeric is None and read.kind is not AnswerKind.YES_NO
        return said and not self.explains(row)

    def places(self) -> dict[tuple[str, str], int]:
        """The row of each question and answer."""
        pairs = zip(self.questions, self.answers, strict=True)
        return {pair: at for at, pair in enumerate(pairs)}

    def genders(self) -> Integers:
        """1 for women, -1 for men, by the noun asked for, else by the name, else by the words of
        the question; 0 where they speak of both or neither.
        """
        told = np.fromiter((read.gender for read in self.reads), np.int64, len(self.reads))
        spoken = np.sign(self._count(_WOMEN) - self._count(_MEN))
        signs: Integers = np.where(told == 0, spoken, told)
        return signs

    def _count(self, words: str) -> Integers:
        """How many of some words stand in each question."""
        known = find_words(fold_texts([words])).hashes
        found = self.question_words.rows[np.isin(self.question_words.hashes, known)]
        counts: Integers = np.bincount(found, minlength=len(self.answers))
        return counts


def gather(answers: Iterable[PoolAnswer], *, engine: Engine) -> Pool:
    """Read all answers, equal ones with equal questions once."""
    topics: dict[tuple[str, str], str] = {}
    for each in answers:
        pair = (each.question, each.answer)
        if topics.setdefault(pair, each.topic) > each.topic:
            topics[pair] = each.topic
    pairs = list(topics)
    with ThreadPoolExecutor(1) as aside:
        # Where reading is left to workers, this core is free for the words and their meaning.
        blocks = aside.submit(list, engine.map(read_block, cut(pairs, BLOCK), None))
        folded_questions = fold_texts([question for question, _ in pairs])
        folded_answers = fold_texts([answer for _, answer in pairs])
        question_words, answer_words = find_words(folded_questions), find_words(folded_answers)
        asked = question_words.row_hashes(len(pairs))
        said = answer_words.row_hashes(len(pairs))
        letters = [crc32(f"{pair[0]}\x1f{pair[1]}".encode("utf-8", "replace")) for pair in pairs]
        hashes = mix(asked ^ mix(said ^ np.array(letters, np.uint64)))
        meaning = find_meaning(question_words, answer_words, hashes)
        reads = tuple(read for block in blocks.result() for read in block)
    return Pool(
        tuple(answer for _, answer in pairs),
        tuple(question for question, _ in pairs),
        tuple(topics.values()),
        reads,
        folded_answers,
        folded_questions,
        answer_words,
        question_words,
        meaning,
        hashes=hashes,
        asked=asked,
        said=said,
    )


def read_block(pairs: Sequence[tuple[str, str]], _: None) -> list[Read]:
    """What questions and answers say about their likes."""
    return [_read(question, answer) for question, answer in pairs]


def _read(question: str, text: str) -> Read:
    if says_yes_or_no(text):
        return _YES_OR_NO
    answer = read_answer(text, question)
    focus = read_focus(question)
    role = _WHO.search(question) if focus == "person" else None
    want = wanted(focus)
    return Read(
        answer.kind,
        focus,
        role[1] if role is not None else "",
        "" if want is None else want.value,
        family_of(focus),
        _gender(answer, focus) if answer.kind is AnswerKind.PERSON else 0,
        _surface(answer.form, answer.kind),
        answer.kind is AnswerKind.PHRASE and answer.form.plural,
        read_numeric(answer),
    )


def _gender(answer: Answer, focus: str) -> int:
    return gender_of_noun(focus) or gender_of_name(answer.text)


_YES_OR_NO = Read(AnswerKind.YES_NO, "", "", "", "", 0, ("", "", 0, False, False), False, None)
"""Of no use to other questions, so that no more is read."""


def read_numeric(answer: Answer) -> Figure | Date | Fraction | None:
    """The answer as a number, date or fraction that can be written with other values."""
    if answer.kind is AnswerKind.DATE:
        return read_date(answer.text)
    if answer.kind is AnswerKind.FRACTION:
        return read_fraction(answer.text)
    return read_figure(answer) if answer.kind in NUMERIC else None


def _surface(form: Form, kind: AnswerKind) -> tuple[str, str, int, bool, bool]:
    case = case_of(form)
    words = 1 if form.words == 1 else 3 if form.words <= 3 else 6 if form.words <= 6 else 9
    small = kind is AnswerKind.PHRASE and case in ("lower", "sentence")
    return form.numeral.value, case, words, form.stop, small and bool(form.article)
