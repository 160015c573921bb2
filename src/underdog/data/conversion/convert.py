"""Open question + right answer -> a multiple-choice question whose wrong choices are honest.

In: open questions, further right answers to draw from, a seed. Out: questions with choices of one
kind, form and length, or a Reject. Never: a choice that may say the same as a right answer or as
another choice, one that stands in the question or that an equal question gives as right; a third
choice for yes and no; or a result that depends on the order of rows or on the engine.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple, TypeVar

import numpy as np

from underdog.data.answers.kind import AnswerKind
from underdog.data.answers.read import has_value, read_answer
from underdog.data.conversion.board import Board, lay_out
from underdog.data.conversion.cell_draw import Deck, Drawn, Wanted, draw_cells
from underdog.data.conversion.config import ConversionConfig, TwoOptions
from underdog.data.conversion.figures import Figure
from underdog.data.conversion.negated import asks_what_is_not
from underdog.data.conversion.number_draw import Asked, Setting, draw_numbers
from underdog.data.conversion.pool import LONGEST_PHRASE_WORDS, Pool, PoolAnswer, gather
from underdog.data.conversion.prior import Priors
from underdog.data.conversion.two_options import find_two_options, names_its_options
from underdog.data.conversion.word_hashes import fold_texts
from underdog.data.engine.engine import Engine, cut
from underdog.data.engine.local import IN_PROCESS
from underdog.data.open_question import OpenQuestion
from underdog.data.quality import Checked
from underdog.data.reject import Reason, Reject, shorten
from underdog.data.screening.other_choices import refers_to_all, refers_to_places
from underdog.mcq.question import Question

Answered = TypeVar("Answered", OpenQuestion, PoolAnswer)
WrongAnswers = Callable[[OpenQuestion], Sequence[str]]
"""A model's own frequent wrong answers to a question, the most frequent first."""
_OPENINGS = ("all", "none", "no", "both", "neither", "either", "any", "each", "a ", "b ", "c ")
CELLS, NUMBERS = 8, 250
"""Cells and numeric questions that are worked on at a time."""

__all__ = ["ConversionConfig", "Converted", "PoolAnswer", "WrongAnswers", "convert"]


class Converted(NamedTuple):
    """Every question that was given is in one of the two, in the order given."""

    rows: tuple[Checked, ...]
    rejects: tuple[Reject, ...]
    kinds: dict[str, int]
    """Kind of answer -> questions converted, sorted by name."""


class _Outcome(NamedTuple):
    """Choices with the key first, or in their own order where there are two; or why there are
    none.
    """

    kind: AnswerKind
    choices: tuple[str, ...] = ()
    reason: Reason | None = None
    detail: str = ""


def convert(
    questions: Sequence[OpenQuestion],
    config: ConversionConfig | None = None,
    *,
    seed: int,
    pool: Sequence[PoolAnswer] = (),
    engine: Engine = IN_PROCESS,
    wrong_answers: WrongAnswers | None = None,
) -> Converted:
    """Give every question its choices, or a reason why it can have none.

    Wrong choices come from `wrong_answers` where those pass all checks, then from the right answers
    of the other questions and of `pool`; numbers come from typical slips. Equal questions, pool and
    seed give equal choices. Raises MissingExtraError without scipy.
    """
    config = config or ConversionConfig()
    tidy = [_in_line(each) for each in questions]
    outcomes = {at: _settle(each, config) for at, each in enumerate(tidy)}
    open_at = [at for at, outcome in outcomes.items() if outcome is None]
    offered = [
        () if wrong_answers is None else tuple(wrong_answers(questions[at])) for at in open_at
    ]
    asked = [tidy[at] for at in open_at]
    usable = [_in_line(each) for each in pool if _may_be_drawn(each.answer, config)]
    drawn = _draw(asked, offered, config=config, pool=usable, seed=seed, engine=engine)
    outcomes |= dict(zip(open_at, drawn, strict=True))
    return _collect(questions, [outcomes[at] for at in range(len(questions))], seed=seed)


def _in_line(each: Answered) -> Answered:
    """With its answer on one line, single blanks between words."""
    line = " ".join(each.answer.split())
    return each if line == each.answer else each._replace(answer=line)


def _may_be_drawn(answer: str, config: ConversionConfig) -> bool:
    return 0 < len(answer) <= config.longest_answer and not _speaks_of_choices(answer)


def _speaks_of_choices(answer: str) -> bool:
    if not answer.lower().startswith(_OPENINGS):  # spares nearly all answers two searches
        return False
    return refers_to_all(answer) or refers_to_places(answer)


