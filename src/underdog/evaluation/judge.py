"""Is the ensemble better than its best member? Judged on questions that no weight was fitted to.

In: a `Panel`, keys, groups and topics. Out: a `Verdict` for every rule with paired intervals, and
the pool fitted to all questions. Never: a weight judged on a question it has seen, questions of one
group on both sides.

Cross-validation over groups: the questions of each fold are answered with weights from the other
folds. Weights of a topic are fitted within the same folds, and kept where they win on questions
outside the fit. The best member is chosen with hindsight, which is hard on the ensemble; and it is
tempered within the same folds, so that the nats saved are the pooling's and not the tempering's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from underdog.errors import InputError
from underdog.evaluation.clusters import clustered_accuracy, clustered_difference, clustered_mean
from underdog.evaluation.panel import Panel
from underdog.evaluation.pool import Pool, Rule, pooled_logs, tempered
from underdog.evaluation.pool_fit import fit_log_weights, fit_pool, fit_temperature, nll
from underdog.interval import Interval

FOLDS = 5
TOPIC_MIN_QUESTIONS = 40
"""Topics with fewer questions keep the common weights: their own would be noise."""


@dataclass(frozen=True, slots=True)
class Exam:
    """The questions that an ensemble is fitted to and judged on, one entry each in all parts."""

    panel: Panel
    keys: tuple[int, ...]
    groups: tuple[str, ...]
    topics: tuple[str, ...]

    def __post_init__(self) -> None:
        if {len(self.keys), len(self.groups), len(self.topics)} != {len(self.panel)}:
            raise InputError("a key, a group and a topic per question", got=f"{len(self.keys)}")

    def part(self, mask: Any) -> Exam:
        """The questions where the mask is True."""
        places = [int(each) for each in np.flatnonzero(mask)]
        return Exam(
            self.panel.part(mask),
            tuple(self.keys[each] for each in places),
            tuple(self.groups[each] for each in places),
            tuple(self.topics[each] for each in places),
        )


@dataclass(frozen=True, slots=True)
class Score:
    """One way to answer, on the judged questions; `nll` in nats per question, members tempered."""

    name: str
    accuracy: Interval
    nll: float

    def to_json(self) -> dict[str, Any]:
        """As a plain JSON object."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Verdict:
    """One rule against the best member. `gain` is accuracy(pool) - accuracy(best); `nll_gain` the
    nats per question that the pool saves against that member tempered.
    """

    rule: str
    pool: Score
    best: Score
    gain: Interval
    nll_gain: Interval

    @property
    def better(self) -> bool:
        """Whether the interval of the gain in accuracy lies above zero."""
        return self.gain.low > 0

    def sentence(self) -> str:
        """The finding in one sentence, in percentage points."""
        points = [100 * each for each in (self.gain.value, self.gain.low, self.gain.high)]
        evidence = f"{points[0]:+.1f} points, 95 % interval {points[1]:+.1f} to {points[2]:+.1f}"
        nats = self.nll_gain
        saved = (
            f"{nats.value:+.3f} nats saved per question against it tempered "
            f"({nats.low:+.3f} to {nats.high:+.3f})"
        )
        word = "is" if self.better else "is not"
        extra = "" if self.better or self.gain.high >= 0 else ", it is worse"
        return (
            f"The ensemble ({self.rule}) {word} better than its best member {self.best.name}"
            f"{extra}: {evidence}, {self.gain.n} questions; {saved}"
        )

    def to_json(self) -> dict[str, Any]:
        """As a plain JSON object."""
        return {
            "rule": self.rule,
            "pool": self.pool.to_json(),
            "best": self.best.to_json(),
            "gain": self.gain.to_json(),
            "nll_gain": self.nll_gain.to_json(),
            "better": self.better,
            "sentence": self.sentence(),
        }


@dataclass(frozen=True, slots=True)
class Judgement:
    """`verdicts` of all rules, `members` alone, all on the same judged questions; `pool` is the
    wanted rule's, fitted to all questions. `routed` names the topics with weights of their own.
    """

    pool: Pool
    verdicts: tuple[Verdict, ...]
    members: tuple[Score, ...]
    how: str
    routed: tuple[str, ...] = ()

    @property
    def chosen(self) -> Verdict:
        """The verdict on the pool."""
        return next(each for each in self.verdicts if each.rule == self.pool.rule.value)


def judge(
    exam: Exam,
    rule: Rule,
    *,
    folds: int = FOLDS,
    test_share: float | None = None,
    by_topic: bool = False,
) -> Judgement:
    """Fit and judge every rule. With `test_share` (0 to 1) one part of that share of the groups is
    held out in place of folds. InputError when there are fewer groups than parts.
    """
    parts = list(_parts(exam.groups, folds, test_share))
    judged = np.any([held for _, held in parts], axis=0)
    told = exam.part(judged)
    cooled = [_tempered(exam, place, parts)[judged] for place in range(len(exam.panel.names))]
    members = tuple(
        _score(name, logs, told) for name, logs in zip(exam.panel.names, cooled, strict=True)
    )
    best = max(range(len(members)), key=lambda place: (members[place].accuracy.value, -place))
    held_out = {each: _held_out_logs(exam, each, parts)[judged] for each in Rule}
    pool = fit_pool(exam.panel, exam.keys, rule)
    routed: tuple[str, ...] = ()
    if by_topic:
        routes = _routes(exam, parts) if rule is Rule.LOG else {}
        routed, held_out[rule] = _kept_routes(told, held_out[rule], routes, judged)
        pool = replace(pool, topics=_topic_weights(exam, pool, routed))
    against = (members[best], cooled[best])
    verdicts = tuple(_verdict(each.value, held_out[each], told, against) for each in Rule)
    how = (
        f"cross-validation over {folds} parts"
        if test_share is None
        else f"a test part of {100 * test_share:.0f} %"
    )
    return Judgement(pool, verdicts, members, how, routed)


