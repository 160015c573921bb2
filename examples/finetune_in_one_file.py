"""Fine-tune a language model on multiple-choice questions, in one file, top to bottom.

    python examples/finetune_in_one_file.py                        # embedded base, about a minute
    python examples/finetune_in_one_file.py --base Qwen/Qwen2.5-0.5B --rank 32

Questions -> prompts -> LoRA -> accuracy before and after, with intervals. Nothing is hidden: the
loop, the loss and the scoring are below. `underdog run` does the same with a curriculum, replay,
checkpoints and a report; its parts are in `src/underdog/training` and `src/underdog/inference`.
"""

from __future__ import annotations

import argparse
import math
import random
import time
import warnings
from typing import Any

import torch
from peft import LoraConfig, get_peft_model
from torch.nn.functional import cross_entropy
from transformers import AutoModelForCausalLM, AutoTokenizer
from transformers.utils import logging

from underdog.adapters.embedded import find_base
from underdog.data.bank.facts import load_facts, load_relations
from underdog.data.bank.questions import four_choice_questions

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--base", default="tiny-base", help="model folder or hub name")
parser.add_argument("--rank", type=int, default=32)
parser.add_argument("--questions", type=int, default=4000, help="to train on, at most")
parser.add_argument("--held-out", type=int, default=600, help="to measure on")
parser.add_argument("--epochs", type=int, default=2)
parser.add_argument("--batch", type=int, default=32)
parser.add_argument("--learning-rate", type=float, default=2e-3, help="1e-4 for models above 1B")
parser.add_argument("--seed", type=int, default=0)
parser.add_argument("--threads", type=int, default=torch.get_num_threads())

Tokens = tuple[list[int], list[list[int]], int]
"""Prompt, each choice's continuation, and the index of the right one."""


def read_questions(count: int, held_out: int, seed: int) -> tuple[list[Any], list[Any]]:
    """Two lists of questions that share no fact: knowing one answer never gives away another."""
    made = four_choice_questions(load_facts(), load_relations(), seed=seed, per_fact=3)
    groups = sorted({each.group for each in made})
    random.Random(seed).shuffle(groups)
    place = {group: at for at, group in enumerate(groups)}
    made = sorted(made, key=lambda each: (place[each.group], each.question.id))
    border = next(
        (at for at in range(held_out, len(made)) if made[at].group != made[at - 1].group), held_out
    )
    questions = [each.question for each in made]
    return questions[border : border + count], questions[:held_out]


def to_tokens(question: Any, tokenizer: Any) -> Tokens:
    """The model reads the question and writes a choice's text; choices are not listed."""
    prompt = tokenizer.encode(f"Question: {question.text}\nAnswer:", add_special_tokens=False)
    choices = [
        [*tokenizer.encode(f" {choice}", add_special_tokens=False), tokenizer.eos_token_id]
        for choice in question.choices
    ]
    return prompt, choices, question.answer


def forward(model: Any, rows: list[tuple[list[int], list[int]]]) -> tuple[torch.Tensor, ...]:
    """-ln p of every continuation token given (prompt, continuation) rows, and each one's row.

    Padding is on the right and attention looks left only, so no mask is needed. Logits are made at
    the continuations alone: over a large vocabulary the rest would be most of the memory.
    """
    longest = max(len(prompt) + len(rest) for prompt, rest in rows) - 1
    ids = torch.zeros(len(rows), longest, dtype=torch.long)
    wanted = torch.zeros(len(rows), longest, dtype=torch.bool)
    for at, (prompt, rest) in enumerate(rows):
        fed = [*prompt, *rest][:-1]
        ids[at, : len(fed)] = torch.tensor(fed)
        wanted[at, len(prompt) - 1 : len(fed)] = True
    targets = torch.tensor([token for _, rest in rows for token in rest])
    logits = model(input_ids=ids, use_cache=False, logits_to_keep=wanted).logits
    return cross_entropy(logits.float(), targets, reduction="none"), wanted.nonzero()[:, 0]


