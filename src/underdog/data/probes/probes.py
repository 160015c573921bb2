"""What a question set gives away without its questions being understood: tests of the whole set.

In: questions with keys. Out: a `Probes` value for the data card. Equal questions give equal values
in whatever order they come. Never: a score on questions that a probe has learnt from.

Three probes learn from some questions and are tested on later ones. `choices_only` sees the choices
of a question, `reuse` where else in the set they stand, `association` question and choice. A leak
of form or use shows in `association` too, as far as words carry it, so mend the others first.

`reuse` tells how far a model could go that remembers the whole set. Choices that are the right
answers of other questions raise it by nature: an answer that is right once was never right before.

A rate below chance is no hiding place: the models learn which way a sign points, so that what
points away from the key raises their rate as well.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np

from underdog.data.probes.association import associate
from underdog.data.probes.company import count_company
from underdog.data.probes.evidence import cut_blocks, weigh
from underdog.data.probes.forms import measure_forms
from underdog.data.probes.key_places import KeyPositions, count_places
from underdog.data.probes.logit import compare, fit_forward
from underdog.data.probes.ngrams import hash_ngrams, read_codes
from underdog.data.probes.rates import DECIMALS, hits_of, rate_of
from underdog.data.probes.reuse import count_uses
from underdog.data.probes.sheet import Floats, Integers, Sheet, draw
from underdog.errors import MissingExtraError
from underdog.interval import Interval
from underdog.mcq.question import Question

FEWEST_QUESTIONS = 200
"""Below that a probe has learnt nothing that its interval could tell from chance."""
FEWEST_UNITS = 50
"""Groups of questions from which their spread says how sure a rate is."""
CAUTION = 20.0
"""Ridge on what an n-gram is worth. Measured on 2026-11-21 on 20,000 human-written questions: 3 or
20, hashes of 17 or 21 bits, n-grams of up to 5 or 7 characters, four kinds of them or fourteen find
the same within 0.2 points.
"""


@dataclass(frozen=True, slots=True)
class Probe:
    """How often a way to guess that needs no understanding finds the key.

    `value` is its rate with an interval, `chance` what guessing without any leak would reach: the
    mean of 1 / number of choices. Both are shares from 0 to 1, rounded to 4 decimals.
    """

    name: str
    """The field of `Probes` it stands in, such as "choices_only"."""
    title: str
    """A few plain words for a table or a plot."""
    value: Interval
    chance: float
    note: str
    """What was done, in one sentence."""

    @property
    def excess(self) -> float:
        """Rate above chance, in shares (0.02 = two points); negative when below."""
        return round(self.value.value - self.chance, 4)

    @property
    def gives_away(self) -> bool:
        """Whether the whole interval lies above chance: a clean set shows this once in 40 times."""
        return self.value.low > self.chance

    def to_json(self) -> dict[str, Any]:
        """As a plain JSON object."""
        return {**asdict(self), "excess": self.excess, "gives_away": self.gives_away}


@dataclass(frozen=True, slots=True)
class Probes:
    """Every set-level test. A probe that could not be run is None, and `missing` says why."""

    questions: int
    """Questions with a key that were given."""
    probed: int
    """Those that the learning probes looked at: at most the limit."""
    key_positions: tuple[KeyPositions, ...]
    """One entry per number of choices, in rising order."""
    longest_is_key: Probe | None
    choices_only: Probe | None
    reuse: Probe | None
    """What the use of a choice in other questions tells: always wrong there, or right there and so
    not here."""
    association: Probe | None
    missing: Mapping[str, str]
    """Name of a probe that is None -> the reason, a sentence without its end stop."""

    @property
    def probes(self) -> tuple[Probe, ...]:
        """Those that were run, in the order of a card."""
        return tuple(probe for _, probe in self._named() if probe is not None)

    def _named(self) -> tuple[tuple[str, Probe | None], ...]:
        names = ("longest_is_key", "choices_only", "reuse", "association")
        return tuple((name, getattr(self, name)) for name in names)

    def to_json(self) -> dict[str, Any]:
        """As a plain JSON object."""
        return {
            "questions": self.questions,
            "probed": self.probed,
            "key_positions": [each.to_json() for each in self.key_positions],
            **{name: None if probe is None else probe.to_json() for name, probe in self._named()},
            "missing": dict(self.missing),
        }


def run_probes(
    questions: Sequence[Question],
    *,
    groups: Sequence[str] | None = None,
    seed: int = 0,
    limit: int = 20_000,
) -> Probes:
    """Every probe of a set. Questions without a key are left out.

    `groups` names what must not be parted between learning and testing, one per question; without
    it, questions with the same choices stay together. The learning probes look at `limit` questions
    at most, drawn by a hash of `seed` and group. Raises MissingExtraError without scipy.
    """
    with _one_thread():
        drawn = draw(questions, groups=groups, seed=seed, limit=limit)
        keyed = drawn.questions
        missing = _find_missing(drawn.sheet, len(keyed))
        found = {
            test.name: _run(test, drawn.sheet, drawn.rest)
            for test in _TESTS
            if test.name not in missing
        }
        return Probes(
            questions=len(keyed),
            probed=len(drawn.sheet.questions),
            key_positions=count_places(keyed),
            longest_is_key=_test_longest(keyed, drawn.units) if keyed else None,
            choices_only=found.get("choices_only"),
            reuse=found.get("reuse"),
            association=found.get("association"),
            missing=missing,
        )


def _one_thread() -> AbstractContextManager[object]:
    """Linear algebra on one thread: the order of its sums must not depend on how many there are."""
    try:
        import scipy.optimize
        import scipy.sparse  # noqa: F401  # all that the parts of a probe import
        from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # no py.typed
    except ImportError as error:
        raise MissingExtraError.of("probes of a question set", "data") from error
    limits: AbstractContextManager[object] = threadpool_limits(limits=1)
    return limits


def _find_missing(sheet: Sheet, keyed: int) -> dict[str, str]:
    """Why probes cannot be run, by name."""
    missing = {}
    if not keyed:
        missing["longest_is_key"] = "no question has a key"
    reason = _find_reason(sheet)
    return missing | ({test.name: reason for test in _TESTS} if reason else {})


def _find_reason(sheet: Sheet) -> str | None:
    n, units = len(sheet.questions), np.unique(sheet.units, return_counts=True)[1]
    if n < FEWEST_QUESTIONS:
        return f"{n} questions with a key, {FEWEST_QUESTIONS} are needed"
    if len(units) < FEWEST_UNITS:
        return f"the questions form {len(units)} groups, {FEWEST_UNITS} are needed"
    if units.max() > n / 2:
        return f"one group of alike questions holds {units.max()} of {n}"
    return None


def _test_longest(questions: Sequence[Question], units: Integers) -> Probe:
    sizes = np.array([len(each.choices) for each in questions])
    starts = np.cumsum(sizes) - sizes
    lengths = np.array([len(choice) for each in questions for choice in each.choices])
    longest = lengths == np.repeat(np.maximum.reduceat(lengths, starts), sizes)
    keys = starts + np.array([each.answer for each in questions], dtype=np.int64)
    return Probe(
        "longest_is_key",
        "the longest choice is the key",
        rate_of(longest[keys] / np.add.reduceat(longest.astype(float), starts), units),
        chance=_chance(sizes),
        note="Choices that share the greatest number of characters share the hit.",
    )


class _Test(NamedTuple):
    """A learning probe: its features of a sheet and of the questions that are not on it."""

    name: str
    title: str
    features: Callable[[Sheet, Sequence[Question]], Floats]
    note: str


def _run(test: _Test, sheet: Sheet, rest: Sequence[Question]) -> Probe:
    first = cut_blocks(sheet)[1]
    scores = fit_forward(sheet, test.features(sheet, rest)).scores
    rate = rate_of(hits_of(scores, sheet)[first:], sheet.units[first:])
    return Probe(test.name, test.title, rate, _chance(sheet.sizes[first:]), test.note)


def _chance(sizes: Integers) -> float:
    return round(float(np.mean(1.0 / sizes)), DECIMALS)


def choice_features(sheet: Sheet, _: Sequence[Question] = ()) -> Floats:
    """What choices show by themselves: their forms, and n-grams that keys had before."""
    scores = [
        weigh(hash_ngrams(codes, length, bits=17), sheet, caution=CAUTION)
        for codes, lengths in (
            (read_codes(sheet.texts), (2, 4)),
            (read_codes(sheet.folded), (3, 5)),
        )
        for length in lengths
    ]
    return compare(sheet, np.column_stack([*scores, measure_forms(sheet).values]))


def reuse_features(sheet: Sheet, rest: Sequence[Question]) -> Floats:
    """How often a choice is right or wrong in other questions, and in whose company it is there."""
    return compare(sheet, np.column_stack([count_uses(sheet, rest), count_company(sheet)]))


def association_features(sheet: Sheet, _: Sequence[Question] = ()) -> Floats:
    """How a choice goes with its question."""
    return compare(sheet, associate(sheet).values)


_TESTS = (
    _Test(
        "choices_only",
        "the key is found from the choices alone",
        choice_features,
        note="A model of the choices' length, case, digits, likeness and letters guesses the key.",
    ),
    _Test(
        "reuse",
        "the key is found from how choices are used elsewhere",
        reuse_features,
        note="Only where else in the set each choice stands, right or wrong, is known.",
    ),
    _Test(
        "association",
        "the key is found from shared words and topic",
        association_features,
        note="Shared words, pairs of words and topic of question and choice guess the key.",
    ),
)
