"""Whole matches: good players, bad players, kills."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import match_players
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from match_players import (
    CONFIG,
    KEYS,
    TOPICS,
    Asking,
    Perfect,
    Saying,
    bank,
    played,
    team,
    timeless,
)

from fakes import FakeClock
from patience import PATIENCE_S, until
from underdog.agents.baseline import ConstantAnswerer, LongestAnswerer, RandomAnswerer
from underdog.errors import CorruptFileError, InputError, RunError, RunMismatchError
from underdog.protocol.player import QuestionCall, StrippedQuestion
from underdog.runs.lock import locked
from underdog.tournament.events import QuestionAsked
from underdog.tournament.referee import MatchConfig, draw_topics
from underdog.tournament.scoreboard import Scoreboard
from underdog.tournament.store import EVENTS_NAME, RESULT_NAME, read_events, replay

SCRIPT = Path(match_players.__file__)
SHARED_FOLDER = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


def rejected(board: Scoreboard, innings: int) -> dict[str, int]:
    return dict(Counter(each.reason.value for each in board.innings[innings - 1].rejected))


def outcomes(board: Scoreboard, innings: int) -> list[str]:
    return [row.answer.outcome.value for row in board.innings[innings - 1].rows if row.answer]


def test_a_perfect_answerer_scores_100_and_leaves_its_opponent_nothing(tmp_path: Path) -> None:
    """Six of six in its innings; what the other gets, it gets as the asking side."""
    board = played(tmp_path, team("best", answerer=Perfect([])), team("other"))
    best, other = board.teams
    assert best.answering.score.correct == 6
    assert other.asking.score.asking == 0.0
    assert best.total == pytest.approx(100 + 100 * (6 - other.answering.score.correct) / 6)
    assert board.winner == "A" or other.answering.score.correct == 6


def test_the_answering_side_sees_question_and_choices_only(tmp_path: Path) -> None:
    """Trap 10: no key, no explanation, no topic, nothing but what is shown."""
    best = Perfect([])
    played(tmp_path, team(), team(answerer=best))
    assert len(best.seen) == 6
    assert all(set(each.to_json()) == {"question", "choices"} for each in best.seen)


def test_choices_are_shown_in_an_order_of_the_match_s_own(tmp_path: Path) -> None:
    """Keys do not stay where the asker put them; the same order comes again with the same seed."""
    played(tmp_path / "one", team(), team())
    played(tmp_path / "same", team(), team())
    asked = [each for each in read_events(tmp_path / "one") if isinstance(each, QuestionAsked)]
    assert len({each.order for each in asked}) > 1
    assert timeless(tmp_path / "one") == timeless(tmp_path / "same")
    for each in asked:
        key = "ABCD".index(each.question["answer"])
        assert each.question["choices"][key].endswith(KEYS[each.question["question"]] or "?")


def test_both_innings_use_the_same_draw_and_seed(tmp_path: Path) -> None:
    """With the same bank behind both, both are put the same questions in the same order shown:
    the comparison is paired.
    """
    board = played(tmp_path, team("a", answerer=LongestAnswerer()), team("b"))
    shown = [[row.asked.question for row in each.rows] for each in board.innings]
    assert shown[0] == shown[1]
    assert board.comparison is not None
    assert {board.comparison.first, board.comparison.second} == {"a (A)", "b (B)"}


@given(st.sets(st.text(max_size=3), min_size=1, max_size=9), st.integers(1, 60), st.integers(0, 9))
def test_topics_are_drawn_equally_often(topics: set[str], count: int, seed: int) -> None:
    """Up to one; by the seed and the set of topics, not by the order in which they were named."""
    draw = draw_topics(sorted(topics), count, seed)
    times = [draw.count(topic) for topic in topics]
    assert len(draw) == count
    assert max(times) - min(times) <= 1
    assert draw == draw_topics(sorted(topics, reverse=True), count, seed)


def test_a_failing_answerer_loses_the_question_not_the_match(tmp_path: Path) -> None:
    """Exceptions, SystemExit, garbage and silence are outcomes; the last ones still count."""
    words = iter(
        [
            ValueError("out of memory"),
            SystemExit(1),
            ["I refuse"],
            [],
            lambda: 3,
            [{"answer": "B"}],
        ]
    )
    board = played(tmp_path, team(), team(answerer=Saying(words)))
    assert outcomes(board, 1) == [
        "crashed", "crashed", "malformed", "malformed", "crashed", "clean"
    ]  # fmt: skip
    assert board.history.ended
    assert outcomes(board, 2) == ["clean"] * 6


def test_whatever_a_player_hands_back_the_log_stays_whole(tmp_path: Path) -> None:
    """Surrogates, nesting beyond Python's stack, objects, endless text, values that change later:
    each is one lost or wrong answer, and every line can be read again.
    """
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    said: list[Any] = [{"answer": "B"}]
    words = iter(
        [
            [{"answer": "\ud800"}],
            ['{"answer": "B", "reasoning": "\\udfff"}'],
            [deep],
            [{"answer": "B", "reasoning": object()}],
            [{"answer": " " * 10**6}],
            said,
        ]
    )
    board = played(tmp_path, team(), team(answerer=Saying(words)))
    said[0]["answer"] = "Z"
    assert outcomes(board, 1) == ["malformed"] * 5 + ["clean"]
    assert replay(tmp_path).same
    assert (tmp_path / EVENTS_NAME).stat().st_size < 20_000


def test_a_late_answer_is_lost_whatever_it_says(tmp_path: Path) -> None:
    """The right answer after 9 s counts for the asking side; 8.9 s is in time."""
    clock = FakeClock()
    known = Perfect([])

    class Sleepy:
        def answer(self, questions: Sequence[StrippedQuestion]) -> list[object]:
            clock.advance(8.9 if len(known.seen) % 2 else 9.0)
            return known.answer(questions)

    board = played(tmp_path, team(), team(answerer=Sleepy()), clock=clock)
    assert outcomes(board, 1) == ["late", "clean"] * 3
    assert board.teams[1].answering.score.correct == 3
    assert board.teams[0].asking.score.asking_points == 3


def test_a_late_question_is_dropped(tmp_path: Path) -> None:
    """It counts for nobody: N is smaller."""
    clock = FakeClock()

    def change(number: int, question: dict[str, Any]) -> object:
        clock.advance(13.0 if number == 2 else 1.0)
        return question

    asker = Asking(change, bank())
    board = played(tmp_path, team(asker=asker), team(), clock=clock)
    assert rejected(board, 1) == {"late": 1}
    assert board.innings[0].score.questions == 5
    assert not board.innings[0].disqualified


BAD_QUESTIONS = {
    "garbage": (lambda number, question: "no JSON", "format"),
    "a numeric key": (lambda number, question: question | {"answer": 1}, "crashes_filter"),
    "no such key": (lambda number, question: question | {"answer": "Z"}, "bad_key"),
    "the same choices": (
        lambda number, question: question | {"choices": ["A) x"] * 4},
        "bad_choices",
    ),
    "another topic": (lambda number, question: question | {"topic": "chess"}, "off_topic"),
    "too long": (lambda number, question: question | {"question": "why " * 150}, "too_long"),
}


@pytest.mark.parametrize(("change", "reason"), BAD_QUESTIONS.values(), ids=BAD_QUESTIONS)
def test_a_team_whose_questions_are_bad_is_disqualified(
    tmp_path: Path, change: Any, reason: str
) -> None:
    """All six are refused, none is put, and the other team wins."""
    board = played(tmp_path, team(asker=Asking(change, bank())), team())
    assert rejected(board, 1) == {reason: 6}
    assert board.innings[0].disqualified
    assert outcomes(board, 1) == []
    assert (board.winner, board.reason) == ("B", "disqualified")
    assert board.history.ended


@pytest.mark.parametrize(("bad", "disqualified"), [(3, False), (4, True)])
def test_half_of_the_questions_must_be_valid(tmp_path: Path, bad: int, disqualified: bool) -> None:
    """Three of six is enough, two is not; missing and repeated questions count as invalid."""

    class Lazy:
        def ask(self, call: QuestionCall) -> list[object]:
            if call.start < bad - 1:
                return []
            number = max(call.start, bad) if call.start != bad - 1 else bad
            return bank().ask(QuestionCall(("arts",) * 6, call.seed, number, number + 1))

    config = MatchConfig(topics=("arts",), questions=6)
    board = played(tmp_path, team(asker=Lazy()), team(), config=config)
    assert rejected(board, 1) == {"missing": bad - 1, "duplicate": 1}
    assert board.innings[0].disqualified is disqualified


def test_a_crashing_asker_is_disqualified(tmp_path: Path) -> None:
    """And named in the log with what it failed with."""

    class Broken:
        def ask(self, call: QuestionCall) -> list[object]:
            raise RuntimeError("CUDA error")

    board = played(tmp_path, team(asker=Broken()), team(asker=Broken()))
    assert rejected(board, 1) == rejected(board, 2) == {"crashed": 6}
    assert (board.winner, board.reason) == (None, "disqualified")
    assert "RuntimeError: CUDA error" in (tmp_path / EVENTS_NAME).read_text("utf-8")


def test_items_handed_out_together_share_their_time(tmp_path: Path) -> None:
    """Four questions in one call of 34 s took 8.5 s each, within 9 s; the match is the same as one
    by one.
    """
    clock = FakeClock()

    class Batched:
        def answer(self, questions: Sequence[StrippedQuestion]) -> list[object]:
            clock.advance(34.0)
            return RandomAnswerer().answer(questions)

    config = MatchConfig(topics=TOPICS, questions=6, seed=4, per_call=4)
    board = played(tmp_path, team(), team(answerer=Batched()), config=config, clock=clock)
    assert outcomes(board, 1) == ["clean"] * 4 + ["late"] * 2


def test_log_is_the_same_whoever_is_asked_how_many_at_once(tmp_path: Path) -> None:
    """Batches change the header only."""
    played(tmp_path / "one", team(), team())
    config = MatchConfig(topics=TOPICS, questions=6, seed=4, per_call=5)
    played(tmp_path / "five", team(), team(), config=config)
    assert timeless(tmp_path / "one")[1:] == timeless(tmp_path / "five")[1:]


@given(st.integers(0, 10**6), st.integers(1, 12))
@settings(max_examples=15, suppress_health_check=SHARED_FOLDER)
def test_every_match_is_zero_sum(tmp_path: Path, seed: int, questions: int) -> None:
    """Totals sum to 200, and A - B is 2 (accuracy A - accuracy B) in points of 100; raw points to
    the number of questions asked.
    """
    config = MatchConfig(topics=TOPICS, questions=questions, seed=seed)
    folder = tmp_path / f"{seed}-{questions}"
    board = played(
        folder, team(answerer=RandomAnswerer(seed)), team(answerer=ConstantAnswerer()),
        config=config,
    )  # fmt: skip
    one, other = board.teams
    accuracies = [100 * each.answering.score.correct / questions for each in board.teams]
    assert one.total + other.total == pytest.approx(200, abs=1e-5)
    assert one.total - other.total == pytest.approx(2 * (accuracies[0] - accuracies[1]), abs=1e-5)
    assert one.points + other.points == 2 * questions
    assert replay(folder).same


def play_whole(folder: Path, per_call: int = 1) -> Path:
    config = MatchConfig(topics=TOPICS, questions=6, seed=4, per_call=per_call)
    garbled = Asking(lambda number, question: "?" if number == 4 else question, bank())
    one = team("a", answerer=Perfect([]), asker=garbled)
    played(folder, one, team("b", answerer=LongestAnswerer()), config=config)
    return folder


@pytest.fixture(scope="module", params=[1, 4])
def whole(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    """A match without a stop, one rejected question in it; items handed out singly or in fours."""
    return play_whole(tmp_path_factory.mktemp("whole"), request.param)


@given(st.data())
@settings(max_examples=30, suppress_health_check=SHARED_FOLDER)
def test_a_match_cut_at_any_byte_ends_the_same(
    tmp_path_factory: pytest.TempPathFactory, whole: Path, data: st.DataObject
) -> None:
    """Whatever a kill left of the log: the same events without the clock, the same result."""
    log = (whole / EVENTS_NAME).read_bytes()
    cut = data.draw(st.integers(0, len(log)))
    folder = tmp_path_factory.mktemp("cut")
    (folder / EVENTS_NAME).write_bytes(log[:cut])
    play_whole(folder, json.loads(log.splitlines()[0])["per_call"])
    assert timeless(folder) == timeless(whole)
    assert (folder / RESULT_NAME).read_bytes() == (whole / RESULT_NAME).read_bytes()


def test_what_was_answered_is_not_asked_again(tmp_path: Path) -> None:
    """A finished match is only scored: players that would fail are never called."""
    whole = play_whole(tmp_path / "whole")
    (tmp_path / EVENTS_NAME).write_bytes((whole / EVENTS_NAME).read_bytes())
    words = Saying(iter([RuntimeError("called")] * 9))
    played(tmp_path, team("a", answerer=words), team("b", answerer=words))
    assert (tmp_path / EVENTS_NAME).read_bytes() == (whole / EVENTS_NAME).read_bytes()
    assert (tmp_path / RESULT_NAME).read_bytes() == (whole / RESULT_NAME).read_bytes()


def start(folder: Path, *answers: str) -> subprocess.Popen[str]:
    tests = Path(__file__).resolve().parents[1]
    return subprocess.Popen(
        [sys.executable, str(SCRIPT), str(folder), *answers],
        env=os.environ | {"PYTHONPATH": str(tests)},
        stdout=subprocess.PIPE,
        text=True,
    )


def lines_in(log: Path) -> int:
    return log.read_bytes().count(b"\n") if log.exists() else 0


@pytest.mark.slow
def test_a_match_killed_at_random_moments_ends_the_same(tmp_path: Path) -> None:
    """Five times kill -9 while it plays, each continued by the same command. A sitting that is
    killed late stands still after two of the twelve answers: it never comes to the end.
    """
    straight = start(tmp_path / "straight")
    killed = tmp_path / "killed"
    chance = random.Random(7)
    for _ in range(5):
        before = lines_in(killed / EVENTS_NAME)
        process = start(killed, "2")
        until(lambda: lines_in(killed / EVENTS_NAME) > before or process.poll() is not None)  # noqa: B023
        time.sleep(chance.uniform(0, 0.1))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert process.returncode == -signal.SIGKILL
    last = start(killed)
    assert json.loads(last.communicate(timeout=PATIENCE_S)[0]) == json.loads(
        straight.communicate(timeout=PATIENCE_S)[0]
    )
    assert timeless(killed) == timeless(tmp_path / "straight")
    results = [(tmp_path / name / RESULT_NAME).read_bytes() for name in ("straight", "killed")]
    assert results[0] == results[1]


def test_another_match_s_folder_is_refused(tmp_path: Path) -> None:
    """With what differs; and nothing is changed in it."""
    played(tmp_path, team("a"), team("b"))
    before = (tmp_path / EVENTS_NAME).read_bytes()
    with pytest.raises(RunMismatchError, match="seed was 4, now 5"):
        played(tmp_path, team("a"), team("b"), config=MatchConfig(TOPICS, questions=6, seed=5))
    with pytest.raises(RunMismatchError, match=r"teams was .*'b'.*another --out folder"):
        played(tmp_path, team("a"), team("c"))
    assert (tmp_path / EVENTS_NAME).read_bytes() == before


def test_a_damaged_log_is_refused_by_line(tmp_path: Path) -> None:
    """Nothing is played on top of it."""
    played(tmp_path, team(), team())
    log = tmp_path / EVENTS_NAME
    lines = log.read_bytes().splitlines(keepends=True)
    log.write_bytes(b"".join([*lines[:3], b'{"kind": "goal"}\n', *lines[3:]]))
    with pytest.raises(CorruptFileError, match=r"events\.jsonl:4: an event of kind"):
        played(tmp_path, team(), team())


def test_a_folder_in_use_is_refused(tmp_path: Path) -> None:
    """Two referees never write into one log."""
    with locked(tmp_path), pytest.raises(RunError, match="no other process"):
        played(tmp_path, team(), team())


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"questions": 0}, "at least 1 question per innings; got 0"),
        ({"per_call": 0}, "at least 1 item per call; got 0"),
        ({"topics": ()}, "at least one topic"),
        ({"edition": "2031"}, "an edition out of"),
    ],
)
def test_an_impossible_match_is_refused(wrong: dict[str, Any], message: str) -> None:
    """Before anything is played."""
    with pytest.raises(InputError, match=message):
        MatchConfig(**({"topics": TOPICS} | wrong))


def test_progress_counts_questions_and_answers(tmp_path: Path) -> None:
    """12 steps per innings of 6: each question judged, each answer judged."""

    class Counting:
        def __init__(self) -> None:
            self.totals: list[int | None] = []
            self.steps = 0

        def begin(self, task: str, total: int | None) -> None:
            self.totals.append(total)

        def advance(self, steps: int = 1, note: str = "") -> None:
            self.steps += steps

        def end(self) -> None:
            pass

    from underdog.tournament.referee import play

    progress = Counting()
    play(CONFIG, (team(), team()), tmp_path, clock=FakeClock(), progress=progress)
    assert progress.totals == [12, 12]
    assert progress.steps == 24
