"""Whether a question is a copy of another one, and how that can be told.

In: two texts as words, with their folded choices and answers. Out: how they match and the evidence
in words, or None. A question is a copy when one of these holds, asked in this order:
  same wording  the words of both texts are equal. Where they say little ("Which of the following
                is true?"), choices or answers have to agree as well
  shared runs   runs of 8 words that both share cover at least half of the other text. 8 and one
                half are those of Tülu 3 (Lambert et al. 2024, arXiv 2411.15124). As its texts are
                longer than ours, either choices or answers agree besides, or the words in common,
                in order (difflib, as for Cosmopedia's decontamination), make up nearly all that is
                asked: "the main character in X" is not "the main character in Y". Where a name
                stands in place of another one, the texts are two questions of one template
  held inside   a short text stands whole in a longer one, and choices or answers agree
  same choices  nearly equal texts over equal sets of choices, the keys not known to differ, no
                name in place of another
Measured 2026-11-21. Of 5,531 questions of ARC and OpenTriviaQA all are found again after a change
of case, marks or the order of choices, 98 % with every tenth word misspelt, 99 % inside a longer
text, 93 % by their text alone. Of 41 OpenTriviaQA rows found in other files of the same set and
read one by one, 40 are copies or ask the same.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

from underdog.data.screening.other_choices import refers_to_all
from underdog.mcq.question import normalise

RUN_WORDS = 8
LEAST_COVERAGE = 0.5
SHORT_RUN_WORDS = 4
"""Texts of 4 to 7 words are looked for inside longer ones; shorter ones say too little."""
CONTENT_COVERAGE = 0.8
"""Share of the other text's telling words that must be found where nothing else agrees."""
CONTENT_COVERAGE_OTHER_ANSWER = 0.9
"""The same where both answers are known and differ."""
NEAR_RATIO = 0.7
NEAR_RATIO_UNSURE = 0.85
"""difflib's ratio of two texts over the same choices: with equal keys, else."""
FEWEST_TELLING_WORDS = 2
SURE_TELLING_WORDS = 4
"""Texts of fewer telling words need agreement: fewer than four where the answers differ."""
LONGEST_NAME_WORDS = 2
NAME_RATIO = 0.75
"""difflib's ratio of letters from which two names count as spellings of one."""
_WORD = re.compile(r"\w+")
_SIGNED_WORD = re.compile(r"(?:(?<!\w)[-−+](?=\d))?\w+")
_SMALL_NUMBER = re.compile(r"\d{1,2}")
_EMPTY_WORDS = frozenset(
    """
    a an the of in on at to for from by with as and or not no is are was were be been do does did
    has have had can could will would should may might must it its this that these those he she his
    her they their you your i we what which who whom whose when where why how if then than there
    following best most likely true false correct incorrect statement statements question answer
    option choose select name example describes called known about
    """.split()  # noqa: SIM905 - a list of 90 words in quotation marks is not read by anyone
)


class Way(StrEnum):
    """How a row matched, the surest first."""

    SAME_WORDING = "same wording"
    SHARED_RUNS = "shared runs of 8 words"
    HELD_INSIDE = "held inside a longer text"
    SAME_CHOICES = "nearly the same wording, same choices"


class Asked(NamedTuple):
    """A question as it is compared. No choices and "" as the answer where it states none."""

    text: str
    words: tuple[str, ...]
    choices: frozenset[str]
    answer: str


class Copied(NamedTuple):
    """`order` counts the ways from the surest; `evidence` is for people."""

    order: int
    way: Way
    evidence: str


def ask(text: str, choices: Iterable[str], answer: str) -> Asked:
    """A question ready to be compared; `answer` is a text, "" where it is not known."""
    folded = fold_choice(answer) if answer else ""
    return Asked(text, split_words(text), frozenset(map(fold_choice, choices)), folded)


def find_copy(row: Asked, other: Asked) -> Copied | None:
    """How `row` copies `other`, by the surest way that holds."""
    for order, (way, compare) in enumerate(_WAYS):
        evidence = compare(row, other)
        if evidence is not None:
            return Copied(order, way, evidence)
    return None


def split_words(text: str) -> tuple[str, ...]:
    """Letters, digits and underscores after folding case; marks and white space are gaps."""
    return tuple(_WORD.findall(normalise(text)))


def fold_choice(text: str) -> str:
    """A choice without case, marks and leading article. Signs of numbers stay, and so does a text
    that is nothing but marks.
    """
    folded = normalise(text)
    words = _SIGNED_WORD.findall(folded)
    if len(words) > 1 and words[0] in ("the", "a", "an"):
        words = words[1:]
    return " ".join(words) or folded


def _same_wording(row: Asked, other: Asked) -> str | None:
    if row.words != other.words:
        return None
    agreed = _agreement(row, other)
    if not agreed and row.choices and row.choices == other.choices:
        agreed = "same choices"
    if agreed:
        return f"{Way.SAME_WORDING}, {agreed}"
    return Way.SAME_WORDING.value if _tells_enough(row, other) else None


