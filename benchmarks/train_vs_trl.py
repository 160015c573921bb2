"""LoRA training: underdog's loop against TRL's SFTTrainer, same rows, same first weights.

    python benchmarks/train_vs_trl.py                  # both shapes, about 6 minutes on 2 cores
    python benchmarks/train_vs_trl.py --shapes tiny --rounds 1
    python benchmarks/train_vs_trl.py --keep DIR --most 2    # two measurements a call, then again

Each measurement is a process of its own; the two sides take turns, and the medians count. Needs
the extra "bench". The last line is one line of JSON: `speed_ratio` and `memory_ratio` (ours / TRL,
39M shape when measured), `loss_gap` (largest difference between the two loss curves, in nats, with
TRL fed our batches in our order).
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from shapes import SHAPES, Shape, largest_gap, make_base, needed_flops, read_questions, take_rows

RANK, ALPHA, BATCH, RATE, SEED = 16, 32.0, 16, 1e-4, 7
ROWS = {"tiny": 960, "39M": 320}
STYLES = {"tiny": "texts", "39M": "letters"}
"""As in the recipes: the smallest models write a choice's text, larger ones name its letter."""
CURVE_ROWS = 160
TAKEN: list[Path] = []
"""What this call measured itself."""
SIDES = ("ours", "trl")
NOTE = """
Why TRL is slower here: (1) its fused head skips unlabelled positions only on Triton devices
(trl/trainer/utils.py::add_fused_lm_head, `compact`), so on a CPU it makes the logits of every
token; on a GPU that part of the gap would be gone. (2) It pads random rows to the longest of 16; we
batch rows of similar length, without padding, and compute what they begin with alike once
(underdog/adapters/prefix_tree.py). (3) Its threads share every operation; ours have rows of their
own (underdog/adapters/crew.py). (4) Our layers are a few steps of autograd
(underdog/adapters/fused.py), and of the last layer only keys and values run where nothing is read
(underdog/adapters/last_layer.py).
Gradient checkpointing is off on both sides (TRL's default is on, and slower). Both sides are fed
the same token ids and start from the same adapter weights; tokenising is not in the times."""


def main() -> None:
    args = arguments()
    if args.side:
        print(json.dumps(SIDE_RUNS[args.side](args)))
        return
    with tempfile.TemporaryDirectory(prefix="train-vs-trl-") as passing:
        work = Path(args.keep or passing)
        summaries = {name: compare(SHAPES[name], work, args) for name in args.shapes}
    print(NOTE)
    print(json.dumps(headline(summaries)))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shapes", nargs="+", choices=list(SHAPES), default=list(SHAPES))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--rows", type=int, default=0, help="instead of each shape's own number")
    parser.add_argument("--style", choices=("texts", "letters"), help="instead of each shape's own")
    parser.add_argument(
        "--keep", metavar="DIR", help="keep measurements there, and go on from them"
    )
    parser.add_argument("--most", type=int, default=10_000, help="stop after so many measurements")
    for hidden in ("--side", "--work", "--shape"):
        parser.add_argument(hidden, help=argparse.SUPPRESS)
    return parser.parse_args()


def compare(shape: Shape, work: Path, args: argparse.Namespace) -> dict[str, Any]:
    """Take turns, print a table, give the medians."""
    questions, origin = read_questions()
    args = argparse.Namespace(**{**vars(args), "style": args.style or STYLES[shape.name]})
    rows = min(args.rows or ROWS[shape.name], len(questions))
    if not (work / shape.name / "config.json").is_file():
        make_base(shape, questions, work / shape.name)
    print(
        f"\n{shape.name} shape, {rows} rows of {origin} asked for {args.style}, batch {BATCH}, "
        f"{args.threads} threads"
    )
    found: dict[str, list[dict[str, Any]]] = {side: [] for side in SIDES}
    for turn in range(args.rounds):
        for side in SIDES if turn % 2 == 0 else SIDES[::-1]:
            run = measure(side, shape, work, rows, args, turn=turn)
            found[side].append(run)
            print_run(side, shape, run)
    curves = [
        measure(side, shape, work, min(CURVE_ROWS, rows), args)["losses"]
        for side in ("ours", "trl-our-order")
    ]
    return summarise(found, largest_gap(*curves))


