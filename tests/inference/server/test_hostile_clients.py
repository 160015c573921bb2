"""Strangers: each is answered properly, and the server is unharmed afterwards."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import httpx2
import pytest

from fake_engine import FakeEngine
from patience import PATIENCE_S, until
from real_server import Running, serving
from underdog.inference.server.guard import GuardConfig
from underdog.inference.server.listen import PatientProtocol
from underdog.inference.server.service import ServiceLimits

KEY = {"authorization": "Bearer secret"}
QUESTION = {"question": "Which?", "choices": ["a", "b"]}
LIMITS = ServiceLimits(queue=3, deadline_s=PATIENCE_S)


@pytest.fixture(scope="module")
def fake() -> FakeEngine:
    return FakeEngine(("fake", "answers-only"))


@pytest.fixture(scope="module")
def guarded(fake: FakeEngine) -> Iterator[Running]:
    guard = GuardConfig(api_key="secret", body_bytes=20_000, body_s=PATIENCE_S)
    with serving(fake, limits=LIMITS, guard=guard) as found:
        yield found


@pytest.fixture
def client(guarded: Running, fake: FakeEngine) -> Iterator[httpx2.Client]:
    """And afterwards the server answers as ever, with nothing left in flight."""
    with guarded.client(**KEY) as found:
        yield found
        fake.gate.set()
        until(lambda: guarded.service.in_flight == 0)
        assert found.post("/v1/answer", json=QUESTION).json()["answer"] == "B"


@contextmanager
def held(fake: FakeEngine) -> Iterator[None]:
    """The model takes its time."""
    fake.entered.clear()
    fake.gate.clear()
    try:
        yield
    finally:
        fake.gate.set()


def code(reply: httpx2.Response) -> tuple[int, str]:
    return reply.status_code, reply.json()["error"]["code"]


def test_a_key_is_needed_except_for_health(guarded: Running, client: httpx2.Client) -> None:
    """Without a key, with a wrong one and with another scheme: 401; health and readiness: 200."""
    with guarded.client() as stranger:
        assert code(stranger.get("/v1/models")) == (401, "invalid_api_key")
        assert code(stranger.get("/metrics")) == (401, "invalid_api_key")
        for wrong in ("Bearer secre", "Basic secret", "secret", "Bearer sécret".encode()):
            reply = stranger.get("/v1/models", headers={"authorization": wrong})
            assert code(reply) == (401, "invalid_api_key")
        assert stranger.get("/health").json() == {"status": "ok", "model": "fake"}
        assert stranger.get("/ready").json() == {"status": "ready"}


def test_bodies_that_are_not_requests_are_told_so(client: httpx2.Client) -> None:
    """Bad JSON, no JSON, deep JSON, a list, a wrong path, method and model."""
    json_type = {"content-type": "application/json"}
    bad = client.post("/v1/answer", content=b'{"question": ', headers=json_type)
    assert code(bad) == (400, "invalid_json")
    assert "The body is not JSON" in bad.json()["error"]["message"]
    plain = client.post("/v1/answer", content=b"hello")
    assert "content-type: application/json" in plain.json()["error"]["message"]
    deep = client.post("/v1/answer", content=b"[" * 19_000, headers=json_type)
    assert deep.status_code == 400
    assert client.post("/v1/answer", json=[1]).status_code == 400
    assert code(client.get("/v1/nothing")) == (404, "not_found")
    assert code(client.put("/v1/answer", json={})) == (405, "method_not_allowed")
    wrong = client.post("/v1/completions", json={"model": "gpt-4o", "prompt": "a"})
    assert code(wrong) == (404, "model_not_found")
    mute = client.post("/v1/completions", json={"model": "answers-only", "prompt": "a"})
    assert "answers-only answers questions only" in mute.json()["error"]["message"]


@pytest.mark.parametrize("told_before", [True, False])
def test_a_body_too_large_is_413_whether_or_not_it_says_so(
    client: httpx2.Client, told_before: bool
) -> None:
    """With a length in the header and without (chunked); the client reads the reply in both."""
    body = b"x" * 3_000_000
    content = body if told_before else (body[at : at + 65536] for at in range(0, len(body), 65536))
    assert code(client.post("/v1/answer", content=content)) == (413, "body_too_large")


def connected(server: Running) -> socket.socket:
    """A connection without a client's manners."""
    host, port = server.address.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=PATIENCE_S)


def test_a_slow_drip_is_408() -> None:
    """A body that comes byte by byte is given up after its time, with an answer."""
    guard = GuardConfig(body_s=0.2)
    with serving(FakeEngine(), guard=guard) as running, connected(running) as drip:
        head = "POST /v1/answer HTTP/1.1\r\nhost: x\r\n"
        drip.sendall(f"{head}content-length: 100\r\n\r\n".encode())
        drip.sendall(b"{")
        assert b" 408 " in drip.recv(1000).split(b"\r\n")[0]


