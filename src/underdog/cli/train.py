"""``underdog train``: an adapter for a base, from a question set; the same command continues."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from underdog.adapters.settings import AdapterSettings
    from underdog.data.row import Row
    from underdog.mcq.question import Question
    from underdog.training.config import TrainingConfig
    from underdog.training.exams import Ask
    from underdog.training.record import TrainingJob, TrainingResult


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags. Defaults are those of the configs beside the code."""
    add = parser.add_argument
    add("data", type=Path, metavar="DATA_DIR", help="question set made by underdog data build")
    add(
        "--base",
        required=True,
        metavar="MODEL",
        help="model folder, hub name, or tiny-base (in the package)",
    )
    add("--out", type=Path, required=True, metavar="DIR", help="folder of the run")
    add(
        "--backend",
        choices=("transformers", "unsloth"),
        default="transformers",
        help="what loads the base; unsloth needs its package and a CUDA or ROCm GPU",
    )
    add("--style", choices=("texts", "letters"), default="texts", help="how answers are asked for")
    add(
        "--loss",
        choices=("vocabulary", "options"),
        default="vocabulary",
        help="options: the right letter against the letters offered, not against every token",
    )
    add("--chunks", type=int, metavar="N", help="only the first N chunks of the curriculum")
    add("--seed", type=int, default=0, help="of everything random (default: 0)")
    add("--max-tokens", type=int, default=512, metavar="N", help="longer rows are left out")
    _add_adapter(parser.add_argument_group("adapter"))
    _add_schedule(parser.add_argument_group("schedule"))
    _add_measures(parser.add_argument_group("measures on the way"))
    _add_guards(parser.add_argument_group("guards"))
    _add_machine(parser.add_argument_group("machine"))


