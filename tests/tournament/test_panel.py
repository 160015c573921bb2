"""Keys that solvers dispute: trusted, held against the asker, or void."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from match_players import KEYS
from tournament_players import config, entrants, play

from underdog.errors import InfrastructureError, InputError, RunMismatchError
from underdog.protocol.player import Answerer, Entrant, QuestionCall, StrippedQuestion
from underdog.tournament.events import QuestionRejected, Refusal
from underdog.tournament.league import TournamentConfig
from underdog.tournament.ledger import LEDGER_NAME, Ledger
from underdog.tournament.panel import KeyRule, Ruling, Solver, majority, rival
from underdog.tournament.record import Record, match_events
from underdog.tournament.scoreboard import scoreboard
from underdog.tournament.summary import summarise


@dataclass(frozen=True)
class Knows:
    """Names the right choice, or the one after it."""

    off_by: int = 0
    words: str = "{}"
    """Panels read any form; the official score of a match a bare letter only."""

    def answer(self, questions: list[StrippedQuestion]) -> list[object]:
        """One letter for each, in these words."""
        return [{"answer": self.words.format(self._letter(each))} for each in questions]

    def _letter(self, question: StrippedQuestion) -> str:
        place = question.choices.index(KEYS[question.text] or "")
        return "ABCD"[(place + self.off_by) % 4]


@dataclass(frozen=True)
class WrongKeys:
    """A bank asker, the keys of whose first questions are wrong."""

    asker: object
    wrong: int

    def ask(self, call: QuestionCall) -> list[object]:
        """As the bank does, and one letter further."""
        asked = self.asker.ask(call)  # type: ignore[attr-defined]
        for number, each in zip(range(call.start, call.stop), asked, strict=True):
            if number < self.wrong:
                each["answer"] = "ABCD"[("ABCD".index(each["answer"]) + 1) % 4]
        return asked


def panel(ruling: Ruling, *answerers: Answerer) -> KeyRule:
    solvers = tuple(Solver(f"s{n}", each, {"n": n}) for n, each in enumerate(answerers))
    return KeyRule(ruling, solvers, majority(len(solvers)) if solvers else 0)


def teams(wrong: int) -> list[Entrant]:
    """Two that ask and answer well, and one some of whose keys are wrong."""
    made = [Entrant(f"good {n}", each.asker, Knows(), {}) for n, each in enumerate(entrants(2))]
    return [*made, Entrant("sly", WrongKeys(entrants(3)[2].asker, wrong), Knows(), {})]


def rules(keys: KeyRule, *, questions: int = 6) -> TournamentConfig:
    return config(questions=questions, keys=keys)


TRUSTED, JUDGED, VOID = (
    panel(Ruling.TRUST),
    panel(Ruling.PANEL, Knows(), Knows(words="The answer is {}"), Knows(1)),
    panel(Ruling.VOID, Knows(), Knows(words="The answer is {}"), Knows(1)),
)


def against_sly(record: Record) -> list[tuple[int, int]]:
    """Right and put of those who answered the sly team's questions."""
    found = []
    for each in record.results.values():
        if "sly" in each.fixture.names:
            (rival_name,) = set(each.fixture.names) - {"sly"}
            side = each.side(rival_name)
            found.append((side.right, side.put))
    return found


@pytest.mark.parametrize(
    ("keys", "expected"),
    [(TRUSTED, (4, 6)), (JUDGED, (6, 6)), (VOID, (4, 4))],
    ids=["trust", "panel", "void"],
)
def test_a_disputed_key_is_trusted_held_against_the_asker_or_void(
    tmp_path: Path, keys: KeyRule, expected: tuple[int, int]
) -> None:
    """Two of six keys are wrong, and the others answer all six rightly: they get four of six when
    keys are trusted, six of six by the panel, four of four when disputed questions are void. The
    referee's scoreboard of each game says the same.
    """
    record, _ = play(tmp_path, rules(keys), teams(2))
    assert set(against_sly(record)) == {expected}
    with Ledger(tmp_path / LEDGER_NAME) as ledger:
        for key, result in record.results.items():
            boards = scoreboard(match_events(ledger, record, key)).teams
            counts = [
                (each.answering.score.correct, each.answering.score.questions) for each in boards
            ]
            assert counts == [(side.right, side.put) for side in (result.one, result.other)]
            assert {each.to_json()["accuracy"]["questions"] for each in boards} <= {4, 6}


