"""Tournaments for the tests of the pages; run as a script, one that waits for a line per game.

``python tests/report/tournament/page_tournaments.py OUT`` plays a round robin; before each game it
says "waiting" and reads a line from standard input.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from fakes import FakeClock, numbered_questions
from underdog.agents.bank_asker import BankAsker
from underdog.agents.baseline import ConstantAnswerer, LongestAnswerer, RandomAnswerer
from underdog.protocol.player import Entrant, QuestionCall, StrippedQuestion
from underdog.runs.lock import locked
from underdog.tournament.formats.schedule import FormatConfig
from underdog.tournament.league import League, TournamentConfig, Venue
from underdog.tournament.ledger import LEDGER_NAME, Ledger
from underdog.tournament.question_sets import Rules

QUESTIONS = numbered_questions(60)
TOPICS = ("arts", "elements", "geography")
HOSTILE = (
    "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'&amp;{{ 7*7 }}\u202egnol"
)
LONG = "x" * 100_000


@dataclass(frozen=True)
class Own:
    """Asks from the bank with a seed of its own."""

    salt: int

    def ask(self, call: QuestionCall) -> list[object]:
        """As the bank does."""
        bank = BankAsker(QUESTIONS)
        return bank.ask(QuestionCall(call.topics, call.seed + self.salt, call.start, call.stop))


@dataclass(frozen=True)
class Sure:
    """Says how probable each choice is to it."""

    def answer(self, questions: Sequence[StrippedQuestion]) -> list[object]:
        """Always C, at 70 %."""
        logs = [-2.302585, -2.302585, -0.356675, -2.302585]
        return [{"answer": "C", "reasoning": "a guess", "log_probs": logs} for _ in questions]


@dataclass
class Clumsy:
    """Right and wrong in forms that the official comparison does not accept, then not at all."""

    said: list[object] = field(default_factory=list)

    def answer(self, questions: Sequence[StrippedQuestion]) -> list[object]:
        """One of five forms, in turn."""
        forms = ("b", "the answer is B", "none of these", None, HOSTILE)
        replies: list[object] = []
        for _ in questions:
            form = forms[len(self.said) % len(forms)]
            self.said.append(form)
            replies.append(None if form is None else {"answer": form, "reasoning": HOSTILE})
        return replies


@dataclass(frozen=True)
class Vandal:
    """Asks in markup, in directions, and at length."""

    text: str

    def ask(self, call: QuestionCall) -> list[object]:
        """Right in form, so that it is put."""
        return [
            {
                "topic": call.topics[place],
                "question": f"{place} {self.text}",
                "choices": [f"{letter}) {letter} {self.text}" for letter in "ABCD"],
                "answer": "B",
                "explanation": self.text,
            }
            for place in range(call.start, call.stop)
        ]


def entrants(count: int) -> list[Entrant]:
    """Always longest, always B, one that is sure, one that is clumsy, then random ones."""
    answerers: list[Any] = [LongestAnswerer(), ConstantAnswerer("B"), Sure(), Clumsy()]
    answerers += [RandomAnswerer(seed) for seed in range(count)]
    return [
        Entrant(f"team {n}", Own(n), answerers[n], {"answers": {"baseline": f"kind {n}"}})
        for n in range(count)
    ]


def hostile(text: str = HOSTILE) -> list[Entrant]:
    """Two whose names and questions are meant to do harm, and one that is not."""
    told = {"folder": "0123456789abcdef", "isolation": "namespaces"}
    return [
        Entrant(f"one {text}", Vandal(text), Clumsy(), told),
        Entrant(
            f"two {text}",
            Vandal(text),
            Clumsy(),
            {"url": "http://x/", "isolation": "another machine"},
        ),
        Entrant("honest", Own(3), ConstantAnswerer("B"), {"answers": {"baseline": "always-b"}}),
    ]


def config(form: FormatConfig | None = None, **more: Any) -> TournamentConfig:
    """A double round robin of four questions unless told otherwise."""
    return TournamentConfig(Rules(TOPICS, questions=4, seed=3), form or FormatConfig(), **more)


def play(folder: Path, teams: Sequence[Entrant], what: TournamentConfig | None = None) -> Path:
    """A finished tournament; gives its folder."""
    with Ledger(folder / LEDGER_NAME, create=True) as ledger:
        venue = Venue(clock=FakeClock(), hidden=Own(1000), count_tokens=lambda _: 1)
        League(what or config(), teams, ledger, venue=venue).run()
    return folder


class Gate:
    """A progress that stops before every game until a line is read."""

    def __init__(self) -> None:
        self._round = False

    def begin(self, task: str, total: int | None) -> None:
        """Question sets are not waited for."""
        self._round = "round" in task
        self._wait()

    def advance(self, steps: int = 1, note: str = "") -> None:
        """After a game, with the next one named in the store."""
        self._wait()

    def end(self) -> None:
        """Nothing."""

    def say(self, sentence: str) -> None:
        """Nothing."""

    def _wait(self) -> None:
        if self._round:
            print("waiting", flush=True)
            sys.stdin.readline()


if __name__ == "__main__":
    place = Path(sys.argv[1])
    with locked(place), Ledger(place / LEDGER_NAME, create=True) as store:
        form = FormatConfig(double=False)
        there = Venue(clock=time.perf_counter, progress=Gate())
        League(config(form), entrants(4), store, venue=there).run()
