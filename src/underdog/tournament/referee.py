"""Plays a match: calls the players, judges what they say, writes down what happened.

In: two entrants, the rules, a folder. Out: the log in the folder, one line per happening, and the
score that follows from it. A player that fails, is late or talks nonsense loses the item, never the
match; whatever goes wrong is an event. Killed at any moment, the same call goes on from the log.

Players are called in this process: a late one is noticed when it comes back. Strangers run behind
`entrants`, which comes back in time whatever they do. A key and an explanation never leave this
module towards the answering side. A fault of this machine (InfrastructureError) is no outcome: the
match stops, and goes on from its log.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from underdog.errors import InputError
from underdog.mcq.presentation import Presentation
from underdog.protocol.editions import NEWEST, find_edition
from underdog.protocol.official import read_question, write_question
from underdog.protocol.player import Entrant, QuestionCall, StrippedQuestion
from underdog.protocol.tokens import ESTIMATE, CountTokens, estimate_tokens
from underdog.runs.lock import locked
from underdog.runs.log import LogWriter
from underdog.runs.progress import SILENT, Progress
from underdog.tournament.events import (
    AnswerGiven,
    AnswerLost,
    Event,
    InningsClosed,
    MatchEnded,
    MatchStarted,
    QuestionAsked,
    QuestionRejected,
    to_json,
)
from underdog.tournament.hearing import chunks, excerpt, hear
from underdog.tournament.history import INNINGS, TEAMS, History, answering_team, asking_team
from underdog.tournament.judge import Judge, Lost, Refused, Said, on_topic
from underdog.tournament.scoreboard import Scoreboard, scoreboard
from underdog.tournament.store import EVENTS_NAME, check_same_match, read_events, write_result
from underdog.tournament.topics import draw_topics, right_topics, team_draw


@dataclass(frozen=True, slots=True)
class MatchConfig:
    """What is played."""

    topics: tuple[str, ...]
    """Topics to draw from, at least one."""
    edition: str = NEWEST
    """Whose limits hold: a name in `protocol.editions.EDITIONS`."""
    questions: int = 20
    """Questions per innings, at least 1. Default: the official slides'."""
    seed: int = 0
    """Decides the topic draw, the order of choices, and what the askers are told to use."""
    per_call: int = 1
    """Items that a player is given at once, at least 1; its time is shared equally between them."""
    token_counter: str = ESTIMATE
    """What the token counter is called in the log."""

    def __post_init__(self) -> None:
        find_edition(self.edition)
        if not self.topics:
            raise InputError("at least one topic")
        if self.questions < 1:
            raise InputError("at least 1 question per innings", got=str(self.questions))
        if self.per_call < 1:
            raise InputError("at least 1 item per call", got=str(self.per_call))


def play(
    config: MatchConfig,
    entrants: tuple[Entrant, Entrant],
    folder: Path,
    *,
    clock: Callable[[], float],
    count_tokens: CountTokens = estimate_tokens,
    progress: Progress = SILENT,
) -> Scoreboard:
    """Play a match, or finish the one in `folder`; the first entrant is team A.

    `clock` gives seconds. Raises RunMismatchError when the folder holds another match,
    CorruptFileError when its log is not whole, RunError when another process is playing in it.
    """
    with locked(folder):
        started = _header(config, entrants)
        stored = read_events(folder)
        if stored and isinstance(stored[0], MatchStarted):
            check_same_match(folder, stored[0], started)
        with LogWriter(folder / EVENTS_NAME) as log:
            if not stored:
                log.append(to_json(started), durable=True)
            history = History.of(stored or (started,))
            game = _Game(config, dict(zip(TEAMS, entrants, strict=True)), history, log)
            _Referee(game, clock, count_tokens, progress).play()
        board = scoreboard(read_events(folder))
        write_result(folder, board)
    return board


def _header(config: MatchConfig, entrants: tuple[Entrant, Entrant]) -> MatchStarted:
    return MatchStarted(
        edition=config.edition,
        questions=config.questions,
        seed=config.seed,
        topics=draw_topics(config.topics, config.questions, config.seed),
        token_counter=config.token_counter,
        per_call=config.per_call,
        teams={
            team: {"name": entrant.name, "identity": dict(entrant.identity)}
            for team, entrant in zip(TEAMS, entrants, strict=True)
        },
    )


