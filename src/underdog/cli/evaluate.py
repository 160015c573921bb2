"""``underdog evaluate``: a model, its adapter or an ensemble on held-out questions, with intervals.

With ``--forgetting BEFORE AFTER`` no model is asked: two folders of stored answers are compared,
question by question.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from underdog.cli.evaluation_view import show
from underdog.cli.remote import add_remote_arguments, examine_remote, is_remote

if TYPE_CHECKING:
    from rich.table import Table

    from underdog.evaluation.forgetting import Forgetting
    from underdog.evaluation.predictions import Scored
    from underdog.evaluation.results import Item
    from underdog.inference.examine import Candidate
    from underdog.inference.scorer import ScoringConfig
    from underdog.runs.progress import Progress


FORGETTING_NAME = "forgetting.json"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags."""
    add = parser.add_argument
    add("data", type=Path, metavar="DATA_DIR", help="question set made by underdog data build")
    add(
        "--base",
        metavar="MODEL",
        help="model folder, hub name, tiny-base (in the package), or the URL of a server",
    )
    add(
        "--forgetting",
        type=Path,
        nargs=2,
        metavar=("BEFORE", "AFTER"),
        help="instead of asking a model: what was learned, kept and forgotten between two folders "
        "of answers (OUT/base of an evaluation, RUN/retention/before of a training)",
    )
    add(
        "--adapter",
        type=Path,
        metavar="DIR",
        help="adapter folder, or a run that holds one; without it the base is scored alone",
    )
    add(
        "--ensemble",
        type=Path,
        metavar="FILE",
        help="a file made by underdog ensemble fit, in place of --base and --adapter; it says "
        "how its members are asked",
    )
    add("--out", type=Path, metavar="DIR", help="folder for answers and results")
    add(
        "--debias",
        choices=("pride", "rotate"),
        help="take the preference for letters out: pride rotates 5 %% of the questions, rotate "
        "asks all rotations of each (with --style letters)",
    )
    add("--split", choices=("validation", "train"), default="validation", help="which questions")
    add("--limit", type=positive, metavar="N", help="only the first N questions")
    add_cache_argument(parser)
    add_scoring_arguments(parser)
    add("--timed", type=_count, default=100, metavar="N", help="questions timed alone; 0: none")
    add_remote_arguments(parser)


def add_cache_argument(parser: argparse.ArgumentParser) -> None:
    """Where answers that were asked for before are looked up."""
    parser.add_argument(
        "--cache",
        type=Path,
        metavar="DIR",
        help="where log-probabilities are kept between evaluations (the user's cache folder)",
    )


def add_scoring_arguments(parser: argparse.ArgumentParser) -> None:
    """How a model is asked: the same flags wherever one is."""
    add = parser.add_argument
    add("--style", choices=("texts", "letters"), default="texts", help="how answers are asked for")
    add(
        "--normalisation",
        choices=("sum", "per_token", "per_character", "unconditional"),
        default="sum",
        help="what makes choice texts of different lengths comparable; unconditional: less what "
        "each is worth without the question",
    )
    add("--shots", type=_count, default=0, metavar="K", help="worked examples from the other split")
    add("--instruction", default="", metavar="TEXT", help="first line of every prompt")
    add("--chat-template", action="store_true", help="ask in the tokenizer's chat template")
    add(
        "--letters-with-space",
        choices=("automatic", "space", "none"),
        default="automatic",
        help='whether answers are " A" or "A"; automatic: a space in plain prompts only',
    )
    add("--dtype", choices=("float32", "bfloat16", "float16"), default="float32")
    add("--batch-tokens", type=positive, default=1024, metavar="N", help="per pass; GPUs want more")
    add("--seed", type=int, default=0, help="order in which letters show the choices")


