r"""Answers that stand at the end of their own working, as mathematics sets write them.

In: the text of an answer or a solution. Out: the answer and the working. Two forms are known:
  GSM8K  "48/2 = <<48/2=24>>24 clips ...\n#### 72"; the marks <<..>> are calls of a calculator
         (Cobbe et al. 2021, arXiv 2110.14168, section 2) and no part of the prose
  MATH   "... so the sum is $\boxed{\frac{3}{4}}$." (Hendrycks et al. 2021, arXiv 2103.03874); the
         last box counts, as in the authors' own `last_boxed_only_string`
Never: an answer computed or rewritten here.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_FINAL_MARK = "####"
_CALCULATOR = re.compile(r"<<[^<>\n]*>>")
_BOX = re.compile(r"\\(?:boxed|fbox)\s*(?:\{|(?P<bare>[^\s{}$\\.,]+))")
_BRACES = re.compile(r"\\.|[{}]", re.DOTALL)
LONGEST_ANSWER_CHARACTERS = 200
"""Beyond this, what follows the mark is more text and no answer; GSM8K's longest has 10."""


class Worked(NamedTuple):
    """`key` is the answer alone; `explanation` is the working, "" where the text holds none."""

    key: str
    explanation: str


def read_worked(text: str) -> Worked | None:
    """The answer and its working, or None where the text has neither form."""
    if _FINAL_MARK in text:
        working, _, key = text.rpartition(_FINAL_MARK)
        return _whole(key, _CALCULATOR.sub("", working))
    return _read_box(text) if "box" in text else None


def _read_box(text: str) -> Worked | None:
    boxes = list(_BOX.finditer(text))
    if not boxes:
        return None
    found = boxes[-1]
    if found["bare"]:
        return _whole(found["bare"], text)
    end = _closing_brace(text, found.end())
    if end is None:
        return None
    alone = not (text[: found.start()] + text[end + 1 :]).strip(" \n$.")
    return _whole(text[found.end() : end], "" if alone else text)


def _closing_brace(text: str, start: int) -> int | None:
    """Where the group that opened before `start` ends; an escaped brace is a letter."""
    depth = 1
    for mark in _BRACES.finditer(text, start):
        depth += {"{": 1, "}": -1}.get(mark[0], 0)
        if depth == 0:
            return mark.start()
    return None


def _whole(key: str, explanation: str) -> Worked | None:
    key = key.strip()
    fits = 0 < len(key) <= LONGEST_ANSWER_CHARACTERS and "\n" not in key
    return Worked(key, explanation.strip()) if fits else None
