"""What DoRA costs beyond LoRA: whole training steps, ours over ours and PEFT's over PEFT's.

    python benchmarks/dora_step.py                     # the 39M shape, about 5 minutes on 2 cores
    python benchmarks/dora_step.py --rounds 3 --threads 1 --accumulation 1

A step is forward and backward on a batch of random token ids with the loss at two positions a row,
the optimizer's step, and what must follow it (`adapters.adapter.settle`). The four contestants take
turns, the order turned round every time, and medians count, so that other work on the machine hits
all alike. The last line is one line of JSON: `dora_over_lora` (ours) and `peft_dora_over_lora` by
wall time; the same by processor time (`_cpu`), which other work on the machine touches less; and
the four medians in seconds.
"""

from __future__ import annotations

import argparse
import copy
import json
import statistics
import time
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import torch
from transformers import Qwen2ForCausalLM

from shapes import SHAPES, Shape, qwen2_config
from underdog.adapters.adapter import attach, settle
from underdog.adapters.fused import fused_lora
from underdog.adapters.last_layer import last_layer_where_read
from underdog.adapters.lora import trainable_parameters
from underdog.adapters.positions import logits_at
from underdog.adapters.settings import AdapterKind, AdapterSettings

RANK, ALPHA, SEED = 16, 32.0, 7
CONTESTANTS = ("lora", "dora", "peft_lora", "peft_dora")


@dataclass
class Contestant:
    """A model with an adapter and its optimizer."""

    model: Any
    optimizer: Any
    ours: bool
    seconds: list[tuple[float, float]]


def main() -> None:
    args = arguments()
    torch.set_num_threads(args.threads)
    found = compare(SHAPES[args.shape], args)
    wall, cpu = (
        {
            name: statistics.median(times[at] for times in each.seconds)
            for name, each in found.items()
        }
        for at in (0, 1)
    )
    for name in CONTESTANTS:
        clock, processor = wall[name] * 1000, cpu[name] * 1000
        print(f"  {name:10} {clock:8.1f} ms a step, {processor:8.1f} ms of processor time")
    result = {f"{name}_s": round(seconds, 4) for name, seconds in wall.items()}
    for end, medians in (("", wall), ("_cpu", cpu)):
        result[f"dora_over_lora{end}"] = round(medians["dora"] / medians["lora"], 3)
        result[f"peft_dora_over_lora{end}"] = round(medians["peft_dora"] / medians["peft_lora"], 3)
    print(json.dumps(result))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shape", choices=list(SHAPES), default="39M")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--batch", type=int, default=16, help="rows per forward pass")
    parser.add_argument("--length", type=int, default=60, help="tokens per row")
    parser.add_argument("--accumulation", type=int, default=1, help="forward passes per step")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--dtype", choices=("float32", "bfloat16"), default="float32")
    return parser.parse_args()


def compare(shape: Shape, args: argparse.Namespace) -> dict[str, Contestant]:
    """Every contestant does one step unmeasured, then one a round."""
    torch.manual_seed(SEED)
    base = Qwen2ForCausalLM(qwen2_config(shape)).to(getattr(torch, args.dtype))
    size = (args.accumulation, args.batch, args.length)
    parts = list(torch.randint(2, shape.vocabulary, size).to(args.device))
    print(f"{shape.name} shape, {size[1]} rows of {size[2]} tokens, {size[0]} passes a step")
    found = {name: enter(name, copy.deepcopy(base).to(args.device)) for name in CONTESTANTS}
    for turn in range(args.rounds + 1):
        for name in CONTESTANTS if turn % 2 else CONTESTANTS[::-1]:
            seconds = step(found[name], parts)
            if turn:
                found[name].seconds.append(seconds)
    return found


def enter(name: str, base: Any) -> Contestant:
    """PEFT's side starts from the same weights and uses the same optimizer."""
    settings = AdapterSettings(RANK, ALPHA, kind=AdapterKind(name.removeprefix("peft_")))
    model = attach(base, settings, seed=SEED).train()
    weights = list(trainable_parameters(model).values())
    optimizer = torch.optim.AdamW(weights, lr=1e-4, fused=True)
    return Contestant(model, optimizer, not name.startswith("peft_"), [])


def step(each: Contestant, parts: list[torch.Tensor]) -> tuple[float, float]:
    """Seconds of one optimizer step over the parts, by the clock and of the processor."""
    with ExitStack() as stack:
        if each.ours:
            stack.enter_context(fused_lora(each.model))
        reading = stack.enter_context(last_layer_where_read(each.model))
        wait(parts[0])
        start, start_cpu = time.perf_counter(), time.process_time()
        for ids in parts:
            wanted = torch.zeros_like(ids, dtype=torch.bool)
            wanted[:, -3:-1] = True
            reading.wanted = wanted
            loss(each.model, ids, wanted).backward()
        each.optimizer.step()
        if each.ours:
            settle(each.model)
        each.optimizer.zero_grad(set_to_none=True)
        wait(parts[0])
        return time.perf_counter() - start, time.process_time() - start_cpu


def loss(model: Any, ids: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    """Of the tokens after the wanted positions; the head is computed there only."""
    logits = logits_at(model, wanted, input_ids=ids)
    return torch.nn.functional.cross_entropy(logits.float(), ids.roll(-1, dims=1)[wanted])


def wait(tensor: torch.Tensor) -> None:
    """Until the device has done what it was given."""
    if tensor.device.type == "cuda":
        torch.cuda.synchronize()


if __name__ == "__main__":
    main()
