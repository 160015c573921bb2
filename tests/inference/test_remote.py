"""A model behind another server answers as one in memory does, and faults are outcomes."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from fake_engine import FakeEngine
from fakes import numbered_questions
from real_server import serving, tiny_scorer
from underdog.errors import InputError
from underdog.inference.remote import RemoteScorer, Way, open_remote
from underdog.inference.remote_client import Cost, RemoteConfig, RemoteError
from underdog.inference.score import score
from underdog.inference.scorer import Normalisation, ScoringConfig
from underdog.inference.server.guard import GuardConfig
from underdog.inference.server.resident import ResidentEngine, Voice
from underdog.mcq.prediction import Outcome
from underdog.mcq.prompt import PromptStyle
from underdog.mcq.question import Question

ACCENTED = Question("Où est la 漢字 tour Eiffel?", ("à Zürich", "à 東京", "à Paris", "à Łódź"), 2)
QUESTIONS = (*numbered_questions(3), ACCENTED)
LETTERS = ScoringConfig(style=PromptStyle.LETTERS)
Reply = tuple[int, dict[str, str], Any]


class Scripted:
    """A server whose replies are a function of the path, the body, and how often it was asked."""

    def __init__(self, reply: Callable[[str, dict[str, Any], int], Reply]) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []
        script = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                script.asked.append((self.path, body))
                status, headers, value = reply(self.path, body, len(script.asked))
                data = value if isinstance(value, bytes) else json.dumps(value).encode()
                self.send_response(status)
                for name, text in {**headers, "content-length": str(len(data))}.items():
                    self.send_header(name, text)
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: object) -> None:
                """Nothing is printed."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def config(self, **more: Any) -> RemoteConfig:
        url = f"http://127.0.0.1:{self.server.server_address[1]}/v1"
        return RemoteConfig(url, "any", **{"pause_s": 0.0, "concurrency": 1, **more})


@pytest.fixture
def scripted() -> Iterator[Callable[..., Scripted]]:
    made: list[Scripted] = []

    def make(reply: Callable[[str, dict[str, Any], int], Reply]) -> Scripted:
        made.append(Scripted(reply))
        return made[-1]

    yield make
    for each in made:
        each.server.shutdown()
        each.server.server_close()


def first_token(*top: tuple[str, float]) -> dict[str, Any]:
    told = [{"token": text, "logprob": value} for text, value in top]
    content = [{"token": top[0][0], "logprob": top[0][1], "top_logprobs": told}]
    message = {"content": top[0][0]}
    choice = {"message": message, "logprobs": {"content": content}, "finish_reason": "length"}
    return {"choices": [choice], "usage": {"prompt_tokens": 7, "completion_tokens": 1}}


def text(content: str | None, **more: Any) -> dict[str, Any]:
    return {"choices": [{"message": {"content": content, **more}, "finish_reason": "stop"}]}


@pytest.mark.parametrize("style", list(PromptStyle))
@pytest.mark.parametrize(
    "normalisation", [each for each in Normalisation if each is not Normalisation.UNCONDITIONAL]
)
def test_echo_gives_the_predictions_of_the_same_model_in_memory(
    echoing: RemoteConfig, style: PromptStyle, normalisation: Normalisation
) -> None:
    """Against a real server of the same weights: choices equal, log-probabilities within 1e-4."""
    config = ScoringConfig(style=style, normalisation=normalisation)
    remote = open_remote(echoing, config)
    assert remote.way is Way.ECHO
    expected = score(QUESTIONS, tiny_scorer(style=style, normalisation=normalisation))
    for found, known in zip(remote.score(QUESTIONS), expected, strict=True):
        assert (found.choice, found.presentation) == (known.choice, known.presentation)
        assert found.log_probs == pytest.approx(known.log_probs, abs=1e-4)
        assert found.elapsed_s is not None
    assert remote.cost.calls == 4
    assert remote.cost.prompt_tokens > 4 * 4 * 20


@pytest.fixture(scope="module")
def echoing() -> Iterator[RemoteConfig]:
    with serving(ResidentEngine({"tiny": Voice(tiny_scorer())})) as running:
        yield RemoteConfig(f"{running.address}/v1", "tiny")


def test_letters_are_read_from_the_first_token_where_nothing_echoes(
    scripted: Callable[..., Scripted],
) -> None:
    """With and without a space is one letter; one not told takes the least told."""

    def reply(path: str, body: dict[str, Any], count: int) -> Reply:
        if path == "/v1/completions":
            return 404, {}, {"error": {"message": "no such route"}}
        return 200, {}, first_token((" B", -0.5), ("A", -1.5), ("B", -2.0), ("x", -4.0))

    server = scripted(reply)
    remote = open_remote(server.config(), LETTERS)
    assert remote.way is Way.FIRST_TOKEN
    (found,) = remote.score(QUESTIONS[:1])
    order = found.presentation
    assert found.choice == order.choice("B")
    assert found.log_probs is not None
    by_letter = [found.log_probs[order.choice(letter)] for letter in "ABCD"]
    assert by_letter[1] - by_letter[0] == pytest.approx(1.0)
    assert by_letter[2] == by_letter[3] == pytest.approx(by_letter[1] - 3.5)
    assert (remote.cost.prompt_tokens, remote.cost.completion_tokens) == (7, 1)


