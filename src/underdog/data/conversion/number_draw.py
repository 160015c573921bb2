"""Wrong choices for questions whose answers are numbers, dates or fractions: typical slips.

In: numeric answers with their questions, and how probable numbers are as answers. Out: texts for
each of them. Never: a number equal to the right one, a year to come beside one that is past, or a
draw that depends on other draws. A wrong number may stand in the question, as a wrong name may not:
the right ones of one word problem in eight do, by chance, and would be known by it (on GSM8K the
association probe found 33 % of the keys, measured 2026-11-21); a given number is a typical slip.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from underdog.data.answers.kind import AnswerKind
from underdog.data.conversion.admission import Admission, brief, offer
from underdog.data.conversion.cell_draw import Drawn, Wanted
from underdog.data.conversion.composites import Date, Fraction, fraction_slips
from underdog.data.conversion.figures import Figure
from underdog.data.conversion.prior import Priors, alike
from underdog.data.conversion.slips import Bounds, number_slips, year_slips
from underdog.data.conversion.stars import Steps, draw_star
from underdog.data.conversion.word_hashes import fold_texts

TRIED = 60
"""Values that are tried for a question."""


class Asked(NamedTuple):
    """A numeric answer, its question, and what else is known of it. `hash` names both."""

    row: int
    text: str
    kind: AnswerKind
    question: str
    numeric: Figure | Date | Fraction
    hash: int
    wanted: Wanted


class Setting(NamedTuple):
    """What all numbers of a set share."""

    priors: Priors
    grouped: bool
    """Thousands are grouped where a number does not tell."""
    others: int
    latest_year: int
    seed: int


def draw_numbers(asked: Sequence[Asked], setting: Setting) -> list[Drawn]:
    """Wrong choices for some questions."""
    ways = _Ways(setting)
    return [Drawn(each.row, _pick(each, ways, setting)) for each in asked]


def _pick(each: Asked, ways: _Ways, setting: Setting) -> tuple[str, ...]:
    key = brief(each.text, each.kind)
    admitted = Admission("", key, each.wanted.aliases)
    offer(admitted, each.wanted.offered, key=each.text, question=each.question, most=setting.others)
    chance = random.Random(f"{setting.seed} {each.hash}")
    for _, text in zip(range(TRIED), ways.texts(each.numeric, chance), strict=False):
        if len(admitted) == setting.others:
            break
        admitted.admit(brief(text, each.kind), fold_texts([text])[0])
    return admitted.texts


class _Ways:
    """From a numeric answer to others of its form. Remembers steps, which many answers share."""

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        self._steps: dict[tuple[AnswerKind, int, Bounds], Steps[int]] = {}

    def texts(self, numeric: Figure | Date | Fraction, chance: random.Random) -> Iterator[str]:
        """Texts with other values, the first of which make a star with the given one."""
        choices = self._setting.others + 1
        if isinstance(numeric, Figure):
            steps = self._figure_steps(numeric)
            for value in draw_star(numeric.value, steps, choices=choices, chance=chance):
                text = numeric.write(value, grouped=self._setting.grouped)
                if text is not None:
                    yield text
            return
        slips = self._date_slips(numeric) if isinstance(numeric, Date) else fraction_slips
        parts = Steps(slips, weight=lambda _: 1.0, like=lambda _: numeric.values)
        for values in draw_star(numeric.values, parts, choices=choices, chance=chance):
            yield numeric.write(values)

    def _figure_steps(self, figure: Figure) -> Steps[int]:
        priors = self._setting.priors
        prior = priors.of(figure.kind)
        bounds = figure.bounds(latest_year=self._setting.latest_year, negatives=prior.negatives)
        key = (figure.kind, figure.places, bounds)
        if key not in self._steps:
            if figure.kind is AnswerKind.YEAR:
                self._steps[key] = Steps(
                    lambda year: year_slips(year, bounds),
                    weight=priors.years.weight,
                    like=lambda year: year,
                )
            else:
                self._steps[key] = Steps(
                    lambda value: number_slips(value, bounds),
                    weight=lambda value: prior.weight(value, figure.places),
                    like=alike,
                )
        return self._steps[key]

    def _date_slips(self, date: Date) -> Callable[[tuple[int, ...]], dict[tuple[int, ...], float]]:
        latest = self._setting.latest_year
        weight = self._setting.priors.years.weight
        return lambda values: date.slips(values, latest_year=latest, year_weight=weight)
