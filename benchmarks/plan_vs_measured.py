"""`underdog plan` against real training steps: predicted and measured peak memory, on this CPU.

    python benchmarks/plan_vs_measured.py              # six set-ups, about 6 minutes on 2 cores

Each set-up is rehearsed in a process of its own (real steps of `underdog.training`, random weights
of the shape). Measured is VmHWM at the end less VmRSS after the imports: what the run itself took,
with what malloc keeps of freed pieces. Predicted is the middle of the plan's range less the
same VmRSS. The last line is JSON: both in MiB per set-up, their ratio, and the worst
ratio as max(predicted / measured, measured / predicted).
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict, dataclass
from typing import Any

from shapes import FORTY, TINY, Shape
from underdog.adapters.settings import AdapterSettings
from underdog.hardware.detect import cpu
from underdog.mcq.prompt import PromptStyle
from underdog.training.budget.lengths import assumed
from underdog.training.budget.plan import Request, make_plan
from underdog.training.budget.rehearsal import Rehearsal, rehearse
from underdog.training.budget.shape import shape_of
from underdog.training.config import ExecutionConfig, TrainingConfig
from underdog.training.schedule import ScheduleConfig

STEPS = 2
MIB = 2**20
DEEP = Shape("14M deep", 256, 704, 16, 4, 2, 8_000)


@dataclass(frozen=True)
class SetUp:
    """One run. `batch` rows per step, in `parts` forward passes of rows of `length` tokens."""

    shape: Shape
    rank: int
    batch: int
    length: int
    parts: int = 1
    every_n_layers: int = 0
    dropout: float = 0.0


SET_UPS = (
    SetUp(FORTY, 16, 16, 60),
    SetUp(FORTY, 64, 16, 100, parts=4),
    SetUp(FORTY, 16, 16, 120, every_n_layers=1),
    SetUp(FORTY, 8, 4, 300),
    SetUp(DEEP, 32, 8, 96, dropout=0.1),
    SetUp(TINY, 16, 64, 60),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", type=int, nargs="+", help="numbers of set-ups, from 0")
    chosen = parser.parse_args().only or range(len(SET_UPS))
    found = []
    for number in chosen:
        found.append(compare(SET_UPS[number]))
        print_row(found[-1])
    worst = max(max(row["ratio"], 1 / row["ratio"]) for row in found)
    print(
        json.dumps(
            {"benchmark": "plan_vs_measured", "worst_ratio": round(worst, 3), "set_ups": found}
        )
    )


def compare(set_up: SetUp) -> dict[str, Any]:
    """Plan, rehearse, subtract what was there before."""
    config = TrainingConfig(
        style=PromptStyle.LETTERS,
        schedule=ScheduleConfig(batch_size=set_up.batch),
        execution=ExecutionConfig(
            threads=1,
            device="cpu",
            accumulation=set_up.parts,
            activation_checkpointing=set_up.every_n_layers,
        ),
    )
    shape = shape_of(config_of(set_up.shape), set_up.shape.name)
    rows = assumed(STEPS * set_up.batch, set_up.length, set_up.length, style=config.style, chunks=1)
    adapter = AdapterSettings(set_up.rank, 2.0 * set_up.rank, set_up.dropout)
    plan = make_plan(Request(shape, adapter, config, rows, cpu()))
    measured = rehearse(Rehearsal(shape, None, adapter, config, rows, "float32", steps=STEPS))
    imports = measured.runtime_bytes
    predicted = plan.memory.middle - imports
    own = measured.peak_bytes - imports
    return {
        **asdict(set_up),
        "shape": set_up.shape.name,
        "predicted_mib": round(predicted / MIB),
        "low_mib": round((plan.memory.low - imports) / MIB),
        "high_mib": round((plan.memory.high - imports) / MIB),
        "measured_mib": round(own / MIB),
        "ratio": round(predicted / own, 3),
        "total_ratio": round(plan.memory.middle / measured.peak_bytes, 3),
    }


def config_of(shape: Shape) -> dict[str, Any]:
    """Values of config.json."""
    return {
        "model_type": "qwen2",
        "hidden_size": shape.hidden,
        "intermediate_size": shape.intermediate,
        "num_hidden_layers": shape.layers,
        "num_attention_heads": shape.heads,
        "num_key_value_heads": shape.kv_heads,
        "vocab_size": shape.vocabulary,
        "tie_word_embeddings": True,
    }


def print_row(row: dict[str, Any]) -> None:
    kind = "checkpointing" if row["every_n_layers"] else f"dropout {row['dropout']:g}"
    print(
        f"{row['shape']:9} rank {row['rank']:3} batch {row['batch']:3} as {row['parts']} parts, "
        f"length {row['length']:4}, {kind:14} predicted {row['predicted_mib']:5} MiB "
        f"({row['low_mib']} to {row['high_mib']}), measured {row['measured_mib']:5} MiB, "
        f"ratio {row['ratio']:.2f}",
        flush=True,
    )


if __name__ == "__main__":
    main()
