"""Formats as schedules: knockout, Swiss, meetings, tie-breaks, played with made-up results."""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tournament_players import result

from underdog.errors import InputError
from underdog.tournament.formats.fixture import Fixture, Result
from underdog.tournament.formats.knockout import THIRD_PLACE, Knockout, bracket_seeds
from underdog.tournament.formats.meeting import Meeting
from underdog.tournament.formats.schedule import FormatConfig, Kind, Schedule
from underdog.tournament.formats.sprt import Sprt, Verdict
from underdog.tournament.formats.tiebreak import Breaker, TieBreak


def names(count: int) -> tuple[str, ...]:
    """t1 is the best seed."""
    return tuple(f"t{number}" for number in range(1, count + 1))


def finish(schedule: Schedule, score: Callable[[Fixture], tuple[int, int]]) -> dict[str, Result]:
    """Play all that is ever due; nothing is due twice."""
    results: dict[str, Result] = {}
    while due := schedule.due(results):
        for fixture in due:
            assert fixture.key not in results
            results[fixture.key] = result(fixture, *score(fixture))
    return results


def by_seed(fixture: Fixture) -> tuple[int, int]:
    """The better seed wins."""
    one, other = (int(name[1:]) for name in fixture.names)
    return (6, 4) if one < other else (4, 6)