def test_past_the_queue_limit_is_429_and_nothing_admitted_is_lost(
    client: httpx2.Client, fake: FakeEngine, guarded: Running
) -> None:
    """Three places: the fourth request is told when to come back, the three get their answers."""
    with held(fake), ThreadPoolExecutor(3) as pool:
        waiting = [pool.submit(client.post, "/v1/answer", json=QUESTION) for _ in range(3)]
        until(lambda: guarded.service.in_flight == 3)
        refused = client.post("/v1/answer", json=QUESTION)
        fake.gate.set()
        answers = [each.result().json()["answer"] for each in waiting]
    assert code(refused) == (429, "queue_full")
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    assert answers == ["B", "B", "B"]


def test_a_deadline_ends_a_request_and_its_work(client: httpx2.Client, fake: FakeEngine) -> None:
    """504 when the time of the header is over, though the model is still busy."""
    with held(fake):
        late = client.post("/v1/answer", json=QUESTION, headers={"x-deadline-seconds": "0.05"})
    assert code(late) == (504, "deadline_exceeded")
    assert "No answer within the deadline of 0.05 s" in late.json()["error"]["message"]
    wrong = client.post("/v1/answer", json=QUESTION, headers={"x-deadline-seconds": "soon"})
    assert wrong.status_code == 400


@pytest.mark.parametrize("stream", [True, False])
def test_a_client_that_hangs_up_cancels_its_work(
    client: httpx2.Client, fake: FakeEngine, guarded: Running, stream: bool
) -> None:
    """Its row leaves the batch between two tokens, plain or streamed."""
    dropped = len(fake.dropped)
    body = json.dumps({"prompt": "a" * 4000, "max_tokens": 4000, "stream": stream})
    head = "POST /v1/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer secret\r\n"
    head += f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    with held(fake):
        with connected(guarded) as impatient:
            impatient.sendall(f"{head}{body}".encode())
            assert fake.entered.wait(PATIENCE_S)
        until(lambda: guarded.service.in_flight == 0)
    until(lambda: len(fake.dropped) == dropped + 1)
    assert not fake.running()


def test_a_pass_that_fails_is_500_without_the_cause(
    client: httpx2.Client, caplog: pytest.LogCaptureFixture
) -> None:
    """The cause goes to the log, not to the stranger."""
    reply = client.post("/v1/answer", json={"question": "poison", "choices": ["a", "b"]})
    assert code(reply) == (500, "internal_error")
    assert "poisoned" not in reply.text
    assert "poisoned" in caplog.text


def test_an_error_in_a_stream_that_has_begun_is_its_last_event(
    client: httpx2.Client, fake: FakeEngine
) -> None:
    """The status is gone by then: the event says what happened, and [DONE] does not follow. Before
    the first event a refusal still has its status.
    """
    asked = {"prompt": "a" * 4000, "max_tokens": 4000, "stream": True}
    for deadline_s in (0.5, 5, 50):  # on a busy machine it is over before the stream has begun
        fake.gate.set()
        soon = {"x-deadline-seconds": str(deadline_s)}
        with client.stream("POST", "/v1/completions", json=asked, headers=soon) as reply:
            lines = reply.iter_lines()
            first = next(lines)
            fake.gate.clear()
            rest = [line for line in lines if line]
        if reply.status_code == 200:
            break
        assert (reply.status_code, "deadline_exceeded" in first) == (504, True)
    fake.gate.set()
    assert reply.status_code == 200
    assert '"text": "a"' in first
    assert "deadline_exceeded" in rest[-1]
    refused = client.post("/v1/completions", json={**asked, "prompt": "refuse"})
    assert code(refused) == (400, "bad_request")


def test_metrics_count_what_happened(client: httpx2.Client) -> None:
    """Prometheus' text names routes, statuses and the jobs of passes, and no path of a stranger."""
    client.get("/v1/nothing/secret-path")
    assert client.post("/v1/answer", json=QUESTION).status_code == 200
    answered = 'underdog_requests_total{route="/v1/answer",status="200"}'
    until(lambda: answered in client.get("/metrics").text)
    text = client.get("/metrics").text
    assert 'underdog_requests_total{route="other",status="404"}' in text
    assert 'underdog_pass_jobs_bucket{kind="answer"' in text
    assert "secret-path" not in text


def test_stopping_finishes_what_is_in_flight_and_refuses_what_is_new(fake: FakeEngine) -> None:
    """While one request is in work: new ones are 503, readiness says stopping; then its answer
    comes, and the server ends.
    """
    with serving(fake, limits=LIMITS) as running, running.client() as client:
        with held(fake), ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(client.post, "/v1/answer", json=QUESTION)
            until(lambda: running.service.in_flight == 1)
            running.server.stop()
            refused = client.post("/v1/answer", json=QUESTION)
            ready = client.get("/ready")
            fake.gate.set()
            assert waiting.result().json()["answer"] == "B"
        assert code(refused) == (503, "stopping")
        assert ready.status_code == 503
        running.thread.join(PATIENCE_S)
        assert not running.thread.is_alive()


def test_headers_that_never_end_cost_a_connection_for_a_while_only() -> None:
    """A client that dribbles half a header is cut; others are served after."""

    class Impatient(PatientProtocol):
        patience_s = 0.3

    with serving(FakeEngine(), protocol=Impatient) as running:
        with connected(running) as half:
            half.sendall(b"GET /health HTTP/1.1\r\nhost:")
            assert half.recv(100) == b""
        Impatient.patience_s = PATIENCE_S
        with running.client() as client:
            assert client.get("/health").status_code == 200
