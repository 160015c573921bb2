"""Contestants' servers: both shapes of choices, and everything that a server can do wrong."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from match_players import KEYS, QUESTIONS, TOPICS, played, team

from patience import PATIENCE_S
from underdog.errors import InputError
from underdog.protocol.editions import EDITIONS
from underdog.protocol.player import PlayerFault, PlayerFaultKind, StrippedQuestion
from underdog.tournament.entrants.url import Server, url_entrant
from underdog.tournament.referee import MatchConfig

EDITION = replace(EDITIONS["2026-02"], question_s=PATIENCE_S, answer_s=PATIENCE_S)
"""No honest reply is late here, however busy the machine."""
ASKED = StrippedQuestion("1 and 1?", ("1", "2", "3", "4"))
Reply = Callable[[BaseHTTPRequestHandler, Any], None]


@contextmanager
def serving(reply: Reply, *, health: object = None) -> Iterator[str]:
    """A server on this machine that answers every POST as told."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            send(self, health)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            with suppress(BrokenPipeError, ConnectionResetError):
                reply(self, json.loads(body) | {"path": self.path})

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def send(handler: BaseHTTPRequestHandler, value: object, *, status: int = 200) -> None:
    content = value if isinstance(value, bytes) else json.dumps(value).encode()
    handler.send_response(status)
    handler.send_header("content-length", str(len(content)))
    handler.end_headers()
    handler.wfile.write(content)


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
    config = MatchConfig(topics=TOPICS, questions=6, seed=4)
    with serving(contestant(seen), health={"status": "ready", "choices": shape}) as url:
        board = played(tmp_path, url_entrant(url, edition=EDITION), team("other"), config=config)
    assert [len(each.rows) for each in board.innings] == [6, 6]
    assert board.teams[0].answering.score.correct == 6
    answers = [body for body in seen if body["path"] == "/answer_question"]
    kind = {"dict": dict, "list": list}[shape]
    assert all(isinstance(body["choices"], kind) for body in answers)
    assert all(set(body) == {"path", "question", "choices"} for body in answers)


def drip(handler: BaseHTTPRequestHandler, body: Any) -> None:
    handler.send_response(200)
    handler.end_headers()
    for _ in range(1000):
        handler.wfile.write(b" ")
        handler.wfile.flush()
        time.sleep(0.05)


def drip_header(handler: BaseHTTPRequestHandler, body: Any) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
    for number in range(1000):
        handler.wfile.write(b"x-%d: y\r\n" % number)
        handler.wfile.flush()
        time.sleep(0.05)


def endless(handler: BaseHTTPRequestHandler, body: Any) -> None:
    handler.send_response(200)
    handler.end_headers()
    for _ in range(100):
        handler.wfile.write(b"9" * 100_000)


def redirect(handler: BaseHTTPRequestHandler, body: Any) -> None:
    handler.send_response(307)
    handler.send_header("location", "http://192.0.2.1/")
    handler.send_header("content-length", "0")
    handler.end_headers()


def huge_header(handler: BaseHTTPRequestHandler, body: Any) -> None:
    handler.send_response(200)
    handler.send_header("x-huge", "y" * 1_000_000)
    handler.end_headers()


def compressed(handler: BaseHTTPRequestHandler, body: Any) -> None:
    handler.send_response(200)
    handler.send_header("content-encoding", "gzip")
    handler.send_header("content-length", "0")
    handler.end_headers()


WRONG: dict[str, tuple[Reply, PlayerFaultKind, str]] = {
    "slow drip": (drip, PlayerFaultKind.LATE, "no whole reply in 1 s"),
    "slow headers": (drip_header, PlayerFaultKind.LATE, "no whole reply in 1 s"),
    "endless": (endless, PlayerFaultKind.INVALID, "more than 262,144 bytes"),
    "redirect": (redirect, PlayerFaultKind.INVALID, "a redirect; none is followed"),
    "huge header": (huge_header, PlayerFaultKind.CRASHED, "Error"),
    "compressed": (compressed, PlayerFaultKind.INVALID, "compressed"),
    "status 500": (
        lambda handler, _: send(handler, {"error": "no GPU"}, status=500),
        PlayerFaultKind.CRASHED,
        'status 500 {"error": "no GPU"}',
    ),
    "not JSON": (
        lambda handler, _: send(handler, b"<html>"),
        PlayerFaultKind.INVALID,
        "no JSON in UTF-8",
    ),
    "wrong encoding": (
        lambda handler, _: send(handler, b'{"answer": "\xff"}'),
        PlayerFaultKind.INVALID,
        "no JSON in UTF-8",
    ),
    "deep nesting": (
        lambda handler, _: send(handler, b"[" * 200_000),
        PlayerFaultKind.INVALID,
        "no JSON in UTF-8",
    ),
    "hangs up": (
        lambda handler, _: handler.wfile.close(),
        PlayerFaultKind.CRASHED,
        "Error",
    ),
}


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
