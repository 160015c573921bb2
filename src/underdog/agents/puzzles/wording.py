"""Names and sentence frames, read once from `words.toml`.

In: a random generator and a key of the file. Out: English. Never: a rule of any puzzle.
"""

from __future__ import annotations

import random
import tomllib
from collections.abc import Sequence
from functools import lru_cache
from importlib.resources import files
from typing import Any


@lru_cache(maxsize=1)
def words() -> dict[str, Any]:
    """The whole file."""
    text = (files("underdog.agents.puzzles") / "words.toml").read_text("utf-8")
    return tomllib.loads(text)


def frames(kind: str, name: str) -> list[str]:
    """The frames of a kind under a name."""
    found: list[str] = words()[kind][name]
    return found


def say(rng: random.Random, kind: str, name: str, **parts: object) -> str:
    """One of the frames, filled in."""
    return rng.choice(frames(kind, name)).format(**parts)


def draw_names(rng: random.Random, count: int, *, group: str = "given") -> tuple[str, ...]:
    """Different names; no two begin with the same letter as long as the letters last."""
    chosen: list[str] = []
    letters: set[str] = set()
    pool: list[str] = words()["names"][group]
    for name in rng.sample(pool, len(pool)):
        if name[0] not in letters:
            chosen.append(name)
            letters.add(name[0])
        if len(chosen) == count:
            break
    return tuple(chosen)


def listed(names: Sequence[str], word: str = "and") -> str:
    """Ann, Bo and Cy."""
    if len(names) == 1:
        return names[0]
    return f"{', '.join(names[:-1])} {word} {names[-1]}"


def ordinal(number: int) -> str:
    """first, second ... up to tenth."""
    ordinals: list[str] = words()["numbers"]["ordinals"]
    return ordinals[number - 1]


def count_word(number: int) -> str:
    """one, two ... up to twelve."""
    cardinals: list[str] = words()["numbers"]["cardinals"]
    return cardinals[number - 1]


def sentence(text: str) -> str:
    """With a capital at its beginning."""
    return text[0].upper() + text[1:]
