"""Contestants' servers: both shapes of choices, and everything that a server can do wrong."""

from __future__ import annotations

from dataclasses import replace
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from match_players import KEYS, QUESTIONS, TOPICS, played, team

from hostile_servers import WRONG, Reply, drip, send, serving
from patience import PATIENCE_S
from underdog.errors import InputError
from underdog.protocol.editions import EDITIONS
from underdog.protocol.player import PlayerFault, PlayerFaultKind, StrippedQuestion
from underdog.tournament.entrants.url import Server, url_entrant
from underdog.tournament.rules import Rules

EDITION = replace(EDITIONS["2026-02"], question_s=PATIENCE_S, answer_s=PATIENCE_S)
"""No honest reply is late here, however busy the machine."""
ASKED = StrippedQuestion("1 and 1?", ("1", "2", "3", "4"))


def contestant(seen: list[Any]) -> Reply:
    """As the server of a real contestant: choices as an object, key as "correct_answer"."""
    unused = {topic: [each for each in QUESTIONS if each.topic == topic] for topic in TOPICS}

    def reply(handler: BaseHTTPRequestHandler, body: Any) -> None:
        seen.append(body)
        if body["path"] == "/generate_question":
            question = unused[body["topic"]].pop()
            choices = dict(zip("ABCD", question.choices, strict=True))
            key = "ABCD"[question.choices.index(question.answer_text or "")]
            value = {"topic": body["topic"], "question": question.text, "choices": choices}
            send(handler, value | {"correct_answer": key})
            return
        shown = body["choices"]
        if isinstance(shown, list):
            shown = {text[0]: text[3:] for text in shown}
        place = next(place for place, text in shown.items() if text == KEYS[body["question"]])
        send(handler, {"answer": place, "answer_time": 0.01})

    return reply


@pytest.mark.parametrize("shape", ["dict", "list"])
def test_a_server_plays_with_either_shape_of_choices(tmp_path: Path, shape: str) -> None:
    """It is asked with the shape that its /health names; its own questions pass as well."""
    seen: list[Any] = []
    config = Rules(topics=TOPICS, questions=6, seed=4)
    with serving(contestant(seen), health={"status": "ready", "choices": shape}) as url:
        board = played(tmp_path, url_entrant(url, edition=EDITION), team("other"), config=config)
    assert [len(each.rows) for each in board.innings] == [6, 6]
    assert board.teams[0].answering.score.correct == 6
    answers = [body for body in seen if body["path"] == "/answer_question"]
    kind = {"dict": dict, "list": list}[shape]
    assert all(isinstance(body["choices"], kind) for body in answers)
    assert all(set(body) == {"path", "question", "choices"} for body in answers)


@pytest.mark.parametrize("name", WRONG)
def test_what_a_server_does_wrong_is_told_apart(name: str) -> None:
    """In bounded time, with the kind and the detail that the log of the match keeps."""
    reply, kind, detail = WRONG[name]
    answer_s = 1.0 if kind is PlayerFaultKind.LATE else PATIENCE_S
    with serving(reply) as url:
        server = Server(url, replace(EDITION, answer_s=answer_s), choices="list")
        with pytest.raises(PlayerFault, match=r".") as caught:
            server.answer([ASKED])
    assert caught.value.kind is kind, caught.value.detail
    assert detail in caught.value.detail


def test_a_server_that_is_not_there_has_crashed() -> None:
    """And is asked with an object of choices, as the contestants' servers were."""
    with serving(drip) as url:
        pass
    server = Server(url, EDITION)
    with pytest.raises(PlayerFault, match="ConnectError") as caught:
        server.answer([ASKED])
    assert caught.value.kind is PlayerFaultKind.CRASHED
    assert server.choices == "dict"


def test_passwords_and_other_schemes_are_refused() -> None:
    """A URL goes into the log of the match, which is published."""
    for url in ("ftp://x", "http://me:secret@x"):
        with pytest.raises(InputError, match="no password in it"):
            url_entrant(url, edition=EDITION)
