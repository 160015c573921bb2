"""Strangers' texts made fit to be seen: what would hide or turn other text is spelt out, and cut.

In: text that anybody may have written. Out: text for a page, not yet escaped for HTML, which the
templates do. Never: a character that changes how text around it reads, more than a bounded length.
"""

from __future__ import annotations

import re

from underdog.pages.words import count

LONGEST = 2_000
"""Characters of one text; the longest question that an edition lets through has some 600."""
LONGEST_NAME = 60
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f"
    "\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)
"""Control characters, those that turn the direction of text (Unicode Standard Annex 9, table 4),
those without a width, and tags. The joiners U+200C and U+200D stay: Persian and emoji need them."""
_ACCENT = "[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]"
_STACK = re.compile(f"({_ACCENT}{{3}}){_ACCENT}+")
"""Accents piled on one letter climb into the lines above it; no language needs a fourth."""
_GAP = re.compile(r"\s*\n\s*\n\s*")


def visible(text: str, longest: int = LONGEST) -> str:
    """The beginning of a text, with U+202E shown as ``[U+202E]``; how long it was, where cut."""
    cut = _STACK.sub(r"\1", text[:longest])
    spelt = _UNSEEN.sub(lambda found: f"[U+{ord(found[0]):04X}]", cut)
    folded = _GAP.sub("\n\n", spelt)
    return folded if len(text) <= longest else f"{folded}… ({count(len(text))} characters)"


def visible_name(text: str) -> str:
    """One short line; never empty."""
    line = " ".join(visible(text[: 4 * LONGEST_NAME], LONGEST_NAME * 4).split())
    short = line if len(line) <= LONGEST_NAME else f"{line[: LONGEST_NAME - 1]}…"
    return short or "(no name)"
