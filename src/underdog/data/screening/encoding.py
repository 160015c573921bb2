"""Letters that went through the wrong encoding: mended where that is certain, else found.

`mend_row` undoes what `ftfy` recognises ("cafÃ©" -> "café"), reads HTML entities ("&amp;" -> "&")
and takes out marks that show nothing (zero width, direction). Doing it twice changes nothing, so
that the ids of a built set stay. Only texts with such letters are looked at. `find_broken` finds
what no one can mend: U+FFFD, private use, runs that are still mojibake.
Measured on 61,741 rows of OpenTriviaQA, ARC, OpenBookQA and GSM8K (2026-11-21): 2 rows are mended
(a stray mark each), 2 are broken, and both are.
"""

from __future__ import annotations

import functools
import html
import re
from collections.abc import Callable
from typing import Any

from underdog.data.reject import Reason
from underdog.data.screening.fault import Fault, Item
from underdog.data.screening.markup import ENTITY, is_about_markup
from underdog.data.sources.candidate import Candidate, tidy
from underdog.errors import MissingExtraError

_SUSPECT = re.compile(
    "[\x80-\x9f\ue000-\uf8ff\ufff0-\ufffd\U000e1000-\U0010ffff]"
    "|[^\x00-\x7f]{2}|[\xc2\xc3\xce\xcf\xd0\xd1\xe2]"
)
"""Mojibake of a letter outside ASCII is two letters outside ASCII, or one of the letters that UTF-8
sequences begin with when read as Windows-1252."""
_INVISIBLE = re.compile("[\xad\u200b\u200e\u200f\u202a-\u202e\u2060\ufeff]")
"""The joiners U+200C and U+200D stay: Persian and Indic scripts need them."""
_LOST = re.compile("[\x80-\x9f\ufffd\ue000-\uf8ff\ufff0-\ufffb\U000e1000-\U0010ffff]")


def mend_row(found: Candidate) -> Candidate:
    """The same candidate where nothing needs mending, else a mended copy."""
    choices = found.choices or ()
    joined = "".join((found.text, *choices, found.key or "", found.explanation, *found.aliases))
    if joined.isascii() and "&" not in joined:
        return found
    entities = "&" in joined and not is_about_markup(found.text.lower())

    def whole(text: str) -> str:
        mended = mend(text, entities=entities)
        return text if mended == text else tidy(mended)

    mended = found._replace(
        text=whole(found.text),
        choices=None if found.choices is None else tuple(map(whole, choices)),
        key=None if found.key is None else whole(found.key),
        explanation=whole(found.explanation),
        aliases=tuple(map(whole, found.aliases)),
    )
    return found if mended == found else mended


def mend(text: str, *, entities: bool = True) -> str:
    """The text with certain repairs, which is most often the text itself.

    `entities` False leaves "&lt;" as it is, for text about markup.
    """
    while entities and "&" in text and (plain := _read_entities(text)) != text:
        text = plain  # "&amp;quot;" was written twice
    if text.isascii():
        return text
    text = _INVISIBLE.sub("", text)
    return _decoder()[0](text) if _SUSPECT.search(text) else text


def _read_entities(text: str) -> str:
    return html.unescape(text) if ENTITY.search(text) else text


def find_broken(item: Item) -> Fault | None:
    """A letter that stands for a lost one, or a run that no encoding explains."""
    if item.whole.isascii() or not _SUSPECT.search(item.whole):
        return None
    for place, text in enumerate(item.parts):
        lost = _LOST.search(text)
        if lost is not None:
            detail = f"{item.name_part(place)}: U+{ord(lost[0]):04X}"
            return Fault(Reason.BROKEN_LETTERS, detail)
        if _SUSPECT.search(text) and _decoder()[1](text):
            return Fault(Reason.BROKEN_LETTERS, f"{item.name_part(place)}: mojibake")
    return None


@functools.cache
def _decoder() -> tuple[Callable[[str], str], Callable[[str], Any]]:
    """What mends an encoding, and what tells that a text still needs it."""
    try:
        from ftfy import fix_encoding
        from ftfy.badness import is_bad
    except ImportError as error:
        raise MissingExtraError.of("repairing mojibake", "data") from error
    return fix_encoding, is_bad
