"""Near-duplicates made on purpose: one function per way in which two rows can say the same thing.

In: a question and a seeded source of chance. Out: its twin, or None where the way does not fit. A
twin keeps what its original asks; but for `numbers` and `names` it keeps its right answer too.
"""

from __future__ import annotations

import csv
import hashlib
import itertools
import math
import random
import re
import string
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from underdog.mcq.question import Question, normalise

Plant = Callable[[Question, random.Random], Question | None]

LOOK_ALIKES = Path(__file__).with_name("look_alikes.csv")
LETTERS_PER_TYPO = 25
"""Fast typists leave one wrong letter in about a hundred; this is four times as bad."""
_LONG_WORD = re.compile(r"[A-Za-z]{4,}")
_ARTICLE = re.compile(r"\b(?:the|a|an) ", re.IGNORECASE)
_BEFORE_NOUN = re.compile(r"\b(in|of|on|for|by|from|to|with) (?=[a-z])")
_QUANTITY = re.compile(r"(?<![\w.,:/-])\d{1,3}(?:,\d{3})*(?:\.\d+)?(?![\w,:/-]|\.\d)")
_WHOLE_NUMBER = re.compile(r"\$?\d[\d,]*")
_NAMES = ("Amara", "Bogdan", "Chiyo", "Dagny", "Efraim", "Farida", "Gunnar", "Hoku")
_THINGS = ("candles", "lanterns", "melons", "kettles", "saddles", "violins", "bottles", "ribbons")
_PLACES = ("harbor", "bakery", "station", "library", "orchard", "theater", "castle", "market")
_REWORDINGS: tuple[tuple[str, str], ...] = (
    (r"^What is ", "What's "),
    (r"^Who is ", "Who's "),
    (r"^Which of these ", "Which of the following "),
    (r"^Which of the following ", "Which one of these "),
    (r"^In (what|which) ", r"\1 was it in, the "),
    (r"^What was the name of ", "Name "),
    (r"^What is the name of ", "Name "),
    (r"^How many ", "What number of "),
    (r"^Which ", "Name which "),
    (r"^What ", "Tell me what "),
    (r"^Who ", "Do you know who "),
    (r"^When ", "Do you know when "),
    (r"^Where ", "Do you know where "),
)
_ENDINGS = (
    "Choose the right answer.",
    "Pick one.",
    "Which of these is it?",
    "Please answer the question.",
)


