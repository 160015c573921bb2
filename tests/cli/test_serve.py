"""``underdog serve`` as a process: it says where it is, answers, and ends in order."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys

import httpx2
import pytest

from patience import PATIENCE_S
from underdog.cli.main import main


def test_a_server_answers_and_ends_with_status_0_on_sigterm() -> None:
    """On a free port with a key from the environment: health, an answer, no answer without the key,
    and after SIGTERM an orderly end.
    """
    command = [sys.executable, "-m", "underdog", "serve", "tiny-base", "--port", "0"]
    process = subprocess.Popen(
        [*command, "--api-key-env", "TEST_SERVE_KEY"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "TEST_SERVE_KEY": "secret", "OMP_NUM_THREADS": "1"},
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        found = re.fullmatch(r"Serving tiny-base at (http://127\.0\.0\.1:\d+)\n", line)
        assert found is not None, line
        asked = {"question": "What is the capital of France?", "choices": ["Paris", "Rome"]}
        with httpx2.Client(base_url=found[1], timeout=PATIENCE_S, trust_env=False) as client:
            assert client.get("/health").json() == {"status": "ok", "model": "tiny-base"}
            assert client.post("/v1/answer", json=asked).status_code == 401
            key = {"authorization": "Bearer secret"}
            told = client.post("/v1/answer", json=asked, headers=key).json()
        assert told["choice"] in asked["choices"]
        assert sum(told["probabilities"].values()) == pytest.approx(1)
        process.send_signal(signal.SIGTERM)
        rest, _ = process.communicate(timeout=PATIENCE_S)
        assert rest == "Stopped.\n"
        assert process.returncode == 0
    finally:
        process.kill()
        process.wait()


def test_a_key_that_is_not_there_is_told_before_the_model_is_loaded(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A server that was meant to have a key never starts without one."""
    assert main(["serve", "no-such-model", "--api-key-env", "TEST_NO_SUCH_KEY"]) == 2
    told = capsys.readouterr().err
    assert "TEST_NO_SUCH_KEY: an environment variable that holds the API key" in told
