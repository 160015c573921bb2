"""The command: what it prints, whom it tells, and its page in a real terminal."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from patience import PATIENCE_S
from underdog.cli.main import main
from underdog.errors import InputError
from underdog.runs.watch.sight import Beat, Facts, Sight
from underdog.runs.watch.status import spark
from underdog.runs.watch.tell import Changes, serve_metrics
from underdog.runs.watch.verdicts import judge

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run that came to its end."""
    lines = [
        {"kind": "step", "step": n, "loss": 2.0 / n, "elapsed_s": n, "input_tokens": 5, "chunk": 0}
        for n in range(1, 9)
    ]
    (tmp_path / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (tmp_path / "result.json").write_text("{}")
    return tmp_path


def trouble(loss: float = float("nan")) -> Sight:
    """A run whose last loss was this."""
    return Sight(Facts('my "run"', "log", 100.0), [Beat(90.0, 1, 1.0), Beat(99.0, 2, loss)])


def test_a_status_is_one_line_and_then_figures(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """After the fact; a finished run is no trouble."""
    assert main(["watch", str(run), "--once", "--every", "0.01"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"{run}: finished. The run came to its end after step 8."
    assert any(line.startswith("  loss: 0.25 █") for line in lines)


def test_the_same_as_json_and_as_markdown(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One object for programs; one line and a table for an issue. Trouble is status 1."""
    (run / "result.json").unlink()
    with (run / "metrics.jsonl").open("a") as stream:
        stream.write('{"kind": "step", "step": 9, "loss": NaN, "elapsed_s": 9}\n')
    assert main(["watch", str(run), "--json", "--every", "0.01"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["verdicts"][0]["verdict"], told["step"], told["loss"]) == ("diverging", 9, "nan")
    assert main(["watch", str(run), "--markdown", "--every", "0.01"]) == 1
    page = capsys.readouterr().out
    assert page.startswith(
        f"**{run}: diverging. The loss of step 9 is nan.**\n\n| | |\n|---|---|\n"
    )
    assert "| pace | 1 steps/s |" in page


def test_a_run_that_is_not_there_is_one_message(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And status 2, as for every wrong use."""
    assert main(["watch", str(tmp_path / "none"), "--once"]) == 2
    assert "a run folder, a log or a process id is needed" in capsys.readouterr().err


def test_a_command_hears_of_changes_only(tmp_path: Path) -> None:
    """Nothing of a healthy start, once of trouble, not again while it lasts."""
    heard = tmp_path / "heard"
    changes = Changes(f"cat >> {heard}; echo >> {heard}", None)
    for sight in (trouble(0.9), trouble(), trouble(), trouble(0.9)):
        changes.update(sight, judge(sight))
    told = [json.loads(line)["verdicts"][0]["verdict"] for line in heard.read_text().splitlines()]
    assert told == ["diverging", "healthy"]


def test_a_listener_that_fails_is_a_warning(capsys: pytest.CaptureFixture[str]) -> None:
    """The watch goes on; an address of another kind is refused at the start."""
    sight = trouble()
    Changes("exit 3", "http://127.0.0.1:9/").update(sight, judge(sight))
    warned = capsys.readouterr().err
    assert "--on-verdict ended with 3" in warned
    assert "--webhook failed" in warned
    with pytest.raises(InputError, match="http or https"):
        Changes(None, "file:///etc/passwd")


def test_a_webhook_gets_the_status() -> None:
    """A real POST of JSON to a real server."""
    got: list[dict[str, object]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.handle_request)
    thread.start()
    sight = trouble()
    Changes(None, f"http://127.0.0.1:{server.server_port}/x").update(sight, judge(sight))
    thread.join()
    server.server_close()
    assert got[0]["loss"] == "nan"


def test_prometheus_scrapes_the_last_look() -> None:
    """Every verdict as 0 or 1, labels escaped; other paths are not found; closed is closed."""
    endpoint = serve_metrics("127.0.0.1", 0)
    sight = trouble()
    endpoint.update(sight, judge(sight))
    address = f"http://127.0.0.1:{endpoint.port}"
    with urllib.request.urlopen(f"{address}/metrics") as answer:
        text = answer.read().decode()
    assert 'underdog_verdict{run="my \\"run\\"",verdict="diverging"} 1\n' in text
    assert 'underdog_verdict{run="my \\"run\\"",verdict="healthy"} 0\n' in text
    assert 'underdog_loss{run="my \\"run\\""} NaN\n' in text
    with pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(address)
    with pytest.raises(InputError, match="that are free"):
        serve_metrics("127.0.0.1", endpoint.port)
    endpoint.close()


def test_a_spark_line_shows_the_shape() -> None:
    """From its lowest to its highest, wide series by means, a loss that is no number as a cross."""
    assert spark([1, 2, 3, 4, 5, 6, 7, 8]) == "▁▂▃▄▅▆▇█"
    assert spark([float("nan"), 1.0, 1.0]) == "×▁▁"
    assert len(spark(list(range(1000)))) == 40
    assert spark([]) == ""


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """The name of a socket has 107 bytes at most, and pytest's own folders are deep."""
    with tempfile.TemporaryDirectory(prefix="u") as folder:
        yield Path(folder)


@pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")
def test_the_page_stands_in_a_real_terminal(run: Path, short_folder: Path) -> None:
    """In tmux: the page shows, follows the run while it goes on, and Ctrl-C leaves it."""
    (run / "result.json").unlink()
    (run / ".lock").write_text(str(os.getpid()))
    socket = ["tmux", "-u", "-S", str(short_folder / "tmux"), "-f", "/dev/null"]
    line = f"{sys.executable} -m underdog watch {run} --every 0.2; echo LEFT $?; sleep 600"
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "TERM": "xterm-256color"}
    start = [*socket, "new-session", "-d", "-x", "100", "-y", "30", line]
    subprocess.run(start, check=True, env=environment)
    try:
        _wait_for(socket, "HEALTHY", "step 8", "Ctrl-C leaves; the run goes on")
        with (run / "metrics.jsonl").open("a") as stream:
            stream.write('{"kind": "step", "step": 9, "loss": NaN, "elapsed_s": 9}\n')
        _wait_for(socket, "DIVERGING", "The loss of step 9 is nan")
        subprocess.run([*socket, "send-keys", "C-c"], check=True)
        _wait_for(socket, "LEFT 0")
    finally:
        subprocess.run([*socket, "kill-server"], check=False)


def _wait_for(socket: list[str], *texts: str) -> None:
    shown = ""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        command = [*socket, "capture-pane", "-p"]
        shown = subprocess.run(command, check=True, capture_output=True, encoding="utf-8").stdout
        if all(text in shown for text in texts):
            return
        time.sleep(0.1)
    pytest.fail(f"{texts} never showed:\n{shown}")
