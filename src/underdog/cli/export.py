"""``underdog export``: a tuned model as merged safetensors or GGUF, proven to answer alike; or as
an entry of the official competition.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from underdog.cli.evaluate import positive, read_items

if TYPE_CHECKING:
    from underdog.inference.export.prove import Proof
    from underdog.inference.export.source import Source
    from underdog.inference.scorer import Scorer, ScoringConfig
    from underdog.mcq.question import Question
    from underdog.runs.progress import Progress

EXIT_REJECTED = 1
"""The export does not answer as its adapter; it is kept under another name."""
QUESTIONS = 100


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags."""
    forms = parser.add_subparsers(dest="form", required=True, metavar="FORM")
    merged = forms.add_parser(
        "merged",
        help="one model folder that plain transformers loads",
        description="one model folder that plain transformers loads",
    )
    _add_common(merged, "DIR")
    merged.add_argument(
        "--dtype", choices=("bfloat16", "float16", "float32"), default="bfloat16", help="of weights"
    )
    gguf = forms.add_parser(
        "gguf",
        help="one file for llama.cpp and what is built on it (Qwen2 family)",
        description="one file for llama.cpp and what is built on it (Qwen2 family)",
    )
    _add_common(gguf, "FILE")
    gguf.add_argument(
        "--type",
        choices=("f16", "q8_0", "q4_0", "q4_mixed"),
        default="f16",
        help="bits per weight: 16, 8, 4; q4_mixed keeps 8 for the layers that matter most",
    )
    aiac = forms.add_parser(
        "aiac",
        help="a folder that enters the official competition: agents, weights, questions",
        description="a folder that enters the official competition: agents, weights, questions",
    )
    aiac.add_argument("run", type=Path, metavar="RUN", help="a run, or an adapter folder")
    aiac.add_argument("--base", metavar="MODEL", help="the base (default: the adapter's)")
    aiac.add_argument("--out", type=Path, required=True, metavar="DIR", help="what is written")
    aiac.add_argument("--data", type=Path, metavar="DATA_DIR", help="its questions (default: ours)")
    aiac.add_argument("--style", choices=("texts", "letters"), help="how it is asked")
    aiac.add_argument(
        "--dtype",
        choices=("bfloat16", "float16", "float32"),
        default="float32",
        help="type in which it is loaded there (float32; a large model wants bfloat16)",
    )


def _add_common(parser: argparse.ArgumentParser, target: str) -> None:
    add = parser.add_argument
    add("run", type=Path, metavar="RUN", help="a run, or an adapter folder")
    add("--base", metavar="MODEL", help="the base (default: the one that the adapter names)")
    add("--out", type=Path, required=True, metavar=target, help="what is written")
    add("--data", type=Path, metavar="DATA_DIR", help="ask its held-out questions (default: ours)")
    add("--questions", type=positive, default=QUESTIONS, metavar="N", help="for the proof")
    add("--style", choices=("texts", "letters"), help="how they are asked (default: as trained)")
    add(
        "--compute-dtype",
        choices=("float32", "bfloat16", "float16"),
        default="float32",
        help="type in which adapter and base are asked",
    )


def run(args: argparse.Namespace) -> int:
    """Write, prove, name by the verdict, print."""
    from underdog.cli.console import ProgressBar, console
    from underdog.inference.export.prove import ask_reference, prove
    from underdog.inference.export.source import find_source
    from underdog.inference.scorer import ScoringConfig
    from underdog.mcq.prompt import PromptStyle

    if args.form == "aiac":
        return _entry(args)
    _check(args)
    source = find_source(args.run, args.base)
    config = ScoringConfig(style=PromptStyle(args.style or source.style or "texts"))
    questions = _questions(args.data, args.questions)
    with ProgressBar() as progress:
        reference = ask_reference(source, questions, config, dtype=args.compute_dtype)
        kind = args.dtype if args.form == "merged" else args.type
        write, load = _parts(args, source, progress)
        proof = prove(write, load, args.out, reference, kind=kind)
    for line in lines(proof):
        console.print(line, soft_wrap=True, markup=False)
    return EXIT_REJECTED if proof.faults else 0


def _entry(args: argparse.Namespace) -> int:
    """Held-out questions are asked: the model has not learned them, and nobody has seen them."""
    from underdog.agents.official.export import export_entry
    from underdog.cli.console import console
    from underdog.inference.export.source import find_source

    source = find_source(args.run, args.base)
    style = args.style or source.style or "texts"
    questions = _questions(args.data, None)
    asked = export_entry(source, questions, args.out, style=style, dtype=args.dtype)
    console.print(f"{asked} questions to ask from, the model asked by {style}.", markup=False)
    console.print(f"Written: {args.out}", soft_wrap=True, markup=False)
    console.print(f"Next: underdog check-agent {args.out}", soft_wrap=True, markup=False)
    return 0


def _check(args: argparse.Namespace) -> None:
    from underdog.errors import InputError
    from underdog.inference.export.prove import REJECTED, UNPROVEN

    if args.form == "gguf" and (args.out.suffix != ".gguf" or args.out.is_dir()):
        raise InputError("a file name that ends in .gguf", got=str(args.out))
    if args.form == "merged" and args.out.is_file():
        raise InputError("a folder to write the model to", got="a file", where=args.out)
    if args.out.name.endswith((REJECTED, UNPROVEN)):
        raise InputError(f"a name that does not end in {REJECTED} or {UNPROVEN}", got=args.out.name)
    if args.out.exists() and args.out.resolve() in (args.run.resolve(), Path.cwd()):
        raise InputError("another place than the run itself", got=str(args.out))


def _parts(
    args: argparse.Namespace, source: Source, progress: Progress
) -> tuple[Callable[[Path], None], Callable[[Path, ScoringConfig], Scorer]]:
    from underdog.inference.export.gguf_file import export_gguf
    from underdog.inference.export.merged import export_merged
    from underdog.inference.export.prove import load_gguf, load_merged
    from underdog.inference.export.weights import MergedWeights, read_changes

    weights = MergedWeights(source.base, read_changes(source.adapter))
    if args.form == "gguf":
        return (
            lambda out: export_gguf(weights, source.base, out, kind=args.type, progress=progress),
            load_gguf,
        )
    return (
        lambda out: export_merged(weights, source.base, out, dtype=args.dtype, progress=progress),
        load_merged,
    )


def _questions(data: Path | None, count: int | None) -> Sequence[Question]:
    """Held-out questions of a set, or those of the embedded bank."""
    if data is not None:
        return [item.question for item in read_items(data, "validation", count)]
    from underdog.data.bank.facts import load_facts, load_relations
    from underdog.data.bank.questions import four_choice_questions

    made = four_choice_questions(load_facts(), load_relations(), seed=0, per_fact=1)
    ordered = sorted((each.question for each in made), key=lambda question: question.id)
    return ordered[:count]


def lines(proof: Proof) -> list[str]:
    """The verdict in words."""
    told = [f"Export against adapter, {proof.parity.sentence()}."]
    if proof.faults:
        told += [f"Rejected: {fault}." for fault in proof.faults]
        told.append(f"Kept for a look, not for use: {proof.path}")
    else:
        told.append(f"Proven: {proof.path}")
    return told
