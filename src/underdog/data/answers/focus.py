"""What a question asks for: the noun behind "which", "what", "this", or what "who" stands for.

In: a question. Out: one folded noun ("country", "person", "year"), "" where none is found. Never:
an exception, or a noun from a name: words with a capital are skipped where others are left.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from underdog.data.answers.nouns import NOUNS, Wanted
from underdog.data.answers.wordlist import word_list, word_set

LONGEST_QUESTION = 1500
"""Characters; of a longer one the end is read, where the question stands."""
_ASKING = re.compile(
    r"[WwHhTtNIGSP](?:h(?:at|o(?:m|se)?|ich|ere|en|y|is|ese)|ow|ame|dentify|uess|elect|ick"
    r"|HAT|HO|HICH|HERE|HEN|OW)\b"
)
"""Starts with a class of letters: four times as fast as words behind a word border."""
_ENDS = frozenset(".,?!:;)")
_PUNCTUATION = ',.?!:;()"'
_SENTENCE_END = frozenset('.?!\n"“')
_LEADS = word_set("""
    in on at from for to by of with under during after before into about and but so alongside
    against since through upon around near until
""")
_SUBJECTS = word_set("he she it they we you i the a an his her their there")
_OPENING = {"this": 3, "these": 3, "name": 4, "identify": 4, "guess": 4, "select": 4, "pick": 4}
_INSIDE = {"this": 2, "these": 2, "name": 0, "identify": 0, "guess": 0, "select": 0, "pick": 0}
_WORDS = frozenset((*_OPENING, *word_list("who whom whose where when which what how why")))
_COPULA = word_set("is are was were s be been")
_DETERMINERS = word_set("""
    the a an his her their its my your our these those this that two three four following one ones
    of both some any all other another certain s
""")
_STOPS = word_set("""
    is are was were be been do does did has have had can could will would shall should may might
    must in on at by from to with that who whom whose which what where when if for as about during
    after before between under over into through than because while until since not he she it they
    we you i and or but starring played plays named called wrote won has became made
""")
_VERBS = word_set("""
    play show star host record coach rule film score lead judge captain man act work direct name
    title sign feature house head model pilot father mother champion date age cost number measure
    range
""")
"""Nouns that are verbs as well: behind a noun that can act they are taken as verbs."""
_NAMED = word_set("name title identity names titles")
_KINDS = word_set("kind type sort form style brand breed variety pair piece")
_ONLY_NAMES = _NAMED | _KINDS
_ACTORS = ("man", "woman", "ist", "eer", "sitter")
"""Endings of nouns for persons that stand in no table."""
_PHRASE = 90
"""Characters behind the asking word in which its noun stands."""
_PERSONAL = word_set("""
    his her first last middle real full maiden birth given family christian stage
""")
_MANNERS = {
    "many": "number",
    "much": "amount",
    "old": "age",
    "long": "duration",
    "far": "distance",
    "tall": "height",
    "high": "height",
    "deep": "depth",
    "wide": "width",
    "fast": "speed",
    "heavy": "weight",
    "often": "frequency",
    "large": "size",
    "big": "size",
    "hot": "temperature",
    "cold": "temperature",
    "late": "date",
    "early": "date",
}
_PLAIN = {
    "who": "person",
    "whom": "person",
    "whose": "person",
    "where": "place",
    "when": "date",
    "why": "reason",
}
_KEPT = word_set("""
    series miniseries species bus gas lens news class boss princess actress goddess process alias
    atlas canvas falls headquarters odds earnings
""")
_NO_HEAD = word_set("""
    then there here happen happened happening am famous true false great first last one ones used
    known out up back else them him her now way so very most least best only same different exactly
    likely heard thought sang sung sent held made set too also
