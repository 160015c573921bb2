"""Is an ensemble of LoRA, rsLoRA and DoRA better than its best member, and what does it cost?

    python benchmarks/ensemble.py --out out/ensemble    # trains 3 adapters per seed, or goes on
    python benchmarks/ensemble.py --memory              # peak memory of one and of three members

Per seed three adapters of the embedded base are trained as `ablation.py` trains them (800 rows,
rank 16, easy to hard, with replay; each member has an order and first weights of its own). All
held-out questions about the trained topics are answered; half of the groups decides the weights,
the other half judges them. Every rule is judged on the same questions, against the member that is
best on these very questions. Over seeds: means with t intervals. The questions are the same for all
seeds, so the intervals hold for these questions and other trainings.

Memory: a fresh process each for no model, LoRA alone, DoRA alone and all three, on the 39M shape
(random weights, rank 16); the peak of the whole process, and what is above an empty one.
The last line is one line of JSON.
"""

from __future__ import annotations

import argparse
import json
import math
import resource
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import ablation
from ablation_table import Arm
from underdog.runs.files import replacing_folder, write_json

KINDS = ("lora", "rslora", "dora")
TEST_SHARE = 0.5
CASES = {"none": (), "lora": ("lora",), "dora": ("dora",), "three": KINDS}
"""Members in memory while a peak is measured."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, help="folder of adapters and results; goes on")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--memory", action="store_true")
    parser.add_argument("--peak", choices=tuple(CASES), help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.peak is not None:
        print(peak_bytes(args.peak, args.folder))
    elif args.memory:
        print(json.dumps(memory()))
    else:
        print(json.dumps(accuracy(args.out, args.seeds)))


def accuracy(out: Path, seeds: int) -> dict[str, Any]:
    """Train what is missing, judge every seed, print a table."""
    ablation.make_data(out / "data")
    material = ablation.prepare(out)
    found = []
    for seed in range(seeds):
        for place, kind in enumerate(KINDS):
            train(kind, 3 * seed + place, material, out)
        found.append(judged(seed, out))
        print(told(seed, found[-1]), flush=True)
    rules = list(found[0]["rules"])
    table = {rule: over_seeds([each["rules"][rule] for each in found]) for rule in rules}
    for rule, of in table.items():
        print(rule, json.dumps(of))
    return {
        "seeds": seeds,
        "questions": found[0]["questions"],
        "log_over_best": table["log"]["gain"],
        "log_over_majority": mean_interval(
            [each["rules"]["log"]["right"] - each["rules"]["majority"]["right"] for each in found]
        ),
        "nll_saved_over_best": table["log"]["nll_gain"],
        "nll_saved_over_majority": mean_interval(
            [each["rules"]["majority"]["nll"] - each["rules"]["log"]["nll"] for each in found]
        ),
        "better_than_best_in_seeds": sum(each["rules"]["log"]["better"] for each in found),
    }


def train(kind: str, seed: int, material: Any, out: Path) -> None:
    """One adapter, kept as `out/KIND-SEED`."""
    target = out / f"{kind}-{seed}"
    if target.exists():
        return
    with tempfile.TemporaryDirectory(dir=out) as folder:
        run = Path(folder) / "run"
        ablation.train_one(Arm(kind, "curriculum", True), seed, material, run, out)
        with replacing_folder(target) as partial:
            for path in (run / "adapter").iterdir():
                (partial / path.name).write_bytes(path.read_bytes())
    print(f"trained {target.name}", flush=True)


def judged(seed: int, out: Path) -> dict[str, Any]:
    """Every rule of one seed's ensemble on the held-out half; kept on disk."""
    import time

    from underdog.data.row import Split
    from underdog.data.store import read_rows
    from underdog.evaluation.diversity import diversity
    from underdog.evaluation.judge import Exam, judge
    from underdog.evaluation.panel import make_panel
    from underdog.evaluation.pool import Rule
    from underdog.evaluation.results import Item
    from underdog.inference.ensemble_examine import score_candidates

    path = out / f"judged-{seed}.json"
    if path.exists():
        return dict(json.loads(path.read_text()))
    rows = [row for row in read_rows(out / "data") if row.split is Split.VALIDATION]
    rows = [row for row in rows if row.question.topic in ablation.TRAINED]
    adapters = {kind: out / f"{kind}-{3 * seed + place}" for place, kind in enumerate(KINDS)}
    scored, _ = score_candidates(
        [Item(row.question, row.band.value, row.group) for row in rows],
        ablation.BASE,
        adapters,
        out / f"answers-{seed}",
        config=ablation.scoring(),
        dtype="float32",
        clock=time.perf_counter,
    )
    exam = Exam(
        make_panel({name: [each.prediction for each in of] for name, of in scored.items()}),
        tuple(row.question.answer or 0 for row in rows),
        tuple(row.group for row in rows),
        tuple(row.question.topic for row in rows),
    )
    verdict = judge(exam, Rule.LOG, test_share=TEST_SHARE)
    value = {
        "questions": verdict.chosen.gain.n,
        "weights": dict(zip(adapters, verdict.pool.weights, strict=True)),
        "members": {
            each.name: {"right": each.accuracy.value, "nll": each.nll} for each in verdict.members
        },
        "diversity": diversity(exam.panel, exam.keys).to_json(),
        "sentence": verdict.chosen.sentence(),
        "rules": {
            each.rule: {
                "right": each.pool.accuracy.value,
                "nll": each.pool.nll,
                "gain": each.gain.value,
                "nll_gain": each.nll_gain.value,
                "better": each.better,
            }
            for each in verdict.verdicts
        },
    }
    write_json(path, value)
    return value