def typos(question: Question, chance: random.Random) -> Question | None:
    """One wrong letter per twenty-five letters of the text, one at least: left out, doubled,
    another one, or two exchanged.
    """
    text = _mistype(question.text, max(1, len(question.text) // LETTERS_PER_TYPO), chance)
    return None if text is None else _twin(question, text)


def choice_typo(question: Question, chance: random.Random) -> Question | None:
    """A typo in the text and one in a choice, which may be the right one."""
    text = _mistype(question.text, 1, chance)
    at = chance.randrange(len(question.choices))
    choice = _mistype(question.choices[at], 1, chance)
    if text is None or choice is None:
        return None
    choices = (*question.choices[:at], choice, *question.choices[at + 1 :])
    if len(set(map(normalise, choices))) != len(choices):
        return None
    return _twin(question, text, choices=choices)


def order(question: Question, chance: random.Random) -> Question | None:
    """The choices in another order."""
    places = list(range(len(question.choices)))
    chance.shuffle(places)
    return _rearranged(question, places)


def case(question: Question, chance: random.Random) -> Question | None:
    """All letters large or small, or every word with a large one."""
    change = chance.choice((str.upper, str.lower, string.capwords))
    choices = tuple(map(change, question.choices))
    if len(set(map(normalise, choices))) != len(choices):
        return None
    return _twin(question, change(question.text), choices=choices)


def punctuation(question: Question, chance: random.Random) -> Question | None:
    """Marks left out, added, or exchanged; never a digit's."""
    text = question.text
    changes: tuple[Callable[[str], str], ...] = (
        lambda text: text.rstrip("?.:! "),
        lambda text: f"{text.rstrip('?.:! ')} ?",
        lambda text: re.sub(r"(?<=[a-z]),? (?=(?:and|which|who|in|of)\b)", ", ", text),
        lambda text: re.sub(r"(?<=[A-Za-z])[-'’.](?=[A-Za-z])", "", text),
        lambda text: f'"{text}"',
        lambda text: text.replace(" ", "  ").replace(",", ""),
    )
    for change in chance.sample(changes, len(changes)):
        if change(text) != text:
            return _twin(question, change(text))
    return None


def article(question: Question, chance: random.Random) -> Question | None:
    """One article dropped or, where there is none, one added."""
    found = list(_ARTICLE.finditer(question.text))
    if found:
        one = chance.choice(found)
        return _twin(question, question.text[: one.start()] + question.text[one.end() :])
    places = list(_BEFORE_NOUN.finditer(question.text))
    if not places:
        return None
    at = chance.choice(places).end()
    return _twin(question, f"{question.text[:at]}the {question.text[at:]}")


def rewording(question: Question, chance: random.Random) -> Question | None:
    """Another beginning or another ending; every word with a meaning of its own stays."""
    for pattern, words in _REWORDINGS:
        text = re.sub(pattern, words, question.text)
        if text != question.text and chance.random() < 0.6:
            return _twin(question, text)
    return _twin(question, f"{question.text} {chance.choice(_ENDINGS)}")


def distractor(question: Question, chance: random.Random) -> Question | None:
    """One wrong choice replaced by a text that no other choice has."""
    wrong = [at for at in range(len(question.choices)) if at != question.answer]
    at = chance.choice(wrong)
    other = "".join(chance.choice(string.ascii_lowercase) for _ in range(7)).capitalize()
    return _twin(
        question,
        question.text,
        choices=(*question.choices[:at], other, *question.choices[at + 1 :]),
    )


def mixed(question: Question, chance: random.Random) -> Question | None:
    """Several at once: a typo, another case and another order."""
    twin: Question | None = question
    for plant in (typos, case, order):
        twin = None if twin is None else plant(twin, chance)
    return twin


def numbers(question: Question, chance: random.Random) -> Question | None:
    """The same sentence with other quantities, and with it another number as the right answer.

    For word problems: fifteen words at least, and choices that are numbers. In "What is 3 + 4?" the
    numbers are the question. Years, and other numbers that name a thing, are no quantities: the
    1996 Olympics are not the 2008 Olympics.
    """
    if len(question.text.split()) < 15 or not all(map(_WHOLE_NUMBER.fullmatch, question.choices)):
        return None
    text = _QUANTITY.sub(lambda found: _other_number(found[0], chance), question.text)
    if text == question.text or re.search(r"\b1[3-9]\d\d\b|\b20\d\d\b", question.text):
        return None
    shift = chance.randrange(3, 90)
    choices = tuple(str(int(re.sub(r"\D", "", choice)) * 2 + shift) for choice in question.choices)
    return _twin(question, text, choices=choices) if len(set(choices)) == len(choices) else None


def names(question: Question, chance: random.Random) -> Question | None:
    """Other numbers, and another name for the person who acts, who is named twice at least; in a
    text of twenty words or more, of which enough are left without names and numbers.
    """
    found = re.match(r"([A-Z][a-z]{2,}) (?=[a-z])", question.text)
    twin = numbers(question, chance)
    if not found or twin is None or found[1].lower() in _FIRST_WORDS:
        return None
    if len(re.findall(rf"\b{found[1]}\b", question.text)) < 2 or len(question.text.split()) < 20:
        return None
    name = chance.choice([each for each in _NAMES if each != found[1]])
    return replace(twin, text=re.sub(rf"\b{found[1]}\b", name, twin.text))


_NO_NAMES = """
the this that there these those two three four five six seven eight nine ten half each every some
one if when while after before during for from how what who which where why although on today last
yesterday between all both most many according and his her its our their they she you
"""
_FIRST_WORDS = frozenset(_NO_NAMES.split())

KINDS: dict[str, Plant] = {
    "typos": typos,
    "typo in a choice": choice_typo,
    "order": order,
    "case": case,
    "punctuation": punctuation,
    "article": article,
    "rewording": rewording,
    "distractor": distractor,
    "mixed": mixed,
    "numbers": numbers,
    "numbers and names": names,
}


def plant(question: Question, kind: str, *, seed: int) -> Question | None:
    """A twin that differs from its original as a string, or None."""
    twin = KINDS[kind](question, random.Random(f"{seed}\x1f{kind}\x1f{question.id}"))
    same = twin is None or (twin.text, twin.choices) == (question.text, question.choices)
    return None if same else twin


def _twin(question: Question, text: str, *, choices: tuple[str, ...] | None = None) -> Question:
    return replace(question, text=text, choices=choices or question.choices)


def _rearranged(question: Question, places: list[int]) -> Question:
    assert question.answer is not None
    choices = tuple(question.choices[at] for at in places)
    return replace(question, choices=choices, answer=places.index(question.answer))


def _mistype(text: str, count: int, chance: random.Random) -> str | None:
    """`count` words with a wrong letter each, or None when there are no words of four letters."""
    words = list(_LONG_WORD.finditer(text))
    chosen = chance.sample(words, min(count, len(words)))
    for word in sorted(chosen, key=lambda each: each.start(), reverse=True):
        text = text[: word.start()] + _wrong(word[0], chance) + text[word.end() :]
    return text if chosen else None


def _wrong(word: str, chance: random.Random) -> str:
    at = chance.randrange(1, len(word) - 1)
    ways = (
        word[:at] + word[at + 1 :],
        word[:at] + word[at] + word[at:],
        word[:at] + chance.choice(string.ascii_lowercase) + word[at + 1 :],
        word[:at] + word[at + 1] + word[at] + word[at + 2 :],
    )
    wrong = [way for way in ways if way != word]
    return chance.choice(wrong)


def _other_number(text: str, chance: random.Random) -> str:
    """A number of the same shape and another value."""
    first = next(at for at, letter in enumerate(text) if letter.isdigit())
    while True:
        digits = [chance.choice(string.digits) if each.isdigit() else each for each in text]
        digits[first] = chance.choice("123456789")
        made = "".join(digits)
        if made != text:
            return made


class Twin(NamedTuple):
    """A planted near-duplicate and what it was made of."""

    kind: str
    original: Question
    question: Question


def plant_all(questions: Sequence[Question], *, count: int, seed: int) -> list[Twin]:
    """About `count` twins, equally many of each kind, each of another original, drawn by hash."""
    used: set[str] = set()
    twins: list[Twin] = []
    # The last kinds are the rarest: they choose first.
    for kind in reversed(KINDS):
        left = math.ceil(count / len(KINDS))
        for question in sorted(questions, key=lambda each: _place(each, kind, seed)):
            twin = None if question.id in used or not left else plant(question, kind, seed=seed)
            if twin is not None:
                used.add(question.id)
                twins.append(Twin(kind, question, twin))
                left -= 1
    return twins


def _place(question: Question, kind: str, seed: int) -> bytes:
    return hashlib.sha256(f"plant\x1f{seed}\x1f{kind}\x1f{question.id}".encode()).digest()


def read_look_alikes() -> list[tuple[Question, Question]]:
    """Pairs of different questions that look alike, by hand; the first choice is the right one."""
    with LOOK_ALIKES.open(encoding="utf-8", newline="") as lines:
        return [
            (
                Question(row["text"], tuple(row["choices"].split(" | ")), 0),
                Question(row["other_text"], tuple(row["other_choices"].split(" | ")), 0),
            )
            for row in csv.DictReader(lines)
        ]


def word_problems() -> list[Question]:
    """A sum for each of many persons, things and places, in three sentences each."""
    made = []
    for at, (thing, place) in enumerate(itertools.product(_THINGS, _PLACES)):
        name, first, second = _NAMES[at % len(_NAMES)], 12 + 3 * at, 5 + 2 * at
        choices = tuple(map(str, (first - second, first + second, first + 900, second + 990)))
        text = (
            f"{name} packs {first} {thing} into boxes at the {place} in the "
            f"morning. In the evening {second} {thing} were sold and taken home by customers. How "
            f"many {thing} does {name} still have at the {place}?"
        )
        made.append(Question(text, choices, 0))
    return made
