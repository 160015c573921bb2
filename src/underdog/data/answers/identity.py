"""The keys of an answer: under how many names the same thing could be meant.

In: the text of an answer. Out: an `Identity`, four tables from keys to the words behind them.
`full` names the whole answer, `strong` a part that its writer set apart (in brackets, behind a
colon, as initials), `loose` a run of its words ("Einstein" of "Albert Einstein"). Two answers can
be the same only where a full name of one is a name of the other, or by a slip in one word. Never:
an exception, or an answer without a key.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from underdog.data.answers.aliases import (
    ALIASES,
    NAMED_APART,
    NEGATIONS,
    NICKNAMES,
    REGNAL,
    TITLES,
)
from underdog.data.answers.enumeration import is_enumeration
from underdog.data.answers.fold import SMALL_WORDS, plain, skeleton, split_words, undot
from underdog.data.answers.formula import compact_formula, has_operator, is_algebra, is_formula
from underdog.data.answers.gazetteer import load_gazetteer
from underdog.data.answers.kind import DateParts, Numeral
from underdog.data.answers.value import Value, read_value
from underdog.data.answers.valuekeys import value_keys
from underdog.data.answers.wordlist import word_set

LONGEST_NAME_WORDS = 6
"""Longer answers are sentences: none of their parts is another name for them."""
_MOST_ALTERNATIVES = 4
_LONGEST_TEXT = 400
_LONGEST_YES_NO = 12
YES = frozenset(("yes", "true", "y", "yes it is", "yeah", "correct"))
NO = frozenset(("no", "false", "n", "no it isnt", "nope", "incorrect"))
_ALL_WORDS = word_set("all none neither both any either each")
_JOINS = re.compile(r",|/|&| (?:and|or|of|plus|with|without|versus|vs\.?|to) ")
"""What may join names into a longer one: looked for once, since most answers have none."""
_ALL = re.compile(
    r"(all|none|neither|both|any|either|each)( 1)?( of)?( these| those| them| above)*"
    r"( answers?| choices?| options?)?( are)?( correct| true| right)?"
)
_BRACKETS = re.compile(r"\s*[(\[](?![IVX]+[)\]])([^()\[\]]*)[)\]]\s*")
"""Additions in brackets; the valence in "iron (II) oxide" is none."""
_EITHER = re.compile(
    r"(?<=[^\W\d])\s*/\s*(?=[^\W\d])|,?\s+(?:or|aka|a\.k\.a\.?|also known as)\s+",
    re.IGNORECASE,
)
_JOINED = re.compile(r",?\s+(?:and|&)\s+|\s*/\s*|,?\s+or\s+")
_ADDED = re.compile(r" (?:plus|with|without|and|&|versus|vs\.?|to) ")
_OF = re.compile(r"\s+of\s+(?:the\s+)?")
_APART = re.compile(r":\s|\s[-–—]\s")


class Identity(NamedTuple):
    """`name` is the folded text, "" where it has no words; `keys` are the keys of all tables.

    `short` is the whole name without its title, or with its first initial only ("j rowling"): it is
    compared with long names, never with another short one.
    """

    name: str
    full: dict[str, str]
    short: dict[str, str]
    strong: dict[str, str]
    loose: dict[str, str]
    keys: frozenset[str]


class _Tables(NamedTuple):
    """The tables of an identity while they are filled."""

    full: dict[str, str]
    short: dict[str, str]
    strong: dict[str, str]
    loose: dict[str, str]


@lru_cache(maxsize=1 << 16)
def identify(text: str) -> Identity:
    """The identity of an answer; outer white space does not count."""
    found = _Tables({}, {}, {}, {})
    bare = text.strip()[:_LONGEST_TEXT]
    value = read_value(bare)
    if value is not None:
        _put_value(value, found)
    if value is None or _reads_as_name(value):
        if has_operator(bare) and is_algebra(bare):
            _put_formula(bare, found)
        else:
            _put_texts(bare, found)
    if not found.full:
        found.full["?" + " ".join(text.casefold().split())] = ""
    name = next(iter(found.full.values()))
    return Identity(
        name, *found, frozenset((*found.full, *found.short, *found.strong, *found.loose))
    )


def _reads_as_name(value: Value) -> bool:
    """Values that could also be words or names: "May", "seven", "VII", "5 players"."""
    if value.number is None:
        parts = value.value
        return isinstance(parts, DateParts) and parts.year is None and parts.day is None
    return value.counted or value.number.numeral is not Numeral.DIGITS


def _put_value(value: Value, found: _Tables) -> None:
    if value.counted:
        found.strong[f"={value.value}"] = ""
        return
    keys = value_keys(value)
    found.full.update(dict.fromkeys(keys.full, ""))
    found.strong.update(dict.fromkeys(keys.parts, ""))


def _put_formula(text: str, found: _Tables) -> None:
    compact = compact_formula(text)
    found.full[f"f {compact}"] = ""
    found.strong[f"f {compact.casefold()}"] = ""
    name = load_gazetteer().symbols.get(compact)
    if name is not None:
        _put(found.full, _key(name.split()), name)


def _put_texts(text: str, found: _Tables) -> None:
    """Every name that the text offers: the whole, what stands in brackets, both of "A or B"."""
    if len(text) <= _LONGEST_YES_NO:
        low = plain(text).rstrip(".!")
        if low in YES or low in NO:
            found.full["!yes" if low in YES else "!no"] = ""
    if is_formula(text):
        _put_formula(text, found)
    if "(" in text or "[" in text:
        text = _put_additions(text, found)
        value = read_value(text)
        if value is not None and not _reads_as_name(value):
            _put_value(value, found)
            return
    _put_alternatives(text, found.strong)
    _put_names(text, found)


def _put_additions(text: str, found: _Tables) -> str:
    """What stands in brackets; the text without it is handed back."""
    for inner in _BRACKETS.findall(text):
        _put_part(inner, found.strong)
    return _BRACKETS.sub(" ", text).strip() or text


def _put_alternatives(text: str, strong: dict[str, str]) -> None:
    """Both of "A or B" and of "A / B"; title and subtitle of "A: B"."""
    if "/" in text or " or " in text or " a" in text:
        alternatives = [part for part in _EITHER.split(text) if part.strip()]
        if 2 <= len(alternatives) <= _MOST_ALTERNATIVES:
            for part in alternatives:
                _put_part(part, strong)
    if ":" in text or " - " in text or "–" in text or "—" in text:
        for part in _APART.split(text):
            _put_part(part, strong)


def _put_part(text: str, table: dict[str, str]) -> None:
    """A part that the writer set apart, by its value and by its words."""
    value = read_value(text.strip())
    if value is not None and not value.counted:
        table.update(dict.fromkeys(value_keys(value).full, ""))
    if is_formula(text):
        table[f"f {compact_formula(text)}"] = ""
    words = split_words(text)
    if words:
        _put(table, _key(words), " ".join(words))
        _put_acronym(text, words, table)


def _put_names(text: str, found: _Tables) -> None:
    words = split_words(text)
    if not words:
        return
    sounds = list(map(skeleton, words))
    name = " ".join(words)
    full = found.full
    if words[0] in _ALL_WORDS:
        whole = _ALL.fullmatch(name)
        if whole is not None and len(words) > 1:
            full[f"!{whole[1]}"] = ""
    _put(full, words[0][0] + "".join(sounds), name)
    _put_alias(name, full)
    if len(words) == 1:
        _put_symbol(text, words, full)
        return
    joined = _JOINS.search(text)
    if joined is not None:
        _put_turned(text, full)
    if "and" in words and len(words) > 2:
        # "Romeo & Juliet" has often lost its "&" on the way.
        rest = [word for word in words if word != "and"]
        _put(full, _key(rest), " ".join(rest))
    if len(words) > LONGEST_NAME_WORDS or name in NAMED_APART:
        return
    _put_initials(words, found.strong)
    _put_persons(words, sounds, found, titled=words[0] in TITLES and _second_is_capital(text))
    if joined is None or not (is_enumeration(text) or _ADDED.search(text)):
        _put_runs(words, sounds, found.loose)


def _put_alias(name: str, full: dict[str, str]) -> None:
    alias = ALIASES.get(name)
    if alias is None or alias == name:
        return
    _put(full, _key(alias.split()), alias)
    if alias.isdigit():
        full[f"={alias}"] = ""


def _put_initials(words: list[str], strong: dict[str, str]) -> None:
    strong["~" + "".join([word[0] for word in words])] = ""
    if not SMALL_WORDS.isdisjoint(words):
        strong["~" + "".join([word[0] for word in words if word not in SMALL_WORDS])] = ""


def _put_turned(text: str, full: dict[str, str]) -> None:
    """Names in another order: "Smith, John", "University of Oxford", "B and A"."""
    if " and " in text or "/" in text or " & " in text or " or " in text:
        members = sorted(" ".join(split_words(part)) for part in _JOINED.split(text))
        words = " ".join(members).split()
        if 2 <= len(members) <= _MOST_ALTERNATIVES and words:
            _put(full, "&" + _key(words), " ".join(words))
        return
    separator = "," if text.count(",") == 1 else _OF.search(text)
    if separator:
        first, _, second = text.partition(separator if isinstance(separator, str) else separator[0])
        words = split_words(f"{second.strip()} {first.strip()}")
        if 2 <= len(words) <= LONGEST_NAME_WORDS:
            _put(full, _key(words), " ".join(words))


def _put_symbol(text: str, words: list[str], full: dict[str, str]) -> None:
    """A lone word in capitals may be initials, a state's code or a chemical symbol."""
    _put_acronym(text, words, full)
    letters = undot(text).strip(" .")
    name = load_gazetteer().symbols.get(letters) if len(letters) <= 3 else None
    if name is not None:
        _put(full, _key(name.split()), name)


