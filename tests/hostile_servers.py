"""Servers of contestants: one that plays well, and replies that attack whoever asks."""

from __future__ import annotations

import gzip
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from underdog.protocol.player import PlayerFaultKind

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

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """What an attack does to its own server is of no interest."""

    server = Quiet(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def send(handler: BaseHTTPRequestHandler, value: object, *, status: int = 200) -> None:
    """A whole reply; bytes as they are, anything else as JSON."""
    content = value if isinstance(value, bytes) else json.dumps(value).encode()
    handler.send_response(status)
    handler.send_header("content-length", str(len(content)))
    handler.end_headers()
    handler.wfile.write(content)


def drip(handler: BaseHTTPRequestHandler, _: Any) -> None:
    """A byte now and then."""
    handler.send_response(200)
    handler.end_headers()
    for _ in range(1000):
        handler.wfile.write(b" ")
        handler.wfile.flush()
        time.sleep(0.05)


def drip_header(handler: BaseHTTPRequestHandler, _: Any) -> None:
    """A header now and then."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
    for number in range(1000):
        handler.wfile.write(b"x-%d: y\r\n" % number)
        handler.wfile.flush()
        time.sleep(0.05)


def endless(handler: BaseHTTPRequestHandler, _: Any) -> None:
    """A body without an end."""
    handler.send_response(200)
    handler.end_headers()
    for _ in range(100):
        handler.wfile.write(b"9" * 100_000)


def redirect(handler: BaseHTTPRequestHandler, _: Any) -> None:
    """To somewhere else."""
    handler.send_response(307)
    handler.send_header("location", "http://192.0.2.1/")
    handler.send_header("content-length", "0")
    handler.end_headers()


def huge_header(handler: BaseHTTPRequestHandler, _: Any) -> None:
    """A megabyte of it."""
    handler.send_response(200)
    handler.send_header("x-huge", "y" * 1_000_000)
    handler.end_headers()


def gzip_bomb(handler: BaseHTTPRequestHandler, _: Any) -> None:
    """Ten megabytes of blanks in ten kilobytes."""
    content = gzip.compress(b" " * 10_000_000)
    handler.send_response(200)
    handler.send_header("content-encoding", "gzip")
    handler.send_header("content-length", str(len(content)))
    handler.end_headers()
    handler.wfile.write(content)


def cut_short(handler: BaseHTTPRequestHandler, _: Any) -> None:
    """Fewer bytes than it promised."""
    handler.send_response(200)
    handler.send_header("content-length", "1000")
    handler.end_headers()
    handler.wfile.write(b'{"answer": "A"}')
    handler.close_connection = True


WRONG: dict[str, tuple[Reply, PlayerFaultKind, str]] = {
    "slow drip": (drip, PlayerFaultKind.LATE, "no whole reply in 1 s"),
    "slow headers": (drip_header, PlayerFaultKind.LATE, "no whole reply in 1 s"),
    "endless": (endless, PlayerFaultKind.INVALID, "more than 262,144 bytes"),
    "redirect": (redirect, PlayerFaultKind.INVALID, "a redirect; none is followed"),
    "huge header": (huge_header, PlayerFaultKind.CRASHED, "Error"),
    "gzip bomb": (gzip_bomb, PlayerFaultKind.INVALID, "compressed"),
    "cut short": (cut_short, PlayerFaultKind.CRASHED, "Error"),
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
    "wrong bytes": (
        lambda handler, _: send(handler, b'{"answer": "\xff"}'),
        PlayerFaultKind.INVALID,
        "no JSON in UTF-8",
    ),
    "nested deeply": (
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
"""Replies to everything, with the kind of fault and what the record says about it."""
FAULT_OF = {
    PlayerFaultKind.LATE: ("question late", "answer late"),
    PlayerFaultKind.CRASHED: ("question crashed", "answer crashed"),
    PlayerFaultKind.INVALID: ("question format", "answer malformed"),
}
