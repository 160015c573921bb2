"""Players and matches of the tests of this room; run as a script, it plays one match slowly."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fakes import FakeClock, numbered_questions
from underdog.agents.bank_asker import BankAsker
from underdog.agents.baseline import LongestAnswerer, RandomAnswerer
from underdog.protocol.player import Entrant, QuestionCall, StrippedQuestion
from underdog.runs.log import read_log
from underdog.tournament.events import without_clock
from underdog.tournament.referee import MatchConfig, play
from underdog.tournament.scoreboard import Scoreboard
from underdog.tournament.store import EVENTS_NAME

QUESTIONS = numbered_questions(60)
TOPICS = ("arts", "elements", "geography")
CONFIG = MatchConfig(topics=TOPICS, questions=6, seed=4)
KEYS = {each.text: each.answer_text for each in QUESTIONS}


@dataclass
class Perfect:
    """Knows every key, and writes down what it was shown."""

    seen: list[StrippedQuestion]

    def answer(self, questions: Sequence[StrippedQuestion]) -> list[object]:
        """The right letters."""
        self.seen += questions
        return [{"answer": "ABCD"[each.choices.index(KEYS[each.text] or "")]} for each in questions]


@dataclass
class Saying:
    """Answers with what it is given to say, then with nothing."""

    words: Iterator[Any]

    def answer(self, questions: Sequence[StrippedQuestion]) -> Any:
        """An exception is raised, a function called, anything else handed back as the reply."""
        word = next(self.words, [None] * len(questions))
        if isinstance(word, BaseException):
            raise word
        return word() if callable(word) else word


@dataclass
class Asking:
    """A bank asker whose questions are changed by a function of their number."""

    change: Callable[[int, dict[str, Any]], Any]
    bank: BankAsker

    def ask(self, call: QuestionCall) -> list[object]:
        """What the bank asks, changed."""
        asked: list[Any] = self.bank.ask(call)
        return [self.change(call.start + place, each) for place, each in enumerate(asked)]


def bank() -> BankAsker:
    """20 questions on each topic."""
    return BankAsker(QUESTIONS)


def team(name: str = "team", *, answerer: Any = None, asker: Any = None) -> Entrant:
    """A team that asks from the bank and answers at random, unless told otherwise."""
    return Entrant(name, asker or bank(), answerer or RandomAnswerer(), {"kind": name})


def played(
    folder: Path, one: Entrant, other: Entrant, *, config: MatchConfig = CONFIG, clock: Any = None
) -> Scoreboard:
    """A match in which no time passes, unless the clock says so."""
    return play(config, (one, other), folder, clock=clock or FakeClock())


def timeless(folder: Path) -> list[dict[str, Any]]:
    """The log without what a clock decided."""
    return [without_clock(line) for line in read_log(folder / EVENTS_NAME)]


@dataclass
class Slow:
    """So many answers, each after a moment; then nothing more comes. None: at once, all of them."""

    left: int | None

    def answer(self, questions: Sequence[StrippedQuestion]) -> list[object]:
        """As `LongestAnswerer`."""
        if self.left is not None:
            time.sleep(0.05 if self.left else 6e3)
            self.left -= 1
        return LongestAnswerer().answer(questions)


if __name__ == "__main__":
    slow = Slow(int(sys.argv[2]) if len(sys.argv) > 2 else None)
    board = play(
        CONFIG,
        (team("slow", answerer=slow), team("other", answerer=slow)),
        Path(sys.argv[1]),
        clock=time.perf_counter,
    )
    print(json.dumps({"winner": board.winner}))
