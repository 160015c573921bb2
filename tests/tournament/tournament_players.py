"""Small tournaments for the tests of this room; run as a script, a slow one, to be killed."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fakes import FakeClock, numbered_questions
from underdog.agents.bank_asker import BankAsker
from underdog.agents.baseline import ConstantAnswerer, LongestAnswerer, RandomAnswerer
from underdog.protocol.player import Entrant, QuestionCall, StrippedQuestion
from underdog.tournament.events import CLOCK_FIELD
from underdog.tournament.formats.fixture import Fixture, Result, Side
from underdog.tournament.formats.schedule import FormatConfig
from underdog.tournament.games import Row
from underdog.tournament.league import League, TournamentConfig, Venue
from underdog.tournament.ledger import LEDGER_NAME, Ledger
from underdog.tournament.question_sets import Rules
from underdog.tournament.record import Record

QUESTIONS = numbered_questions(60)
TOPICS = ("arts", "elements", "geography")
BANK = BankAsker(QUESTIONS)


@dataclass(frozen=True)
class Own:
    """Asks from the bank with a seed of its own."""

    salt: int

    def ask(self, call: QuestionCall) -> list[object]:
        """As the bank does."""
        return BANK.ask(QuestionCall(call.topics, call.seed + self.salt, call.start, call.stop))


class Breath:
    """What slow players share: so many answers, each after a moment; then nothing more comes."""

    def __init__(self, answers: int | None, pause_s: float) -> None:
        self.left, self.pause_s = answers, pause_s

    def take(self) -> None:
        """One answer's worth; for ever once there is none left."""
        if self.left == 0:
            time.sleep(6e3)
        self.left = None if self.left is None else self.left - 1
        time.sleep(self.pause_s)


@dataclass(frozen=True)
class Slow:
    """Takes a breath for each answer."""

    seed: int
    breath: Breath

    def answer(self, questions: Sequence[StrippedQuestion]) -> list[object]:
        """As `RandomAnswerer`."""
        self.breath.take()
        return RandomAnswerer(self.seed).answer(questions)


def entrants(count: int, *, breath: Breath | None = None) -> list[Entrant]:
    """The first is always longest, the second always B, the rest random."""
    answerers: list[Any] = [LongestAnswerer(), ConstantAnswerer("B")]
    answerers += [Slow(each, breath) if breath else RandomAnswerer(each) for each in range(count)]
    return [Entrant(f"team {n}", Own(n), answerers[n], {"number": n}) for n in range(count)]


def config(
    form: FormatConfig | None = None, *, questions: int = 4, **more: Any
) -> TournamentConfig:
    """A round robin of four questions unless told otherwise."""
    return TournamentConfig(
        Rules(TOPICS, questions=questions, seed=3), form or FormatConfig(), **more
    )


def play(
    folder: Path, what: TournamentConfig, teams: Sequence[Entrant], **venue: Any
) -> tuple[Record, list[Row]]:
    """The record, and every row without what a clock decided."""
    given: Mapping[str, Any] = {"clock": FakeClock(), "hidden": Own(1000)} | venue
    with Ledger(folder / LEDGER_NAME, create=True) as ledger:
        record = League(what, teams, ledger, venue=Venue(**given)).run()
    return record, timeless(folder)


def timeless(folder: Path) -> list[Row]:
    """Every row of a store, seconds taken out."""
    rows = []
    with Ledger(folder / LEDGER_NAME) as ledger:
        for row in ledger.read():
            body = json.loads(row.body)
            body.pop(CLOCK_FIELD, None)
            rows.append(Row(row.subject, row.kind, json.dumps(body, sort_keys=True)))
    return rows


def result(fixture: Fixture, one: int, other: int, *, put: int = 10) -> Result:
    """A game with these right answers; as often as possible both were right."""
    both = min(one, other)
    sides = (Side(right, put, right - both, 0.0, disqualified=False) for right in (one, other))
    return Result(fixture, *sides)


if __name__ == "__main__":
    given = Breath(int(sys.argv[2]), 0.012) if len(sys.argv) > 2 else Breath(None, 0.0)
    play(Path(sys.argv[1]), config(), entrants(4, breath=given), clock=time.perf_counter)
