"""Verdicts: each rule on both sides of its limit, with the numbers it rests on."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from example_card import CLEAN, make_probes, make_rejects, make_rows, make_summary, plain_json

from underdog.data.card.verdicts import Level, Verdict, judge
from underdog.data.decontamination import BenchmarkLine
from underdog.data.mix import MixLine
from underdog.data.summary import Summary
from underdog.data.templates import TemplateReport
from underdog.interval import Interval


@pytest.fixture(scope="module")
def summary() -> Summary:
    return make_summary(make_rows(), make_rejects())


def find(summary: Summary, title: str, **changes: Any) -> Verdict | None:
    """The verdict whose title starts like this, on a summary with other fields."""
    found = [each for each in judge(replace(summary, **changes)) if each.title.startswith(title)]
    assert len(found) <= 1
    return found[0] if found else None


def level(summary: Summary, title: str, **changes: Any) -> Level | None:
    found = find(summary, title, **changes)
    return None if found is None else found.level


def test_worries_come_first_and_every_place_is_on_the_card(summary: Summary) -> None:
    """Levels run from worry to good; links lead to sections."""
    levels = [list(Level).index(each.level) for each in judge(summary)]
    assert levels == sorted(levels)
    places = {"probes", "steps", "origins", "spread", "difficulty", "groups", "rejects"}
    assert {each.place for each in judge(summary)} <= places
    assert plain_json(judge(summary)[0].to_json())["level"] == "worry"


def test_leaks(summary: Summary) -> None:
    """A pair across the split is a worry; none is good; nothing held out is said."""
    assert level(summary, "No near-duplicate across the split") is Level.GOOD
    leak = replace(CLEAN, word_pairs=2, word_highest=0.9, character_pairs=1)
    found = find(summary, "Near-duplicates across the split", check=leak)
    assert found is not None
    assert found.level is Level.WORRY
    assert found.text.startswith("3 pairs of a held-out and a training question")
    assert "0.90" in found.text
    nothing = {"train": 60, "validation": 0}
    assert level(summary, "Nothing is held out", splits=nothing) is Level.NOTE


@pytest.mark.parametrize(
    ("rate", "expected"), [(0.26, Level.GOOD), (0.27, Level.NOTE), (0.29, Level.WORRY)]
)
def test_choices_that_give_the_key_away(summary: Summary, rate: float, expected: Level) -> None:
    """Not above chance is good, above it worth a note, three points above a worry."""
    probes = make_probes(choices_only=rate)
    found = find(summary, "The key is found from the choices alone", probes=probes)
    assert found is not None
    assert found.level is expected
    assert f"{100 * rate:.1f}\u202f% [" in found.text
    assert "chance is 25.0\u202f%" in found.text
    assert ("points above chance" in found.title) == (expected is not Level.GOOD)


def test_key_positions(summary: Summary) -> None:
    """Below p = 0.01 the most frequent place is named; too few questions are not judged."""
    assert level(summary, "The key stands everywhere alike") is Level.GOOD
    uneven = make_probes(uneven=True)
    found = find(summary, "The key prefers a place", probes=uneven)
    assert found is not None
    assert found.level is Level.WORRY
    assert found.text.startswith(
        "Of 60 questions with 4 choices, A is right in 50.0\u202f% [37.7, 62.3]"
    )
    assert "p = 1.7\u202f×\u202f10⁻⁴" in found.text
    few = replace(uneven, key_positions=uneven.key_positions[:1])
    assert level(summary, "The key", probes=few) is Level.GOOD
    assert find(summary, "The key prefers", probes=few) is None
    assert find(summary, "The key stands", probes=None) is None


def test_licences(summary: Summary) -> None:
    """Rows without one are a worry; so are terms that forbid; share alike is noted."""
    found = find(summary, "Licences not stated")
    assert found is not None
    assert (found.level, found.text.split(" come")[0]) == (Level.WORRY, "30 rows (50.0\u202f%)")
    assert level(summary, "Share alike") is Level.NOTE
    named = {"CC BY-NC 4.0": 30, "MIT": 30}
    assert level(summary, "Every row states its licence", licences=named) is Level.GOOD
    assert level(summary, "Not for commercial use", licences=named) is Level.WORRY
    assert find(summary, "Share alike", licences=named) is None
    assert find(summary, "Not for commercial use", licences={"MINC": 60}) is None
    many = {f"licence {at}": 10 for at in range(6)}
    found = find(summary, "Every row states its licence", licences=many)
    assert found is not None
    assert found.text.endswith("licence 3 and 2 more.")


@pytest.mark.parametrize(
    ("rows", "expected"), [(2, Level.GOOD), (6, Level.NOTE), (15, Level.WORRY)]
)
def test_patterns(summary: Summary, rows: int, expected: Level) -> None:
    """From a twentieth of the rows they are noted, from a quarter a worry."""
    report = TemplateReport(clusters=1, rows=rows, linked=2, largest=())
    title = "Few rows fill" if expected is Level.GOOD else "Many rows fill"
    assert level(summary, title, templates=report) is expected


def test_difficulty(summary: Summary) -> None:
    """A guess is noted; a guess that foretells nothing is a worry where it stands for the rest."""
    assert summary.difficulty is not None
    measured = summary.difficulty

    def of(**changes: Any) -> Verdict | None:
        return (
            find(summary, "", difficulty=None)
            if False
            else next(
                each
                for each in judge(replace(summary, difficulty=replace(measured, **changes)))
                if each.place == "difficulty" and each.title != "Few hard questions"
            )
        )

    def titled(**changes: Any) -> tuple[str, Level]:
        found = of(**changes)
        assert found is not None
        return found.title, found.level

    none = Interval(0.01, -0.1, 0.12, 40, "spearman")
    assert titled() == ("Difficulty is measured in part", Level.NOTE)
    assert titled(measured=0, correlation=None) == ("Difficulty is a guess", Level.NOTE)
    assert titled(measured=9, correlation=None) == ("Difficulty is hardly measured", Level.NOTE)
    assert titled(measured=60) == ("Difficulty is measured", Level.GOOD)
    assert titled(correlation=none) == (
        "Guessed difficulty does not foretell the model",
        Level.WORRY,
    )


def test_hard_questions_topics_and_what_was_left_out(summary: Summary) -> None:
    """A tenth of hard rows, a topic with half of them, a quarter left out."""
    assert level(summary, "Few hard questions") is Level.NOTE
    assert find(summary, "Few hard", bands={"easy": 20, "medium": 20, "hard": 20}) is None
    assert find(summary, "One topic fills") is None
    found = find(summary, "One topic fills", topics={"": 40, "art": 20})
    assert found is not None
    assert found.text.startswith("66.7\u202f% of the rows are on no stated topic")
    assert find(summary, "One topic fills", topics={"art": 60}) is None
    found = find(summary, "Much was left out")
    assert found is not None
    assert found.text.startswith("42 of 102 rows (41.2\u202f%); the most frequent reason is “dup")
    assert find(summary, "Much was left out", reasons={}) is None


def test_growth_mix_and_benchmarks(summary: Summary) -> None:
    """What was promised and kept, and what fell short."""
    assert level(summary, "Grown without touching") is Level.GOOD
    assert find(summary, "Grown", growth=None) is None
    found = find(summary, "The mix fell short")
    assert found is not None
    assert found.text == "1 share of the mix got fewer rows than wanted: source* 60 of 70."
    whole = (MixLine("all", ("all",), 60, 60, 60, ""),)
    assert find(summary, "The mix", mix=whole) is None
    assert level(summary, "Not compared with any benchmark", decontamination=()) is Level.NOTE
    lines = (BenchmarkLine("a", 10, 2, {}), BenchmarkLine("b", 5, 0, {}))
    found = find(summary, "Free of the named benchmarks", decontamination=lines)
    assert found is not None
    assert found.text.startswith("2 rows taken out that stand in 2 benchmark files with 15")


@pytest.mark.parametrize(
    ("held", "expected", "half"),
    [(60, Level.WORRY, "±10.1"), (200, Level.NOTE, "±5.5"), (5000, Level.GOOD, "±1.1")],
)
def test_held_out_questions(summary: Summary, held: int, expected: Level, half: str) -> None:
    """What accuracy on them will be known to."""
    title = "Enough held-out" if expected is Level.GOOD else "Few held-out"
    found = find(summary, title, splits={"train": 6000, "validation": held})
    assert found is not None
    assert found.level is expected
    assert half in found.text


def test_nothing_is_judged_that_was_not_looked_at(summary: Summary) -> None:
    """Without probes, patterns and difficulty there are no verdicts on them."""
    bare = judge(
        replace(summary, probes=None, templates=None, difficulty=None, growth=None, mix=())
    )
    assert not {each.title for each in bare} & {"Difficulty is a guess"}
    assert all(each.place != "probes" for each in bare)
