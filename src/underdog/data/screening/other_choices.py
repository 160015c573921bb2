"""Choices that speak of other choices: by their place, or of all of them together.

"All of the above" and "Both A and C" are true in one order of the choices only, and this program
shuffles them. "All of these" and "None of these" hold in any order: a rule of their own decides
about them. As the answer of an open question both mean nothing.
Measured on 54,268 rows of OpenTriviaQA, ARC and OpenBookQA (2026-11-21): 29 rows by place, all
read, all right; 2,055 rows with a choice of all others, where "All of these" is the key of 57 % and
"None of these" of 11 %.
"""

from __future__ import annotations

import re

from underdog.data.reject import Reason, shorten
from underdog.data.screening.fault import Fault, Item

_LONGEST_CHARACTERS = 60
_QUANTITY = r"(?:all|none|neither|both|any|either|each|some|most|two|three|only one|more than one)"
_THINGS = r"(?:answers?|options?|choices?|alternatives?|responses?)"
_LETTERS = r"\(?[a-h]\)?(?:\s*,\s*\(?[a-h]\)?)*,?(?:\s+(?:and|or|nor)\s+|\s*[&+]\s*)\(?[a-h]\)?"
_MARK = r"(?:\d|\(?[a-h]\)?)"
_TAIL = (
    r"(?: (?:answers?|options?|choices?|statements?|is|are|correct|true|apply|applies|except|but"
    r"|[a-h1-6]))*"
)
_BY_PLACE = re.compile(
    rf"{_QUANTITY}(?: (?:of|from|in))?(?: the)?(?: {_THINGS})? (?:listed |given |mentioned )?"
    rf"(?:above|below|preceding|previous){_TAIL}"
    rf"|(?:not? )?(?:the )?{_THINGS} (?:listed )?(?:above|below)(?: (?:is|are) \w+)?"
    rf"|(?:both |only |neither |either )?{_THINGS} {_MARK}(?:, ?{_MARK})*,? (?:and|or|&|nor) "
    rf"(?:{_THINGS} )?{_MARK}(?: only)?"
    rf"|the (?:first|second|third|fourth|last|other)(?: (?:two|three))? {_THINGS}"
)
_BY_LETTER = re.compile(rf"(?:both |only |neither |either )?({_LETTERS})(?: only)?(?: above)?")
_OF_ALL = re.compile(
    r"(?:all|none|neither|both|any|either)(?: (?:two|three|four|five))?(?: of)?(?: the)?"
    rf"(?: (?:these|those|them|others?))?(?: (?:other |three |four )*(?:{_THINGS}|statements?))?"
    r"(?: (?:is|are|were|was) (?:all )?(?:correct|true|right|wrong|false|incorrect|possible))?"
)
_NAMES_OTHERS = re.compile(rf"\b(?:these|those|them|others?|{_THINGS}|statements?)\b")
_WORTH_A_LOOK = re.compile(
    rf"\n[\W_]{{0,4}}(?:{_QUANTITY} |(?:not? |the )?{_THINGS} |(?:only|both|neither|either) "
    r"|the (?:first|second|third|fourth|last|other) |\(?[a-h]\)? ?(?:[,&+]|(?:and|or|nor) ))"
)
"""How such a choice begins. Looked for at the start of each line, it costs a microsecond a row."""
_LABEL = re.compile(r"[a-h]")
_STEM_LABEL = re.compile(
    r"(?:^|[^\w.])(?:[B-H]|A(?=[).:,]))(?![\w'’.])|\(a\)|\bb\)|\bA\.\s[^\n]*\bB\.\s"
)
"""A letter that the text uses as a name: "vitamin B", "points A and B", "A. Cats bark. B. ..."."""


def refers_to_places(text: str) -> bool:
    """Whether a choice speaks of other choices by their place ("all of the above")."""
    return _BY_PLACE.fullmatch(_bare(text)) is not None


def refers_to_all(text: str) -> bool:
    """Whether a choice speaks of all the others in any order ("None of these")."""
    bare = _bare(text)
    return _OF_ALL.fullmatch(bare) is not None and _NAMES_OTHERS.search(bare) is not None


def find_places(item: Item) -> Fault | None:
    """A choice that is true in one order only. For an open question, any that speaks of others."""
    if item.right is None:
        if refers_to_places(item.answer) or refers_to_all(item.answer):
            return Fault(Reason.POSITIONAL_CHOICE, f"answer {shorten(item.answer, 60)!r}")
        return None
    if not _WORTH_A_LOOK.search(item.low_whole):
        return None
    for place, low in enumerate(item.lows):
        if len(low) <= _LONGEST_CHARACTERS:
            bare = _bare(low)
            if _BY_PLACE.fullmatch(bare) or _names_letters(item, bare):
                detail = f"choice {place + 1}: {shorten(item.choices[place], 60)!r}"
                return Fault(Reason.POSITIONAL_CHOICE, detail)
    return None


def find_all_of_these(item: Item) -> Fault | None:
    """A choice that speaks of all the others, in whatever order they stand."""
    for place, low in enumerate(item.lows):
        if low[:1] in "anbe" and len(low) <= _LONGEST_CHARACTERS and refers_to_all(low):
            detail = f"choice {place + 1}: {shorten(item.choices[place], 60)!r}"
            return Fault(Reason.CHOICE_OF_ALL, detail)
    return None


def _bare(text: str) -> str:
    return " ".join(text.lower().strip(" .!\"'()[]").split())


def _names_letters(item: Item, bare: str) -> bool:
    """Such as "A and C", where these are choices: no vitamins, blood types, points of the text."""
    found = _BY_LETTER.fullmatch(bare)
    if found is None or _STEM_LABEL.search(item.text):
        return False
    named = {ord(letter) - ord("a") for letter in _LABEL.findall(_without_words(found[1]))}
    if len(named) < 2 or max(named) >= len(item.lows):
        return False
    return not any(_BY_LETTER.fullmatch(_bare(item.lows[at])) for at in named) and all(
        len(item.lows[at]) > 1 for at in named
    )


def _without_words(text: str) -> str:
    return re.sub(r"\b(?:and|or|nor)\b", " ", text)