def _put_acronym(text: str, words: list[str], table: dict[str, str]) -> None:
    letters = undot(text).strip(" .")
    if 2 <= len(letters) <= 7 and letters.isupper() and letters.isalpha() and len(words) <= 2:
        _put(table, f"~{letters.lower()}", "")


def _second_is_capital(text: str) -> bool:
    parts = text.split(None, 2)
    return len(parts) > 1 and parts[1][:1].isupper()


def _put_persons(words: list[str], sounds: list[str], found: _Tables, *, titled: bool) -> None:
    """What makes sense for persons, and does no harm to others: titles, initials, nicknames."""
    first, last = words[0], words[-1]
    if titled and words[1] not in SMALL_WORDS:
        _put(found.short, words[1][0] + "".join(sounds[1:]), " ".join(words[1:]))
    if not (last.isalpha() and first.isalpha()) or len(last) < 3:
        return
    if first in ("a", "i"):
        return
    initials_only = len(first) == 1 or (len(first) <= 3 and _VOWELS.isdisjoint(first))
    table = found.short if initials_only else found.strong
    _put(table, first[0] + skeleton(first[0]) + sounds[-1], f"{first[0]} {last}")
    if len(words) == 3 and len(words[1]) > 1:
        middle = words[1][0]
        key = first[0] + sounds[0] + skeleton(middle) + sounds[2]
        _put(found.strong, key, f"{first} {middle} {last}")
    known = NICKNAMES.get(first)
    if known is not None:
        _put(found.full, _key([known, *words[1:]]), " ".join([known, *words[1:]]))