def measure(
    side: str, shape: Shape, work: Path, rows: int, args: argparse.Namespace, turn: int = 0
) -> dict[str, Any]:
    """One side in a process of its own; one that was kept is not taken again."""
    kept = work / f"{shape.name}-{side}-{rows}-{args.style}-{args.threads}-{turn}.json"
    if kept.is_file():
        found: dict[str, Any] = json.loads(kept.read_text())
        return found
    if args.most <= len(TAKEN):
        raise SystemExit(f"{len(TAKEN)} measurements taken; the same command again goes on")
    TAKEN.append(kept)
    command = [sys.executable, __file__, "--side", side, "--shape", shape.name]
    command += ["--work", str(work), "--rows", str(rows), "--threads", str(args.threads)]
    command += ["--style", args.style]
    environment = {
        **os.environ,
        "HF_HUB_OFFLINE": "1",
        "TOKENIZERS_PARALLELISM": "false",
        "OMP_WAIT_POLICY": "PASSIVE",  # spinning threads would be slow beside other work
    }
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if done.returncode:
        raise SystemExit(f"{side} failed:\n{done.stderr[-4000:]}")
    result: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    kept.write_text(json.dumps(result))
    return result


def print_run(side: str, shape: Shape, run: dict[str, Any]) -> None:
    rate = run["samples"] / run["seconds"]
    flops = needed_flops(shape, RANK, run["input_tokens"], run["answer_tokens"])
    share = flops / run["cpu_seconds"] / run["matmul_flops"]
    print(
        f"  {side:5} {rate:8.1f} samples/s   peak {run['peak_bytes'] / 2**20:6.0f} MiB "
        f"(before training {run['before_bytes'] / 2**20:.0f})   mean loss {run['mean_loss']:.4f}   "
        f"needed work {flops / run['seconds'] / 1e9:5.1f} GFLOP/s, {share:.0%} of sgemm",
        flush=True,
    )


def summarise(found: dict[str, list[dict[str, Any]]], loss_gap: float) -> dict[str, Any]:
    def median(side: str, key: str) -> float:
        return statistics.median(run[key] for run in found[side])

    speed = median("trl", "seconds") / median("ours", "seconds")
    processor = median("trl", "cpu_seconds") / median("ours", "cpu_seconds")
    memory = median("ours", "peak_bytes") / median("trl", "peak_bytes")
    mean_gap = abs(median("ours", "mean_loss") - median("trl", "mean_loss"))
    print(f"  speed ratio {speed:.2f} ({processor:.2f} by processor time), memory {memory:.2f}")
    print(f"  loss curves with the same batches in the same order differ by at most {loss_gap:.1e}")
    print(f"  mean losses of the timed runs, each in its own order, differ by {mean_gap:.4f}")
    return {
        "speed_ratio": speed,
        "memory_ratio": memory,
        "loss_gap": loss_gap,
        "cpu_speed_ratio": processor,
        "samples_per_s": median("ours", "samples") / median("ours", "seconds"),
    }


def headline(summaries: dict[str, dict[str, Any]]) -> dict[str, Any]:
    main_shape = "39M" if "39M" in summaries else next(iter(summaries))
    rounded = {
        name: {key: float(f"{value:.4g}") for key, value in summary.items()}
        for name, summary in summaries.items()
    }
    return {"benchmark": "train_vs_trl", "shape": main_shape, **rounded[main_shape], "by": rounded}


def run_ours(args: argparse.Namespace) -> dict[str, Any]:
    """The product's own `train`, with its metrics, checkpoints and guard."""
    from underdog.adapters.base import load_base
    from underdog.adapters.settings import AdapterSettings
    from underdog.runs.metrics import read_metrics
    from underdog.training.record import TrainingJob
    from underdog.training.trainer import train

    rows = take_rows(read_questions()[0], args.rows)
    base = load_base(Path(args.work) / args.shape)
    matmul, before = matmul_flops(args.threads), peak_bytes()
    with tempfile.TemporaryDirectory() as out:
        job = TrainingJob(rows, base, our_config(args), AdapterSettings(RANK, ALPHA), Path(out), {})
        started_cpu = time.process_time()
        train(job)
        cpu_seconds = time.process_time() - started_cpu
        steps = read_metrics(Path(out)).steps
    losses = [step.loss for step in steps]
    return {
        "seconds": steps[-1].elapsed_s,
        "cpu_seconds": cpu_seconds,
        "samples": sum(step.samples for step in steps),
        "input_tokens": sum(step.input_tokens for step in steps),
        "answer_tokens": sum(step.answer_tokens for step in steps),
        "losses": losses,
        "mean_loss": sum(s.loss * s.answer_tokens for s in steps)
        / sum(s.answer_tokens for s in steps),
        "matmul_flops": max(matmul, matmul_flops(args.threads)),
        "before_bytes": before,
        "peak_bytes": peak_bytes(),
    }


