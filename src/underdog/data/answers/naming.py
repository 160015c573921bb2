"""What kind of name a name is: a person, a place, an organisation, a work, or no name at all.

In: an answer without a value, and what its question wants. Out: a kind. The question's noun comes
first; where it is silent, the embedded bank's names, given names, telling words ("Lake", "College")
and capitals decide. Never: a kind by a part of a word, or an exception.
"""

from __future__ import annotations

import re

from underdog.data.answers.aliases import TITLES
from underdog.data.answers.enumeration import split_enumeration
from underdog.data.answers.fold import SMALL_WORDS, split_words
from underdog.data.answers.gazetteer import load_gazetteer
from underdog.data.answers.given import ALSO_WORDS, GIVEN_NAMES
from underdog.data.answers.kind import AnswerKind
from underdog.data.answers.nouns import Wanted
from underdog.data.answers.wordlist import word_set

_EVERYTHING = re.compile(
    r"(?:all|none|neither|both|any|either|each|some)(?: of)?"
    r"(?: (?:the|these|those|them|above))+\b.*"
    r"|neither|both|none|all|nobody|no one|nothing|everyone|everybody|anyone|it depends|unknown",
    re.IGNORECASE,
)
_OPENERS = word_set("""
    he she it they we you i to because by when if while so there this that his her their its my your
    our who what how why where not for from with as after before since being having doing
""")
_VERBS = re.compile(
    r"\b(?:is|are|was|were|has|have|had|do|does|did|can|could|will|would|should|be|been|cant|dont|"
    r"didnt|isnt|wasnt|wont|its|hes|shes|theyre)\b"
)
_PREPOSITION = re.compile(
    r"(?:in|on|at|near|under|inside|outside|from|between|off|to)\s+", re.IGNORECASE
)
_DETERMINERS = word_set("a an the his her their its my our your some one no another")
_NAME_NOUNS = word_set("name nickname surname alias pseudonym")
LONGEST_TITLE_WORDS = 12
"""Words; longer answers to "which film" are explanations."""
_INITIALS = re.compile(r"(?:[A-Z]\.\s?)+[A-Z][a-z]+|[A-Z][a-z]+ (?:[A-Z]\.? ){1,2}[A-Z][\w'’-]+")
_QUOTED = re.compile(r"[\"“].+[\"”]")

_PLACE_FIRST = word_set("""
    lake mount mt fort cape port san santa los las new saint st puerto sea gulf bay isle strait
""")
_PLACE_LAST = word_set("""
    river lake mountain mountains island islands city county ocean sea bay valley canyon desert
    falls beach street avenue boulevard road bridge park castle palace cathedral peninsula hill
    hills square forest state province building tower airport harbor harbour creek stadium arena
    hotel strait gulf museum theatre theater garden gardens zoo volcano glacier
""")
_GROUP_LAST = word_set("""
    university college company corporation inc corp ltd records orchestra airlines airways bank
    party club association league institute brothers band motors industries academy society agency
    foundation federation union committee network studios pictures entertainment group co
    incorporated limited
""")


def name_kind(text: str, want: Wanted | None, *, focus: str) -> AnswerKind:
    """The kind of an answer that has no value and is no formula."""
    words = text.split()
    if not words or is_everything(text):
        return AnswerKind.PHRASE
    if want is Wanted.WORK:
        return _work(text, words)
    members = split_enumeration(text)
    if len(members) < 3 and is_sentence(text, words):
        return AnswerKind.PHRASE
    if members and _is_set(text, members, want):
        return AnswerKind.SET
    return _named(text, words, want, focus=focus)


def _named(text: str, words: list[str], want: Wanted | None, *, focus: str) -> AnswerKind:
    if want is Wanted.PERSON:
        return _person(text, words)
    if want is Wanted.PLACE:
        return _place(text, words)
    if want is Wanted.ORGANISATION:
        return AnswerKind.ORGANISATION if _has_capital(words) else AnswerKind.PHRASE
    if want is None or focus in _NAME_NOUNS:
        return _bare(text, words, named=want is not None)
    return AnswerKind.PHRASE


def is_everything(text: str) -> bool:
    """Answers about the other choices: "All of these", "None of the above", "Neither"."""
    return text[:1] in "AaNnBbEeSsIiUu" and _EVERYTHING.fullmatch(text.rstrip(" .")) is not None


def is_sentence(text: str, words: list[str]) -> bool:
    """A clause rather than a name."""
    count = len(words)
    if count < 3:
        return False
    if count > 8 or (text[-1] in ".!?" and count > 4):
        return True
    low = words[0].lower()
    if low in _OPENERS and not words[1][0].isupper():
        return True
    return _VERBS.search(text) is not None