""")
"""Words that end a short phrase and are no noun: "what happened", "which is true"."""
_COMPOUND = frozenset(["fiction", "league"])
"""Unknown words that may stand between two nouns: "science fiction film"."""
_UPPER = {"tv": "show", "cd": "cd", "dj": "dj", "ceo": "ceo", "mvp": "mvp", "lp": "lp", "ep": "ep"}


class _Place(NamedTuple):
    """A word that may ask, how surely it does, and where what follows begins."""

    weight: int
    word: str
    end: int


@lru_cache(maxsize=1 << 12)
def read_focus(question: str) -> str:
    """The noun that a question asks for, folded and in the singular, "" where none is found."""
    text = question[-LONGEST_QUESTION:]
    best = _choose(text)
    if best is None or (best.weight < 4 and "__" in text):
        # A gap to be filled in asks for nothing in particular.
        return "person" if text.startswith(("He ", "She ")) and "__" not in text else ""
    if best.word in _PLAIN:
        return _PLAIN[best.word]
    if best.word == "how":
        return _manner(text, best.end)
    return _noun(text, best.end)


def wanted(focus: str) -> Wanted | None:
    """What a noun asks for, None where it is not known."""
    known = NOUNS.get(focus)
    if known is None and focus.endswith(_ACTORS) and len(focus) > 5:
        return Wanted.PERSON
    return known


def _choose(text: str) -> _Place | None:
    """The word that asks: the surest one; of equally sure ones the last, where the question stands.

    Behind a colon stands what is quoted: there the first one asks.
    """
    best: _Place | None = None
    for found in _ASKING.finditer(text):
        start = found.start()
        if start and text[start - 1].isalnum():
            continue
        weight = _weigh(text, found[0], start)
        if weight == 0 or (best is not None and weight < best.weight):
            continue
        if best is not None and weight == best.weight and _quoted(text, best, start):
            continue
        best = _Place(weight, found[0].lower(), found.end())
    return best


def _quoted(text: str, best: _Place, start: int) -> bool:
    """Whether a second word that asks as surely is not the one: in one sentence, or in a quote."""
    return best.weight in (1, 2, 4) or text.find(":", best.end, start) >= 0


def _weigh(text: str, word: str, start: int) -> int:
    """How surely a word asks, 0 (not at all) to 5."""
    before = text[start - 16 if start > 16 else 0 : start].rstrip()
    low = word.lower()
    if low not in _WORDS:
        return 0
    if not before or before[-1] in _SENTENCE_END:
        # A line of a song may begin so: "When I find myself in times of trouble, ...".
        return 0 if low == "when" and "?" not in text else _OPENING.get(low, 5)
    if word[0].isupper() and not text.isupper():
        return 0
    comma = before[-1] == ","
    linked = comma or before.rsplit(None, 1)[-1].lower() in _LEADS
    if low == "which":
        return 1 if comma or not linked or _relative(text, start + 5) else 4
    if low in ("what", "how"):
        return 5 if linked else 4
    # "..., who was the first?" asks; "..., where he was born." does not.
    return _INSIDE.get(low, 3 if comma and text.find("?", start) >= 0 else 1)


def _relative(text: str, at: int) -> bool:
    """Whether "which" goes on with a pronoun or an article: "for which he received"."""
    following = text[at : at + 12].split(None, 1)
    return bool(following) and following[0] in _SUBJECTS


def _manner(text: str, at: int) -> str:
    following = text[at : at + 20].split(None, 1)
    return _MANNERS.get(following[0].lower(), "way") if following else ""


def _noun(text: str, at: int) -> str:
    """The head of the noun phrase that begins at `at`."""
    words = text[at : at + _PHRASE].split()
    place = _skip(words, 0)
    after = 0
    if place < len(words) and words[place].lower() in _COPULA:
        after = place + 1
        place = _skip(words, after)
    bare_subject = after > 0 and place == after
    found = _head(words, place, phrase=after > 0)
    if not bare_subject and (found is None or (not after and found[0] not in NOUNS)):
        # "Which President", "this Hall of Famer": a known noun with a capital is better than none.
        named = _head(words[: place + 7], place, capitals=True)
        found = named if named is not None and named[0] in NOUNS else found
    while found is not None and found[0] in _ONLY_NAMES and _is_of(words, found[1]):
        if _is_personal(words, found):
            return "person"
        deeper = _head(words, _skip(words, found[1] + 1), phrase=True)
        if deeper is None:
            return "" if found[0] in _NAMED else found[0]
        found = deeper
    if found is None:
        return ""
    return "person" if _is_personal(words, found) else found[0]


def _is_personal(words: list[str], found: tuple[str, int]) -> bool:
    """Whether a name is asked for that only persons have: "first name", "his name"."""
    noun, end = found
    return noun == "name" and end >= 2 and words[end - 2].lower() in _PERSONAL


def _is_of(words: list[str], at: int) -> bool:
    return at < len(words) and words[at].lower() in ("of", "for", "given", "to")


def _skip(words: list[str], at: int) -> int:
    while at < len(words) and (words[at].lower() in _DETERMINERS or words[at].isdigit()):
        at += 1
    return at


def _head(
    words: list[str], start: int, *, phrase: bool = False, capitals: bool = False
) -> tuple[str, int] | None:
    """The head noun and the place behind it: the last of the first run of known nouns.

    Where none is known, the last word before a verb or preposition, if the phrase is short. In a
    `phrase` no verb can follow a noun, so that an unknown word behind it is the head: "the name of
    the star cluster", but "which star directed".
    """
    head: str | None = None
    last = ""
    named = False
    at = start
    for word in words[start : start + 9]:
        core, ends = (word, False) if word.isalpha() else _strip(word)
        low = core.lower()
        noun = singular(low) if capitals or core == low else _UPPER.get(low, "")
        if noun in NOUNS and not (head is not None and _acts(head, noun, inflected=low != noun)):
            head = noun if head is None else _join(head, noun)
        elif head is not None:
            counted = NOUNS.get(head) is Wanted.NUMBER  # "average page count", "total commission"
            if phrase and not counted and not ends and core == low and _is_noun(low):
                head = noun
            elif low not in _COMPOUND:
                break
        elif _closes(low) and not (low == "and" and named):
            break
        elif core == low:
            last = noun
        at += 1
        named = core != low
        if ends:
            break
    return (head, at) if head is not None else _fallback(last, at, start=start)


def _fallback(last: str, at: int, *, start: int) -> tuple[str, int] | None:
    """An unknown word as head, if it is likely a noun."""
    if not last or at - start > 4 or last in _NO_HEAD or last.endswith(("ed", "ing")):
        return None
    return last, at


def _join(head: str, noun: str) -> str:
    """The head of two nouns: the second; "his mother's name" asks for a person."""
    return "person" if noun == "name" and NOUNS.get(head) is Wanted.PERSON else noun


def _closes(low: str) -> bool:
    return not low or low == "of" or low in _STOPS


def _is_noun(low: str) -> bool:
    """Whether an unknown word behind a noun is likely a noun: no small word, no verb's ending."""
    small = low in _DETERMINERS or low in _NO_HEAD or _closes(low)
    return low.isalpha() and not small and not low.endswith(("ed", "ing", "ly", "en"))


def _strip(word: str) -> tuple[str, bool]:
    """A word without punctuation round it, and whether a phrase ends with it."""
    ends = word[-1] in _ENDS and "." not in word[:-1]
    return word.strip(_PUNCTUATION).removesuffix("(s"), ends


def _acts(head: str, noun: str, *, inflected: bool) -> bool:
    """Whether a known noun behind the head is its verb: "which actor stars", "which term means"."""
    want = NOUNS.get(head)
    if want is Wanted.NUMBER or noun == "mean":
        # "What number president was he?" asks for the number.
        return True
    if noun not in _VERBS:
        return False
    return want in (Wanted.PERSON, Wanted.ORGANISATION) or (want is Wanted.WORK and inflected)


def singular(word: str) -> str:
    """The likely singular of a lower-case noun."""
    if not word.endswith("s") or word in _KEPT or len(word) < 4:
        return {"men": "man", "women": "woman", "children": "child"}.get(word, word)
    if word.endswith("ies") and len(word) > 4 and word != "movies":
        return word[:-3] + "y"
    if word.endswith(("sses", "ches", "shes", "xes")):
        return word[:-2]
    return word if word.endswith(("ss", "us", "is")) else word[:-1]