def test_the_panel_is_told_in_faults_and_summary_and_void_keys_are_no_fault(
    tmp_path: Path,
) -> None:
    """How many were judged and disputed per team; the reason names both choices."""
    record, rows = play(tmp_path / "judged", rules(JUDGED), teams(2))
    assert record.faults == {("sly", "question wrong_key"): 4}
    summary = summarise(record)["keys"]
    assert (summary["ruling"], summary["agree"]) == ("panel", 2)
    assert summary["solvers"] == ["s0", "s1", "s2"]
    assert summary["teams"]["sly"] == {"judged": 12, "disputed": 4}
    assert summary["teams"]["good 0"] == {"judged": 12, "disputed": 0}
    assert sum(row.kind == "key_judged" for row in rows) == 36
    refused = [e for e in record.sets[1, "sly"].events if isinstance(e, QuestionRejected)]
    assert [each.reason for each in refused] == [Refusal.WRONG_KEY] * 2
    assert refused[0].detail.startswith("2 of 3 solvers say '")
    assert "', its key is '" in refused[0].detail
    void, _ = play(tmp_path / "void", rules(VOID), teams(2))
    assert void.faults == {}


@pytest.mark.parametrize(("keys", "out"), [(JUDGED, True), (VOID, False)], ids=["panel", "void"])
def test_too_many_wrong_keys_disqualify_unless_they_are_void(
    tmp_path: Path, keys: KeyRule, out: bool
) -> None:
    """Four of six disputed: fewer than half are valid, or the two that are left are all."""
    record, _ = play(tmp_path, rules(keys), teams(4))
    assert record.sets[1, "sly"].disqualified is out
    assert set(against_sly(record)) == {(0, 0) if out else (2, 2)}


def test_a_panel_that_cannot_agree_leaves_keys_alone(tmp_path: Path) -> None:
    """Three solvers, three opinions: every key stands, and games are as with trusted keys."""
    split = panel(Ruling.PANEL, Knows(1), Knows(2), Knows(3))
    trusted, _ = play(tmp_path / "trusted", rules(TRUSTED), teams(2))
    record, _ = play(tmp_path / "split", rules(split), teams(2))
    assert record.results == trusted.results


def test_a_solver_that_fails_stops_the_tournament_and_costs_nobody(tmp_path: Path) -> None:
    """It is the organiser's: the fault names it, and is held against no entrant."""

    class Broken:
        def answer(self, questions: list[StrippedQuestion]) -> list[object]:
            raise RuntimeError(f"no GPU for {len(questions)}")

    class Short:
        def answer(self, questions: list[StrippedQuestion]) -> list[object]:
            return [{"answer": "A"} for _ in questions[1:]]

    told = "a panel whose solver s0 answers; got RuntimeError: no GPU for 6"
    with pytest.raises(InfrastructureError, match=told):
        play(tmp_path / "broken", rules(panel(Ruling.PANEL, Broken())), teams(0))
    told = "a vote of solver s0 on each of 6 questions; got 5"
    with pytest.raises(InfrastructureError, match=told):
        play(tmp_path / "short", rules(panel(Ruling.PANEL, Short())), teams(0))


def test_the_rule_is_part_of_what_a_store_is_continued_with(tmp_path: Path) -> None:
    """Another ruling or another panel is another tournament."""
    play(tmp_path, rules(JUDGED), teams(0))
    for other in (VOID, panel(Ruling.PANEL, Knows(), Knows())):
        with pytest.raises(RunMismatchError, match="got another keys"):
            play(tmp_path, rules(other), teams(0))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ((Ruling.PANEL, (), 0), "a panel of solvers to judge keys by"),
        ((Ruling.TRUST, ("a",), 1), "no panel where keys are trusted"),
        ((Ruling.VOID, ("a", "b", "c"), 1), "2 to 3 solvers that must agree, out of 3; got 1"),
        ((Ruling.VOID, ("a", "b"), 3), "2 to 2 solvers that must agree, out of 2; got 3"),
        ((Ruling.VOID, ("a", "a"), 2), "solvers with names of their own"),
    ],
)
def test_an_impossible_rule_is_refused(
    given: tuple[Ruling, tuple[str, ...], int], message: str
) -> None:
    """Before anything is asked."""
    ruling, names, agree = given
    with pytest.raises(InputError, match=message):
        KeyRule(ruling, tuple(Solver(name, Knows()) for name in names), agree)


@given(st.lists(st.sampled_from(["A", "B", "C", "D", None]), max_size=9), st.sampled_from("ABCD"))
def test_no_more_than_one_rival_and_never_against_a_majority_for_the_key(
    votes: list[str | None], key: str
) -> None:
    """With more than half of the votes needed, the rival is the only such choice, and no order of
    votes changes it.
    """
    found = rival(votes, key, agree=majority(len(votes)))
    assert found == rival(votes[::-1], key, agree=majority(len(votes)))
    if found is not None:
        assert found != key
        assert votes.count(found) > len(votes) / 2
    elif votes:
        assert all(votes.count(letter) <= len(votes) / 2 for letter in "ABCD" if letter != key)