def test_what_only_a_model_in_memory_is_asked_is_refused(echoing: RemoteConfig) -> None:
    """Rather than scored in another way without a word."""
    for config in (
        ScoringConfig(normalisation=Normalisation.UNCONDITIONAL),
        ScoringConfig(instruction="Be brief."),
    ):
        with pytest.raises(InputError, match="plain prompts for a model behind a server"):
            open_remote(echoing, config)


def test_choice_texts_need_an_echo(scripted: Callable[..., Scripted]) -> None:
    """A chat tells the letters' probabilities only: the error says what to ask for instead."""
    server = scripted(lambda *_: (200, {}, text("A")))
    with pytest.raises(InputError, match=r"one that offers text\. Try: --style letters"):
        open_remote(server.config(), ScoringConfig(style=PromptStyle.TEXTS))


@pytest.mark.parametrize(
    ("content", "more", "outcome"),
    [
        ("B", {}, Outcome.CLEAN),
        ('{"answer": "B"}', {}, Outcome.REPAIRED),
        ("perhaps", {}, Outcome.MALFORMED),
        ("", {"refusal": "no"}, Outcome.REFUSED),
        (None, {}, Outcome.MALFORMED),
    ],
)
def test_short_texts_are_parsed_and_never_guessed(
    scripted: Callable[..., Scripted], content: str | None, more: dict[str, Any], outcome: Outcome
) -> None:
    """What names one letter is a choice; everything else is an outcome without one. A server that
    knows no schemas is asked again without.
    """

    def reply(path: str, body: dict[str, Any], count: int) -> Reply:
        if "response_format" in body:
            return 400, {}, {"error": {"message": "unknown field"}}
        return 200, {}, text(content, **more)

    server = scripted(reply)
    (found,) = open_remote(server.config(), LETTERS, way=Way.TEXT).score(QUESTIONS[:1])
    assert found.outcome is outcome
    assert found.choice == (found.presentation.choice("B") if outcome in "clean repaired" else None)
    assert [("response_format" in body) for _, body in server.asked] == [True, False]


def test_a_busy_server_is_asked_again_and_a_wrong_request_is_not(
    scripted: Callable[..., Scripted],
) -> None:
    """429 with Retry-After and a cut connection's 503 are tried again; 400 at once is not."""

    def reply(path: str, body: dict[str, Any], count: int) -> Reply:
        if count == 1:
            return 429, {"retry-after": "0"}, {"error": {"message": "busy"}}
        if count == 2:
            return 503, {}, b"<html>"
        if count == 3:
            return 200, {}, first_token(("A", -0.1))
        return 400, {}, {"error": {"message": "context too long"}}

    server = scripted(reply)
    remote = open_remote(server.config(), LETTERS, way=Way.FIRST_TOKEN)
    first, second = remote.score(QUESTIONS[:2])
    assert first.outcome is Outcome.CLEAN
    assert second.outcome is Outcome.CRASHED
    assert remote.cost == Cost(calls=4, retries=2, prompt_tokens=7, completion_tokens=1)


def test_a_server_that_wants_too_long_a_pause_or_never_answers_makes_late_and_crashed(
    scripted: Callable[..., Scripted],
) -> None:
    """An hour's Retry-After is not waited for; a timeout is late; other questions go on."""
    hour = scripted(lambda *_: (429, {"retry-after": "3600"}, {}))
    (found,) = open_remote(hour.config(), LETTERS, way=Way.TEXT).score(QUESTIONS[:1])
    assert (found.outcome, len(hour.asked)) == (Outcome.CRASHED, 1)
    late = scripted(lambda *_: (504, {}, {}))
    (found,) = open_remote(late.config(tries=2), LETTERS, way=Way.TEXT).score(QUESTIONS[:1])
    assert (found.outcome, len(late.asked)) == (Outcome.LATE, 2)


def test_what_has_no_answer_in_time_is_late_whatever_the_client_would_wait(
    scripted: Callable[..., Scripted],
) -> None:
    """A server that holds its replies back, and a client that would wait a minute for each."""
    release = threading.Event()

    def reply(_path: str, _body: dict[str, Any], _count: int) -> Reply:
        release.wait(60)
        return 200, {}, first_token(("A", -0.1))

    config = scripted(reply).config(concurrency=4, timeout_s=60.0)
    scorer = RemoteScorer(config, LETTERS, Way.FIRST_TOKEN, Cost())
    try:
        found = scorer.score(numbered_questions(2), within_s=0.3)
    finally:
        release.set()
    assert [(each.outcome, each.choice) for each in found] == [(Outcome.LATE, None)] * 2


def test_no_server_and_a_wrong_key_end_the_run_with_the_reason(
    scripted: Callable[..., Scripted], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is scored as wrong because an address or a key was."""
    nowhere = RemoteConfig("http://127.0.0.1:9/v1", "any", tries=1)
    with pytest.raises(RemoteError, match="a server that can be reached"):
        open_remote(nowhere, LETTERS)
    with serving(FakeEngine(), guard=GuardConfig(api_key="secret")) as running:
        config = RemoteConfig(f"{running.address}/v1", "fake", api_key_env="TEST_REMOTE_KEY")
        with pytest.raises(InputError, match="TEST_REMOTE_KEY"):
            open_remote(config, LETTERS)
        monkeypatch.setenv("TEST_REMOTE_KEY", "wrong")
        with pytest.raises(RemoteError, match="401: A valid API key is needed"):
            open_remote(config, LETTERS)
