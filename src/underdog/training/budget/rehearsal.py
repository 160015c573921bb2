"""Twenty real steps of a planned run in a process of its own: measured memory and time.

In: what is to be rehearsed. Out: peak memory and seconds per token. The training is the product's
own `train` in a temporary folder. A base whose weights are not on this machine is replaced by one
of the same shape with random weights: neither memory nor time depends on what they know.
Never: a trace on disk.
"""

from __future__ import annotations

import multiprocessing
import tempfile
import traceback
import zlib
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple

from underdog.adapters.settings import AdapterSettings
from underdog.data.row import Band, Row, Split
from underdog.errors import RunError
from underdog.mcq.question import Question
from underdog.training.budget.lengths import Rows
from underdog.training.budget.shape import Shape
from underdog.training.config import CheckpointConfig, TrainingConfig

STEPS = 20
"""Steps of a rehearsal."""
UNTIMED_STEPS = 3
"""The first ones, in which kernels are chosen and memory is first asked for, are not timed."""


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What to do. `model` is a folder with weights, or None for random ones of the shape. `data`
    is a question set, or None for rows made up to the lengths of `rows`.
    """

    shape: Shape
    model: str | None
    adapter: AdapterSettings
    config: TrainingConfig
    rows: Rows
    dtype: str
    data: Path | None = None
    steps: int = STEPS


class Measured(NamedTuple):
    """`runtime_bytes` is what the process took after its imports, `peak_bytes` its peak with them:
    VmRSS and VmHWM of /proc on a CPU; on an accelerator 0 and what its allocator reserved. `tokens`
    are those of the timed steps, padding included in neither.
    """

    runtime_bytes: int
    peak_bytes: int
    seconds: float
    steps: int
    tokens: int


def rehearse(rehearsal: Rehearsal) -> Measured:
    """Do it. RunError when the process fails or is killed, which is what too little memory does."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=_child, args=(rehearsal, there))
    process.start()
    there.close()
    try:
        told: Any = here.recv()
    except EOFError:
        told = None
    process.join()
    if isinstance(told, Measured):
        return told
    killed = process.exitcode == -9
    raise RunError(
        "a rehearsal that comes to its end",
        got="killed, as for want of memory" if killed else str(told or process.exitcode),
        hint="a smaller batch, or the plan without --calibrate",
    )


def _child(rehearsal: Rehearsal, pipe: Connection) -> None:
    try:
        pipe.send(_measure(rehearsal))
    except (Exception, SystemExit) as error:  # noqa: BLE001 - the parent raises what is told
        last = traceback.format_exception_only(error)[-1].strip()
        pipe.send(last[:500])


def _measure(rehearsal: Rehearsal) -> Measured:
    import torch

    from underdog.runs.metrics import read_metrics
    from underdog.training.record import TrainingJob
    from underdog.training.trainer import train

    runtime = memory_now("VmRSS")
    with tempfile.TemporaryDirectory(prefix="underdog-rehearsal-") as folder:
        job = TrainingJob(
            _rows(rehearsal),
            _base(rehearsal),
            _short(rehearsal.config),
            rehearsal.adapter,
            Path(folder),
            {},
        )
        train(job)
        steps = read_metrics(Path(folder)).steps
    skipped = min(UNTIMED_STEPS, len(steps) - 1)
    before = steps[skipped - 1].elapsed_s if skipped else 0.0
    timed = steps[skipped:]
    on_cpu = rehearsal.config.execution.device == "cpu" or torch.accelerator.device_count() == 0
    return Measured(
        runtime_bytes=runtime if on_cpu else 0,
        peak_bytes=memory_now("VmHWM") if on_cpu else torch.cuda.max_memory_reserved(),
        seconds=timed[-1].elapsed_s - before,
        steps=len(timed),
        tokens=sum(step.input_tokens for step in timed),
    )


