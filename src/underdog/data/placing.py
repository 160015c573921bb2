"""From questions that stay to rows at their place: group, grow, rate, split, order.

In: what the sieve let through, and the rows of an old set when one grows. Out: a Row per question.
Never: two rows of one group on both sides of the split, or an old row moved to the other side.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from underdog.data.agreement import DifficultyReport
from underdog.data.config import DataConfig
from underdog.data.curriculum import arrange
from underdog.data.difficulty import Rating, rate, report_difficulty
from underdog.data.duplicates import group_rows
from underdog.data.engine.engine import Engine
from underdog.data.growth import grow
from underdog.data.guess import guess
from underdog.data.quality import Checked
from underdog.data.refit import refit
from underdog.data.reject import Reason, Reject
from underdog.data.row import Row, Split
from underdog.data.sieve import Sifted
from underdog.data.split import split_groups
from underdog.data.summary import Growth, Step
from underdog.data.templates import TemplateReport
from underdog.mcq.prediction import Prediction
from underdog.runs.progress import Progress


class Placed(NamedTuple):
    """`rejects` and `steps` are those of the sieve with those of growing added; `settled` holds the
    ids of rows whose sources vouch for their groups.
    """

    rows: tuple[Row, ...]
    rejects: tuple[Reject, ...]
    steps: tuple[Step, ...]
    settled: frozenset[str]
    difficulty: DifficultyReport
    templates: TemplateReport
    growth: Growth | None


class _Sides(NamedTuple):
    """Rows with their group and their side of the split, in one order; rows that did not stay."""

    rows: tuple[Checked, ...]
    groups: tuple[str, ...]
    splits: tuple[Split, ...]
    rejects: tuple[Reject, ...]
    templates: TemplateReport


def place_rows(
    sifted: Sifted,
    config: DataConfig,
    *,
    old: Sequence[Row] = (),
    predictions: Mapping[str, Prediction],
    engine: Engine,
    progress: Progress,
) -> Placed:
    """Everything after the sieve. `old` rows are not among the sifted ones."""
    progress.begin("grouping near-duplicates", None)
    sides = _divide(sifted.rows, config, old=old, engine=engine)
    progress.end()
    progress.begin("rating and ordering", None)
    questions = [row.question for row in sides.rows]
    guesses = guess(questions)
    if config.fit_difficulty and predictions:
        guesses = refit(guesses, questions, predictions=predictions)
    ratings = rate(questions, shares=config.shares, predictions=predictions, guesses=guesses)
    report = report_difficulty(
        questions, ratings, guesses=guesses, shares=config.shares, predictions=predictions
    )
    converted = sifted.converted | {row.question.id for row in old if row.converted}
    rows = _order(sides, ratings, config=config, converted=converted)
    progress.end()
    steps, growth = sifted.steps, None
    if old:
        before = len(old) + len(sifted.rows)
        steps = (*steps, Step("added to the old set", before, len(rows)))
        alike = sum(each.reason is Reason.ALIKE_HELD_OUT for each in sides.rejects)
        growth = Growth(kept=len(old), added=len(rows) - len(old), alike=alike)
    return Placed(
        rows,
        tuple(sorted((*sifted.rejects, *sides.rejects))),
        steps,
        frozenset(row.question.id for row in sides.rows if row.settled),
        report,
        sides.templates,
        growth,
    )


def _divide(
    rows: Sequence[Checked], config: DataConfig, *, old: Sequence[Row], engine: Engine
) -> _Sides:
    """Every row to its group and its side; the rows of an old set come first, as they were."""
    share, seed, threshold = config.validation_share, config.seed, config.near_duplicates
    if not old:
        grouping = group_rows(rows, threshold, engine=engine)
        splits = split_groups(grouping.groups, share=share, seed=seed)
        return _Sides(tuple(rows), grouping.groups, splits, (), grouping.templates)
    grown = grow(old, rows, share=share, seed=seed, threshold=threshold, engine=engine)
    return _Sides(
        (*_vouch(old), *grown.rows),
        (*(row.group for row in old), *grown.groups),
        (*(row.split for row in old), *grown.splits),
        grown.rejects,
        grown.templates,
    )


def _vouch(old: Sequence[Row]) -> tuple[Checked, ...]:
    """Old rows as checked ones: an old set vouches for its own groups."""
    return tuple(
        Checked("", at, row.question, row.group, settled=True) for at, row in enumerate(old)
    )


def _order(
    sides: _Sides, ratings: Sequence[Rating], *, config: DataConfig, converted: frozenset[str]
) -> tuple[Row, ...]:
    questions = [row.question for row in sides.rows]
    train = [at for at, split in enumerate(sides.splits) if split is Split.TRAIN]
    places = arrange(
        [questions[at].id for at in train],
        [ratings[at].difficulty for at in train],
        chunks=config.chunks,
        order=config.order,
        seed=config.seed,
        topics=[questions[at].topic for at in train],
    )
    placed = dict(zip(train, places, strict=True))
    rows = []
    for at, question in enumerate(questions):
        place, rating = placed.get(at), ratings[at]
        rows.append(
            Row(
                question,
                sides.groups[at],
                rating.difficulty,
                rating.band,
                sides.splits[at],
                None if place is None else place.chunk,
                None if place is None else place.position,
                question.id in converted,
            )
        )
    return tuple(rows)
