"""Many models, asked no more than it takes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fakes import numbered_questions, save_base, save_random_adapter
from underdog.errors import InputError, RunMismatchError
from underdog.evaluation.results import Item
from underdog.evaluation.sequential import rank
from underdog.inference.contest import Contest, contest, independent
from underdog.inference.examine import Candidate
from underdog.inference.members import Members, open_members
from underdog.inference.score import score
from underdog.inference.scorer import Scorer, ScoringConfig
from underdog.mcq.question import Question

CONFIG = ScoringConfig(batch_tokens=1024)


@pytest.fixture(scope="module")
def members(tmp_path_factory: pytest.TempPathFactory) -> Members:
    root = tmp_path_factory.mktemp("contest")
    save_base(root / "base")
    adapters = {name: save_random_adapter(root / name, seed=n) for n, name in enumerate("ab")}
    return open_members(root / "base", {**adapters, "base": None}, config=CONFIG, device="cpu")


@pytest.fixture(scope="module")
def questions(members: Members) -> tuple[Question, ...]:
    """80 questions whose keys are what member a answers: a is always right."""
    asked = numbered_questions(80)
    return tuple(
        Question(each.text, each.choices, found.choice, topic=each.topic)
        for each, found in zip(asked, score(asked, members.scorer("a")), strict=True)
    )


class Counting:
    """A candidate's way to open, which counts."""

    def __init__(self, scorer: Scorer) -> None:
        self.scorer, self.times = scorer, 0

    def __call__(self) -> Scorer:
        self.times += 1
        return self.scorer


def candidates(members: Members) -> tuple[list[Candidate], list[Counting]]:
    openers = [Counting(members.scorer(name)) for name in members.names]
    pairs = zip(members.names, openers, strict=True)
    return [Candidate(name, {"n": name}, CONFIG, opener) for name, opener in pairs], openers


def test_a_clear_winner_needs_few_questions(
    members: Members, questions: tuple[Question, ...], tmp_path: Path
) -> None:
    """Random models against one that is always right: decided early, the rest is saved; the same
    command reads what is there and loads nothing.
    """
    asked, openers = candidates(members)
    ranking = contest(questions, asked, tmp_path)
    assert ranking.decided
    assert ranking.places[0].name == "a"
    assert ranking.places[0].accuracy.value == 1.0
    assert 0 < ranking.places[0].asked < 80
    assert ranking.saved > 0
    assert json.loads((tmp_path / "compare.json").read_text()) == ranking.to_json()
    again, openers = candidates(members)
    assert contest(questions, again, tmp_path) == ranking
    assert [each.times for each in openers] == [0, 0, 0]


def test_equal_models_are_asked_everything_and_tie(
    members: Members, questions: tuple[Question, ...], tmp_path: Path
) -> None:
    """The same weights under two names: no verdict, and no number of questions would bring one."""
    twice = [
        Candidate(name, {"n": name}, CONFIG, lambda: members.scorer("b")) for name in ("x", "y")
    ]
    ranking = contest(questions, twice, tmp_path)
    assert not ranking.decided
    assert [each.rank for each in ranking.places] == [1, 1]
    assert ranking.saved == 0
    assert ranking.ties[0].questions_needed is None


def test_a_kill_in_the_middle_changes_nothing(
    members: Members, questions: tuple[Question, ...], tmp_path: Path
) -> None:
    """Stopped after its first models' round, it goes on with equal answers to the last bit."""
    asked, _ = candidates(members)
    whole = contest(questions, asked, tmp_path / "whole", settings=Contest(first_round=20))

    class KilledError(Exception):
        """Stands for the kill."""

    def stop() -> None:
        raise KilledError

    again, _ = candidates(members)
    with pytest.raises(KilledError):
        contest(questions, again, tmp_path / "cut", settings=Contest(first_round=20), release=stop)
    log = tmp_path / "cut" / "a" / "scored.log.jsonl"
    log.write_bytes(log.read_bytes()[:-7])  # the last line is torn
    assert contest(questions, again, tmp_path / "cut", settings=Contest(first_round=20)) == whole
    logs = [
        sorted((tmp_path / name / "a" / "scored.log.jsonl").read_text().splitlines())
        for name in ("whole", "cut")
    ]
    assert logs[0] == logs[1]


def test_one_question_of_a_group_in_an_order_of_its_own() -> None:
    """Whatever order the questions come in, the same are asked; a limit takes the first."""
    asked = numbered_questions(20)
    items = [Item(each, "", f"g{number // 2}") for number, each in enumerate(asked)]
    found = independent(items)
    assert len(found) == 10
    assert independent(items[::-1]) == found
    assert independent(items, 3) == found[:3]
    assert independent([Item(each) for each in asked], None) != asked
    assert len(independent([Item(each) for each in asked])) == 20


def test_other_answers_and_impossible_contests_are_refused(
    members: Members, questions: tuple[Question, ...], tmp_path: Path
) -> None:
    """A folder of other questions, one candidate, an error level of two."""
    asked, _ = candidates(members)
    contest(questions[:40], asked, tmp_path)
    with pytest.raises(RunMismatchError, match="questions was"):
        contest(questions[:39], asked, tmp_path)
    with pytest.raises(InputError, match="at least two candidates"):
        contest(questions, asked[:1], tmp_path / "one")
    with pytest.raises(InputError, match="an alpha between 0 and 1"):
        Contest(alpha=2.0)
    assert rank({"a": [True], "b": [True]}, offered=1).alpha == 0.05
