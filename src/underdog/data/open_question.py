"""A question with a right answer and no choices: what conversion turns into a choice of four."""

from __future__ import annotations

import hashlib
from typing import NamedTuple

from underdog.mcq.question import normalise


class OpenQuestion(NamedTuple):
    """One checked row. `aliases` are other texts that are right, the answer itself left out.

    `file` and `row` say where it stood; `group` is the group that its source gave ("" none).
    """

    file: str
    row: int
    text: str
    answer: str
    aliases: tuple[str, ...] = ()
    topic: str = ""
    source: str = ""
    licence: str = ""
    explanation: str = ""
    group: str = ""

    @property
    def identity(self) -> str:
        """Depends on text and answer alone, so that no order or file name decides a draw."""
        key = f"{normalise(self.text)}\x1f{normalise(self.answer)}"
        return hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()[:16]