def _shared_runs(row: Asked, other: Asked) -> str | None:
    """Coverage counts the benchmark's words that lie in a shared run of 8."""
    covered = _covered(row.words, other.words)
    if covered < LEAST_COVERAGE or _name_swapped(row, other):
        return None
    evidence = f"{Way.SHARED_RUNS} cover {covered:.0%}"
    agreed = _agreement(row, other)
    if agreed:
        return f"{evidence}, {agreed}"
    if not _tells_enough(row, other):
        return None
    differ = _answers_differ(row, other)
    least = CONTENT_COVERAGE_OTHER_ANSWER if differ else CONTENT_COVERAGE
    telling = _telling(other.words)
    found = _in_common(_telling(row.words), telling) / len(telling)
    return f"{evidence}, {found:.0%} of its telling words" if found >= least else None


def _held_inside(row: Asked, other: Asked) -> str | None:
    size = len(other.words)
    if not SHORT_RUN_WORDS <= size < RUN_WORDS or size >= len(row.words):
        return None
    starts = range(len(row.words) - size + 1)
    if not any(row.words[start : start + size] == other.words for start in starts):
        return None
    agreed = _agreement(row, other)
    return f"{Way.HELD_INSIDE}, {agreed}" if agreed else None


def _same_choices(row: Asked, other: Asked) -> str | None:
    if row.choices != other.choices or _answers_differ(row, other):
        return None
    if _name_swapped(row, other):
        return None
    sure = row.answer == other.answer and not _says_nothing(row.answer)
    ratio = 2 * _in_common(row.words, other.words) / (len(row.words) + len(other.words))
    if ratio < (NEAR_RATIO if sure else NEAR_RATIO_UNSURE):
        return None
    return f"{Way.SAME_CHOICES} ({ratio:.0%} of the words)"


def _agreement(row: Asked, other: Asked) -> str:
    """What beside the text speaks for a copy, "" nothing. Weak answers and choices never do."""
    if row.answer == other.answer and not _says_nothing(row.answer):
        return "same answer"
    ours = {choice for choice in row.choices if not _says_nothing(choice)}
    theirs = {choice for choice in other.choices if not _says_nothing(choice)}
    shared = len(ours & theirs)
    alike = shared >= 2 and shared * 2 >= len(ours | theirs)
    if alike and not (row.choices == other.choices and _answers_differ(row, other)):
        return "same choices"
    return ""


def _answers_differ(row: Asked, other: Asked) -> bool:
    return bool(row.answer) and bool(other.answer) and row.answer != other.answer


def _tells_enough(row: Asked, other: Asked) -> bool:
    """Whether the benchmark's text alone tells its question from others."""
    enough = SURE_TELLING_WORDS if _answers_differ(row, other) else FEWEST_TELLING_WORDS
    return len(_telling(other.words)) >= enough


def _says_nothing(answer: str) -> bool:
    """Answers that many questions share: truth values, "all of these", numbers below 100."""
    return (
        answer in ("", "true", "false", "yes", "no", "none", "all", "both")
        or _SMALL_NUMBER.fullmatch(answer) is not None
        or refers_to_all(answer)
    )


def _telling(words: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(word for word in words if word not in _EMPTY_WORDS)


def _covered(words: tuple[str, ...], benchmark: tuple[str, ...]) -> float:
    """Share of the benchmark's words that lie in a run of 8 which the other text has as well."""
    runs = {words[at : at + RUN_WORDS] for at in range(len(words) - RUN_WORDS + 1)}
    covered = [False] * len(benchmark)
    for at in range(len(benchmark) - RUN_WORDS + 1):
        if benchmark[at : at + RUN_WORDS] in runs:
            covered[at : at + RUN_WORDS] = [True] * RUN_WORDS
    return sum(covered) / len(benchmark)


def _in_common(words: tuple[str, ...], others: tuple[str, ...]) -> int:
    """Words that both have in the same order."""
    matcher = difflib.SequenceMatcher(None, words, others, autojunk=False)
    return sum(block.size for block in matcher.get_matching_blocks())


def _name_swapped(row: Asked, other: Asked) -> bool:
    """Whether a name or a number stands where the other text has another one: "the state beverage
    of Wisconsin", "of Delaware". That is one template, not one question.
    """
    ours, theirs = _names(row.text), _names(other.text)
    matcher = difflib.SequenceMatcher(None, row.words, other.words, autojunk=False)
    for tag, start, end, other_start, other_end in matcher.get_opcodes():
        if tag == "replace" and max(end - start, other_end - other_start) <= LONGEST_NAME_WORDS:
            mine = [word for word in row.words[start:end] if word in ours]
            its = [word for word in other.words[other_start:other_end] if word in theirs]
            if mine and its and not _alike(" ".join(mine), " ".join(its)):
                return True
    return False


def _names(text: str) -> frozenset[str]:
    """Capitalised words and numbers, folded. A text in capitals has numbers alone."""
    shouted = text.isupper()
    words = _WORD.findall(text)
    named = (word for word in words if word[0].isdigit() or (word[0].isupper() and not shouted))
    return frozenset(map(normalise, named)) - _EMPTY_WORDS


def _alike(name: str, other: str) -> bool:
    """Whether one may be a misspelling of the other; numbers have none."""
    if name.isdigit() or other.isdigit():
        return name == other
    return difflib.SequenceMatcher(None, name, other, autojunk=False).ratio() >= NAME_RATIO


_WAYS = (
    (Way.SAME_WORDING, _same_wording),
    (Way.SHARED_RUNS, _shared_runs),
    (Way.HELD_INSIDE, _held_inside),
    (Way.SAME_CHOICES, _same_choices),
)