def run(args: argparse.Namespace) -> int:
    """Score, compare, save, print; or compare what two folders hold."""
    if args.forgetting is not None:
        return run_forgetting(args)
    _check_asked(args)
    from underdog.cli.console import ProgressBar, console

    items = read_items(args.data, args.split, args.limit)
    with ProgressBar() as progress:
        results = (
            _examine_models(args, items, progress)
            if args.ensemble is None
            else _examine_ensemble(args, items, progress)
        )
    for part in show(results, _latencies(args.out, results)):
        console.print(part, soft_wrap=isinstance(part, str))
    console.print(f"Answers and results: {args.out}", soft_wrap=True, markup=False)
    return 0


def _examine_models(
    args: argparse.Namespace, items: Sequence[Item], progress: Progress
) -> Mapping[str, Any]:
    if is_remote(args.base):
        return examine_remote(args, items, scoring_config(args, items), progress)
    import time

    from underdog.inference.evidence_cache import EvidenceCache, default_folder
    from underdog.inference.examine import base_and_tuned, evaluate_models
    from underdog.inference.latency import LatencyConfig

    config = scoring_config(args, items)
    cache = EvidenceCache(args.cache or default_folder())
    candidates = base_and_tuned(
        args.base, args.adapter, config=config, dtype=args.dtype, cache=cache
    )
    results = evaluate_models(
        items,
        candidates,
        args.out,
        clock=time.perf_counter,
        latency=LatencyConfig(questions=args.timed) if args.timed else None,
        progress=progress,
    )
    if args.debias is None:
        return results
    return _debias(args, items, candidates, results["scoring"], progress=progress)


def _debias(
    args: argparse.Namespace,
    items: Sequence[Item],
    candidates: Sequence[Candidate],
    scoring: Mapping[str, Any],
    *,
    progress: Progress,
) -> Mapping[str, Any]:
    """The same results, and beside each model its answers without the bias."""
    from underdog.evaluation.predictions import PREDICTIONS_NAME, read_scored
    from underdog.evaluation.results import clusters_of, summarise, write_results
    from underdog.inference.rotations import Debias, debiased

    how = Debias(args.debias)
    models: dict[str, tuple[Scored, ...]] = {}
    reports: dict[str, Any] = {}
    for each in candidates:
        plain = read_scored(args.out / each.name / PREDICTIONS_NAME)
        found = debiased(
            [item.question for item in items],
            plain,
            how,
            each.open,
            folder=args.out / each.name,
            config=each.config,
            groups=clusters_of(items),
            progress=progress,
        )
        models[each.name], models[f"{each.name} debiased"] = plain, found.scored
        reports[each.name] = found.report
    results = {**summarise(items, models, scoring=scoring), "position_bias": reports}
    write_results(args.out, results)
    return results


def _examine_ensemble(
    args: argparse.Namespace, items: Sequence[Item], progress: Progress
) -> Mapping[str, Any]:
    import time

    from underdog.inference.ensemble_examine import examine_ensemble
    from underdog.inference.ensemble_file import read_ensemble
    from underdog.inference.evidence_cache import EvidenceCache, default_folder
    from underdog.inference.latency import LatencyConfig

    return examine_ensemble(
        items,
        read_ensemble(args.ensemble),
        args.out,
        clock=time.perf_counter,
        cache=EvidenceCache(args.cache or default_folder()),
        latency=LatencyConfig(questions=args.timed) if args.timed else None,
        progress=progress,
    )


def scoring_config(args: argparse.Namespace, items: Sequence[Item]) -> ScoringConfig:
    """How questions are put, from the flags of `add_scoring_arguments`; worked examples come from
    the split that is not asked.
    """
    from underdog.data.store import read_rows
    from underdog.inference.scorer import Normalisation, ScoringConfig
    from underdog.mcq.prompt import PromptStyle
    from underdog.mcq.template import Spacing, draw_shots

    split = getattr(args, "split", "validation")
    pool = (row.question for row in read_rows(args.data) if row.split.value != split)
    asked = {item.question.id for item in items}
    return ScoringConfig(
        style=PromptStyle(args.style),
        normalisation=Normalisation(args.normalisation),
        seed=args.seed,
        batch_tokens=args.batch_tokens,
        shots=draw_shots(list(pool) if args.shots else [], args.shots, seed=args.seed, asked=asked),
        instruction=args.instruction,
        chat_template=args.chat_template,
        spacing=Spacing(args.letters_with_space),
    )


