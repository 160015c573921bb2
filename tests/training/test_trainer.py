"""A whole run: what it leaves on disk, what it refuses, what it keeps from the weights."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from small_runs import STEPS, adapter_digests, small_job

from fakes import FakeClock, tiny_qwen2
from underdog.adapters.base import load_base
from underdog.data.row import Band, Row, Split
from underdog.errors import InputError, RunError
from underdog.hardware.machine import usable_cores
from underdog.mcq.prompt import PromptStyle
from underdog.mcq.question import Question
from underdog.runs.manifest import read_manifest
from underdog.runs.metrics import read_metrics
from underdog.training.batches import Encoder, answer_loss, choose_rows, collate
from underdog.training.config import ExecutionConfig, OptimizerConfig, TrainingConfig
from underdog.training.guards.config import OnGuard, WatchConfig
from underdog.training.record import TrainingJob, default_threads
from underdog.training.trainer import make_plan, train


def test_a_run_leaves_what_the_contract_says(job: TrainingJob) -> None:
    """Manifest, metrics, readings, checkpoints, adapter, result, TensorBoard; loss goes down."""
    result = train(job)
    left = {path.name for path in job.out.iterdir()}
    expected = {"adapter", "checkpoints", "tensorboard", "manifest.json", "metrics.jsonl"}
    assert left == expected | {"readings.log", "result.json", ".lock"}
    assert {path.name for path in result.adapter.iterdir()} == {
        "adapter_config.json",
        "adapter_model.safetensors",
    }
    metrics = read_metrics(job.out)
    assert [step.step for step in metrics.steps] == list(range(1, STEPS + 1))
    assert [(chunk.chunk, chunk.step) for chunk in metrics.chunks] == [(0, 4), (1, 9), (2, 14)]
    assert sum(step.loss for step in metrics.steps[-4:]) < sum(
        step.loss for step in metrics.steps[:4]
    )
    assert result.samples == sum(step.samples for step in metrics.steps) == 48 + 2 + 3
    assert sum(step.replayed for step in metrics.steps) == 5
    rates = {step.chunk: step.learning_rate for step in metrics.steps}
    assert rates == pytest.approx({0: 1e-2, 1: 7.5e-3, 2: 5e-3})


def test_the_manifest_says_what_decides_the_result(job: TrainingJob) -> None:
    """Recipe, data, base and code in the identity; threads and machine in the context."""
    train(job)
    manifest = read_manifest(job.out)
    assert {"training", "adapter", "data_digest", "base_digest", "code_version"} <= set(
        manifest.identity
    )
    assert manifest.context["threads"] == 1
    assert "checkpoints" not in manifest.identity["training"]
    assert manifest.context["machine"]["packages"]["torch"] == torch.__version__


def test_small_bases_train_on_one_thread_unless_told(job: TrainingJob) -> None:
    """Without a number, a base under 10M weights takes one thread and a larger one all cores."""
    assert default_threads(job.base.model) == 1
    large = torch.nn.Linear(1000, 10_000, bias=False, device="meta")
    assert default_threads(large) == usable_cores()


def test_tensorboard_events_hold_every_step(job: TrainingJob) -> None:
    """The loss curve read back by TensorBoard's own reader equals the metrics."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    train(job)
    events = EventAccumulator(str(job.out / "tensorboard"))
    events.Reload()
    read = [(each.step, each.value) for each in events.Scalars("train/loss")]
    written = [(each.step, each.loss) for each in read_metrics(job.out).steps]
    assert [step for step, _ in read] == [step for step, _ in written]
    assert [loss for _, loss in read] == pytest.approx([loss for _, loss in written], rel=1e-6)


def test_the_base_is_itself_again_afterwards(job: TrainingJob) -> None:
    """No adapter, no changed weight, no changed flag stays on the base."""
    model = job.base.model
    before = {name: weight.clone() for name, weight in model.state_dict().items()}
    train(job)
    after = model.state_dict()
    assert list(after) == list(before)
    assert all(torch.equal(after[name], before[name]) for name in before)
    assert all(weight.requires_grad for weight in model.parameters())
    assert not model.training


@pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing`:FutureWarning")
def test_the_adapter_gives_the_same_logits_in_stock_peft(job: TrainingJob) -> None:
    """`PeftModel.from_pretrained` on a fresh base, nothing of ours: logits equal those of the
    trained model to the last bit, and differ from the base's.
    """
    from peft import PeftModel

    ids = torch.arange(1, 25).reshape(2, 12)
    seen: list[torch.Tensor] = []

    def evaluate(model: Any) -> dict[str, Any]:
        seen.append(model(input_ids=ids, use_cache=False).logits.clone())
        return {}

    result = train(job, evaluate=evaluate)
    fresh = load_base(job.base.model.name_or_path).model
    with torch.no_grad():
        plain = fresh(input_ids=ids, use_cache=False).logits
        stock = PeftModel.from_pretrained(fresh, str(result.adapter)).eval()
        again = stock(input_ids=ids, use_cache=False).logits
    assert torch.equal(again, seen[-1])
    assert (again - plain).abs().max() > 0.01


def test_evaluation_is_recorded_and_leaves_no_trace_in_the_weights(
    job: TrainingJob, tmp_path: Path
) -> None:
    """An `evaluate` that draws random numbers sees an evaluating model at each border, its result
    stands in the metrics, and the weights are those of a run without it.
    """
    modes: list[bool] = []

    def evaluate(model: Any) -> dict[str, Any]:
        modes.append(model.training)
        torch.rand(7)
        return {"accuracy": 0.25 * len(modes)}

    train(job, evaluate=evaluate)
    train(replace(job, out=tmp_path / "plain"))
    assert modes == [False, False, False]
    validations = [chunk.validation for chunk in read_metrics(job.out).chunks]
    assert validations == [{"accuracy": 0.25}, {"accuracy": 0.5}, {"accuracy": 0.75}]
    assert adapter_digests(job.out) == adapter_digests(tmp_path / "plain")


@contextmanager
def poisoned(model: Any, calls: set[int]) -> Iterator[None]:
    """The head gives NaN at these forward passes (from 0), as a sick kernel would."""
    count = iter(range(10_000))

    def hook(module: Any, inputs: Any, output: torch.Tensor) -> torch.Tensor:
        return output * float("nan") if next(count) in calls else output

    handle = model.get_output_embeddings().register_forward_hook(hook)
    try:
        yield
    finally:
        handle.remove()


def test_a_nan_step_is_dropped_before_it_reaches_the_weights(job: TrainingJob) -> None:
    """Two poisoned steps of 14: both are recorded with their cause, all weights stay finite, and
    the others count as steps.
    """
    from safetensors.torch import load_file

    with poisoned(job.base.model, {2, 7}):
        result = train(job)
    assert result.dropped_steps == 2
    metrics = read_metrics(job.out)
    dropped = [event for event in metrics.events if event["kind"] == "dropped"]
    assert [event["step"] for event in dropped] == [3, 8]
    assert all(event["reason"] == "the loss is nan" for event in dropped)
    assert len(metrics.steps) == STEPS - 2
    weights = load_file(result.adapter / "adapter_model.safetensors")
    assert all(torch.isfinite(weight).all() for weight in weights.values())


def test_a_run_of_nan_steps_stops_with_its_cause(job: TrainingJob) -> None:
    """Under "stop", after five in a row, the error says since when and what to try; without the
    poison the same folder goes on from the last good checkpoint, under another policy too.
    """
    stopping = replace(job, config=replace(job.config, watch=WatchConfig(on_guard=OnGuard.STOP)))
    with poisoned(job.base.model, set(range(6, 30))), pytest.raises(RunError) as stopped:
        train(stopping)
    assert "5 dropped in a row, the last at step 11: the loss is nan" in str(stopped.value)
    result = train(job)
    assert result.steps == STEPS


def test_accumulation_changes_the_weights_by_rounding_only(
    job: TrainingJob, tmp_path: Path
) -> None:
    """One row per forward pass instead of four: same losses to 1e-4 over the whole run."""
    execution = ExecutionConfig(threads=1, device="cpu", accumulation=4)
    other = replace(job, out=tmp_path / "parts", config=replace(job.config, execution=execution))
    train(job)
    train(other)
    losses = [[step.loss for step in read_metrics(each.out).steps] for each in (job, other)]
    assert losses[0] == pytest.approx(losses[1], rel=1e-4)


@pytest.mark.parametrize("every_n_layers", [1, 2])
def test_activation_checkpointing_changes_nothing_but_memory(
    job: TrainingJob, tmp_path: Path, every_n_layers: int
) -> None:
    """The same activations, computed twice: the weights are equal bit for bit, and the base is
    left without it.
    """
    execution = ExecutionConfig(threads=1, device="cpu", activation_checkpointing=every_n_layers)
    other = replace(job, out=tmp_path / "again", config=replace(job.config, execution=execution))
    train(job)
    train(other)
    assert (
        adapter_digests(job.out)["adapter_model.safetensors"]
        == (adapter_digests(other.out)["adapter_model.safetensors"])
    )
    assert not any(getattr(m, "gradient_checkpointing", False) for m in job.base.model.modules())


def test_letters_train_too_and_differ_from_texts(job: TrainingJob, tmp_path: Path) -> None:
    """Under LETTERS each row has two answer tokens (the letter and the end)."""
    config = replace(job.config, style=PromptStyle.LETTERS)
    train(replace(job, config=config))
    steps = read_metrics(job.out).steps
    assert all(step.answer_tokens == 2 * step.samples for step in steps)


def test_left_out_rows_are_counted_and_said(base_folder: Path, tmp_path: Path) -> None:
    """A row too long and one without an answer: counted in the result, named in the metrics."""
    job = small_job(base_folder, tmp_path / "train")
    long = Row(Question("y" * 600, ("a", "b"), 0), "g", 0.5, Band.HARD, Split.TRAIN, 0, 90)
    unknown = Row(Question("Who?", ("a", "b"), None), "h", 0.5, Band.HARD, Split.TRAIN, 0, 91)
    aside = Row(
        Question("Held out?", ("a", "b"), 1), "i", 0.5, Band.HARD, Split.VALIDATION, None, None
    )
    said: list[str] = []
    result = train(replace(job, rows=(*job.rows, long, unknown, aside)), say=said.append)
    assert (result.too_long, result.without_answer) == (1, 1)
    assert said == ["1 rows left out: too long", "1 rows left out: without answer"]
    left_out = [event for event in read_metrics(job.out).events if event["kind"] == "left_out"]
    assert [event["ids"] for event in left_out] == [[long.question.id], [unknown.question.id]]
    assert result.samples == 48 + 2 + 3


def test_nothing_to_train_on_is_an_error(job: TrainingJob) -> None:
    """No train rows, or all of them too long: said with the counts."""
    with pytest.raises(InputError, match="rows of the train split"):
        train(replace(job, rows=()))
    short = replace(job, config=replace(job.config, max_tokens=5))
    with pytest.raises(InputError, match="48 longer, 0 without answer"):
        train(short)


class Listener:
    """Writes down what it hears."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def begin(self, task: str, total: int | None) -> None:
        self.heard.append(f"{task} {total}")

    def advance(self, steps: int = 1, note: str = "") -> None:
        self.heard.append(note)

    def end(self) -> None:
        self.heard.append("end")


def test_progress_tells_loss_throughput_and_time_left(job: TrainingJob) -> None:
    """With 0.5 s per step of four rows: 8 samples/s, and 13 steps take 7 s more."""
    listener = Listener()
    train(job, progress=listener, clock=FakeClock([0.0, *[0.5] * STEPS]))
    steps = read_metrics(job.out).steps
    assert [step.elapsed_s for step in steps] == [0.5 * at for at in range(1, STEPS + 1)]
    assert [step.samples_per_s for step in steps[:4]] == [8.0] * 4
    begin, first, *_, last, end = listener.heard
    assert (begin, end) == (f"training {STEPS}", "end")
    assert first == f"loss {steps[0].loss:.3f}, 8 samples/s, 7 s left"
    assert " left" not in last


def test_threads_and_deterministic_mode_are_put_back(job: TrainingJob) -> None:
    """A run leaves torch's global settings as it found them, after an error too."""
    torch.set_num_threads(2)
    train(job)
    with pytest.raises(InputError):
        train(replace(job, config=replace(job.config, max_tokens=5), out=job.out / "other"))
    assert torch.get_num_threads() == 2
    assert not torch.are_deterministic_algorithms_enabled()


def test_16_bit_bases_train_with_32_bit_adapters(job: TrainingJob, base_folder: Path) -> None:
    """On bfloat16 weights the adapter and its optimizer stay in float32, and the loss goes down."""
    from safetensors.torch import load_file

    half = replace(job, base=load_base(base_folder, dtype="bfloat16"))
    result = train(half)
    weights = load_file(result.adapter / "adapter_model.safetensors")
    assert {weight.dtype for weight in weights.values()} == {torch.float32}
    losses = [step.loss for step in read_metrics(half.out).steps]
    assert sum(losses[-4:]) < sum(losses[:4])


def test_the_first_loss_is_that_of_the_untouched_base(job: TrainingJob) -> None:
    """Fresh adapters add nothing: it is the base's own loss on the first batch's rows."""
    train(job)
    first = read_metrics(job.out).steps[0]
    encoder = Encoder(job.base.tokenizer, job.config.style, seed=job.config.seed)
    kept, lengths, _ = choose_rows(job.rows, encoder, max_tokens=512)
    plan = make_plan(kept, lengths, encoder, job.config)
    batch = collate([plan.example(shown) for shown in plan.batches[0].rows])
    with torch.no_grad():
        loss = answer_loss(job.base.model, batch) / len(batch.targets)
    assert first.loss == pytest.approx(float(loss), rel=1e-6)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: OptimizerConfig(beta1=1.0), "betas"),
        (lambda: OptimizerConfig(epsilon=0.0), "epsilon"),
        (lambda: ExecutionConfig(threads=0), "threads"),
        (lambda: ExecutionConfig(device="gpu"), 'device "auto" or "cpu"'),
        (lambda: ExecutionConfig(activation_checkpointing=-1), "0 .none., 1 .every layer."),
        (lambda: ExecutionConfig(activation_checkpointing=1.5), "activation_checkpointing"),  # type: ignore[arg-type]
        (lambda: TrainingConfig(max_tokens=2), "max_tokens"),
    ],
)
def test_impossible_settings_are_refused(make: Any, message: str) -> None:
    """Each with the name of what is wrong."""
    with pytest.raises(InputError, match=message):
        make()


def test_two_runs_in_one_process_are_equal(job: TrainingJob, tmp_path: Path) -> None:
    """Nothing of the first run (random state, adapters, threads) leaks into the second."""
    train(job)
    tiny_qwen2(seed=9)
    torch.rand(3)
    train(replace(job, out=tmp_path / "second"))
    assert adapter_digests(job.out) == adapter_digests(tmp_path / "second")
