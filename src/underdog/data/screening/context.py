"""Texts that point at what is not there: a picture, a recording, a passage, statements above.

Each pattern has a cheap word that must occur first. What could stand inside the text itself is left
alone: "shown below" with an equation behind it, a passage before its question. An open question
that asks "which of these" has lost its choices and could be right about many things.
Measured on 54,268 rows of OpenTriviaQA, ARC and OpenBookQA (2026-11-21): 85 rows, all read; all
point at something absent, 77 of them cannot be answered without it. All but one speak of a
recording: how precise the patterns for pictures and passages are, no row here shows. Asked of the
same rows without their choices it finds 4,400 that ask "which of these"; of 7,473 GSM8K questions
none.
"""

from __future__ import annotations

import re

from underdog.data.reject import Reason, shorten
from underdog.data.screening.fault import Fault, Item

_SIGHT = (
    r"(?:picture|photo|photograph|image|diagram|illustration|screenshot|snapshot|graph|chart)s?\b"
)
_SIGHT_WORD = re.compile(_SIGHT)
_TEXT = r"(?:passage|paragraph|excerpt|article|text|dialogue|conversation)s?"
_HERE = r"(?:above|here|below|to the (?:left|right)|on the (?:left|right))"
_SHOWN = r"(?:shown|pictured|displayed|depicted|illustrated|seen|presented|provided|given)"
_RECORDING = re.compile(
    r"\b(?:sound|audio)[ -]?clips?\b(?! (?:is|was) (?:from|of|their|his|her|a|one)\b(?! wh))"
    r"|\b(?:sound|audio)[ -]?clip is from wh"
    r"|\b(?:heard|featured|shown|seen) in (?:the|this) (?:video|music|movie|film)[ -]?clip\b"
    r"|\b(?:song|music|tune|hit|track|band|group|artist|singer|voice|melody|recording)s? "
    r"(?:\w+ ){0,4}(?:is |are |was |being )?(?:heard|playing|played) here\b"
    r"|\blisten to (?:the|this) (?:clip|audio|recording|music clip|excerpt)\b"
    r"|\b(?:heard|performs?|plays?|sings?|singing) in (?:the|this) (?:clip|audio)\b"
)
_ASIDE = re.compile(r"[(\[][^()\[\]]*\bclip\b[^()\[\]]*[)\]]")
"""A clip in brackets, or in a sentence that says what it is from, illustrates a whole question."""
_PICTURE = re.compile(
    rf"\b(?:the|this|these|that) (?:\w+ )?(?:{_SIGHT}|figure|drawing|sketch|map|table) "
    rf"(?:{_SHOWN} )?{_HERE}"
    rf"|\b(?:above|attached|accompanying) (?:\w+ )?{_SIGHT}\b"
    rf"|\b{_SHOWN} (?:in|on|by) (?:this|these|the (?:above|attached|accompanying)) "
    rf"(?:\w+ )?{_SIGHT}\b"
    rf"|\b(?:in|from|to|at|on) (?:this|these) {_SIGHT}\b"
    r"|\b(?:pictured|depicted|photographed) (?:here|above|below)\b"
)
_PASSAGE = re.compile(
    rf"\b(?:the|this|these) (?:\w+ )?{_TEXT} (?:{_SHOWN} )?(?:above|below)"
    rf"|\b(?:above|attached|accompanying) {_TEXT}\b"
    rf"|\b(?:according to|based on|in|from) (?:the|this) (?:passage|paragraph|excerpt|article)\b"
    rf"|\bthe author of (?:the|this) (?:passage|paragraph|excerpt)\b"
)
_ABOVE = re.compile(
    r"\b(?:of|from|in) the above\b(?![ -](?:quot|sea|ground))"
    r"|\bthe above[- ](?:mentioned|named|statements?|items?|options?|terms?|film|movie|song)\b"
    r"|\b(?:listed|mentioned|described|stated|named) above\b"
)
_LOST_CHOICES = re.compile(
    r"\b(?:which|what|who|whom) (?:one |two )?of (?:these|those|the following)\b"
    r"|\b(?:all|each|any|one) of (?:these|the following)(?: \w+){1,5} except\b"
    r"|\bonly (?:one|two) of (?:these|the following)\b"
    r"|\bwhich (?:of the )?following\b|\bthe following (?:is|are|was|were) (?:not )?(?:an?|the)\b"
)
_PASSAGE_CHARACTERS = 300
"""A text that refers to a passage and is longer may hold it: SQuAD-like rows put both in one."""
_ABOVE_CHARACTERS = 120
"""What "the above" stands for is above: in a longer text there is room for it."""
_RECORDING_CHARACTERS = 150
"""A longer text says enough besides: of 15 such rows 12 can be answered without hearing the clip,
of 85 shorter ones 8 (OpenTriviaQA, 2026-11-21)."""


def find_missing_context(item: Item) -> Fault | None:
    """The words that point at something outside the row."""
    low = item.low
    found = _point(low) if _may_point(low) else None
    if found is None and item.right is None and (" these" in low or "following" in low):
        found = _LOST_CHOICES.search(low)
    if found is None:
        return None
    return Fault(Reason.MISSING_CONTEXT, f"{shorten(found[0].strip(), 60)!r}")


def _may_point(low: str) -> bool:
    """Whether words occur that every pattern has one of: 1 us, where the patterns take 50."""
    return (
        "clip" in low
        or " here" in low
        or " above" in low
        or " below" in low
        or "listen" in low
        or "attached" in low
        or "accompany" in low
        or "passage" in low
        or "paragraph" in low
        or "excerpt" in low
        or ((" this " in low or " these " in low) and _SIGHT_WORD.search(low) is not None)
    )


def _point(low: str) -> re.Match[str] | None:
    found = None
    if len(low) <= _RECORDING_CHARACTERS:
        found = _RECORDING.search(_ASIDE.sub("", low))
    if found is None:
        found = _PICTURE.search(low)
    if found is None and len(low) <= _PASSAGE_CHARACTERS:
        found = _PASSAGE.search(low)
    if found is None and len(low) <= _ABOVE_CHARACTERS:
        found = _ABOVE.search(low)
    return found
