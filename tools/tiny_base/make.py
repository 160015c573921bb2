"""Make the embedded tiny base: a Qwen2-architecture model that has read the bank's statements.

    python tools/tiny_base/make.py            # about 20 minutes on 2 cores
    python tools/tiny_base/make.py --out DIR --steps N

It reads every statement of every fact (`underdog.data.bank`) and never a question, so it knows the
facts but not how questions are asked: that is what tuning adds. Same packages, same number of
threads and same bank give the same weights, bit for bit. Weights are stored in 16-bit floats.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from pathlib import Path

import torch
from tokenizers import Tokenizer, models, pre_tokenizers, trainers
from torch.nn.functional import cross_entropy
from transformers import AutoTokenizer, Qwen2Config, Qwen2ForCausalLM, Qwen2Tokenizer

from underdog.data.bank.facts import fill, load_facts, load_relations
from underdog.data.bank.statements import statements

HERE = Path(__file__).resolve().parent
DEFAULT_OUT = HERE.parents[1] / "src" / "underdog" / "assets" / "tiny-base"
VOCABULARY = 3072
THREADS = 1
SEED = 20261120
END = "<|endoftext|>"
IGNORED = -100


def make_tokenizer(texts: list[str]) -> Qwen2Tokenizer:
    """Byte-level BPE cut the way Qwen2 cuts text: digits one by one, spaces with their word.

    `AutoTokenizer` gives a Qwen2 model Qwen2's own pre-tokenizer whatever the file says, so the
    merges are learned under exactly that one (a plain byte-level one split years differently when
    loaded again).
    """
    empty = Qwen2Tokenizer(vocab={END: 0}, merges=[])
    learner = Tokenizer(models.BPE())
    learner.normalizer = empty.backend_tokenizer.normalizer
    learner.pre_tokenizer = empty.backend_tokenizer.pre_tokenizer
    learner.train_from_iterator(
        texts,
        trainers.BpeTrainer(
            vocab_size=VOCABULARY,
            special_tokens=[END],
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        ),
    )
    learned = json.loads(learner.to_str())["model"]
    merges = [tuple(pair) for pair in learned["merges"]]
    return Qwen2Tokenizer(vocab=learned["vocab"], merges=merges)


def make_model(vocabulary: int) -> Qwen2ForCausalLM:
    """About 2.2M parameters; the embedding is tied, so 0.6M of them are the vocabulary."""
    torch.manual_seed(SEED)
    config = Qwen2Config(
        vocab_size=vocabulary,
        hidden_size=192,
        intermediate_size=448,
        num_hidden_layers=4,
        num_attention_heads=6,
        num_key_value_heads=6,
        tie_word_embeddings=True,
        max_position_embeddings=512,
        pad_token_id=0,
        eos_token_id=0,
        bos_token_id=None,
    )
    return Qwen2ForCausalLM(config)


def batches(encoded: list[list[int]], size: int, steps: int) -> list[list[list[int]]]:
    """Epochs in random order, cut into length-bucketed batches: little padding, same every time."""
    rng, made = random.Random(SEED), []
    while len(made) < steps:
        order = list(range(len(encoded)))
        rng.shuffle(order)
        epoch = []
        for start in range(0, len(order) - size + 1, size * 16):
            window = sorted(order[start : start + size * 16], key=lambda i: len(encoded[i]))
            epoch += [window[at : at + size] for at in range(0, len(window) - size + 1, size)]
        rng.shuffle(epoch)
        made += [[encoded[i] for i in batch] for batch in epoch]
    return made[:steps]


def loss_of(model: Qwen2ForCausalLM, batch: list[list[int]]) -> torch.Tensor:
    """Mean next-token loss of right-padded sentences; padding is never a target."""
    longest = max(map(len, batch))
    ids = torch.zeros(len(batch), longest, dtype=torch.long)
    targets = torch.full((len(batch), longest), IGNORED)
    for row, sentence in enumerate(batch):
        ids[row, : len(sentence)] = torch.tensor(sentence)
        targets[row, : len(sentence) - 1] = torch.tensor(sentence[1:])
    kept = targets != IGNORED
    hidden = model.model(input_ids=ids, use_cache=False).last_hidden_state[kept]
    return cross_entropy(model.lm_head(hidden), targets[kept])


def learning_rate(step: int, steps: int, peak: float, warm_up: int = 100) -> float:
    """Linear warm-up, then linear decay to a tenth of the peak."""
    if step < warm_up:
        return peak * (step + 1) / warm_up
    return peak * (1 - 0.9 * (step - warm_up) / max(1, steps - warm_up))


def pretrain(model: Qwen2ForCausalLM, encoded: list[list[int]], args: argparse.Namespace) -> None:
    """Plain AdamW (beta2 0.98: few steps)."""
    model.train()
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=args.peak, betas=(0.9, 0.98), weight_decay=0.1, fused=True
    )
    started = time.perf_counter()
    for step, batch in enumerate(batches(encoded, args.batch, args.steps)):
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(step, args.steps, args.peak)
        loss = loss_of(model, batch)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        if step % 50 == 0 or step == args.steps - 1:
            elapsed = time.perf_counter() - started
            print(f"step {step} loss {loss.item():.3f} {elapsed:.0f} s", flush=True)
        if args.snapshot_every and step and step % args.snapshot_every == 0:
            model.save_pretrained(Path(args.out) / f"snapshot-{step}")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=DEFAULT_OUT)
    parser.add_argument("--steps", type=int, default=6000)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--peak", type=float, default=2e-3)
    parser.add_argument("--snapshot-every", type=int, default=0, help="for choosing --steps")
    return parser.parse_args()


def main() -> None:
    args = arguments()
    torch.set_num_threads(THREADS)
    torch.use_deterministic_algorithms(True)
    facts, relations = load_facts(), load_relations()
    sentences = [statement.text for statement in statements(facts, relations)]
    asked = [
        fill(relations[fact.relation].questions[0], subject=fact.subject, object_=fact.object)
        for fact in facts
    ]
    args.out.mkdir(parents=True, exist_ok=True)
    make_tokenizer([*sentences, *(f"Question: {text}\nAnswer:" for text in asked)]).save_pretrained(
        args.out
    )
    tokenizer = AutoTokenizer.from_pretrained(args.out)  # the one that every user will get
    encoded = [[*tokenizer.encode(text), tokenizer.eos_token_id] for text in sentences]
    model = make_model(len(tokenizer))
    print(
        f"{len(facts)} facts, {len(sentences)} statements, {sum(map(len, encoded))} tokens, "
        f"{sum(weight.numel() for weight in model.parameters())} parameters"
    )
    pretrain(model, encoded, args)
    model.to(torch.float16).save_pretrained(args.out)
    record = {"steps": args.steps, "batch": args.batch, "peak": args.peak, "facts": len(facts)}
    (args.out / "made.json").write_text(json.dumps(record, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