def memory_now(field: str) -> int:
    """VmRSS (now) or VmHWM (the most so far) of this process, in bytes; 0 without /proc."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    found = [int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{field}:")]
    return found[0] if found else 0


def _short(config: TrainingConfig) -> TrainingConfig:
    """One pass, no checkpoint in between."""
    schedule = replace(config.schedule, epochs=1, warm_up_steps=0)
    checkpoints = CheckpointConfig(every_steps=1_000_000, keep=1)
    return replace(config, schedule=schedule, checkpoints=checkpoints)


def _base(rehearsal: Rehearsal) -> Any:
    from underdog.adapters.base import DTYPES, Base, load_base, quiet_transformers

    if rehearsal.model is not None:
        return load_base(rehearsal.model, dtype=rehearsal.dtype)
    from transformers import AutoConfig, AutoModelForCausalLM

    shape = rehearsal.shape
    with quiet_transformers():
        config = AutoConfig.for_model(**config_of(shape))
        model = AutoModelForCausalLM.from_config(config, dtype=DTYPES[rehearsal.dtype])
    return Base(model.eval(), WordTokenizer(shape.vocabulary))


def config_of(shape: Shape) -> dict[str, Any]:
    """Values of config.json that give a model of this shape."""
    values: dict[str, Any] = {
        "model_type": shape.family,
        "hidden_size": shape.hidden,
        "intermediate_size": shape.intermediate,
        "num_hidden_layers": shape.layers,
        "num_attention_heads": shape.heads,
        "num_key_value_heads": shape.kv_heads,
        "head_dim": shape.head_width,
        "vocab_size": shape.vocabulary,
        "tie_word_embeddings": shape.tied,
        "attention_bias": shape.out_bias,
        "mlp_bias": shape.mlp_bias,
    }
    if shape.experts:
        values["num_experts"] = shape.experts
        values["num_experts_per_tok"] = shape.experts_used
        values["moe_intermediate_size"] = shape.intermediate
    return values


class WordTokenizer:
    """One token per word, whatever the word; for rows that are made up."""

    eos_token_id = 1

    def __init__(self, vocabulary: int) -> None:
        self._vocabulary = vocabulary

    def encode(self, text: str, *, add_special_tokens: bool) -> list[int]:
        """The hash of each word, beyond the special tokens' ids."""
        del add_special_tokens
        words = text.split()
        return [2 + zlib.crc32(word.encode()) % (self._vocabulary - 2) for word in words]


def _rows(rehearsal: Rehearsal) -> tuple[Row, ...]:
    """Rows for `steps` steps: evenly over all lengths, the longest among them."""
    size = rehearsal.config.schedule.batch_size
    wanted = rehearsal.steps * size
    if rehearsal.data is None:
        return _made_up(rehearsal, wanted)
    from underdog.data.store import read_rows

    read = (row for row in read_rows(rehearsal.data) if row.split is Split.TRAIN)
    rows = sorted(read, key=_characters)
    step = max(1.0, len(rows) / wanted)
    chosen = [rows[min(len(rows) - 1, round(at * step))] for at in range(min(wanted, len(rows)))]
    chosen[-size:] = rows[-size:]
    return tuple(
        replace(row, chunk=0, position=at)
        for at, row in enumerate({row.question.id: row for row in chosen}.values())
    )


def _characters(row: Row) -> int:
    return len(row.question.text) + sum(map(len, row.question.choices))


def _made_up(rehearsal: Rehearsal, wanted: int) -> tuple[Row, ...]:
    """Four-choice rows: one step of the longest, the others of the mean length."""
    style, rows = rehearsal.config.style, rehearsal.rows
    size = rehearsal.config.schedule.batch_size
    made = []
    for at in range(wanted):
        length = rows.longest if at < size else max(1, round(rows.mean))
        question = _question(at, length, rows.answers, letters=style.value == "letters")
        made.append(Row(question, question.id, 0.5, Band.MEDIUM, Split.TRAIN, 0, at))
    return tuple(made)


def _question(at: int, length: int, answers: int, *, letters: bool) -> Question:
    """`length` words are fed, of which `answers` - 1 are the answer (texts) or 1 (its letter)."""
    choice_words = 1 if letters else max(1, answers - 1)
    choices = tuple(
        " ".join(f"{letter}{at}.{word}" for word in range(choice_words)) for letter in "wxyz"
    )
    # "Question:", "Answer:" and the answer; under letters also four letters with their choices.
    frame = 2 + choice_words + (8 if letters else 0)
    words = max(1, length - frame)
    return Question(" ".join(f"q{at}.{word}" for word in range(words)), choices, 0, "t", "made up")
