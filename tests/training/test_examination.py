"""Questions on the way: the best adapter, retention, overfitting, and a real collapse."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from sabotage import HELD_OUT, STEPS, Saboteur, answer, sabotaged_job
from safetensors.torch import load_file
from small_runs import adapter_digests

from fakes import numbered_questions
from underdog.adapters.base import load_base
from underdog.adapters.embedded import find_base
from underdog.data.bank.facts import load_facts, load_relations
from underdog.data.bank.questions import four_choice_questions
from underdog.data.row import Band, Row, Split
from underdog.errors import InputError, RunError
from underdog.evaluation.forgetting import pair_answers
from underdog.evaluation.predictions import read_scored
from underdog.inference.score import scoring_of
from underdog.inference.scorer import ScoringConfig
from underdog.mcq.prediction import Outcome, Prediction
from underdog.mcq.question import Question
from underdog.runs.files import digest_folder
from underdog.runs.metrics import read_metrics
from underdog.training.config import ValidationConfig
from underdog.training.exams import sample
from underdog.training.guards.config import OnGuard, WatchConfig
from underdog.training.record import TrainingJob
from underdog.training.trainer import train

OLD = numbered_questions(300)[260:]
"""40 questions of a retention set."""


class Chosen(Saboteur):
    """Answers as many held-out questions right as a table says for the step, 30 of 60 else; the
    retention questions all at the start, all but eight later.
    """

    def __init__(self, right: dict[int, int]) -> None:
        super().__init__()
        self.right = right

    def ask(self, model: Any, questions: Sequence[Question]) -> tuple[Prediction, ...]:
        """By step; with a probability that falls with the number of right answers."""
        if questions[0].id == OLD[0].id:
            wrong = 0 if self.heard == 0 else 8
        else:
            wrong = 60 - self.right.get(self.heard, 30)
        return tuple(_answer(question, right=at >= wrong) for at, question in enumerate(questions))


def _answer(question: Question, *, right: bool) -> Prediction:
    assert question.answer is not None
    choice = question.answer if right else (question.answer + 1) % len(question.choices)
    log_probs = [math.log(0.1)] * 4
    log_probs[choice] = math.log(0.7)
    order = answer(question, choice).presentation
    return Prediction(question.id, order, Outcome.CLEAN, choice, tuple(log_probs))


def job_with(job: TrainingJob, **validation: Any) -> TrainingJob:
    return replace(job, config=replace(job.config, validation=ValidationConfig(**validation)))


@pytest.fixture
def job(base_folder: Path, tmp_path: Path) -> TrainingJob:
    return replace(sabotaged_job(base_folder, tmp_path / "train"), retention=OLD)


def run(job: TrainingJob, right: dict[int, int]) -> Any:
    chosen = Chosen(right)
    return train(job, ask=chosen.ask, progress=chosen)


def test_the_best_adapter_is_kept_and_named(job: TrainingJob) -> None:
    """Step 15 answers most: best/ holds its weights, adapter/ the last ones, and the result lists
    both with their scores; validations are at every fifth step and at the borders.
    """
    result = run(job_with(job, every_steps=5), {8: 35, 15: 45, 18: 40, 28: 45})
    assert [(each["adapter"], each["step"]) for each in result.adapters] == [
        ("adapter", 28),
        ("best", 15),
    ]
    assert result.best["accuracy"] == 45 / 60
    assert result.start_accuracy == 0.5
    metrics = read_metrics(job.out)
    validated = [event["step"] for event in metrics.events if event["kind"] == "validation"]
    assert validated == [0, 5, 10, 15, 20, 25]
    assert [chunk.step for chunk in metrics.chunks] == [8, 18, 28]
    assert metrics.chunks[0].validation is not None
    assert metrics.chunks[0].validation["accuracy"] == pytest.approx(35 / 60)
    assert metrics.chunks[0].validation["retention_accuracy"] == 0.8


def test_keeping_the_best_makes_it_the_adapter(job: TrainingJob) -> None:
    """adapter/ is best/ byte for byte, and not the last weights."""
    result = run(job_with(job, every_steps=5, keep="best"), {15: 45})
    assert adapter_digests(job.out) == digest_folder(job.out / "best")
    assert result.adapters[0]["step"] == 15
    last = job_with(replace(job, out=job.out.with_name("last")), every_steps=5)
    run(last, {15: 45})
    assert adapter_digests(last.out) != adapter_digests(job.out)


def test_several_adapters_are_kept_for_an_ensemble(job: TrainingJob) -> None:
    """The three best of seven validations, best first, each a PEFT folder; the others are gone."""
    result = run(job_with(job, every_steps=5, best=3), {5: 50, 10: 20, 15: 45, 20: 48})
    kept = [each["adapter"] for each in result.adapters]
    assert kept[:2] == ["adapter", "best"]
    assert kept[2:] == [f"candidates/step-{step:08d}" for step in (5, 20, 15)]
    for name in kept:
        assert (job.out / name / "adapter_model.safetensors").is_file()
    assert len(list((job.out / "candidates").iterdir())) == 3


def test_what_was_forgotten_is_counted_and_its_answers_are_kept(job: TrainingJob) -> None:
    """Eight of forty: in the result with the test's p, and as files that compare to the same."""
    result = run(job, {})
    found = result.forgetting
    counts = (found["learned"], found["kept"], found["forgotten"], found["never"])
    assert counts == (0, 32, 8, 0)
    assert found["winner"] == "before"
    assert "8 were forgotten, 0 learned, 32 kept" in found["sentence"]
    before, after = (
        read_scored(job.out / "retention" / name / "predictions.jsonl")
        for name in ("before", "after")
    )
    assert pair_answers(OLD, before, after).to_json() == found


