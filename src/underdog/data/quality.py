"""From candidates to questions: every fault has one reason, and only what is certain is repaired.

In: candidates of any reader. Out: a Question with a key, an open question, or a Reject with the
first reason that holds: what could not be read; mojibake and entities are mended; the shape (text,
length, choices, key); then the rules in the order of the fields of `Rules`, languages and tokens at
their place among them (`_screens`). Choices keep their order. Never: a look at another row.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from underdog.data.open_question import OpenQuestion
from underdog.data.reject import Reason, Reject, shorten
from underdog.data.screening.context import find_missing_context
from underdog.data.screening.echo import find_echo
from underdog.data.screening.encoding import find_broken, mend_row
from underdog.data.screening.fault import Fault, Item, see_choices, see_open
from underdog.data.screening.key import resolve_key
from underdog.data.screening.labels import find_labels
from underdog.data.screening.language import check_languages, find_language
from underdog.data.screening.markup import find_markup
from underdog.data.screening.other_choices import find_all_of_these, find_places
from underdog.data.screening.shortness import find_shortness
from underdog.data.screening.token_budget import find_excess
from underdog.data.screening.twins import find_twin
from underdog.data.sources.candidate import Broken, Candidate, KeyKind
from underdog.errors import InputError
from underdog.mcq.question import MAX_CHOICES, Question, normalise
from underdog.protocol.tokens import CountTokens, estimate_tokens

LONGEST_TEXT_CHARACTERS = 8000
"""About 2,000 tokens: the context that the 72B recipes train with."""
LONGEST_CHOICE_CHARACTERS = 2000


@dataclass(frozen=True, slots=True)
class Rules:
    """Which rows are good enough. The first rule that a row breaks is its reason."""

    mend: bool = True
    """Undo mojibake, read HTML entities, take out invisible marks, before anything else."""
    reject_broken_letters: bool = True
    """Reject what cannot be mended: U+FFFD, private use, runs that no encoding explains."""
    reject_markup: bool = True
    """Reject tags, entities and media links, unless the question is about markup."""
    max_tokens: int = 512
    """Text and choices together, at least 1. The longest of 61,741 rows of OpenTriviaQA, ARC,
    OpenBookQA and GSM8K has 235 (estimate, 2026-11-21); a million is as good as no limit."""
    reject_short: bool = True
    """Reject a single letter, and a bare name above capitalised names."""
    languages: tuple[str, ...] = ("en",)
    """Expected languages of the text (ISO 639 codes); none: any language is right."""
    reject_missing_context: bool = True
    """Reject what points at a picture, a recording, a passage or a list that is not there."""
    reject_positions: bool = True
    """Reject "all of the above", "both A and B", "answers 1 and 2"."""
    reject_all_of_these: bool = False
    """Reject "all of these" and "none of these", which hold in any order of the choices. They stand
    in 2,007 rows of OpenTriviaQA (4.4 %), and "All of these" is the key of 57 % of its rows."""
    reject_labels: bool = True
    """Reject labels, placeholders and marks such as "(correct)" inside choices."""
    reject_echo: bool = True
    """Reject a choice that is the whole question, or holds it."""
    reject_twins: bool = True
    """Reject a wrong choice that equals the key but for article, end stop or form of a number."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "languages", tuple(self.languages))
        check_languages(self.languages)
        if self.max_tokens < 1:
            raise InputError("at least 1 for max_tokens", got=str(self.max_tokens))


UNSCREENED = Rules(
    mend=False,
    reject_broken_letters=False,
    reject_markup=False,
    max_tokens=1_000_000,
    reject_short=False,
    languages=(),
    reject_missing_context=False,
    reject_positions=False,
    reject_labels=False,
    reject_echo=False,
    reject_twins=False,
)
"""No rule at all: the shape of a row alone decides."""
DEFAULT_RULES = Rules()


_Screens = tuple[Callable[[Item], Fault | None], ...]


class Checked(NamedTuple):
    """A question that passed, with where it stood and the group that its source gave ("" none).

    `settled` rows come from a source that vouches for its groups (the bank, a built set).
    """

    file: str
    row: int
    question: Question
    group: str
    settled: bool = False


class Rows(NamedTuple):
    """Some rows of one file: what one worker checks at a time."""

    file: str
    found: tuple[Candidate | Broken, ...]


class Judged(NamedTuple):
    """What became of some rows, each in one of three places. `mended` counts repaired rows, whether
    they passed or not.
    """

    passed: tuple[Checked, ...]
    open_questions: tuple[OpenQuestion, ...]
    rejects: tuple[Reject, ...]
    mended: int


def check_rows(rows: Rows, rules: Rules) -> Judged:
    """Judge a block of rows, in their order. A pure function, for any engine."""
    passed: list[Checked] = []
    open_questions: list[OpenQuestion] = []
    rejects: list[Reject] = []
    mended = 0
    screens = _screens(rules, estimate_tokens)
    for found in rows.found:
        whole = mend_row(found) if rules.mend and isinstance(found, Candidate) else found
        mended += whole is not found
        judged = _judge(whole, rows.file, screens)
        if isinstance(judged, Checked):
            passed.append(judged)
        elif isinstance(judged, OpenQuestion):
            open_questions.append(judged)
        else:
            rejects.append(judged)
    return Judged(tuple(passed), tuple(open_questions), tuple(rejects), mended)


def check(
    found: Candidate | Broken,
    *,
    file: str,
    rules: Rules = DEFAULT_RULES,
    count_tokens: CountTokens = estimate_tokens,
) -> Checked | OpenQuestion | Reject:
    """Judge one row of a file. A row without choices but with an answer is an open question."""
    if rules.mend and isinstance(found, Candidate):
        found = mend_row(found)
    return _judge(found, file, _screens(rules, count_tokens))