def _check_asked(args: argparse.Namespace) -> None:
    """What a model needs to be asked; argparse cannot require it only without --forgetting."""
    from underdog.errors import InputError

    if args.ensemble is not None:
        given = [flag for flag in ("base", "adapter", "debias") if getattr(args, flag) is not None]
        if given or args.out is None:
            raise InputError(
                "--ensemble FILE and --out DIR: the file names base and adapters",
                got=f"--{given[0]}" if given else "no --out",
            )
        return
    missing = [flag for flag in ("base", "out") if getattr(args, flag) is None]
    if missing:
        raise InputError(
            "--base and --out are needed to ask a model",
            got=f"no {' and no '.join('--' + flag for flag in missing)}",
            hint="--ensemble FILE, or --forgetting BEFORE AFTER, which compares stored answers",
        )


def run_forgetting(args: argparse.Namespace) -> int:
    """Compare stored answers; --out keeps the result as forgetting.json."""
    from underdog.cli.console import console
    from underdog.data.store import read_rows
    from underdog.evaluation.forgetting import pair_answers
    from underdog.runs.files import write_json

    before, after = (read_answers(folder) for folder in args.forgetting)
    questions = [row.question for row in read_rows(args.data)]
    found = pair_answers(questions, before, after)
    console.print(found.sentence())
    if found.left_out:
        console.print(f"{found.left_out} more were answered once only, or are not in {args.data}.")
    if found.topics:
        console.print(_topic_table(found))
    if args.out is not None:
        write_json(args.out / FORGETTING_NAME, found.to_json())
        console.print(f"Result: {args.out / FORGETTING_NAME}")
    return 0


def read_answers(folder: Path) -> tuple[Scored, ...]:
    """The answers in a folder; InputError naming the folders below it that hold some."""
    from underdog.errors import InputError
    from underdog.evaluation.predictions import PREDICTIONS_NAME, read_scored

    if not (folder / PREDICTIONS_NAME).is_file():
        below = sorted(path.parent.name for path in folder.glob(f"*/{PREDICTIONS_NAME}"))
        raise InputError(
            f"a folder with {PREDICTIONS_NAME} is needed",
            got="none there",
            where=folder,
            hint=" or ".join(str(folder / name) for name in below),
        )
    return read_scored(folder / PREDICTIONS_NAME)


def _topic_table(found: Forgetting) -> Table:
    from rich.table import Table

    table = Table(title="Topics that lost most", title_justify="left")
    for name in ("topic", "questions", "forgotten", "learned"):
        table.add_column(name, justify="left" if name == "topic" else "right")
    for each in found.topics:
        table.add_row(each.topic, str(each.questions), str(each.forgotten), str(each.learned))
    return table


def positive(text: str) -> int:
    """A whole number of at least 1, for argparse."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return value


def _count(text: str) -> int:
    value = int(text)
    if value < 0:
        raise argparse.ArgumentTypeError("at least 0")
    return value


def read_items(folder: Path, split: str, limit: int | None) -> list[Item]:
    """The questions of one split whose keys are known, the first `limit`, with band and group."""
    from underdog.data.store import read_rows
    from underdog.errors import InputError
    from underdog.evaluation.results import Item

    rows = [row for row in read_rows(folder) if row.split.value == split]
    keyed = [
        Item(row.question, row.band.value, row.group)
        for row in rows
        if row.question.answer is not None
    ]
    if not keyed:
        raise InputError(f"questions of the {split} split with known answers", where=folder)
    return keyed[:limit]


def _latencies(folder: Path, results: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    from underdog.inference.examine import LATENCY_NAME
    from underdog.runs.files import read_json

    paths = {model["name"]: folder / model["name"] / LATENCY_NAME for model in results["models"]}
    return {name: read_json(path) for name, path in paths.items() if path.exists()}