def _add_adapter(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add(
        "--adapter",
        choices=("lora", "rslora", "dora", "oplora"),
        default="lora",
        metavar="KIND",
        help="lora, rslora (scaled by the root of the rank), dora (trains row lengths too) or "
        "oplora (spares the base's strongest directions); default: lora",
    )
    add("--rank", type=int, default=16, help="inner width of LoRA (default: 16)")
    add("--alpha", type=float, metavar="A", help="scale times rank (default: twice the rank)")
    add(
        "--b-rate",
        type=float,
        default=1.0,
        metavar="X",
        help="learning rate of B, times that of A (LoRA+ takes 16; default: 1)",
    )
    add(
        "--magnitude-rate",
        type=float,
        metavar="X",
        help="dora only: learning rate of row lengths, times that of A (default: 5)",
    )
    add(
        "--protected",
        type=int,
        metavar="K",
        help="oplora only: directions of each layer that are spared (default: 16)",
    )
    add("--dropout", type=float, default=0.0, metavar="P", help="share of inputs dropped")
    add(
        "--targets",
        nargs="+",
        default=["all-linear"],
        metavar="LAYER",
        help="layers by name (default: all-linear)",
    )


def _add_schedule(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add("--epochs", type=int, default=1, help="passes over each chunk before the next (default: 1)")
    add("--batch", type=int, default=16, help="rows per optimizer step (default: 16)")
    add(
        "--learning-rate",
        type=float,
        nargs=2,
        default=[2e-5, 1e-5],
        metavar=("FIRST", "LAST"),
        help="of the first and the last chunk (default: 2e-5 1e-5, of the 72B recipes)",
    )
    add("--warm-up", type=int, default=0, metavar="STEPS", help="steps of rising learning rate")
    add("--replay-capacity", type=int, default=500, metavar="N", help="rows kept for replay")
    add(
        "--replay-ratio",
        type=float,
        nargs=2,
        default=[0.1, 0.2],
        metavar=("SECOND", "LAST"),
        help="replayed rows per new row, second to last chunk (default: 0.1 0.2)",
    )


def _add_measures(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add(
        "--validate-every",
        type=int,
        metavar="STEPS",
        help="ask held-out questions this often, and at chunk borders (default: borders only)",
    )
    add(
        "--validation-questions",
        type=int,
        default=200,
        metavar="N",
        help="held-out questions asked, a seeded sample; 0: none (default: 200)",
    )
    add(
        "--retention",
        type=Path,
        metavar="DIR",
        help="question set that training should not cost: asked before, at chunk borders, at the "
        "end",
    )
    add(
        "--retention-questions",
        type=int,
        default=500,
        metavar="N",
        help="of that set, a seeded sample (default: 500)",
    )
    add(
        "--best",
        type=int,
        default=1,
        metavar="N",
        help="validated adapters kept: the best in best/, more in candidates/ (default: 1)",
    )
    add(
        "--keep",
        choices=("last", "best"),
        default="last",
        help="which weights become adapter/ (default: last)",
    )
    add(
        "--normalisation",
        choices=("sum", "per_token", "per_character"),
        default="sum",
        help="what makes choice texts of different lengths comparable (default: sum)",
    )


def _add_guards(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add(
        "--on-guard",
        choices=("stop", "remedy"),
        default="remedy",
        help="when a guard fires: repair and go on, or stop with the cause (default: remedy)",
    )
    add(
        "--stall",
        type=float,
        default=120.0,
        metavar="SECONDS",
        help="shortest silence that is a stall (default: 120)",
    )
    add(
        "--disk-wait",
        type=float,
        default=600.0,
        metavar="SECONDS",
        help="longest wait for room on the disk (default: 600)",
    )


def _add_machine(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add("--dtype", choices=("float32", "bfloat16", "float16"), default="float32")
    add("--device", choices=("auto", "cpu"), default="auto")
    add(
        "--threads",
        type=int,
        metavar="N",
        help="CPU threads (default: 1 below 10M weights, else all)",
    )
    add("--subspaces", metavar="DIR", help="where oplora keeps what it computes once per base")
    add("--accumulation", type=int, default=1, metavar="N", help="forward passes per step")
    add(
        "--packing",
        choices=("tree", "padded"),
        default="tree",
        help="rows without padding, what they begin with alike computed once; or side by side",
    )
    add(
        "--activation-checkpointing",
        nargs="?",
        type=int,
        default=0,
        const=1,
        metavar="N",
        help="compute every N-th layer twice: less memory, up to a third slower (without N: each)",
    )
    add("--checkpoint-every", type=int, default=100, metavar="STEPS", help="(default: 100)")
    add(
        "--sharding",
        choices=("none", "full"),
        default="none",
        help="of several processes: each holds the whole base, or a slice of its layers (FSDP2)",
    )
    add(
        "--tracker",
        nargs="+",
        default=[],
        metavar="NAME",
        help="where else curves go: wandb, mlflow, ... (TensorBoard's are always written)",
    )
    add("--checkpoints-kept", type=int, default=3, metavar="N", help="(default: 3)")


def run(args: argparse.Namespace) -> int:
    """Train or continue, and say where the adapter is."""
    job = make_job(args)
    from underdog.cli.console import ProgressBar, console
    from underdog.runs.launch import read_launch
    from underdog.training.processes import leave_processes
    from underdog.training.trainer import train

    ask = make_ask(args, job)
    if read_launch().rank > 0:  # the main process does the talking
        train(job, ask=ask)
    else:
        with ProgressBar() as progress:
            result = train(job, ask=ask, progress=progress, say=progress.say)
        console.print(sentence(result), soft_wrap=True, markup=False)
    leave_processes()
    return 0


def make_job(args: argparse.Namespace) -> TrainingJob:
    """Settings are checked first, then the rows are read, then the base is loaded."""
    config, adapter = make_config(args), make_adapter(args)
    rows = (*read_chunks(args.data, args.chunks), *read_held_out(args.data))
    retention = () if args.retention is None else read_retention(args.retention)
    from underdog.adapters.base import load_base
    from underdog.adapters.unsloth import load_with_unsloth
    from underdog.training.record import TrainingJob

    identity = {"normalisation": args.normalisation}
    if args.backend == "unsloth":
        base = load_with_unsloth(args.base, adapter, dtype=args.dtype, max_tokens=config.max_tokens)
        identity["backend"] = args.backend
    else:
        base = load_base(args.base, dtype=args.dtype)
    return TrainingJob(rows, base, config, adapter, args.out, identity, retention)


def make_ask(args: argparse.Namespace, job: TrainingJob) -> Ask:
    """How questions are put to the model on the way: as `underdog evaluate` puts them."""
    from underdog.inference.score import scoring_of
    from underdog.inference.scorer import Normalisation, ScoringConfig

    config = ScoringConfig(
        style=job.config.style,
        normalisation=Normalisation(args.normalisation),
        seed=args.seed,
    )
    return scoring_of(job.base.tokenizer, config)


def make_config(args: argparse.Namespace) -> TrainingConfig:
    """The flags as the config that `train` takes."""
    from underdog.mcq.prompt import PromptStyle
    from underdog.training.config import (
        AnswerLoss,
        CheckpointConfig,
        ExecutionConfig,
        TrainingConfig,
        ValidationConfig,
    )
    from underdog.training.guards.config import OnGuard, WatchConfig
    from underdog.training.schedule import ScheduleConfig

    return TrainingConfig(
        style=PromptStyle(args.style),
        seed=args.seed,
        loss=AnswerLoss(args.loss),
        max_tokens=args.max_tokens,
        schedule=ScheduleConfig(
            epochs=args.epochs,
            batch_size=args.batch,
            learning_rate=tuple(args.learning_rate),
            warm_up_steps=args.warm_up,
            replay_capacity=args.replay_capacity,
            replay_ratio=tuple(args.replay_ratio),
        ),
        watch=WatchConfig(OnGuard(args.on_guard), args.stall, args.disk_wait),
        validation=ValidationConfig(
            questions=args.validation_questions,
            retention_questions=args.retention_questions,
            every_steps=args.validate_every,
            best=args.best,
            keep=args.keep,
        ),
        checkpoints=CheckpointConfig(args.checkpoint_every, args.checkpoints_kept),
        execution=ExecutionConfig(
            threads=args.threads,
            device=args.device,
            subspace_folder=args.subspaces,
            accumulation=args.accumulation,
            activation_checkpointing=args.activation_checkpointing,
            packing=args.packing,
            sharding=args.sharding,
            trackers=tuple(args.tracker),
        ),
    )


def make_adapter(args: argparse.Namespace) -> AdapterSettings:
    """The flags as settings of the adapter."""
    from underdog.adapters.settings import AdapterKind, AdapterSettings

    alpha = 2.0 * args.rank if args.alpha is None else args.alpha
    return AdapterSettings(
        rank=args.rank,
        alpha=alpha,
        dropout=args.dropout,
        targets=tuple(args.targets),
        kind=AdapterKind(args.adapter),
        b_rate=args.b_rate,
        magnitude_rate=args.magnitude_rate,
        protected=args.protected,
    )


def read_chunks(folder: Path, chunks: int | None) -> tuple[Row, ...]:
    """Train rows of the first `chunks` chunks; None for all."""
    from underdog.data.row import Split
    from underdog.data.store import read_rows
    from underdog.errors import InputError

    if chunks is not None and chunks < 1:
        raise InputError("--chunks of at least 1", got=str(chunks))
    train = [row for row in read_rows(folder) if row.split is Split.TRAIN]
    return tuple(row for row in train if chunks is None or (row.chunk or 0) < chunks)


def read_held_out(folder: Path) -> tuple[Row, ...]:
    """Rows of the validation split; none where the set has none."""
    from underdog.data.row import Split
    from underdog.data.store import read_rows

    return tuple(row for row in read_rows(folder) if row.split is Split.VALIDATION)


def read_retention(folder: Path) -> tuple[Question, ...]:
    """Every question of a set with a known key, of both splits."""
    from underdog.data.store import read_rows
    from underdog.errors import InputError

    known = tuple(row.question for row in read_rows(folder) if row.question.answer is not None)
    if not known:
        raise InputError("a retention set with known answers", got="none", where=folder)
    return known


def sentence(result: TrainingResult) -> str:
    """What was done, what the guards did, what was kept and forgotten, and where it is."""
    left_out = result.too_long + result.without_answer
    notes = [
        f"{result.steps} steps on {result.samples} rows in {result.elapsed_s:.1f} s",
        f"{result.dropped_steps} steps dropped" if result.dropped_steps else "",
        f"{left_out} rows left out" if left_out else "",
        f"{len(result.remedies)} remedies" if result.remedies else "",
    ]
    told = [", ".join(note for note in notes if note)]
    best = result.best
    if best is not None:
        told.append(
            f"Best on {best['questions']} held-out questions: step {best['step']} with "
            f"{100 * best['accuracy']:.1f} %, in {best['adapter']}/"
        )
    if result.overfitting_since is not None:
        told.append(f"Overfitting since step {result.overfitting_since}")
    if result.forgetting is not None:
        told.append(str(result.forgetting["sentence"]).rstrip("."))
    return f"{'. '.join(told)}. Adapter: {result.adapter}"