@torch.no_grad()
def count_right(model: Any, questions: list[Tokens], batch: int = 32) -> int:
    """Questions whose right choice is the likeliest text."""
    model.eval()
    right = 0
    by_length = sorted(questions, key=lambda tokens: len(tokens[0]))
    for start in range(0, len(by_length), batch):
        part = by_length[start : start + batch]
        rows = [(prompt, choice) for prompt, choices, _ in part for choice in choices]
        losses, of_row = forward(model, rows)
        totals = torch.zeros(len(rows)).index_add_(0, of_row, losses).tolist()
        for _, choices, answer in part:
            own, totals = totals[: len(choices)], totals[len(choices) :]
            right += own.index(min(own)) == answer
    return right


def wilson(right: int, n: int, z: float = 1.959964) -> tuple[float, float]:
    """95 % interval of a proportion (Wilson 1927)."""
    middle = (right + z * z / 2) / (n + z * z)
    half = z / (n + z * z) * math.sqrt(right * (n - right) / n + z * z / 4)
    return middle - half, middle + half


def cut_batches(questions: list[Tokens], size: int, rng: random.Random) -> list[list[Tokens]]:
    """One epoch: rows of similar length together (little padding), batches in random order."""
    rows = rng.sample(questions, len(questions))
    rows.sort(key=lambda tokens: len(tokens[0]) + len(tokens[1][tokens[2]]))
    batches = [rows[start : start + size] for start in range(0, len(rows), size)]
    return rng.sample(batches, len(batches))


def train(model: Any, questions: list[Tokens], args: argparse.Namespace) -> None:
    """AdamW on the adapters; only the right answer and the end of the text are learned."""
    model.train()
    weights = [weight for weight in model.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(weights, lr=args.learning_rate, weight_decay=0.0, fused=True)
    rng, started = random.Random(args.seed), time.perf_counter()
    batches = [
        batch for _ in range(args.epochs) for batch in cut_batches(questions, args.batch, rng)
    ]
    for step, batch in enumerate(batches):
        rate = args.learning_rate * (1 - step / len(batches))
        for group in optimizer.param_groups:
            group["lr"] = rate
        losses, _ = forward(model, [(prompt, choices[answer]) for prompt, choices, answer in batch])
        loss = losses.mean()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(weights, 1.0)
        optimizer.step()
        optimizer.zero_grad()
        if step % 20 == 0 or step == len(batches) - 1:
            seconds = time.perf_counter() - started
            print(f"step {step + 1}/{len(batches)}  loss {loss.item():.3f}  {seconds:.0f} s")


def report(name: str, right: int, n: int) -> None:
    low, high = wilson(right, n)
    print(f"{name}: {right}/{n} = {right / n:.3f}  [{low:.3f}, {high:.3f}]")


def main() -> None:
    args = parser.parse_args()
    torch.manual_seed(args.seed)
    torch.set_num_threads(args.threads)
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    # peft 0.21 asks transformers 5.23 for a property under its old name.
    warnings.filterwarnings("ignore", "`is_gradient_checkpointing` is", FutureWarning)

    tokenizer = AutoTokenizer.from_pretrained(find_base(args.base))
    model = AutoModelForCausalLM.from_pretrained(find_base(args.base), dtype=torch.float32)
    seen, held_out = read_questions(args.questions, args.held_out, args.seed)
    training = [to_tokens(question, tokenizer) for question in seen]
    measuring = [to_tokens(question, tokenizer) for question in held_out]
    print(f"{len(training)} questions to train on, {len(measuring)} held out (of other facts)")

    report("before", count_right(model, measuring), len(measuring))
    lora = LoraConfig(
        r=args.rank,
        lora_alpha=2 * args.rank,
        target_modules="all-linear",
        task_type="CAUSAL_LM",
    )
    model = get_peft_model(model, lora)
    train(model, training, args)
    report("after", count_right(model, measuring), len(measuring))


if __name__ == "__main__":
    main()