@pytest.mark.parametrize("on_guard", list(OnGuard))
def test_overfitting_is_named_when_it_starts(job: TrainingJob, on_guard: OnGuard) -> None:
    """From 50 right at step 5 to 20 and 18, while the training loss falls: the event comes with
    the second bad reading, and names the first. It is told, not acted on, under either policy.
    """
    table = {5: 50, 10: 50} | dict.fromkeys((8,), 50) | {15: 20, 18: 18, 20: 18, 25: 18, 28: 30}
    flat = replace(
        job.config,
        schedule=replace(job.config.schedule, epochs=7, replay_capacity=0),
        watch=WatchConfig(on_guard=on_guard),
    )
    one_chunk = tuple(
        replace(row, chunk=0) if row.split is Split.TRAIN else row for row in job.rows[:16]
    )
    held_out = tuple(row for row in job.rows if row.split is Split.VALIDATION)
    single = job_with(
        replace(job, rows=(*one_chunk, *held_out), config=flat, retention=()), every_steps=5
    )
    result = run(single, table)
    (event,) = [e for e in read_metrics(job.out).events if e["kind"] == "overfitting"]
    assert (event["since"], event["step"], event["best_step"]) == (15, 20, 5)
    assert "while the training loss fell" in event["sentence"]
    assert result.overfitting_since == 15
    assert (result.steps, result.remedies) == (28, [])
    assert all(torch.isfinite(weight).all() for weight in final_weights(job).values())


def final_weights(job: TrainingJob) -> dict[str, torch.Tensor]:
    found: dict[str, torch.Tensor] = load_file(job.out / "adapter" / "adapter_model.safetensors")
    return found


class Cramped(Chosen):
    """No room for more than `most` questions at once."""

    def __init__(self, most: int) -> None:
        super().__init__({})
        self.most, self.asked = most, list[int]()

    def ask(self, model: Any, questions: Sequence[Question]) -> tuple[Prediction, ...]:
        """Right or wrong by the question alone, so that slices answer alike."""
        self.asked.append(len(questions))
        if len(questions) > self.most:
            raise torch.OutOfMemoryError("HIP out of memory. Tried to allocate 2.00 GiB")
        return tuple(
            _answer(question, right=int(question.id[:2], 16) % 2 == 0) for question in questions
        )


def test_an_examination_without_room_is_asked_in_halves_with_the_same_answers(
    job: TrainingJob,
) -> None:
    """60 questions become 30, then 15, for this and all later examinations, after a continuation
    too: two events, and the run that had room enough in every number and byte.
    """
    roomy, cramped = Cramped(64), Cramped(20)
    expected = train(replace(job, out=job.out.with_name("roomy")), ask=roomy.ask, progress=roomy)
    with pytest.raises(EOFError):
        train(job, ask=cramped.ask, progress=EndsAt(10))
    result = train(job, ask=cramped.ask, progress=cramped)
    events = [event for event in read_metrics(job.out).events if event["kind"] == "remedy"]
    assert [(event["guard"], event["asked"]) for event in events] == [
        ("memory", 30),
        ("memory", 15),
    ]
    assert events[0]["sentence"] == (
        "Step 0, examination, out of memory: HIP out of memory. Tried to allocate 2.00 GiB. "
        "Remedy: 30 questions at once."
    )
    assert sum(size > 20 for size in cramped.asked) == 2
    assert (result.adapters, result.forgetting) == (expected.adapters, expected.forgetting)
    assert adapter_digests(job.out) == adapter_digests(job.out.with_name("roomy"))
    assert all(torch.isfinite(weight).all() for weight in final_weights(job).values())


class EndsAt(Saboteur):
    """Ends the sitting between two steps, without a checkpoint."""

    def __init__(self, step: int) -> None:
        super().__init__()
        self.last = step

    def advance(self, steps: int = 1, note: str = "") -> None:
        """Steps were done."""
        super().advance(steps, note)
        if self.heard == self.last:
            raise EOFError