def _settle(question: OpenQuestion, config: ConversionConfig) -> _Outcome | None:
    """What needs no other answers: two options, and what cannot be converted. None for the rest."""
    text, answer = question.text, question.answer
    options = find_two_options(text, answer)
    if options is not None:
        kind = read_answer(answer, text).kind
        if config.yes_no is TwoOptions.REJECT:
            detail = f"{options[0]!r} or {options[1]!r}"
            return _Outcome(kind, reason=Reason.YES_NO, detail=shorten(detail))
        return _Outcome(kind, choices=(answer, *(each for each in options if each != answer)))
    if _speaks_of_choices(answer):
        detail = f"answer {shorten(answer, 60)!r}"
        return _Outcome(AnswerKind.PHRASE, reason=Reason.CHOICE_OF_ALL, detail=detail)
    why = _why_none(text, answer, config)
    if why is not None:
        return _Outcome(AnswerKind.PHRASE, reason=Reason.TOO_FEW_DISTRACTORS, detail=why)
    return None


def _why_none(text: str, answer: str, config: ConversionConfig) -> str | None:
    """Why no other answer would be a fair wrong choice, where that is known at once."""
    if names_its_options(text, answer):
        return f"the question names {shorten(answer, 60)!r} among its options"
    if asks_what_is_not(text):
        return "it asks what is not so: other answers are right as well"
    if not _may_be_drawn(answer, config):
        return f"an answer of {len(answer)} characters, at most {config.longest_answer}"
    return None


def _draw(
    asked: Sequence[OpenQuestion],
    offered: Sequence[tuple[str, ...]],
    *,
    config: ConversionConfig,
    pool: Sequence[PoolAnswer],
    seed: int,
    engine: Engine,
) -> list[_Outcome]:
    """Wrong choices for each question, in order."""
    if not asked:
        return []
    own = [PoolAnswer(each.answer, each.text, each.topic) for each in asked]
    whole = _gather_what_counts(own, pool, engine=engine)
    places = whole.places()
    rows = [places[each.text, each.answer] for each in asked]
    wanted = _wanted(whole, rows, asked=asked, offered=offered)
    others = config.choices - 1
    with ThreadPoolExecutor(1) as aside:
        # Laying out the board is for one core; the workers can draw numbers meanwhile.
        numbers = aside.submit(
            _draw_numbers, whole, wanted, config=config, seed=seed, engine=engine
        )
        board = _lay_out_words(whole, wanted, config=config, seed=seed)
        found = numbers.result()
    if board is not None:
        found |= _draw_words(whole, board, wanted, config=config, seed=seed, engine=engine)
    outcomes = []
    for row in rows:
        kind, texts = whole.reads[row].kind, found.get(row, ())
        if len(texts) == others:
            outcomes.append(_Outcome(kind, choices=(whole.answers[row], *texts)))
        else:
            detail = f"{len(texts)} of {others} for a {kind}"
            if whole.explains(row):
                detail = f"a phrase of more than {LONGEST_PHRASE_WORDS} words has no like"
            outcomes.append(_Outcome(kind, reason=Reason.TOO_FEW_DISTRACTORS, detail=detail))
    return outcomes


def _gather_what_counts(
    own: Sequence[PoolAnswer], pool: Sequence[PoolAnswer], *, engine: Engine
) -> Pool:
    """All answers; where only numbers want choices, no more than the numbers among those of the
    pool, and what is right for the same questions: the rest would be read for nothing.
    """
    if not all(has_value(each.answer) for each in own):
        return gather([*own, *pool], engine=engine)
    asked = set(fold_texts([each.question for each in own]))
    folded = fold_texts([each.question for each in pool])
    rest = [
        each
        for each, question in zip(pool, folded, strict=True)
        if question in asked or has_value(each.answer)
    ]
    whole = gather([*own, *rest], engine=engine)
    places = whole.places()
    if any(whole.in_words(places[each.question, each.answer]) for each in own):
        return gather([*own, *pool], engine=engine)  # the film "1917"
    return whole


def _wanted(
    pool: Pool,
    rows: Sequence[int],
    *,
    asked: Sequence[OpenQuestion],
    offered: Sequence[tuple[str, ...]],
) -> dict[int, Wanted]:
    """What else is known of each row: all that is right there, and what was offered for it.

    What is right for a question is right for every question with the same text.
    """
    _, first, counts = np.unique(pool.asked, return_inverse=True, return_counts=True)
    right: dict[int, set[str]] = {}
    for row in np.flatnonzero(counts[first] > 1).tolist():
        right.setdefault(int(first[row]), set()).add(pool.answers[row])
    for row, each in zip(rows, asked, strict=True):
        if each.aliases:
            right.setdefault(int(first[row]), set()).update(each.aliases)
    found: dict[int, Wanted] = {}
    for row, texts in zip(rows, offered, strict=True):
        aliases = right.get(int(first[row]), set()) - {pool.answers[row]}
        known = found.get(row)
        most = texts if known is None else max(known.offered, texts)
        found[row] = Wanted(tuple(sorted(aliases)), most)
    return found


def _lay_out_words(
    pool: Pool, wanted: Mapping[int, Wanted], *, config: ConversionConfig, seed: int
) -> Board | None:
    """The board of answers in words, None where no wanted one is."""
    lettered = [at for at in range(len(pool.reads)) if pool.in_words(at)]
    if not any(at in wanted for at in lettered):
        return None
    return lay_out(pool, np.array(lettered), size=config.cell, seed=seed)


