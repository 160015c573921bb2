"""From finished runs of the ablation to its table: means, intervals, what separates from what.

In: one record per run (an arm, a seed, numbers). Out: a `Table`. Never: a model, a file.

Every interval is Student's t over seeds, at 95 %. Differences are paired by seed: the two runs saw
the same first weights and draws as far as their arms allow. A difference is separable when its
paired t test, corrected for all comparisons of that measure in that table (Holm, Scand. J. Stat.
6:65, 1979), is below 0.05. Intervals are not corrected, so one may exclude zero where the
difference is not called separable. They are about seeds, not about questions: all runs answer the
same ones.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from statistics import fmean, stdev
from typing import Any

from scipy.stats import t as student

from underdog.evaluation.compare import ALPHA
from underdog.interval import LEVEL, Interval

KINDS = ("lora", "rslora", "dora", "oplora")
MEASURES = ("accuracy", "forgotten", "statement_nats", "seconds")
"""Held-out questions right; share of the known questions of other topics that are now wrong; rise
of the loss on statements of those topics, nats per token; processor time of training."""

Record = Mapping[str, Any]
"""One line of the results file, see `ablation.measure`."""


@dataclass(frozen=True, slots=True, order=True)
class Arm:
    """One combination. The curriculum is easy to hard; "stratified" is that within every topic."""

    kind: str
    order: str
    replay: bool

    @property
    def name(self) -> str:
        """As in the results file."""
        return f"{self.kind} {self.order} {'replay' if self.replay else 'no-replay'}"


Pairs = Sequence[tuple[Arm, Arm]]
Values = Callable[[Arm, str], list[float]]
"""Of an arm and a measure, one per seed."""
ARMS = tuple(Arm(*each) for each in product(KINDS, ("curriculum", "random"), (True, False)))
REFERENCE = ARMS[0]
"""Plain LoRA with curriculum and replay."""
EXTRA = Arm("lora", "stratified", True)
"""Beside the factors: a curriculum that does not sort topics. In the table when it is finished."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A paired difference; `p_holm` is the corrected p, `separable` whether it is below ALPHA."""

    value: Interval
    p_value: float
    p_holm: float

    @property
    def separable(self) -> bool:
        """Beyond what seeds do."""
        return self.p_holm < ALPHA


@dataclass(frozen=True, slots=True)
class Table:
    """`means` by arm and measure; `beside` the same as differences to REFERENCE (which is not in
    it); `effects` by factor and measure, averaged over all else; `events` by kind over all runs.
    `seeds` are those that every arm has finished; other runs are not in the numbers.
    """

    seeds: tuple[int, ...]
    means: Mapping[str, Mapping[str, Interval]]
    beside: Mapping[str, Mapping[str, Difference]]
    effects: Mapping[str, Mapping[str, Difference]]
    events: Mapping[str, int]


def tabulate(records: Sequence[Record]) -> Table:
    """The table of the seeds that are complete, at least two; ValueError with fewer."""
    found = {(each["arm"], each["seed"]): each for each in records}
    seeds = tuple(
        seed
        for seed in sorted({seed for _, seed in found})
        if all((arm.name, seed) in found for arm in ARMS)
    )
    if len(seeds) < 2:
        raise ValueError(f"two seeds with all {len(ARMS)} arms are needed, got {len(seeds)}")

    def values(arm: Arm, measure: str) -> list[float]:
        return [found[arm.name, seed][measure] for seed in seeds]

    extra = [EXTRA] if all((EXTRA.name, seed) in found for seed in seeds) else []
    others = [arm for arm in (*ARMS, *extra) if arm != REFERENCE]
    return Table(
        seeds=seeds,
        means={
            arm.name: {m: t_interval(values(arm, m)) for m in MEASURES}
            for arm in (REFERENCE, *others)
        },
        beside=_by_measure(values, [(arm.name, [(arm, REFERENCE)]) for arm in others]),
        effects=_by_measure(values, EFFECTS),
        events=dict(sum((Counter(each["events"]) for each in records), Counter())),
    )


def _effects() -> tuple[tuple[str, Pairs], ...]:
    """What is compared with what in the averaged effects: pairs that differ in one thing only."""
    orders, sides = ("curriculum", "random"), (True, False)
    kinds = tuple(
        (
            f"{kind} - lora",
            [(Arm(kind, *cell), Arm("lora", *cell)) for cell in product(orders, sides)],
        )
        for kind in KINDS[1:]
    )
    order = [
        (Arm(kind, "curriculum", side), Arm(kind, "random", side))
        for kind, side in product(KINDS, sides)
    ]
    replay = [(Arm(kind, of, True), Arm(kind, of, False)) for kind, of in product(KINDS, orders)]
    return (*kinds, ("curriculum - random order", order), ("replay - none", replay))


EFFECTS = _effects()


def _by_measure(
    values: Values, compared: Sequence[tuple[str, Pairs]]
) -> dict[str, dict[str, Difference]]:
    """The correction goes over everything that is compared in one measure."""
    found: dict[str, dict[str, Difference]] = {name: {} for name, _ in compared}
    for measure in MEASURES:
        gaps = [_minus(values, measure, pairs) for _, pairs in compared]
        p_values = [p_of_zero(each) for each in gaps]
        corrected = holm(p_values)
        for at, (name, _) in enumerate(compared):
            found[name][measure] = Difference(t_interval(gaps[at]), p_values[at], corrected[at])
    return found


def _minus(values: Values, measure: str, pairs: Pairs) -> list[float]:
    """First minus second, averaged over the pairs; one number per seed."""
    gaps = [
        [a - b for a, b in zip(values(first, measure), values(second, measure), strict=True)]
        for first, second in pairs
    ]
    return [fmean(of_seed) for of_seed in zip(*gaps, strict=True)]


def t_interval(values: Sequence[float]) -> Interval:
    """Mean and Student's t interval of at least two values."""
    mean, n = fmean(values), len(values)
    margin = float(student.ppf(0.5 + LEVEL / 2, n - 1)) * stdev(values) / math.sqrt(n)
    return Interval(mean, mean - margin, mean + margin, n, "student-t over seeds")


def p_of_zero(values: Sequence[float]) -> float:
    """Two-sided p of the one-sample t test of a mean of zero; 0 or 1 where nothing varies."""
    mean, error = fmean(values), stdev(values) / math.sqrt(len(values))
    if error == 0:
        return 1.0 if mean == 0 else 0.0
    return float(2 * student.sf(abs(mean / error), len(values) - 1))


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's step-down correction, in the order given."""
    ordered = sorted(range(len(p_values)), key=lambda at: p_values[at])
    corrected, highest = [0.0] * len(p_values), 0.0
    for rank, at in enumerate(ordered):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[at]))
        corrected[at] = highest
    return corrected