def _judge(
    found: Candidate | Broken, file: str, screens: _Screens
) -> Checked | OpenQuestion | Reject:
    if isinstance(found, Broken):
        return Reject(file, found.row, found.reason, found.detail, found.excerpt)
    judged: Checked | OpenQuestion | Fault | None = _text_fault(found.text)
    if judged is None:
        closed = found.choices is not None or found.kind in (KeyKind.INDEX, KeyKind.LABEL)
        judge = _judge_closed if closed else _judge_open
        judged = judge(found, file, screens)
    if isinstance(judged, Fault):
        return Reject(file, found.row, judged.reason, judged.detail, found.excerpt())
    return judged


@functools.lru_cache(maxsize=16)
def _screens(rules: Rules, count_tokens: CountTokens) -> _Screens:
    """The rules that are switched on, in the order in which they are asked."""
    wanted: tuple[tuple[bool, Callable[[Item], Fault | None]], ...] = (
        (rules.reject_broken_letters, find_broken),
        (rules.reject_markup, find_markup),
        (True, functools.partial(find_excess, limit=rules.max_tokens, count=count_tokens)),
        (rules.reject_short, find_shortness),
        (bool(rules.languages), functools.partial(find_language, expected=rules.languages)),
        (rules.reject_missing_context, find_missing_context),
        (rules.reject_positions, find_places),
        (rules.reject_all_of_these, find_all_of_these),
        (rules.reject_labels, find_labels),
        (rules.reject_echo, find_echo),
        (rules.reject_twins, find_twin),
    )
    return tuple(rule for switched_on, rule in wanted if switched_on)


def _text_fault(text: str) -> Fault | None:
    if not any(map(str.isalnum, text)):
        return Fault(Reason.NO_QUESTION, f"text {shorten(text, 40)!r}")
    if len(text) > LONGEST_TEXT_CHARACTERS:
        detail = f"{len(text)} characters, at most {LONGEST_TEXT_CHARACTERS}"
        return Fault(Reason.TOO_LONG, f"question of {detail}")
    return None


def _judge_closed(found: Candidate, file: str, screens: _Screens) -> Checked | Fault:
    places = _read_choices(found.choices or ())
    if isinstance(places, Fault):
        return places
    answer = resolve_key(found, places)
    if isinstance(answer, Fault):
        return answer
    assert found.choices is not None
    item = see_choices(found.text, found.choices, tuple(places), answer)
    for screen in screens:
        if (fault := screen(item)) is not None:
            return fault
    question = Question(
        found.text,
        found.choices,
        answer,
        topic=found.topic,
        source=found.source,
        licence=found.licence,
        explanation=found.explanation,
    )
    return Checked(file, found.row, question, found.group, found.settled)


def _read_choices(choices: tuple[str, ...]) -> dict[str, int] | Fault:
    """The place of each choice by its normalised text, in order."""
    places = {normalise(choice): place for place, choice in enumerate(choices)}
    whole = (
        len(places) == len(choices)
        and 2 <= len(choices) <= MAX_CHOICES
        and "" not in places
        and max(map(len, choices)) <= LONGEST_CHOICE_CHARACTERS
    )
    return places if whole else _choices_fault(choices)


def _choices_fault(choices: tuple[str, ...]) -> Fault:
    """The first fault of choices that have one."""
    if not choices:
        return Fault(Reason.NO_CHOICES, "the row speaks of choices and holds none")
    if len(choices) == 1:
        return Fault(Reason.ONE_CHOICE, "1 choice")
    if len(choices) > MAX_CHOICES:
        return Fault(Reason.TOO_MANY_CHOICES, f"{len(choices)} choices")
    seen: dict[str, int] = {}
    for place, choice in enumerate(choices):
        if not normalise(choice):
            return Fault(Reason.EMPTY_CHOICE, f"choice {place + 1} of {len(choices)}")
        if len(choice) > LONGEST_CHOICE_CHARACTERS:
            detail = f"{len(choice)} characters, at most {LONGEST_CHOICE_CHARACTERS}"
            return Fault(Reason.TOO_LONG, f"choice {place + 1} of {detail}")
        first = seen.setdefault(normalise(choice), place)
        if first != place:
            break
    detail = f"choices {first + 1} and {place + 1}: {shorten(choice, 60)!r}"
    return Fault(Reason.DUPLICATE_CHOICES, detail)


def _judge_open(found: Candidate, file: str, screens: _Screens) -> OpenQuestion | Fault:
    answer = (found.key or "").strip()
    if not answer:
        return Fault(Reason.NO_ANSWER, "the answer is empty" if found.key is not None else "none")
    if len(answer) > LONGEST_CHOICE_CHARACTERS:
        detail = f"{len(answer)} characters, at most {LONGEST_CHOICE_CHARACTERS}"
        return Fault(Reason.TOO_LONG, f"answer of {detail}")
    item = see_open(found.text, answer)
    for screen in screens:
        if (fault := screen(item)) is not None:
            return fault
    return OpenQuestion(
        file,
        found.row,
        found.text,
        answer,
        aliases=_aliases(found.aliases, answer),
        topic=found.topic,
        source=found.source,
        licence=found.licence,
        explanation=found.explanation,
        group=found.group,
    )


def _aliases(found: tuple[str, ...], answer: str) -> tuple[str, ...]:
    """Each alias once, in order, without those that read like the answer."""
    different = {normalise(answer): answer, "": ""}
    for alias in found:
        different.setdefault(normalise(alias), alias)
    return tuple(different.values())[2:] if found else ()
