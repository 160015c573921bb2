"""Tells others about verdicts: a command, a web address, Prometheus.

In: a Sight and its verdicts at every look. Out: a command run or a POST when the verdicts change,
and a page of metrics for whoever asks. A listener that fails is a warning on standard error: the
watch goes on. Never: a change of the run.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from underdog.errors import InputError
from underdog.runs.watch.sight import Sight
from underdog.runs.watch.status import prometheus, to_json
from underdog.runs.watch.verdicts import Verdict

TIMEOUT_S = 30.0


class Changes:
    """`command` is run by the shell with JSON on its standard input; `url` gets it by POST."""

    def __init__(self, command: str | None, url: str | None) -> None:
        if url is not None and not url.startswith(("http://", "https://")):
            raise InputError("an address of http or https is needed", got=url)
        self._command, self._url = command, url
        self._before: tuple[str, ...] | None = None

    def update(self, sight: Sight, verdicts: Sequence[Verdict]) -> None:
        """Told once per change; a run that is healthy at the first look is no change."""
        now = tuple(verdict.kind.value for verdict in verdicts)
        before, self._before = self._before, now
        if now == before or (before is None and all(verdict.fine for verdict in verdicts)):
            return
        content = json.dumps(to_json(sight, verdicts)).encode("utf-8")
        if self._command is not None:
            _run(self._command, content)
        if self._url is not None:
            _post(self._url, content)


def _run(command: str, content: bytes) -> None:
    # The command is the user's own line, meant for the shell, as with cron.
    try:
        done = subprocess.run(  # noqa: S602
            command, shell=True, input=content, timeout=TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired:
        _warn(f"--on-verdict took longer than {TIMEOUT_S:.0f} s and was ended")
        return
    if done.returncode != 0:
        _warn(f"--on-verdict ended with {done.returncode}")


def _post(url: str, content: bytes) -> None:
    # `Changes` takes http and https only.
    request = urllib.request.Request(  # noqa: S310
        url, data=content, headers={"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S):  # noqa: S310
            pass
    except OSError as error:
        _warn(f"--webhook failed: {error}")


def _warn(sentence: str) -> None:
    sys.stderr.write(f"underdog watch: {sentence}\n")


class Endpoint:
    """Serves the metrics of the last look at /metrics; `port` is the one that was taken."""

    def __init__(self, address: str, port: int) -> None:
        self._text = b""
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            """GET /metrics and nothing else."""

            def do_GET(self) -> None:
                known = self.path.partition("?")[0] == "/metrics"
                content = endpoint._text if known else b"try /metrics\n"
                self.send_response(200 if known else 404)
                self.send_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *args: object) -> None:
                """Requests are not worth a line."""

        self._server = ThreadingHTTPServer((address, port), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        """The one that was taken: of its own choice where 0 was asked for."""
        return int(self._server.server_address[1])

    def update(self, sight: Sight, verdicts: Sequence[Verdict]) -> None:
        """From now on this is served."""
        self._text = prometheus(sight, verdicts).encode("utf-8")

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def serve_metrics(address: str, port: int) -> Endpoint:
    """Serve until closed. InputError where the address cannot be had."""
    try:
        return Endpoint(address, port)
    except (OSError, OverflowError) as error:
        raise InputError(
            "an address and port that are free are needed",
            got=str(error),
            where=f"{address}:{port}",
        ) from error