def _draw_words(
    pool: Pool,
    board: Board,
    wanted: Mapping[int, Wanted],
    *,
    config: ConversionConfig,
    seed: int,
    engine: Engine,
) -> dict[int, tuple[str, ...]]:
    """Wrong choices by row of the pool, for answers in words."""
    rows = board.rows.tolist()
    deck = Deck(
        board,
        tuple(pool.answers[row] for row in rows),
        tuple(pool.reads[row].kind for row in rows),
        tuple(pool.folded_answers[row] for row in rows),
        tuple(pool.questions[row] for row in rows),
        tuple(pool.folded_questions[row] for row in rows),
        {at: wanted[row] for at, row in enumerate(rows) if row in wanted},
        config.choices - 1,
        seed,
    )
    cells = cut(range(len(board.starts) - 1), CELLS)
    return {rows[each.row]: each.texts for each in _run(engine.map(draw_cells, cells, deck))}


def _draw_numbers(
    pool: Pool, wanted: Mapping[int, Wanted], *, config: ConversionConfig, seed: int, engine: Engine
) -> dict[int, tuple[str, ...]]:
    """Wrong choices by row of the pool, for numbers, dates and fractions."""
    numeric = {at: read.numeric for at, read in enumerate(pool.reads) if read.numeric is not None}
    asked = [
        Asked(
            at,
            pool.answers[at],
            pool.reads[at].kind,
            pool.questions[at],
            number,
            int(pool.hashes[at]),
            wanted[at],
        )
        for at, number in numeric.items()
        if at in wanted
    ]
    figures = [each for each in numeric.values() if isinstance(each, Figure)]
    years = [each.value for each in figures if each.kind is AnswerKind.YEAR]
    told = [each.grouped for each in figures if each.grouped is not None]
    setting = Setting(
        Priors(((each.kind, each.value, each.places) for each in figures), years),
        grouped=2 * sum(told) > len(told),
        others=config.choices - 1,
        latest_year=config.latest_year,
        seed=seed,
    )
    blocks = cut(sorted(asked, key=_likeness), NUMBERS)
    return {each.row: each.texts for each in _run(engine.map(draw_numbers, blocks, setting))}


def _likeness(each: Asked) -> tuple[str, int, int]:
    """Numbers that are worked on together share what is computed on the way."""
    number = each.numeric
    value = number.value if isinstance(number, Figure) else 0
    return each.kind.value, number.places if isinstance(number, Figure) else 0, value


def _run(blocks: Iterable[Sequence[Drawn]]) -> Iterable[Drawn]:
    return (drawn for block in blocks for drawn in block)


def _collect(
    questions: Sequence[OpenQuestion], outcomes: Sequence[_Outcome | None], *, seed: int
) -> Converted:
    """Rows and rejects in the order of the questions."""
    rows: list[Checked] = []
    rejects: list[Reject] = []
    kinds: Counter[str] = Counter()
    places = _places(questions, outcomes, seed=seed)
    for at, (question, outcome) in enumerate(zip(questions, outcomes, strict=True)):
        assert outcome is not None
        if outcome.reason is None:
            rows.append(_row(question, outcome.choices, places[at]))
            kinds[outcome.kind.value] += 1
        else:
            excerpt = shorten(f"{question.text[:400]} [{question.answer[:400]}]")
            reject = Reject(question.file, question.row, outcome.reason, outcome.detail, excerpt)
            rejects.append(reject)
    return Converted(tuple(rows), tuple(rejects), dict(sorted(kinds.items())))


def _places(
    questions: Sequence[OpenQuestion], outcomes: Sequence[_Outcome | None], *, seed: int
) -> dict[int, int]:
    """Where each key stands: all places equally often among questions with as many choices, in an
    order that a hash draws. Equal questions have equal places.
    """
    hashes: dict[int, dict[str, list[int]]] = {}
    for at, (question, outcome) in enumerate(zip(questions, outcomes, strict=True)):
        if outcome is not None and outcome.choices:
            name = "\x1f".join([str(seed), question.text, *outcome.choices])
            digest = hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8)
            same = hashes.setdefault(len(outcome.choices), {})
            same.setdefault(digest.hexdigest(), []).append(at)
    return {
        at: rank % count
        for count, by_hash in hashes.items()
        for rank, name in enumerate(sorted(by_hash))
        for at in by_hash[name]
    }


def _row(question: OpenQuestion, choices: Sequence[str], place: int) -> Checked:
    key, others = choices[0], choices[1:]
    made = Question(
        question.text,
        (*others[:place], key, *others[place:]),
        place,
        topic=question.topic,
        source=question.source,
        licence=question.licence,
        explanation=question.explanation,
    )
    return Checked(question.file, question.row, made, question.group, settled=False)
