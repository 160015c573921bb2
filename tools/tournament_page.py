"""Make docs/tournament.png: the page of a small tournament, as Chromium shows it.

python tools/tournament_page.py            # needs the dev extra and chromium on the PATH

The entrants are answerers of known skill that say how sure they are, so that the picture shows
everything; the tournament is played by the same code as any other.
"""

from __future__ import annotations

import math
import random
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import sync_playwright

from underdog.agents.bank_asker import BankAsker
from underdog.data.bank.facts import load_facts, load_relations
from underdog.data.bank.questions import four_choice_questions
from underdog.mcq.question import Question
from underdog.protocol.player import Entrant, QuestionCall, StrippedQuestion
from underdog.report.tournament.onlooker import Onlooker
from underdog.report.tournament.pages import Pages
from underdog.report.tournament.site import write_site
from underdog.tournament.formats.schedule import FormatConfig, Kind
from underdog.tournament.league import League, TournamentConfig, Venue
from underdog.tournament.ledger import LEDGER_NAME, Ledger
from underdog.tournament.question_sets import Rules

TARGET = Path(__file__).resolve().parents[1] / "docs" / "tournament.png"
SKILLS = {
    "Old Foxes": 0.82,
    "Night Owls": 0.74,
    "Gradient Descent": 0.71,
    "Long Shots": 0.55,
    "First Epoch": 0.48,
    "Coin Toss": 0.25,
}
WIDTH, HEIGHT = 1280, 1500


@dataclass(frozen=True)
class Skilled:
    """Right with a known probability, and as sure as that."""

    skill: float
    keys: dict[str, str]
    source: random.Random = field(default_factory=lambda: random.Random(7))

    def answer(self, questions: Sequence[StrippedQuestion]) -> list[object]:
        """One answer per question."""
        return [self._one(each) for each in questions]

    def _one(self, question: StrippedQuestion) -> object:
        size = len(question.choices)
        key = question.choices.index(self.keys[question.text])
        others = [place for place in range(size) if place != key]
        place = key if self.source.random() < self.skill else self.source.choice(others)
        sure = min(0.96, max(0.3, self.source.gauss(self.skill, 0.12)))
        logs = [
            math.log(sure if each == place else (1 - sure) / (size - 1)) for each in range(size)
        ]
        return {"answer": "ABCD"[place], "log_probs": logs}


@dataclass(frozen=True)
class Own:
    """A bank of everybody's, drawn from with a seed of one's own."""

    bank: BankAsker
    salt: int

    def ask(self, call: QuestionCall) -> list[object]:
        """As the bank does."""
        return self.bank.ask(
            QuestionCall(call.topics, call.seed + self.salt, call.start, call.stop)
        )


def play(folder: Path, questions: Sequence[Question]) -> None:
    """A knockout of six, best of three, with a third place."""
    bank = BankAsker(questions)
    keys = {each.text: str(each.answer_text) for each in questions}
    entrants = [
        Entrant(
            name,
            Own(bank, number),
            Skilled(skill, keys, random.Random(number)),
            {"answers": {"baseline": f"right {skill:.0%} of the time"}},
        )
        for number, (name, skill) in enumerate(SKILLS.items())
    ]
    form = FormatConfig(Kind.KNOCKOUT, best_of=3, third_place=True)
    rules = Rules(bank.topics, questions=20, seed=2)
    with Ledger(folder / LEDGER_NAME, create=True) as ledger:
        League(TournamentConfig(rules, form), entrants, ledger, venue=Venue()).run()


def main() -> None:
    """Play, write the site, take the picture."""
    browser_path = shutil.which("chromium")
    assert browser_path, "chromium on the PATH"
    with TemporaryDirectory() as place:
        folder = Path(place)
        made = four_choice_questions(load_facts(), load_relations(), seed=0, per_fact=1)
        play(folder, [each.question for each in made])
        with Onlooker(folder) as onlooker:
            write_site(Pages(onlooker), folder / "site")
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=browser_path, args=["--no-sandbox"]
            )
            page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
            page.goto((folder / "site" / "index.html").as_uri())
            page.screenshot(path=TARGET)
            browser.close()
    print(f"{TARGET}: {TARGET.stat().st_size} bytes")


if __name__ == "__main__":
    main()
