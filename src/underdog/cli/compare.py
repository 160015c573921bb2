"""``underdog compare``: which of many models is best, asking no more questions than it takes."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from underdog.cli.evaluate import add_scoring_arguments, positive, read_items, scoring_config
from underdog.cli.evaluation_view import percent

if TYPE_CHECKING:
    from rich.table import Table

    from underdog.evaluation.sequential import Ranking
    from underdog.inference.examine import Candidate
    from underdog.inference.members import Members
    from underdog.inference.scorer import Scorer, ScoringConfig

MOST_TIES = 6
"""Lines about pairs that nothing separates; the file has all."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags."""
    add = parser.add_argument
    add(
        "models",
        nargs="+",
        metavar="MODEL",
        help="[NAME=]BASE[:ADAPTER]: a model folder, hub name or tiny-base, with an adapter or not",
    )
    add("--data", type=Path, required=True, metavar="DATA_DIR", help="its held-out questions")
    add("--out", type=Path, required=True, metavar="DIR", help="answers; the same command goes on")
    add("--limit", type=positive, metavar="N", help="at most N questions, one per group")
    add(
        "--alpha",
        type=float,
        default=0.05,
        help="chance that any claimed difference is wrong, over all pairs and looks",
    )
    add("--first-round", type=positive, default=32, metavar="N", help="questions before a look")
    add_scoring_arguments(parser)


class _Model(NamedTuple):
    name: str
    base: str
    adapter: Path | None


def run(args: argparse.Namespace) -> int:
    """Ask in rounds, rank, print."""
    from underdog.cli.console import ProgressBar, console
    from underdog.inference.contest import Contest, contest, independent

    models = read_models(args.models)
    items = read_items(args.data, "validation", None)
    questions = independent(items, args.limit)
    bench = _Bench(models, scoring_config(args, items), args.dtype)
    with ProgressBar() as progress:
        ranking = contest(
            questions,
            bench.candidates(),
            args.out,
            settings=Contest(args.alpha, args.first_round),
            release=bench.release,
            progress=progress,
        )
    for part in show(ranking):
        console.print(part, soft_wrap=isinstance(part, str))
    console.print(f"Answers and ranking: {args.out}", soft_wrap=True, markup=False)
    return 0


def read_models(given: Sequence[str]) -> tuple[_Model, ...]:
    """Models as they were asked for; InputError for names that clash."""
    from underdog.cli.ensemble import short_name
    from underdog.errors import InputError

    found: list[_Model] = []
    for text in given:
        name, sign, rest = text.partition("=")
        base, _, adapter = (rest if sign else text).partition(":")
        folder = Path(adapter) if adapter else None
        usual = short_name(Path(base) if folder is None else folder)
        found.append(_Model(name if sign else usual, base, folder))
    names = [each.name for each in found]
    if len(set(names)) != len(names) or not all(names):
        raise InputError("models with different names", got=", ".join(names), hint="NAME=BASE")
    return tuple(found)


class _Bench:
    """Loads one base at a time, with all adapters that are to be asked on it."""

    def __init__(self, models: Sequence[_Model], config: ScoringConfig, dtype: str) -> None:
        self._models, self._config, self._dtype = models, config, dtype
        self._loaded: tuple[str, Members] | None = None
        self._several = len({each.base for each in models}) > 1

    def candidates(self) -> list[Candidate]:
        """Neighbours share a base, so that it is loaded once per round."""
        from underdog.inference.examine import Candidate
        from underdog.inference.scorer import model_identity

        bases = list(dict.fromkeys(each.base for each in self._models))
        ordered = sorted(self._models, key=lambda each: bases.index(each.base))
        return [
            Candidate(
                each.name,
                {"dtype": self._dtype, **model_identity(each.base, each.adapter)},
                self._config,
                self._opener(each),
            )
            for each in ordered
        ]

    def _opener(self, model: _Model) -> Callable[[], Scorer]:
        def opened() -> Scorer:
            from underdog.inference.members import open_members

            if self._loaded is None or self._loaded[0] != model.base:
                self._loaded = None  # before the next one comes into memory
                adapters = {
                    each.name: each.adapter for each in self._models if each.base == model.base
                }
                members = open_members(model.base, adapters, config=self._config, dtype=self._dtype)
                self._loaded = model.base, members
            return self._loaded[1].scorer(model.name)

        return opened

    def release(self) -> None:
        """A base stays in memory until another one is needed."""
        if self._several:
            import gc

            gc.collect()


def show(ranking: Ranking) -> list[Table | str]:
    """What the terminal shows: the ranking, ties with what would settle them, what was saved."""
    parts: list[Table | str] = [_table(ranking)]
    best = [each.name for each in ranking.places if each.rank == 1]
    level = f"all claims together hold with probability {100 * (1 - ranking.alpha):g} %"
    if ranking.decided:
        parts.append(f"{best[0]} is the best of {len(ranking.places)} ({level}).")
    else:
        parts.append(f"Not separable: {', '.join(best)} share first place ({level}).")
    parts += [_tie_line(tie.to_json()) for tie in ranking.ties[:MOST_TIES]]
    if len(ranking.ties) > MOST_TIES:
        parts.append(f"{len(ranking.ties) - MOST_TIES} more ties are in compare.json.")
    offered = sum(each.offered for each in ranking.places)
    parts.append(f"{ranking.saved} of {offered} answers were not needed.")
    return parts


def _tie_line(tie: Mapping[str, Any]) -> str:
    lead = tie["difference"]
    text = (
        f"{tie['first']} and {tie['second']} are a tie after {lead['n']} questions "
        f"({100 * -lead['high']:+.1f} to {100 * -lead['low']:+.1f} points)"
    )
    needed = tie["questions_needed"]
    if needed is None:
        return f"{text}; they are equally often right."
    return f"{text}; a difference as it looks needs about {needed} questions in all."


def _table(ranking: Ranking) -> Table:
    from rich.table import Table

    table = Table(title="Ranking; equal ranks are ties", title_justify="left")
    table.add_column("rank", justify="right")
    table.add_column("model")
    table.add_column("right (95 %)", justify="right")
    table.add_column("asked", justify="right")
    table.add_column("beaten by")
    for each in ranking.places:
        table.add_row(
            str(each.rank),
            each.name,
            percent(each.accuracy.to_json()),
            f"{each.asked} of {each.offered}",
            ", ".join(each.beaten_by),
        )
    return table
