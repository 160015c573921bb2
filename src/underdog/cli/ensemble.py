"""``underdog ensemble fit``: several adapters into one small file that answers as one model."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from underdog.cli.evaluate import (
    add_cache_argument,
    add_scoring_arguments,
    positive,
    scoring_config,
)
from underdog.cli.evaluation_view import percent

if TYPE_CHECKING:
    from rich.table import Table

    from underdog.evaluation.diversity import Diversity
    from underdog.evaluation.judge import Exam, Judgement
    from underdog.inference.ensemble_file import EnsembleMember

LITTLE = 0.05
"""Members below this share of the weights are pointed out: each costs a forward pass."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags."""
    parts = parser.add_subparsers(dest="part", required=True, metavar="PART")
    fit = parts.add_parser(
        "fit",
        help="fit weights on held-out questions and judge them on others",
        description="fit weights on held-out questions and judge them on others",
    )
    add = fit.add_argument
    add("data", type=Path, metavar="DATA_DIR", help="question set made by underdog data build")
    add("--base", required=True, metavar="MODEL", help="model folder, hub name, or tiny-base")
    add(
        "--adapter",
        action="append",
        required=True,
        metavar="[NAME=]DIR",
        help="an adapter folder or a run that holds one; give it once per member",
    )
    add("--with-base", action="store_true", help="the base without an adapter is a member too")
    add("--out", type=Path, required=True, metavar="FILE", help="the ensemble, a JSON file")
    add("--rule", choices=("log", "linear", "vote", "majority"), default="log", help="how to pool")
    add("--folds", type=positive, default=5, metavar="N", help="parts of the cross-validation")
    add(
        "--test-share",
        type=_share,
        metavar="SHARE",
        help="judge on one part of this share (0 to 1), held out by group, in place of folds",
    )
    add("--by-topic", action="store_true", help="weights of a topic, where they win (rule log)")
    add("--limit", type=positive, metavar="N", help="only the first N questions")
    add_cache_argument(fit)
    add_scoring_arguments(fit)


def _share(text: str) -> float:
    value = float(text)
    if not 0 < value < 1:
        raise argparse.ArgumentTypeError("above 0 and below 1")
    return value


def run(args: argparse.Namespace) -> int:
    """Score the members, fit, judge, save, print."""
    import time

    from underdog.cli.console import ProgressBar, console
    from underdog.cli.evaluate import read_items
    from underdog.evaluation.judge import Exam, judge
    from underdog.evaluation.panel import make_panel
    from underdog.evaluation.pool import Rule
    from underdog.inference.ensemble import scoring_table
    from underdog.inference.ensemble_examine import score_candidates
    from underdog.inference.ensemble_file import Ensemble, write_ensemble
    from underdog.inference.evidence_cache import EvidenceCache, default_folder

    _check(args)
    items = read_items(args.data, "validation", args.limit)
    config = scoring_config(args, items)
    adapters = member_folders(args.adapter, with_base=args.with_base)
    with ProgressBar() as progress:
        scored, identities = score_candidates(
            items,
            args.base,
            adapters,
            args.out.with_name(f"{args.out.stem}-answers"),
            config=config,
            dtype=args.dtype,
            clock=time.perf_counter,
            cache=EvidenceCache(args.cache or default_folder()),
            progress=progress,
        )
    panel = make_panel(
        {name: [each.prediction for each in found] for name, found in scored.items()}
    )
    exam = Exam(
        panel,
        tuple(item.question.answer or 0 for item in items),
        tuple(item.group or item.question.id for item in items),
        tuple(item.question.topic for item in items),
    )
    found = judge(
        exam,
        Rule(args.rule),
        folds=args.folds,
        test_share=args.test_share,
        by_topic=args.by_topic,
    )
    members = _members(adapters, identities)
    judged = {"how": found.how, "routed": list(found.routed), **found.chosen.to_json()}
    scoring = scoring_table(config, args.dtype)
    write_ensemble(args.out, Ensemble(args.base, members, found.pool, scoring, judged))
    for part in show(exam, found):
        console.print(part, soft_wrap=isinstance(part, str))
    console.print(f"Ensemble: {args.out}", soft_wrap=True, markup=False)
    return 0


