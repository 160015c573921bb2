"""What a team saw of its own earlier innings: its questions, and how often each was missed.

In: the record of a tournament, or the events of a match. Out: a `Past` per question, in a fixed
order. Only what the rules show the asking side: its own questions and whether they were answered
rightly. Never: another team's question, an opponent's name or probabilities.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from underdog.protocol.player import Past
from underdog.protocol.scoring import is_right
from underdog.tournament.events import AnswerGiven, Event, to_json
from underdog.tournament.history import INNINGS, History, asking_team
from underdog.tournament.record import Record


def past_of_record(record: Record, team: str) -> tuple[Past, ...]:
    """Over all games so far, sorted by question."""
    topics = {
        each.question_id: str(each.question["topic"])
        for (_, asker), made in record.sets.items()
        if asker == team
        for each in made.asked
    }
    counts: dict[str, tuple[int, int]] = {}
    for tally in record.tallies():
        if tally.asker == team:
            put, missed = counts.get(tally.question_id, (0, 0))
            wrong = tally.put - tally.right
            counts[tally.question_id] = put + tally.put, missed + wrong
    return tuple(Past(key, topics[key], *counts[key]) for key in sorted(counts))


def past_of_match(events: Iterable[Event], name: str) -> tuple[Past, ...]:
    """Of the innings in which a team of that name asked; nothing where there is none."""
    history = History.of(events)
    found: list[Past] = []
    for innings in INNINGS:
        if history.started.teams[asking_team(innings)]["name"] != name:
            continue
        for number, answer in sorted(history.answers[innings].items()):
            asked = history.asked[innings][number]
            said: dict[str, Any] | None = (
                to_json(answer) if isinstance(answer, AnswerGiven) else None
            )
            missed = not is_right(asked.question, said)
            found.append(Past(asked.question_id, str(asked.question["topic"]), 1, int(missed)))
    return tuple(found)