def told(seed: int, value: dict[str, Any]) -> str:
    members = ", ".join(f"{name} {of['right']:.3f}" for name, of in value["members"].items())
    rules = ", ".join(f"{name} {of['right']:.3f}" for name, of in value["rules"].items())
    return f"seed {seed}: {members}; {rules}. {value['sentence']}"


def over_seeds(rows: Sequence[dict[str, float]]) -> dict[str, list[float]]:
    """Mean and interval of every figure."""
    return {
        key: mean_interval([row[key] for row in rows])
        for key in ("right", "nll", "gain", "nll_gain")
    }


def mean_interval(values: Sequence[float]) -> list[float]:
    """Mean, and the bounds of its 95 % t interval."""
    from scipy.stats import t

    n = len(values)
    mean = math.fsum(values) / n
    deviation = math.sqrt(math.fsum((each - mean) ** 2 for each in values) / max(n - 1, 1))
    reach = float(t.ppf(0.975, n - 1)) * deviation / math.sqrt(n) if n > 1 else math.inf
    return [round(each, 4) for each in (mean, mean - reach, mean + reach)]


def memory() -> dict[str, float]:
    """Peaks in fresh processes; the middle of three each."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        save_models(folder)
        peaks = {case: sorted(measured(case, folder) for _ in range(3))[1] for case in CASES}
    three = peaks["three"]
    return {
        "memory_ratio_lora": round(three / peaks["lora"], 3),
        "memory_ratio_dora": round(three / peaks["dora"], 3),
        "memory_ratio_dora_above_empty": round(
            (three - peaks["none"]) / (peaks["dora"] - peaks["none"]), 3
        ),
        **{f"peak_mb_{case}": round(peak / 1e6, 1) for case, peak in peaks.items()},
    }


def measured(case: str, folder: Path) -> int:
    command = [sys.executable, __file__, "--peak", case, "--folder", str(folder)]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def save_models(folder: Path) -> None:
    """The 39M shape and three adapters of it whose matrices are all in use."""
    import torch
    from transformers import AutoModelForCausalLM, Qwen2Config, Qwen2ForCausalLM

    from shapes import FORTY
    from underdog.adapters.adapter import attach
    from underdog.adapters.embedded import find_base
    from underdog.adapters.lora import save_adapter
    from underdog.adapters.settings import AdapterKind, AdapterSettings

    torch.manual_seed(0)
    config = Qwen2Config(
        vocab_size=FORTY.vocabulary,
        hidden_size=FORTY.hidden,
        intermediate_size=FORTY.intermediate,
        num_hidden_layers=FORTY.layers,
        num_attention_heads=FORTY.heads,
        num_key_value_heads=FORTY.kv_heads,
        tie_word_embeddings=True,
    )
    Qwen2ForCausalLM(config).save_pretrained(folder / "base")
    tokenizer = Path(find_base(ablation.BASE))
    for path in tokenizer.glob("tokenizer*"):
        (folder / "base" / path.name).write_bytes(path.read_bytes())
    for kind in KINDS:
        model = AutoModelForCausalLM.from_pretrained(folder / "base", dtype=torch.float32)
        adapted = attach(model, AdapterSettings(16, 32, kind=AdapterKind(kind)), seed=1)
        for name, weight in adapted.named_parameters():
            if "lora_B" in name:
                weight.data.normal_(std=0.01)
        save_adapter(adapted, folder / kind)


def peak_bytes(case: str, folder: Path) -> int:
    """Score 60 questions with that many members; the peak of this process."""
    from underdog.inference.members import open_members, score_members

    ablation.one_thread()
    if CASES[case]:
        members = open_members(
            folder / "base",
            {kind: folder / kind for kind in CASES[case]},
            config=ablation.scoring(),
            device="cpu",
        )
        score_members(some_questions(), members)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def some_questions() -> list[Any]:
    from underdog.data.bank.facts import load_facts, load_relations
    from underdog.data.bank.questions import four_choice_questions

    made = four_choice_questions(load_facts(), load_relations(), seed=0, per_fact=1)
    return [each.question for each in made[:60]]


if __name__ == "__main__":
    main()
