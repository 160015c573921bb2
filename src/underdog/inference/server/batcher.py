"""The one thread that uses the model: what waits joins the next pass, replies in work go on.

In: jobs from any thread. Out: events, handed over pass by pass. Between two tokens of the replies
in work, questions that came meanwhile are scored in one pass and new prompts are read in one pass.
Questions that would keep the model for longer than a pass may take, by what passes took before, are
scored in several, so that the first answers do not wait for the last and clients that have given up
meanwhile cost nothing. Never: an event loop, a job of a client that is gone.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from underdog.inference.pace import Pace
from underdog.inference.server.engine import Delta, Engine, Generation, Prompt, Refused, Sampling
from underdog.mcq.prediction import Prediction
from underdog.mcq.question import Question

_KEYS = itertools.count()


class Failed(NamedTuple):
    """A job that ended in an error; ours unless it is an InputError."""

    error: Exception


Event = Prediction | Delta | Failed


class Asked(NamedTuple):
    """A reply to make."""

    prompt: Prompt
    sampling: Sampling


@dataclass(slots=True, eq=False)
class Job:
    """A question to answer or a reply to make. Whoever waits for it sets `cancelled`."""

    model: str
    work: Question | Asked
    cancelled: bool = False
    key: int = field(default_factory=lambda: next(_KEYS))


class Pass(NamedTuple):
    """One use of the model: what for, and for how many jobs."""

    kind: str
    jobs: int


@dataclass(frozen=True, slots=True)
class BatchLimits:
    """How much is done at a time."""

    rows: int = 64
    """Replies of one model in work at a time, at least 1; further ones wait."""
    questions: int = 128
    """Questions scored between two tokens of the replies in work, at least 1."""
    pass_s: float = 15.0
    """Seconds that scoring may keep the model at a time; one question is always scored. A quarter
    of the server's deadline: an answer waits for the pass in work and for its own."""


class Batcher:
    """Owns the thread. `deliver` is called on it, once per pass, with every event of the pass."""

    def __init__(
        self,
        engine: Engine,
        deliver: Callable[[Sequence[tuple[Job, Event]]], None],
        *,
        limits: BatchLimits | None = None,
        observe: Callable[[Pass], None] = lambda _: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._engine, self._deliver, self._observe = engine, deliver, observe
        self._limits = limits or BatchLimits()
        self._clock, self._paces = clock, defaultdict[str, Pace](Pace)
        self._waiting: deque[Job] = deque()
        self._working: dict[int, Job] = {}
        self._wake = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="model", daemon=True)

    def begin(self) -> None:
        """Start the thread."""
        self._thread.start()

    def submit(self, jobs: Sequence[Job]) -> None:
        """From any thread; nothing waits here."""
        with self._wake:
            self._waiting.extend(jobs)
            self._wake.notify()

    @property
    def alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread.is_alive()

    @property
    def waiting(self) -> int:
        """Jobs that no pass has taken yet."""
        return len(self._waiting)

    def close(self) -> None:
        """Stop when the pass in work is over; waits for it. What still waits is dropped."""
        with self._wake:
            self._closed = True
            self._wake.notify()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while True:
            with self._wake:
                while not (self._closed or self._waiting or self._working):
                    self._wake.wait()
                if self._closed:
                    return
                fresh = self._take()
            self._drop_cancelled()
            for model in dict.fromkeys(job.model for job in fresh):
                mine = [job for job in fresh if job.model == model and not job.cancelled]
                self._answer(model, [job for job in mine if isinstance(job.work, Question)])
                self._start(model, [job for job in mine if isinstance(job.work, Asked)])
            for model in self._engine.running():
                self._step(model)

    def _take(self) -> list[Job]:
        """What joins the next pass, in the order it came; what has no room keeps its place."""
        taken: list[Job] = []
        left: deque[Job] = deque()
        questions, room = self._limits.questions, dict[str, int]()
        for job in self._waiting:
            if isinstance(job.work, Question):
                fits, questions = questions > 0, questions - 1
            else:
                free = room.setdefault(job.model, self._limits.rows - self._rows_of(job.model))
                fits, room[job.model] = free > 0, free - 1
            if not job.cancelled:
                (taken if fits else left).append(job)
        self._waiting = left
        return taken

    def _rows_of(self, model: str) -> int:
        return sum(job.model == model for job in self._working.values())

    def _drop_cancelled(self) -> None:
        gone = [job for job in self._working.values() if job.cancelled]
        for job in gone:
            self._engine.drop(job.model, {job.key})
            del self._working[job.key]

    def _answer(self, model: str, jobs: Sequence[Job]) -> None:
        """As many at a time as fit into a pass; who has gone meanwhile is not answered."""
        left, pace = list(jobs), self._paces[model]
        while left:
            fits = pace.fits(_questions(left), self._limits.pass_s) if pace.known else len(left)
            part = left[: max(fits, 1)]
            left = [job for job in left[len(part) :] if not job.cancelled]
            begun = self._clock()
            self._score(model, part)
            pace.note(_questions(part), self._clock() - begun)

    def _score(self, model: str, jobs: Sequence[Job]) -> None:
        self._observe(Pass("answer", len(jobs)))
        questions = _questions(jobs)
        try:
            predictions = self._engine.answer(model, questions)
        except Exception as error:  # noqa: BLE001  (the server round a request, style rule 26)
            self._one_by_one(error, model, jobs, self._score)
            return
        self._deliver(list(zip(jobs, predictions, strict=True)))

    def _start(self, model: str, jobs: Sequence[Job]) -> None:
        if not jobs:
            return
        self._observe(Pass("start", len(jobs)))
        by_key = {job.key: job for job in jobs}
        wanted = [
            Generation(job.key, job.work.prompt, job.work.sampling)
            for job in jobs
            if isinstance(job.work, Asked)
        ]
        try:
            told = self._engine.start(model, wanted)
        except Exception as error:  # noqa: BLE001  (the server round a request)
            self._engine.drop(model, set(by_key))
            self._one_by_one(error, model, jobs, self._start)
            return
        self._working |= by_key
        self._hand_over(told)

    def _step(self, model: str) -> None:
        mine = {key: job for key, job in self._working.items() if job.model == model}
        self._observe(Pass("step", len(mine)))
        try:
            told = self._engine.step(model)
        except Exception as error:  # noqa: BLE001  (the server round a request)
            self._engine.drop(model, set(mine))
            for key in mine:
                del self._working[key]
            self._deliver([(job, Failed(error)) for job in mine.values()])
            return
        self._hand_over(told)

    def _one_by_one(
        self,
        error: Exception,
        model: str,
        jobs: Sequence[Job],
        again: Callable[[str, Sequence[Job]], None],
    ) -> None:
        """One bad request must not take those with it that happened to share its pass."""
        if len(jobs) == 1:
            self._deliver([(jobs[0], Failed(error))])
            return
        for job in jobs:
            again(model, [job])

    def _hand_over(self, told: Sequence[Delta | Refused]) -> None:
        events: list[tuple[Job, Event]] = []
        for each in told:
            job = self._working[each.key]
            if isinstance(each, Refused):
                events.append((job, Failed(each.error)))
            else:
                events.append((job, each))
            if isinstance(each, Refused) or each.finish is not None:
                del self._working[each.key]
        self._deliver(events)


def _questions(jobs: Sequence[Job]) -> list[Question]:
    return [job.work for job in jobs if isinstance(job.work, Question)]