def _is_set(text: str, members: tuple[str, ...], want: Wanted | None) -> bool:
    if want is Wanted.ORGANISATION:
        return len(members) > 2 and "," in text and " and " not in text
    if want is Wanted.PLACE:
        linked = " and " in text or "&" in text
        return linked and " ".join(split_words(text)) not in load_gazetteer().places
    if want is Wanted.PERSON:
        return all(_has_capital(member.split()) for member in members)
    return all(len(member.split()) <= 2 or member[0].isupper() for member in members[1:])


def _work(text: str, words: list[str]) -> AnswerKind:
    low = words[0].lower()
    if len(words) > LONGEST_TITLE_WORDS or (text.islower() and len(words) > 5):
        return AnswerKind.PHRASE
    if (
        len(words) > 3
        and low in ("he", "she", "they", "it", "because")
        and not words[1][0].isupper()
    ):
        return AnswerKind.PHRASE
    return AnswerKind.WORK


def _person(text: str, words: list[str]) -> AnswerKind:
    low = words[0].lower()
    if low not in _DETERMINERS and text.istitle():
        return AnswerKind.PERSON
    if not _has_capital(words):
        named = low in GIVEN_NAMES or " ".join(split_words(text)) in load_gazetteer().persons
        return AnswerKind.PERSON if named and len(words) <= 3 else AnswerKind.PHRASE
    if low == "the" and len(words) > 1 and words[-1].endswith("s") and words[1][0].isupper():
        return AnswerKind.ORGANISATION
    if low in _DETERMINERS and not any(word[0].isupper() for word in words[1:]):
        return AnswerKind.PHRASE
    inner = [word for word in words[1:] if word not in SMALL_WORDS and word[0].isalpha()]
    lowered = bool(inner) and all(word[0].islower() for word in inner)
    if lowered and low not in GIVEN_NAMES and low.rstrip(".") not in TITLES:
        # "Police officer" is what somebody is; "Attila the hun" is a name all the same.
        return AnswerKind.PERSON if "the" in words[1:-1] else AnswerKind.PHRASE
    return AnswerKind.PERSON


def _place(text: str, words: list[str]) -> AnswerKind:
    led = _PREPOSITION.match(text)
    rest = text[led.end() :].split() if led is not None else words
    if " ".join(split_words(" ".join(rest))) in load_gazetteer().places:
        return AnswerKind.PLACE
    if rest and rest[0].lower() in _DETERMINERS:
        rest = rest[1:]
    if led is None and rest is words and words[0][0].isupper():
        inner = [word for word in words[1:] if word not in SMALL_WORDS]
        lowered = bool(inner) and all(word[0].islower() for word in inner)
        last = words[-1].lower()
        return AnswerKind.PHRASE if lowered and last not in _PLACE_LAST else AnswerKind.PLACE
    return AnswerKind.PLACE if _has_capital(rest) else AnswerKind.PHRASE


def _bare(text: str, words: list[str], *, named: bool) -> AnswerKind:
    """By the answer alone. `named` tells that the question asks for a name of some sort."""
    if text.islower() and len(words) > 3:
        return AnswerKind.PHRASE
    if _QUOTED.fullmatch(text):
        return AnswerKind.WORK
    folded = " ".join(split_words(text))
    known = load_gazetteer()
    if folded in known.persons:
        return AnswerKind.PERSON
    if folded in known.places:
        return AnswerKind.PLACE
    if not words[0][0].isupper() or len(words) > 5:
        return AnswerKind.PHRASE
    return _by_words(text, words, named=named)


def _by_words(text: str, words: list[str], *, named: bool) -> AnswerKind:
    low, last = words[0].lower().rstrip("."), words[-1].lower().rstrip(".,")
    if len(words) == 1:
        sure = low in GIVEN_NAMES and (named or low not in ALSO_WORDS)
        return AnswerKind.PERSON if sure else AnswerKind.PHRASE
    capitals = all(word[0].isupper() for word in words if word not in SMALL_WORDS)
    if not capitals:
        return AnswerKind.PHRASE
    if last in _GROUP_LAST:
        return AnswerKind.ORGANISATION
    if last in _PLACE_LAST or low in _PLACE_FIRST or _ends_in_place(text):
        return AnswerKind.PLACE
    if low in GIVEN_NAMES or (low in TITLES and len(words) <= 4) or _INITIALS.fullmatch(text):
        return AnswerKind.PERSON
    return AnswerKind.PHRASE


def _ends_in_place(text: str) -> bool:
    """As in "Gary, Indiana": the part behind the comma is a place."""
    _, comma, behind = text.rpartition(", ")
    return bool(comma) and " ".join(split_words(behind)) in load_gazetteer().places


def _has_capital(words: list[str]) -> bool:
    """Whether a word begins with a capital, or the first with a digit: "98 Degrees"."""
    if not words:
        return False
    first = words[0][0]
    return first.isupper() or first.isdigit() or any(word[0].isupper() for word in words[1:])
