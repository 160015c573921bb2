"""Whether two names with the same consonants are one name, spelled in two ways.

In: folded names with equal keys (`identity`). Out: True for equal names, plurals and likely
misspellings. Never: a call for names that differ in their consonants; those share no key.
"""

from __future__ import annotations

import re

_SILENT = str.maketrans({"h": None, "y": "i", "c": "k"})
_NUMBERS = re.compile(r"\d+")
_REPEATS = re.compile(r"(.)\1+")
_CHEMICAL = re.compile(r"(?:ane|ene|yne|ate|ite|ide|ose|ase|ine|ol|al)s?$")
"""Endings that tell one substance from another: nitrate and nitrite."""
_GENDER = frozenset(("ao", "oa", "ai", "ia", "ei", "ie", "ea", "ae"))
"""Last vowels that tell one name from another: Mario and Maria."""
SHORTEST_IN_NAME = 5
_SHORTEST = (7, SHORTEST_IN_NAME, 4)
"""Letters from which another vowel is a misspelling, by how many other words of the name are equal:
none, one, two or more. In shorter words it makes another word (Tim, Tom)."""
_LONG = 9
"""Letters from which two letters may differ."""


def alike(one: str, other: str) -> bool:
    """Whether the names may be the same. Symmetric."""
    if one == other:
        return True
    if "\n" in one or "\n" in other:
        return any(alike(a, b) for a in one.split("\n") for b in other.split("\n"))
    mine, yours = one.split(" "), other.split(" ")
    if len(mine) == len(yours):
        different = [pair for pair in zip(mine, yours, strict=True) if pair[0] != pair[1]]
        # Where another word of the name is the same, a shorter one may be misspelled.
        least = _SHORTEST[min(len(mine) - len(different), 2)]
        return all(_word_alike(first, second, least) for first, second in different)
    return _alike_joined(one, other)


def _alike_joined(one: str, other: str) -> bool:
    """Names that differ in where words are parted: "Spider-Man", "Spiderman"."""
    if _NUMBERS.findall(one) != _NUMBERS.findall(other):
        return False
    mine, yours = one.replace(" ", ""), other.replace(" ", "")
    return mine == yours or _is_plural(mine, yours)


def _is_plural(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    ending = long[len(short) :]
    if len(short) < 3:
        return False
    if long.startswith(short):
        return ending == "s" or ending == "es"
    return long == short[:-1] + "ies" and short.endswith("y")


def _word_alike(one: str, other: str, least: int) -> bool:
    """Equal but for plural, doubled or silent letters, or a vowel in a word of `least` letters."""
    if not (one.isalpha() and other.isalpha()):
        return False
    if _is_plural(one, other):
        return True
    shortest = min(len(one), len(other))
    if shortest < 4 or one[0] != other[0]:
        return False
    mine, yours = _bare(one), _bare(other)
    if mine == yours:
        return True
    if shortest < least or _other_substance(one, other) or _other_gender(one, other):
        return False
    return distance(mine, yours) <= (2 if shortest >= _LONG else 1)


def is_slip(one: str, other: str) -> bool:
    """Names of two words or more that differ by a slip in one long word: a consonant left out, put
    in, or swapped with its neighbour (Brett Favre, Brett Farve). Another consonant is another name.
    """
    mine, yours = one.split(" "), other.split(" ")
    if len(mine) != len(yours) or len(mine) < 2:
        return False
    different = [pair for pair in zip(mine, yours, strict=True) if pair[0] != pair[1]]
    if len(different) != 1:
        return False
    first, second = different[0]
    if min(len(first), len(second)) < SHORTEST_IN_NAME or not (first + second).isalpha():
        return False
    if first[0] != second[0] or _is_inflected(first, second):
        return False
    swapped = sorted(first) == sorted(second)
    return (len(first) != len(second) or swapped) and distance(first, second) == 1


def _is_inflected(one: str, other: str) -> bool:
    """As "German" and "Germany", "Rome" and "Roman": a letter at the end makes another word."""
    return one[:-1] == other or other[:-1] == one


def _bare(word: str) -> str:
    """Without doubled and silent letters: Gandhi and Ghandi, Glen and Glenn."""
    return _REPEATS.sub(r"\1", word[0] + word[1:].translate(_SILENT))


def _other_gender(one: str, other: str) -> bool:
    return one[:-1] == other[:-1] and (one[-1] + other[-1]) in _GENDER


def _other_substance(one: str, other: str) -> bool:
    mine, yours = _CHEMICAL.search(one), _CHEMICAL.search(other)
    return (
        mine is not None
        and yours is not None
        and one[: mine.start()] == other[: yours.start()]
        and mine[0].rstrip("s") != yours[0].rstrip("s")
    )


def distance(one: str, other: str) -> int:
    """Edits that turn one word into the other: a letter put in, left out, changed, or two swapped.

    The optimal string alignment distance, by its recurrence.
    """
    before: list[int] = []
    above = list(range(len(other) + 1))
    for at, letter in enumerate(one, start=1):
        row = [at]
        for place, its in enumerate(other, start=1):
            step = min(above[place] + 1, row[-1] + 1, above[place - 1] + (letter != its))
            if at > 1 and place > 1 and letter == other[place - 2] and one[at - 2] == its:
                step = min(step, before[place - 2] + 1)
            row.append(step)
        before, above = above, row
    return above[-1]
