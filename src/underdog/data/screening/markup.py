"""Markup that a web page left in a text: tags, entities, images and media links.

Text about markup is no remains of it: "What does <br> stand for?" names HTML or a tag, or its
choices are tags themselves. An address alone is no fault either: of the four addresses in 45,941
OpenTriviaQA questions all are asked about (measured 2026-11-21).
"""

from __future__ import annotations

import html
import re

from underdog.data.reject import Reason, shorten
from underdog.data.screening.fault import Fault, Item

ENTITY = re.compile(r"&(?:[a-zA-Z]{2,8}|#\d{2,6}|#x[0-9a-fA-F]{2,5});")
_LONG_TAGS = (
    "br|hr|em|li|ul|ol|td|th|tr|h[1-6]|sub|sup|div|pre|img|code|span|font|table|tbody|strong|center"
    "|iframe|script|blockquote"
)
_REMAINS = re.compile(
    rf"<(?:{_LONG_TAGS})\s*/?>|</(?:[abiups]|{_LONG_TAGS})>"  # "a <b and c> d" is no tag
    rf"|<(?:[abiups]|{_LONG_TAGS})\s+[\w-]+\s*=[^<>]{{0,500}}>|<!--"
    r"|\[/?(?:img|url|quote|color|size)\b[^\]]{0,200}\]"  # bulletin boards
    r"|!?\[[^\]\n]{0,200}\]\(\s*https?://[^)\s]{0,500}\)"  # Markdown links and images
    r"|\bhttps?://\S{1,500}\.(?:png|jpe?g|gif|svg|webp|mp3|mp4|wav|ogg|pdf)\b",
    re.IGNORECASE,
)
_ABOUT_MARKUP = re.compile(r"\b(?:x?html5?|xml|css|php|tags?|markup|web ?pages?)\b")


def find_markup(item: Item) -> Fault | None:
    """Remains of markup in the text or in a choice."""
    whole = item.whole
    if not ("<" in whole or "[" in whole or "&" in whole or "://" in whole):
        return None
    for place, text in enumerate(item.parts):
        found = _REMAINS.search(text) or _entity(text)
        if found is not None and not is_about_markup(_REMAINS.sub(" ", item.low)):
            return Fault(Reason.MARKUP, f"{item.name_part(place)}: {shorten(found[0], 60)!r}")
    return None


def is_about_markup(low: str) -> bool:
    """Whether a text in lower case speaks of tags, HTML and the like."""
    return _ABOUT_MARKUP.search(low) is not None


def _entity(text: str) -> re.Match[str] | None:
    """An entity that stands for another text; "AT&T;" stands for itself."""
    found = ENTITY.search(text)
    return found if found is not None and html.unescape(found[0]) != found[0] else None