def _check(args: argparse.Namespace) -> None:
    from underdog.errors import InputError

    if len(args.adapter) + args.with_base < 2:
        raise InputError(
            "at least two members", got="one", hint="another --adapter, or --with-base"
        )
    if args.by_topic and args.rule != "log":
        raise InputError("--by-topic fits weights of the rule log", got=f"--rule {args.rule}")
    if args.out.is_dir():
        raise InputError("a file to write the ensemble to", got="a folder", where=args.out)


def member_folders(given: Sequence[str], *, with_base: bool = False) -> dict[str, Path | None]:
    """Members by name: the given one, or the part of the path that tells them apart."""
    from underdog.errors import InputError

    found: dict[str, Path | None] = {"base": None} if with_base else {}
    for text in given:
        name, sign, path = text.partition("=")
        folder = Path(path if sign else text)
        named = name if sign else short_name(folder)
        if named in found or not named or "/" in named or named in ("ensemble", "."):
            raise InputError(
                "adapters with different names", got=repr(named), hint="--adapter NAME=DIR"
            )
        found[named] = folder
    return found


def short_name(path: Path) -> str:
    """The part of a path that tells models apart: RUN of RUN/train/adapter."""
    parts = [part for part in path.resolve().parts if part not in ("train", "adapter")]
    return parts[-1]


def _members(
    adapters: Mapping[str, Path | None], identities: Mapping[str, Mapping[str, Any]]
) -> tuple[EnsembleMember, ...]:
    from underdog.inference.ensemble import member_digest
    from underdog.inference.ensemble_file import EnsembleMember
    from underdog.inference.scorer import find_adapter

    return tuple(
        EnsembleMember(
            name, None if path is None else find_adapter(path), member_digest(identities[name])
        )
        for name, path in adapters.items()
    )


def show(exam: Exam, found: Judgement) -> list[Table | str]:
    """What the terminal shows: members and rules side by side, diversity, the verdict."""
    from underdog.evaluation.diversity import diversity

    parts: list[Table | str] = [_table(found)]
    parts.append(_diversity(diversity(exam.panel, exam.keys)))
    weights = zip(exam.panel.names, found.pool.weights, strict=True)
    parts.append("Weights: " + ", ".join(f"{name} {weight:.3f}" for name, weight in weights) + ".")
    total = sum(found.pool.weights)
    for name, weight in zip(exam.panel.names, found.pool.weights, strict=True):
        if weight < LITTLE * total:
            parts.append(f"{name} hardly counts: without it every answer is cheaper.")
    if found.routed:
        parts.append(f"Topics with weights of their own: {', '.join(found.routed)}.")
    parts.append(f"{found.chosen.sentence()}.")
    return parts


def _table(found: Judgement) -> Table:
    from rich.table import Table

    n = found.chosen.gain.n
    table = Table(title=f"Judged on {n} questions by {found.how}", title_justify="left")
    for name in ("", "right (95 %)", "NLL", "gain over best", "NLL saved"):
        table.add_column(name, justify="left" if not name else "right")
    for member in found.members:
        table.add_row(member.name, percent(member.accuracy.to_json()), f"{member.nll:.3f}")
    table.add_section()
    for each in found.verdicts:
        gain, saved = each.gain, each.nll_gain
        table.add_row(
            each.rule,
            percent(each.pool.accuracy.to_json()),
            f"{each.pool.nll:.3f}",
            f"{100 * gain.value:+.1f} ({100 * gain.low:+.1f} to {100 * gain.high:+.1f})",
            f"{saved.value:+.3f} ({saved.low:+.3f} to {saved.high:+.3f})",
        )
    return table


def _diversity(found: Diversity) -> str:
    text = f"At least one member is right in {100 * found.oracle:.1f} %, all are in "
    text += f"{100 * found.all_right:.1f} %"
    if found.disagreement is not None and found.double_fault is not None:
        text += (
            f"; two members disagree in {100 * found.disagreement:.1f} % and are both wrong in "
            f"{100 * found.double_fault:.1f} % of the questions"
        )
    return f"{text}."
