"""What a team is told of its own earlier innings, and when."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from tournament_players import Own, config, entrants, play, timeless

from fakes import FakeClock
from underdog.protocol.player import LISTED_TOPICS, Entrant, Past, QuestionCall
from underdog.protocol.scoring import is_right
from underdog.tournament.events import AnswerGiven, QuestionAsked, to_json
from underdog.tournament.formats.schedule import FormatConfig, Kind
from underdog.tournament.ledger import LEDGER_NAME, Ledger
from underdog.tournament.past import past_of_match, past_of_record
from underdog.tournament.record import match_events
from underdog.tournament.topics import draw_topics, right_topics, team_draw

DRAWN = ("arts", "elements", "arts", "geography")


@dataclass(frozen=True)
class Listening:
    """Asks from the bank, and writes down what it was told."""

    salt: int
    heard: list[QuestionCall]

    def ask(self, call: QuestionCall) -> list[object]:
        self.heard.append(call)
        return Own(self.salt).ask(call)


def listening(heard: list[QuestionCall]) -> list[Entrant]:
    teams = entrants(3)
    return [*teams[:2], replace(teams[2], asker=Listening(2, heard))]


def test_questions_of_the_second_leg_are_asked_for_when_the_first_is_played(
    tmp_path: Path,
) -> None:
    """A double round robin of three: nothing is told in the first draw; in the second each of the
    team's four questions comes with two answers, and misses as the games say.
    """
    heard: list[QuestionCall] = []
    record, _ = play(tmp_path, config(), listening(heard))
    first, second = heard[:4], heard[4:]
    assert [call.history for call in first] == [()] * 4
    (history,) = {call.history for call in second}
    assert {each.question_id for each in history} == {
        each.question_id for each in record.sets[1, "team 2"].asked
    }
    assert [each.put for each in history] == [2] * 4
    wrong = 0
    with Ledger(tmp_path / LEDGER_NAME) as ledger:
        for key, result in record.results.items():
            if result.fixture.draw == 1 and "team 2" in result.fixture.names:
                wrong += sum(
                    each.missed
                    for each in past_of_match(match_events(ledger, record, key), "team 2")
                )
    assert sum(each.missed for each in history) == wrong


def test_what_is_told_survives_a_kill(tmp_path: Path) -> None:
    """Broken off while the second draw's questions are asked for, and resumed: equal rows, and the
    same history as without the break.
    """
    heard: list[QuestionCall] = []
    _, whole = play(tmp_path / "whole", config(), listening(heard))

    class Breaking(Listening):
        def ask(self, call: QuestionCall) -> list[object]:
            if call.history and call.start == 2:
                raise KeyboardInterrupt
            return super().ask(call)

    teams = listening([])
    broken = [*teams[:2], replace(teams[2], asker=Breaking(2, []))]
    with pytest.raises(KeyboardInterrupt):
        play(tmp_path / "cut", config(), broken)
    again: list[QuestionCall] = []
    play(tmp_path / "cut", config(), listening(again))
    assert timeless(tmp_path / "cut") == whole
    assert [call.history for call in again] == [call.history for call in heard[4:]]


def test_a_record_tells_a_team_of_its_own_questions_only(tmp_path: Path) -> None:
    """A best of three: sums over games, sorted, with the topics asked about."""
    form = FormatConfig(Kind.MATCH, best_of=3)
    record, _ = play(tmp_path, config(form), entrants(2))
    for team in ("team 0", "team 1"):
        past = past_of_record(record, team)
        own = {
            each.question_id: each.question["topic"]
            for (_, asker), made in record.sets.items()
            if asker == team
            for each in made.asked
        }
        assert {each.question_id: each.topic for each in past} == own
        assert [each.question_id for each in past] == sorted(own)
    assert past_of_record(record, "nobody") == ()


def test_a_match_tells_what_was_missed(tmp_path: Path) -> None:
    """One by one, as the official comparison has it; nothing for a team that is not in it."""
    record, _ = play(tmp_path, config(), entrants(2), clock=FakeClock())
    key = min(record.results)
    with Ledger(tmp_path / LEDGER_NAME) as ledger:
        events = match_events(ledger, record, key)
    asked = {
        each.number: each
        for each in events
        if isinstance(each, QuestionAsked) and each.innings == 1
    }
    answers = [each for each in events if isinstance(each, AnswerGiven) and each.innings == 1]
    expected = tuple(
        Past(
            asked[each.number].question_id,
            str(asked[each.number].question["topic"]),
            1,
            int(not is_right(asked[each.number].question, to_json(each))),
        )
        for each in answers
    )
    name = record.results[key].fixture.one
    assert past_of_match(events, name) == expected
    assert past_of_match(events, "somebody else") == ()


def test_teams_with_topics_of_their_own_draw_from_them() -> None:
    """As many as the match has, by its seed; the others keep the match's draw."""
    own = team_draw({"topics": ["series", "blood"]}, DRAWN, 7)
    assert own == draw_topics(["series", "blood"], 4, 7)
    for identity in ({}, {"topics": LISTED_TOPICS}, {"topics": []}):
        assert team_draw(identity, DRAWN, 7) == DRAWN


def test_only_a_team_that_draws_itself_may_ask_about_any_topic_of_the_draw() -> None:
    """The one drawn for the place comes first."""
    assert right_topics({}, DRAWN, 1) == ("elements",)
    assert right_topics({"topics": ["elements"]}, DRAWN, 1) == ("elements",)
    assert right_topics({"topics": LISTED_TOPICS}, DRAWN, 1) == ("elements", "arts", "geography")