@dataclass(frozen=True, slots=True)
class _Game:
    """What is being played, by whom, and what happened so far."""

    config: MatchConfig
    entrants: dict[str, Entrant]
    history: History
    log: LogWriter

    def happened(self, event: Event, *, durable: bool = False) -> None:
        """History first: it refuses what must not be written."""
        self.history.add(event)
        self.log.append(to_json(event), durable=durable)


class _Referee:
    """One match, from wherever its log ends."""

    def __init__(
        self,
        game: _Game,
        clock: Callable[[], float],
        count_tokens: CountTokens,
        progress: Progress,
    ) -> None:
        self._game, self._history = game, game.history
        self._judge = Judge(find_edition(game.config.edition), count_tokens)
        self._clock, self._progress = clock, progress

    def play(self) -> None:
        """Both innings, then the end. Nothing is done twice."""
        for innings in INNINGS:
            if innings in self._history.closed:
                continue
            self._progress.begin(f"innings {innings}", 2 * self._game.config.questions)
            self._ask(innings)
            self._answer(innings)
            self._game.happened(InningsClosed(innings), durable=True)
            self._progress.end()
        if not self._history.ended:
            self._game.happened(MatchEnded(), durable=True)

    def _ask(self, innings: int) -> None:
        """The asking team's questions, judged one by one, in the order of the draw."""
        started = self._history.started
        asker = self._game.entrants[asking_team(innings)].asker
        for numbers in chunks(range(started.questions), started.per_call):
            wanted = self._history.open_questions(innings).intersection(numbers)
            if not wanted:
                continue
            topics = team_draw(self._asking(innings), started.topics, started.seed)
            call = QuestionCall(topics, started.seed, numbers[0], numbers[-1] + 1)
            said = hear(partial(asker.ask, call), self._clock, len(numbers))
            for number, each in zip(numbers, said, strict=True):
                if number in wanted:
                    self._game.happened(self._judged_question(innings, number, each))
                    self._progress.advance()

    def _answer(self, innings: int) -> None:
        """The other team's answers, key and explanation stripped."""
        history = self._history
        answerer = self._game.entrants[answering_team(innings)].answerer
        put = () if history.disqualified(innings) else sorted(history.asked[innings])
        for numbers in chunks(put, history.started.per_call):
            wanted = history.open_answers(innings).intersection(numbers)
            if not wanted:
                continue
            questions = [_strip(history.asked[innings][number]) for number in numbers]
            said = hear(partial(answerer.answer, questions), self._clock, len(numbers))
            for number, each in zip(numbers, said, strict=True):
                if number in wanted:
                    self._game.happened(self._judged_answer(innings, number, each))
                    self._progress.advance()

    def _judged_question(
        self, innings: int, number: int, said: Said
    ) -> QuestionAsked | QuestionRejected:
        seed = self._history.started.seed
        before = {each.question_id for each in self._history.asked[innings].values()}
        topics = self._topics_for(innings, number)
        found = self._judge.question(said, topics=topics, before=before)
        seconds = round(said.elapsed_s, 6)
        if isinstance(found, Refused):
            detail, message = excerpt(found.detail), excerpt(repr(said.message))
            return QuestionRejected(innings, number, found.reason, detail, message, seconds)
        shown = Presentation.shuffled(len(found.choices), seed=f"{seed}:{found.id}")
        topic = next(each for each in topics if on_topic(found.topic, each))
        served = write_question(found, shown) | {"topic": topic}
        return QuestionAsked(innings, number, found.id, served, shown.order, seconds)

    def _topics_for(self, innings: int, number: int) -> tuple[str, ...]:
        """Those that are right at this place for the team that asks."""
        started, identity = self._history.started, self._asking(innings)
        return right_topics(identity, team_draw(identity, started.topics, started.seed), number)

    def _asking(self, innings: int) -> Mapping[str, Any]:
        """The identity of the team that asks."""
        return self._history.started.teams[asking_team(innings)].get("identity") or {}

    def _judged_answer(self, innings: int, number: int, said: Said) -> AnswerGiven | AnswerLost:
        heard = self._judge.answer(said, self._history.asked[innings][number].question)
        seconds = round(said.elapsed_s, 6)
        if isinstance(heard, Lost):
            return AnswerLost(innings, number, heard.outcome, excerpt(heard.detail), seconds)
        return AnswerGiven(innings, number, *heard, elapsed_s=seconds)


def _strip(asked: QuestionAsked) -> StrippedQuestion:
    question = read_question(asked.question)
    return StrippedQuestion(question.text, question.choices)