@pytest.mark.parametrize(
    ("most", "on_guard", "said"),
    [
        (20, OnGuard.STOP, 'after step 0, 60 at once: HIP out of .* on_guard "remedy", which asks'),
        (0, OnGuard.REMEDY, "after step 0, 1 at once: HIP out of .* validation_questions of 0"),
    ],
)
def test_an_examination_that_cannot_be_held_ends_the_run_with_its_cause(
    job: TrainingJob, most: int, on_guard: OnGuard, said: str
) -> None:
    """At once under "stop"; under "remedy" when not even one question fits."""
    cramped = Cramped(most)
    watch = replace(job.config.watch, on_guard=on_guard)
    with pytest.raises(RunError, match=said):
        train(replace(job, config=replace(job.config, watch=watch)), ask=cramped.ask)
    (event,) = [e for e in read_metrics(job.out).events if e["kind"] == "stopped"]
    assert event["guard"] == "memory"


def test_real_answers_are_the_same_in_halves(base_folder: Path, tmp_path: Path) -> None:
    """Through the real scorer, which halves its own batches, with room for 8 rows of a pass in
    training and examination alike: no remedy is needed, the same choices, the same adapter,
    log-probabilities within rounding.
    """
    jobs = [sabotaged_job(base_folder, tmp_path / name) for name in ("roomy", "cramped")]
    for job, rows in zip(jobs, (10**6, 8), strict=True):
        ask = scoring_of(job.base.tokenizer, ScoringConfig(style=job.config.style))

        def check(_module: Any, inputs: Any, rows: int = rows) -> None:
            if inputs[0].shape[0] > rows:
                raise torch.OutOfMemoryError("HIP out of memory. Tried to allocate 2.00 GiB")

        hook = job.base.model.get_input_embeddings().register_forward_pre_hook(check)
        train(job, ask=ask)
        hook.remove()
    roomy, cramped = (read_metrics(job.out) for job in jobs)
    assert {event["kind"] for event in cramped.events} == {"validation"}
    for one, other in zip(roomy.chunks, cramped.chunks, strict=True):
        assert one.validation is not None
        assert other.validation is not None
        assert one.validation["accuracy"] == other.validation["accuracy"]
        assert one.validation["nll"] == pytest.approx(other.validation["nll"], abs=1e-4)
    assert adapter_digests(jobs[0].out) == adapter_digests(jobs[1].out)


def test_a_sample_is_seeded_ordered_and_without_unknown_keys() -> None:
    """The same seed gives the same questions, in the order in which they came."""
    unknown = Question("Who?", ("a", "b"), None)
    questions = (unknown, *HELD_OUT)
    assert sample(questions, 200, seed=1) == HELD_OUT
    some = sample(questions, 20, seed=1)
    assert some == sample(questions, 20, seed=1) != sample(questions, 20, seed=2)
    places = [HELD_OUT.index(question) for question in some]
    assert places == sorted(places)


def test_the_best_needs_something_to_be_best_at(job: TrainingJob) -> None:
    """No held-out rows, or none asked: refused before any work."""
    trained = tuple(row for row in job.rows if row.split is Split.TRAIN)
    with pytest.raises(InputError, match="held-out questions are needed to keep the best"):
        run(job_with(replace(job, rows=trained), keep="best"), {})
    with pytest.raises(InputError, match="a validation with a best adapter"):
        ValidationConfig(questions=0, keep="best")
    with pytest.raises(InputError, match="every_steps of at least 1"):
        ValidationConfig(every_steps=0)
    with pytest.raises(InputError, match='keep "last" or "best"'):
        ValidationConfig(keep="first")
    with pytest.raises(InputError, match="questions and best of at least 0"):
        ValidationConfig(questions=-1)
    assert STEPS == 28


@pytest.mark.slow
def test_a_learning_rate_far_too_high_collapses_the_tiny_base(
    job: TrainingJob, tmp_path: Path
) -> None:
    """Real answers of the embedded base: at 0.1 per step it falls to chance within one chunk and
    the guard says so; at 1e-3 on the same rows it learns, and no guard says anything.
    """
    made = four_choice_questions(load_facts(), load_relations(), seed=1, per_fact=1)
    by_group = sorted(made, key=lambda each: each.group)[:360]
    rows = tuple(
        Row(
            each.question,
            each.group,
            0.5,
            Band.EASY,
            Split.VALIDATION if at % 3 == 0 else Split.TRAIN,
            None if at % 3 == 0 else at // 180,
            None if at % 3 == 0 else at,
        )
        for at, each in enumerate(by_group)
    )
    seen = {}
    for name, rate in (("hot", 0.1), ("plain", 1e-3)):
        base = load_base(find_base("tiny-base"))
        schedule = replace(job.config.schedule, learning_rate=(rate, rate), batch_size=16)
        config = replace(job.config, schedule=schedule, guard=type(job.config.guard)())
        real = TrainingJob(rows, base, config, job.adapter, tmp_path / name, {})
        result = train(real, ask=scoring_of(base.tokenizer, ScoringConfig()))
        seen[name] = [each["guard"] for each in result.remedies]
    assert "collapse" in seen["hot"]
    assert seen["plain"] == []
