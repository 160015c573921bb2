"""The model's thread: who shares a pass, what one fault takes with it, what is forgotten."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence

import pytest

from fake_engine import FakeEngine
from fakes import FakeClock, numbered_questions
from patience import PATIENCE_S
from underdog.inference.server.batcher import Asked, Batcher, BatchLimits, Event, Failed, Job
from underdog.inference.server.engine import Delta, Sampling
from underdog.mcq.question import Question


class Told:
    """Events by job; `wait` returns when every job has ended."""

    def __init__(self) -> None:
        self.events: list[tuple[Job, Event]] = []
        self._changed = threading.Condition()

    def __call__(self, events: Sequence[tuple[Job, Event]]) -> None:
        with self._changed:
            self.events += events
            self._changed.notify_all()

    def of(self, job: Job) -> list[Event]:
        return [event for owner, event in self.events if owner is job]

    def wait(self, *jobs: Job) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: all(map(self._ended, jobs)), PATIENCE_S)

    def _ended(self, job: Job) -> bool:
        return any(not isinstance(each, Delta) or each.finish for each in self.of(job))


class Bench:
    """An engine behind its thread."""

    def __init__(self, limits: BatchLimits | None = None) -> None:
        self.engine, self.told = FakeEngine(), Told()
        self.clock = FakeClock()
        self.batcher = Batcher(self.engine, self.told, limits=limits, clock=self.clock)

    def submit(self, *works: Question | Asked) -> list[Job]:
        jobs = [Job("fake", work) for work in works]
        self.batcher.submit(jobs)
        return jobs


@pytest.fixture
def bench() -> Iterator[Bench]:
    found = Bench(BatchLimits(rows=2, questions=8))
    yield found
    found.engine.gate.set()
    found.batcher.close()


def text(prompt: str) -> Asked:
    return Asked(prompt, Sampling(max_tokens=10))


def test_what_arrives_during_a_pass_shares_the_next_one(bench: Bench) -> None:
    """While one question is being scored five more arrive: they are one pass, not five."""
    questions = numbered_questions(6)
    bench.engine.gate.clear()
    bench.batcher.begin()
    first = bench.submit(questions[0])
    assert bench.engine.entered.wait(PATIENCE_S)
    rest = [job for question in questions[1:] for job in bench.submit(question)]
    bench.engine.gate.set()
    bench.told.wait(*first, *rest)
    assert bench.engine.passes == [("answer", 1), ("answer", 5)]


def test_replies_advance_together_and_a_full_batch_makes_others_wait(bench: Bench) -> None:
    """Two rows: the third prompt starts when a row is free, and every reply is whole."""
    jobs = bench.submit(text("abcd"), text("ab"), text("xyz"))
    bench.batcher.begin()
    bench.told.wait(*jobs)
    made = [
        "".join(each.text for each in bench.told.of(job) if isinstance(each, Delta)) for job in jobs
    ]
    assert made == ["abcd", "ab", "xyz"]
    assert bench.engine.passes[:2] == [("start", 2), ("step", 2)]
    assert ("start", 1) in bench.engine.passes
    assert max(size for kind, size in bench.engine.passes if kind == "step") == 2


def test_questions_are_scored_between_two_tokens_of_a_reply(bench: Bench) -> None:
    """A long reply does not make a question wait for its end."""
    reply = bench.submit(text("a" * 10))
    questions = bench.submit(*numbered_questions(1))
    bench.batcher.begin()
    bench.told.wait(*reply, *questions)
    kinds = [kind for kind, _ in bench.engine.passes]
    assert kinds.index("answer") < len(kinds) - 1 - kinds[::-1].index("step")


def test_a_poisoned_request_fails_alone(bench: Bench) -> None:
    """A pass that fails is repeated one by one: only the request that breaks it is told so."""
    good = numbered_questions(2)
    bad = Question("poison?", ("a", "b"), None)
    answers = bench.submit(good[0], bad, good[1])
    replies = bench.submit(text("ab"), text("poison"))
    bench.batcher.begin()
    bench.told.wait(*answers, *replies)
    failed = [job for job, event in bench.told.events if isinstance(event, Failed)]
    assert failed == [answers[1], replies[1]]


def test_cancelled_jobs_are_dropped_waiting_or_in_work(bench: Bench) -> None:
    """Nobody computes for a client that is gone: its row leaves, a waiting prompt never starts."""
    bench.engine.gate.clear()
    jobs = bench.submit(text("a" * 10), text("b" * 10), text("c" * 10))
    bench.batcher.begin()
    assert bench.engine.entered.wait(PATIENCE_S)
    jobs[0].cancelled = jobs[2].cancelled = True
    bench.engine.gate.set()
    bench.told.wait(jobs[1])
    assert bench.engine.dropped == [jobs[0].key]
    assert bench.told.of(jobs[2]) == []


def test_closing_ends_the_thread(bench: Bench) -> None:
    """Also while a reply is in work."""
    bench.engine.gate.clear()
    bench.submit(text("a" * 10))
    bench.batcher.begin()
    assert bench.engine.entered.wait(PATIENCE_S)
    threading.Timer(0.05, bench.engine.gate.set).start()
    bench.batcher.close()
    assert not bench.batcher.alive


def test_questions_of_a_slow_model_are_scored_in_passes_that_fit(bench: Bench) -> None:
    """A question took 4 s: eight that wait together are scored in passes of one, since two may take
    more than the 15 s of a pass at half that pace; one whose client has gone is not scored.
    """
    questions = numbered_questions(9)
    answer = bench.engine.answer

    def slowly(model: str, asked: Sequence[Question]) -> Sequence[object]:
        bench.clock.advance(4.0 * len(asked))
        jobs[-1].cancelled = True
        return answer(model, asked)

    jobs = [Job("fake", each) for each in questions]
    bench.engine.answer = slowly  # type: ignore[method-assign, assignment]
    bench.batcher.submit(jobs[:1])
    bench.batcher.begin()
    bench.told.wait(jobs[0])
    bench.batcher.submit(jobs[1:])
    bench.told.wait(*jobs[1:-1])
    assert bench.engine.passes == [("answer", 1)] * 8
    assert not bench.told.of(jobs[-1])