def our_config(args: argparse.Namespace) -> Any:
    from underdog.mcq.prompt import PromptStyle
    from underdog.training.config import (
        CheckpointConfig,
        ExecutionConfig,
        OptimizerConfig,
        TrainingConfig,
    )
    from underdog.training.schedule import ScheduleConfig

    return TrainingConfig(
        style=PromptStyle(args.style),
        seed=SEED,
        schedule=ScheduleConfig(batch_size=BATCH, learning_rate=(RATE, RATE)),
        optimizer=OptimizerConfig(),
        checkpoints=CheckpointConfig(every_steps=100_000),
        execution=ExecutionConfig(threads=args.threads, device="cpu"),
    )


def run_trl(args: argparse.Namespace) -> dict[str, Any]:
    """TRL as its manual shows it: random order, padding to the longest row."""
    return _run_trl(args, our_order=False)


def run_trl_our_order(args: argparse.Namespace) -> dict[str, Any]:
    """TRL fed our batches in our order: what remains of a difference is arithmetic."""
    return _run_trl(args, our_order=True)


def _run_trl(args: argparse.Namespace, *, our_order: bool) -> dict[str, Any]:
    import torch
    from datasets import Dataset
    from trl import SFTConfig, SFTTrainer

    from underdog.adapters.adapter import attach
    from underdog.adapters.base import load_base
    from underdog.adapters.settings import AdapterSettings

    torch.set_num_threads(args.threads)
    model, tokenizer = load_base(Path(args.work) / args.shape)
    examples = ordered_examples(args, tokenizer)
    matmul, before = matmul_flops(args.threads), peak_bytes()
    config = SFTConfig(
        output_dir=f"{args.work}/trl",
        per_device_train_batch_size=BATCH,
        num_train_epochs=1,
        learning_rate=RATE,
        lr_scheduler_type="constant",
        max_grad_norm=1.0,
        gradient_checkpointing=False,
        bf16=False,
        use_cpu=True,
        max_length=512,
        seed=SEED,
        report_to=[],
        save_strategy="no",
        logging_steps=1,
        disable_tqdm=True,
        train_sampling_strategy="sequential" if our_order else "random",
    )
    trainer = SFTTrainer(
        model=attach(model, AdapterSettings(RANK, ALPHA), seed=SEED),
        args=config,
        train_dataset=Dataset.from_list(examples),
        processing_class=tokenizer,
    )
    started, started_cpu = time.perf_counter(), time.process_time()
    outcome = trainer.train()
    seconds, cpu_seconds = time.perf_counter() - started, time.process_time() - started_cpu
    losses = [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]
    answers = sum(label != -100 for each in examples for label in each["labels"])
    return {
        "seconds": min(seconds, outcome.metrics["train_runtime"]),
        "cpu_seconds": cpu_seconds,
        "samples": len(examples),
        "input_tokens": sum(len(each["input_ids"]) - 1 for each in examples),
        "answer_tokens": answers,
        "losses": losses,
        "mean_loss": sum(losses) / len(losses),
        "matmul_flops": max(matmul, matmul_flops(args.threads)),
        "before_bytes": before,
        "peak_bytes": peak_bytes(),
    }


def ordered_examples(args: argparse.Namespace, tokenizer: Any) -> list[dict[str, list[int]]]:
    """The rows as token ids with labels, in the order in which our loop goes through them."""
    from underdog.training.batches import Encoder, choose_rows
    from underdog.training.trainer import make_plan

    settings = our_config(args)
    encoder = Encoder(tokenizer, settings.style, seed=SEED)
    rows = take_rows(read_questions()[0], args.rows)
    kept, lengths, _ = choose_rows(rows, encoder, max_tokens=512)
    plan = make_plan(kept, lengths, encoder, settings)
    examples = []
    for batch in plan.batches:
        for shown in batch.rows:
            example = plan.example(shown)
            ids, start = list(example.token_ids), example.answer_start
            examples.append({"input_ids": ids, "labels": [-100] * start + ids[start:]})
    return examples


def matmul_flops(threads: int, size: int = 1024) -> float:
    """This machine's own rate for a float32 matrix product, best of 8, in operations per second of
    processor time: other work on the machine leaves it as it is.
    """
    import torch

    torch.set_num_threads(threads)
    left, right = torch.rand(size, size), torch.rand(size, size)
    best = float("inf")
    for _ in range(8):
        started = time.process_time()
        left @ right
        best = min(best, time.process_time() - started)
    return 2 * size**3 / best


def peak_bytes() -> int:
    """Largest resident size of this process so far (Linux counts in KiB)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


SIDE_RUNS = {"ours": run_ours, "trl": run_trl, "trl-our-order": run_trl_our_order}

if __name__ == "__main__":
    main()