def _put_runs(words: list[str], sounds: list[str], loose: dict[str, str]) -> None:
    """Runs of words that may stand for the whole, and the first with the last word."""
    count = len(words)
    matters = [word in NEGATIONS or not word.isalpha() for word in words]
    total = sum(matters)
    if count > 2 and total == matters[0] + matters[-1]:
        _put(loose, words[0][0] + sounds[0] + sounds[-1], f"{words[0]} {words[-1]}")
    for start, stop in _RUNS[count]:
        # An answer without a number or a "not" is another answer.
        if total and total != sum(matters[start:stop]):
            continue
        if stop - start == 1:
            if words[start] not in SMALL_WORDS and not matters[start]:
                _put(loose, words[start][0] + sounds[start], words[start])
        else:
            key = words[start][0] + "".join(sounds[start:stop])
            _put(loose, key, " ".join(words[start:stop]))
    if total and words[-1].isdigit() and words[-2] in REGNAL:
        for start in range(count - 1):
            key = words[start][0] + "".join(sounds[start:-1])
            _put(loose, key, " ".join(words[start:-1]))


def _runs(count: int) -> tuple[tuple[int, int], ...]:
    """All runs of up to four words; of longer names the beginnings and the ends."""
    return tuple(
        (start, stop)
        for start in range(count)
        for stop in range(start + 1, count + 1)
        if stop - start < count and (count <= 4 or start == 0 or stop == count)
    )


_RUNS = tuple(_runs(count) for count in range(LONGEST_NAME_WORDS + 1))
_VOWELS = frozenset("aeiouy")


def _put(table: dict[str, str], key: str, name: str) -> None:
    """Names with one key stand in one entry, on a line each ("tx" and "texas")."""
    held = table.setdefault(key, name)
    if held != name and name not in held.split("\n"):
        table[key] = f"{held}\n{name}"


def _key(words: list[str]) -> str:
    return words[0][0] + "".join(map(skeleton, words))
