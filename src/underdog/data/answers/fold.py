"""Text into plain words: what is left of an answer when its spelling habits are taken away.

In: any text. Out: lower-case words without accents, apostrophes and articles; numbers in digits;
usual abbreviations in full. Never: a judgement of sameness, or an exception.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from underdog.data.answers.numerals import ORDINALS, ROMAN, SIMPLE
from underdog.data.answers.wordlist import word_set

_LETTERS = str.maketrans(
    {
        **dict.fromkeys("'’‘`´ʻʼ′", None),
        "ø": "o",
        "ł": "l",
        "đ": "d",
        "ð": "d",
        "þ": "th",
        "æ": "ae",
        "œ": "oe",
        "ı": "i",
        "ß": "ss",
        "–": "-",
        "—": "-",
        "‐": "-",
        "‑": "-",
        "−": "-",
        "×": "x",
        "⁄": "/",
        "“": '"',
        "”": '"',
        "„": '"',
        "«": '"',
        "»": '"',
    }
)
"""Letters that Unicode does not take apart, and marks that mean the same as an ASCII one."""
_VULGAR = re.compile(r"(?<=\d)(?=[¼-¾⅐-⅞])")
_WORDS = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?(?!\d)|\d+\.\d+|[^\W_]+[+#]*")
_DOTTED = re.compile(r"\b(?:[A-Za-z]\.){2,}(?=\W|$|[A-Z][a-z])|\b[A-Z](?:\.[A-Z])+\b")

ARTICLES = frozenset(("the", "a", "an"))
SMALL_WORDS = word_set("""
    of and the a an in on at to for by from with or de la le el du des von van der di da
""")
"""Words that carry no name of their own: left out of initials, and of words in any order."""

_ABBREVIATIONS = {
    "st": "saint",
    "ste": "saint",
    "mt": "mount",
    "mtn": "mountain",
    "ft": "fort",
    "dr": "doctor",
    "mr": "mister",
    "mrs": "missus",
    "jr": "junior",
    "sr": "senior",
    "vs": "versus",
    "prof": "professor",
    "gen": "general",
    "capt": "captain",
    "sgt": "sergeant",
    "lt": "lieutenant",
    "col": "colonel",
    "gov": "governor",
    "pres": "president",
    "rev": "reverend",
    "univ": "university",
    "dept": "department",
    "corp": "corporation",
    "co": "company",
    "inc": "incorporated",
    "ltd": "limited",
    "bros": "brothers",
    "vol": "volume",
    "ave": "avenue",
    "blvd": "boulevard",
    "n": "and",
    "nd": "and",
    "ok": "okay",
    "tv": "television",
    "wwi": "world war 1",
    "ww1": "world war 1",
    "wwii": "world war 2",
    "ww2": "world war 2",
    "usa": "united states",
    "uk": "united kingdom",
    "ussr": "soviet union",
    "uae": "united arab emirates",
    "nyc": "new york city",
}
_SPELLINGS = {
    "grey": "gray",
    "colour": "color",
    "colours": "colors",
    "centre": "center",
    "theatre": "theater",
    "tyre": "tire",
    "tyres": "tires",
    "mum": "mom",
    "plough": "plow",
    "aluminium": "aluminum",
    "sulphur": "sulfur",
    "sulphuric": "sulfuric",
    "pyjamas": "pajamas",
    "moustache": "mustache",
    "doughnut": "donut",
    "doughnuts": "donuts",
    "programme": "program",
    "metre": "meter",
    "metres": "meters",
    "litre": "liter",
    "litres": "liters",
    "autumn": "fall",
    "caesium": "cesium",
    "fibre": "fiber",
    "axe": "ax",
    "whisky": "whiskey",
    "czar": "tsar",
    "tzar": "tsar",
    "mohammed": "muhammad",
    "mohammad": "muhammad",
    "muhammed": "muhammad",
}
_CANONICAL: dict[str, tuple[str, ...]] = {
    **{word: (str(value),) for word, value in SIMPLE.items()},
    **{word: (value,) for word, value in ORDINALS.items()},
    **{word: tuple(full.split()) for word, full in {**_ABBREVIATIONS, **_SPELLINGS}.items()},
}


def plain(text: str) -> str:
    """Lower case, without accents and apostrophes; Unicode marks as their ASCII like."""
    if text.isascii():
        return text.lower().replace("'", "").replace("`", "")
    spaced = _VULGAR.sub(" ", text)
    apart = unicodedata.normalize("NFKD", spaced.translate(_LETTERS)).casefold()
    bare = "".join(letter for letter in apart if not unicodedata.combining(letter))
    return bare.translate(_LETTERS)


def undot(text: str) -> str:
    """Join dotted letters: "U.S.A." is "USA", "J.R.R. Tolkien" is "JRR Tolkien"."""
    if text.find(".", 1, -1) < 0 and not text.endswith("."):
        return text
    return _DOTTED.sub(lambda found: found[0].replace(".", "") + " ", text)


def split_words(text: str) -> list[str]:
    """Folded words, articles left out where something else is left.

    Number words, ordinals and Roman numerals behind another word become digits ("World War II",
    "Rocky V"); `text` must still have its capitals, which tell "US" from "us".
    """
    bare = plain(undot(text))
    if "&" in bare:
        bare = bare.replace("&", " and ")
    found = _WORDS.findall(bare)
    if len(found) == 1:
        return _only_word(found[0], text)
    words: list[str] = []
    last = len(found) - 1
    for at, word in enumerate(found):
        if word in ARTICLES and (at < last or word == "the"):
            continue
        canonical = _CANONICAL.get(word)
        if canonical is not None:
            words += canonical
        elif at and word in ROMAN and (len(word) > 1 or (at == last and _ends_upper(text))):
            words.append(str(ROMAN[word]))
        elif word == "us" and "US" in undot(text):
            words += ("united", "states")
        else:
            words.append(word.replace(",", "") if "," in word else word)
    if "saint" in words[1:] and found[-1] == "st":
        words[-1] = "street"
    return words or found


def _only_word(word: str, text: str) -> list[str]:
    """A lone word keeps what is an abbreviation only inside a longer name ("Co" is cobalt)."""
    if word == "us" and "US" in undot(text):
        return ["united", "states"]
    if word in _ABBREVIATIONS and len(word) < 3 and word not in ("uk", "tv"):
        return [word]
    return list(_CANONICAL.get(word, (word.replace(",", ""),)))


def _ends_upper(text: str) -> bool:
    return text.rstrip(" .!?\"')")[-1:].isupper()


_SOUNDS = str.maketrans({**dict.fromkeys("aeiouyh", None), "c": "k", "q": "k", "z": "s", "w": "v"})
_REPEATS = re.compile(r"(.)\1+")


@lru_cache(maxsize=1 << 16)
def skeleton(word: str) -> str:
    """The consonants of a word as they sound, roughly; equal for most misspellings and plurals."""
    if not word.isalpha():
        return word
    once = _REPEATS.sub(r"\1", word.rstrip("s"))
    return once.replace("ph", "f").replace("tch", "ch").replace("x", "ks").translate(_SOUNDS)
