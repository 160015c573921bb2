"""Does a tournament rank models as held-out questions do?

    python benchmarks/strengths.py [--out DIR] [--questions 60] [--seed 0]

Builds a set from the embedded bank, trains three small adapters of the embedded base on it (short,
of unequal strength), fits an ensemble of them, and plays a double round robin of base, adapters,
ensemble, random and longest. One half of the validation split is asked in the games, the other half
is held out; both are questions that no adapter was trained on. All by the command itself, as a user
would. What is there from an earlier sitting is kept. Ends with one line of JSON.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from underdog.data.row import Split
from underdog.data.store import read_rows
from underdog.mcq.presentation import Presentation
from underdog.protocol.official import write_question
from underdog.runs.files import write_json

ADAPTERS = {
    "weak": ("--rank", "4", "--learning-rate", "2e-4", "1e-4"),
    "middle": ("--rank", "8", "--learning-rate", "6e-4", "3e-4"),
    "strong": ("--rank", "16", "--learning-rate", "1e-3", "5e-4", "--epochs", "2"),
}
"""Flags of training: shorter and gentler than the recipe for all but the last."""


def underdog(*arguments: object) -> None:
    command = [sys.executable, "-m", "underdog", *map(str, arguments)]
    subprocess.run(command, check=True, stdout=sys.stderr)


def halves(data: Path, out: Path) -> tuple[Path, Path]:
    """The validation split in two, whole groups on one side each, as files of questions."""
    rows = [row for row in read_rows(data) if row.split is Split.VALIDATION]
    groups = sorted({row.group for row in rows})
    first = set(groups[::2])
    files = out / "asked.json", out / "held-out.json"
    for path, inside in zip(files, (True, False), strict=True):
        part = [row.question for row in rows if (row.group in first) is inside]
        identity = Presentation.identity(4)
        write_json(path, [write_question(each, identity) for each in part])
    return files


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--out", type=Path, help="folder to keep everything in")
    parser.add_argument("--questions", type=int, default=60, help="per innings")
    parser.add_argument("--validation-share", type=float, default=0.2)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    out = args.out or Path(tempfile.mkdtemp(prefix="strengths-"))
    started = time.perf_counter()
    data = out / "data"
    if not data.exists():
        share = ("--validation-share", args.validation_share)
        underdog("data", "build", "bank", "--bank-per-fact", 1, *share, "--out", data)
    for name, flags in ADAPTERS.items():
        if not (out / name / "adapter").exists():
            underdog("train", data, "--base", "tiny-base", "--out", out / name, *flags)
    members = [f"--adapter={name}={out / name}" for name in ADAPTERS]
    asked, held_out = halves(data, out)
    team = out / "ensemble.json"
    if not team.exists():
        underdog("ensemble", "fit", data, "--base", "tiny-base", *members, "--out", team)
    entrants = ["model:tiny-base", *(f"model:tiny-base:{out / name}" for name in ADAPTERS)]
    underdog(
        "tournament", "run", "--out", out / "cup", "--questions", args.questions,
        "--seed", args.seed, "--q", f"file:{asked}", "--held-out", held_out,
        "--entrants", *entrants, f"ensemble:{team}", "random", "longest",
    )  # fmt: skip
    told = subprocess.run(
        [sys.executable, "-m", "underdog", "tournament", "status", str(out / "cup"), "--json"],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    summary = json.loads(told.stdout)
    known = {each["name"]: each for each in summary["held_out"]}
    for each in sorted(summary["strengths"], key=lambda each: -each["answering"]["value"]):
        theta, share = each["answering"], known[each["name"]]
        print(
            f"{each['name']:<22} theta {theta['value']:+.2f} [{theta['low']:+.2f}, "
            f"{theta['high']:+.2f}]  held out {share['value']:.3f} [{share['low']:.3f}, "
            f"{share['high']:.3f}]"
        )
    found = summary["agreement"]
    print(found["sentence"])
    result = {name: found[name] for name in ("agrees", "pairs", "told_apart", "same_order")}
    result |= {
        "kendall_tau": found["kendall_tau"]["value"],
        "held_out_questions": found["questions"],
        "games": summary["games"]["played"],
        "seconds": round(time.perf_counter() - started),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