def _parts(
    groups: Sequence[str], folds: int, test_share: float | None
) -> Iterator[tuple[Any, Any]]:
    """Masks (fit, held out). A group's place is a hash of its name: stable when a set grows."""
    places = np.asarray(
        [int(hashlib.sha256(each.encode()).hexdigest()[:8], 16) / 2**32 for each in groups]
    )
    if test_share is None:
        cuts = [(part / folds, (part + 1) / folds) for part in range(folds)]
    else:
        cuts = [(1 - test_share, 1.0)]
    for low, high in cuts:
        held = (places >= low) & (places < high)
        if not held.any() or held.all():
            raise InputError(
                f"questions of enough groups for {len(cuts) + (test_share is not None)} parts",
                got=f"{len(set(groups))} groups",
                hint="more questions, or fewer --folds",
            )
        yield ~held, held


def _held_out_logs(exam: Exam, rule: Rule, parts: Sequence[tuple[Any, Any]]) -> Any:
    logs = np.zeros(exam.panel.logs[:, 0].shape)
    for fit, held in parts:
        seen = exam.part(fit)
        pool = fit_pool(seen.panel, seen.keys, rule)
        logs[held] = pooled_logs(exam.panel.part(held), pool)
    return logs


def _tempered(exam: Exam, place: int, parts: Sequence[tuple[Any, Any]]) -> Any:
    """One member's log-probabilities, each part tempered as fits the other parts best."""
    alone = exam.panel.member(place)
    logs = np.zeros(alone.logs[:, 0].shape)
    for fit, held in parts:
        seen = exam.part(fit)
        temperature = fit_temperature(seen.panel.member(place), seen.keys)
        logs[held] = tempered(alone.part(held), (temperature,))[:, 0]
    return logs


def _score(name: str, pooled: Any, told: Exam) -> Score:
    right = _marks(pooled, told)
    nats = float(np.mean(nll(pooled, told.keys)))
    return Score(name, clustered_accuracy(right, told.groups), nats)


def _marks(pooled: Any, told: Exam) -> list[bool]:
    chosen = np.where(told.panel.real, pooled, -np.inf).argmax(axis=1)
    return [bool(each) for each in chosen == np.asarray(told.keys)]


def _verdict(rule: str, pooled: Any, told: Exam, best: tuple[Score, Any]) -> Verdict:
    score, alone = best
    gain = clustered_difference(_marks(alone, told), _marks(pooled, told), told.groups)
    saved = nll(alone, told.keys) - nll(pooled, told.keys)
    return Verdict(
        rule, _score(rule, pooled, told), score, gain, clustered_mean(list(saved), told.groups)
    )


def _routes(exam: Exam, parts: Sequence[tuple[Any, Any]]) -> dict[str, Any]:
    """Log-probabilities of each large topic's questions under weights of its own, held out."""
    topics = np.asarray(exam.topics)
    routes: dict[str, Any] = {}
    for topic in sorted(set(exam.topics)):
        own = topics == topic
        if own.sum() < TOPIC_MIN_QUESTIONS:
            continue
        logs = np.zeros(exam.panel.logs[:, 0].shape)
        for fit, held in parts:
            common = fit_pool(exam.part(fit).panel, exam.part(fit).keys, Rule.LOG)
            weights = _own_weights(exam.part(fit & own), common)
            pool = replace(common, weights=weights)
            if (held & own).any():
                logs[held & own] = pooled_logs(exam.panel.part(held & own), pool)
        routes[topic] = logs
    return routes


def _own_weights(seen: Exam, common: Pool) -> tuple[float, ...]:
    if not len(seen.panel):
        return common.weights
    own = fit_log_weights(seen.panel, np.asarray(seen.keys), centre=common.weights)
    return own if sum(own) > 0 else common.weights


def _kept_routes(
    told: Exam, pooled: Any, routes: dict[str, Any], judged: Any
) -> tuple[tuple[str, ...], Any]:
    """The topics whose own weights save nats on held-out questions, beyond the interval; and the
    pool's log-probabilities with those in place.
    """
    topics, kept, logs = np.asarray(told.topics), [], pooled.copy()
    for topic, routed in routes.items():
        own = topics == topic
        part = told.part(own)
        saved = nll(pooled[own], part.keys) - nll(routed[judged][own], part.keys)
        if len(saved) and clustered_mean(list(saved), part.groups).low > 0:
            kept.append(topic)
            logs[own] = routed[judged][own]
    return tuple(kept), logs


def _topic_weights(exam: Exam, pool: Pool, routed: Sequence[str]) -> dict[str, tuple[float, ...]]:
    topics = np.asarray(exam.topics)
    return {topic: _own_weights(exam.part(topics == topic), pool) for topic in routed}