@pytest.mark.parametrize("size", [2**power for power in range(1, 7)])
def test_first_meetings_add_up_and_the_best_meet_last(size: int) -> None:
    """A bracket holds every seed once; first meetings add up to size + 1; seeds 1 and 2 are in
    different halves.
    """
    seeds = bracket_seeds(size)
    assert sorted(seeds) == list(range(1, size + 1))
    assert {a + b for a, b in zip(seeds[::2], seeds[1::2], strict=True)} == {size + 1}
    assert (seeds.index(1) < size // 2) != (seeds.index(2) < size // 2)


@pytest.mark.parametrize("size", range(2, 71))
def test_a_knockout_of_any_size_ends_with_one_unbeaten(size: int) -> None:
    """Of 2 to 70 entrants: every game knocks out one, the best seeds rest in the first round and
    nobody rests later, and when the better seed always wins the first two seeds come first.
    """
    schedule = Schedule(FormatConfig(Kind.KNOCKOUT), names(size))
    results = finish(schedule, by_seed)
    assert len(results) == size - 1
    losers = [*({*each.fixture.names} - {each.winner} for each in results.values())]
    assert len(set().union(*losers)) == size - 1
    rounds = Knockout().bracket(names(size), results)
    assert len(rounds) == math.ceil(math.log2(size))
    resting = [tie.one for tie in rounds[0] if tie.opening is None]
    assert sorted(resting, key=lambda name: int(name[1:])) == list(names(2 ** len(rounds) - size))
    assert all(tie.opening for ties in rounds[1:] for tie in ties)
    places = [each.name for each in schedule.standings(results)]
    assert places[:2] == ["t1", "t2"]


def test_the_losers_of_the_semi_finals_play_for_third_place() -> None:
    """With third_place, t3 and t4 meet in the last round, and places 1 to 4 are all different."""
    schedule = Schedule(FormatConfig(Kind.KNOCKOUT, third_place=True), names(8))
    results = finish(schedule, by_seed)
    assert len(results) == 8
    (third,) = [each for each in results.values() if each.fixture.stage == THIRD_PLACE]
    assert set(third.fixture.names) == {"t3", "t4"}
    standings = schedule.standings(results)
    assert [(each.place, each.name) for each in standings[:4]] == [
        (1, "t1"),
        (2, "t2"),
        (3, "t3"),
        (4, "t4"),
    ]
    assert {each.place for each in standings[4:]} == {5}


@settings(max_examples=12, deadline=None)
@given(size=st.integers(2, 13), seed=st.integers(0, 10**6))
def test_swiss_never_repeats_a_meeting_and_spreads_rests(size: int, seed: int) -> None:
    """With as many rounds as are allowed and any results: everyone plays or rests every round,
    nobody meets twice, nobody rests twice, and all points are handed out.
    """
    source = random.Random(seed)
    rounds = max(1, size // 2)
    schedule = Schedule(FormatConfig(Kind.SWISS, rounds=rounds), names(size))
    results = finish(schedule, lambda _: (source.randrange(4), source.randrange(4)))
    met = Counter(frozenset(each.fixture.names) for each in results.values())
    assert set(met.values()) == {1}
    played = Counter(name for each in results.values() for name in each.fixture.names)
    rests = [rounds - played[name] for name in names(size)]
    assert sum(rests) == rounds * (size % 2)
    assert max(rests) <= 1
    points = sum(each.points for each in schedule.standings(results))
    assert points == len(results) + sum(rests)


def test_swiss_pairs_equal_points() -> None:
    """In the second round of eight the four winners meet each other, upper half against lower."""
    schedule = Schedule(FormatConfig(Kind.SWISS), names(8))
    first = {each.key: result(each, *by_seed(each)) for each in schedule.due({})}
    assert {each.fixture.names for each in first.values()} == {
        ("t1", "t5"),
        ("t2", "t6"),
        ("t3", "t7"),
        ("t4", "t8"),
    }
    second = {frozenset(each.names) for each in schedule.due(first)}
    assert second == {
        frozenset(pair) for pair in (("t1", "t3"), ("t2", "t4"), ("t5", "t7"), ("t6", "t8"))
    }


def test_more_swiss_rounds_than_can_be_paired_are_refused() -> None:
    """The message says how many there can be."""
    with pytest.raises(InputError, match=r"1 to 3 Swiss rounds for 6 entrants; got 4"):
        Schedule(FormatConfig(Kind.SWISS, rounds=4), names(6))


@settings(max_examples=15, deadline=None)
@given(
    kind=st.sampled_from([Kind.KNOCKOUT, Kind.SWISS, Kind.GAUNTLET, Kind.ROUND_ROBIN]),
    size=st.integers(3, 9),
    seed=st.integers(0, 10**6),
)
def test_a_wave_is_the_same_whatever_part_of_it_was_played(
    kind: Kind, size: int, seed: int
) -> None:
    """After any part of what is due was played, exactly the rest of it is due, in its order: an
    interrupted tournament goes on in the order of one that was not.
    """
    source = random.Random(seed)
    schedule = Schedule(FormatConfig(kind, best_of=3 if kind is not Kind.SWISS else 1), names(size))
    results: dict[str, Result] = {}
    while due := schedule.due(results):
        part = source.randrange(len(due))
        for each in due[:part]:
            results[each.key] = result(each, source.randrange(3), source.randrange(3))
        assert schedule.due(results) == due[part:]
        for each in due[part:]:
            results[each.key] = result(each, source.randrange(3), source.randrange(3))


OPENING = Fixture("final", 1, 1, 1, "a", "b", 1)


def meeting_games(meeting: Meeting, scores: list[tuple[int, int]]) -> tuple[int, str | None]:
    """How many games are played when a gets the first and b the second number, and who wins."""
    results: dict[str, Result] = {}
    for a_right, b_right in scores:
        game = meeting.next_game(OPENING, results)
        if game is None:
            break
        right = {"a": a_right, "b": b_right}
        results[game.key] = result(game, right[game.one], right[game.other], put=50)
    assert meeting.next_game(OPENING, results) is None
    return len(results), meeting.winner(OPENING, results, Breaker())


@pytest.mark.parametrize(
    ("scores", "games", "winner"),
    [
        ([(5, 1), (5, 1), (1, 5)], 2, "a"),
        ([(5, 1), (1, 5), (1, 5)], 3, "b"),
        ([(3, 3), (3, 3), (4, 3)], 3, "a"),
        ([(5, 1), (3, 3), (1, 5)], 3, "a or b"),
    ],
)
def test_best_of_three_stops_when_it_is_decided(
    scores: list[tuple[int, int]], games: int, winner: str
) -> None:
    """Two wins end it; ties count half; equal points go to the tie-breaks, which always decide."""
    played, won = meeting_games(Meeting(3), scores)
    assert played == games
    assert won is not None
    assert won in winner


def test_sprt_ends_a_one_sided_meeting_early() -> None:
    """Of nine games, one is enough when a alone is right on 20 places and b on none."""
    assert meeting_games(Meeting(9, Sprt()), [(25, 5)] * 9) == (1, "a")
    assert meeting_games(Meeting(9), [(25, 5)] * 9) == (5, "a")


def test_sprt_bounds_its_error() -> None:
    """At a true lead of `edge`, the worse side is named in at most `error` of 2,000 simulated
    tests (Wald's bound), and all of them end.
    """
    source, test = random.Random(1), Sprt(edge=0.3, error=0.05)
    wrong = 0
    for _ in range(2000):
        one = other = 0
        while (verdict := test.verdict(one, other)) is Verdict.OPEN:
            if source.random() < 0.65:
                one += 1
            else:
                other += 1
        wrong += verdict is Verdict.OTHER
    assert 20 <= wrong <= 100


def test_sprt_refuses_impossible_settings() -> None:
    """An edge of 1 would decide after one question."""
    with pytest.raises(InputError, match="an edge between 0 and 1"):
        Sprt(edge=1.0)


def league_of(scores: dict[tuple[str, str], tuple[int, int]]) -> dict[str, Result]:
    """One game per pair."""
    games = [
        result(Fixture("round robin", number, 1, 1, one, other, 1), *score)
        for number, ((one, other), score) in enumerate(scores.items(), start=1)
    ]
    return {game.fixture.key: game for game in games}


def test_tie_breaks_are_asked_in_their_order() -> None:
    """B beat a, a has the better score: head-to-head puts b first, score puts a first, a
    benchmark whoever has more, and what none separates the lot does, the same every time.
    """
    results = league_of({("a", "b"): (4, 5), ("a", "c"): (9, 0), ("c", "b"): (5, 4)})

    def first(*rules: TieBreak, benchmark: tuple[tuple[str, float], ...] = ()) -> str:
        return Breaker(rules, benchmark).order(["a", "b"], results)[0]

    assert first(TieBreak.HEAD_TO_HEAD) == "b"
    assert first(TieBreak.SCORE) == "a"
    assert first(TieBreak.BENCHMARK, benchmark=(("a", 0.5), ("b", 0.7))) == "b"
    assert first(TieBreak.BENCHMARK, TieBreak.SCORE, benchmark=(("a", 0.5), ("b", 0.5))) == "a"
    lots = {Breaker((), seed=seed).order(["a", "b"], results)[0] for seed in range(20)}
    assert lots == {"a", "b"}
    assert first() == first(TieBreak.LOT)


def test_a_benchmark_without_a_number_is_refused() -> None:
    """The message names the entrant."""
    with pytest.raises(InputError, match="none for 'b'"):
        Breaker((TieBreak.BENCHMARK,), (("a", 0.5),)).order(["a", "b"], {})


def test_a_match_wants_two_and_names_of_their_own() -> None:
    """Three entrants in a match, or one name twice, are refused."""
    with pytest.raises(InputError, match="two entrants for a match; got 3"):
        Schedule(FormatConfig(Kind.MATCH), names(3))
    with pytest.raises(InputError, match="names of their own"):
        Schedule(FormatConfig(), ("a", "a"))
