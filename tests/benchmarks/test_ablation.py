"""The arithmetic of the ablation's table, on a made-up results file. Nothing is trained."""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path
from typing import Any

import pytest
from scipy.stats import ttest_rel

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "benchmarks"))

import ablation  # noqa: E402 - a script, not a module of the package
from ablation_table import (  # noqa: E402
    ARMS,
    EXTRA,
    MEASURES,
    REFERENCE,
    Arm,
    Table,
    holm,
    p_of_zero,
    t_interval,
    tabulate,
)
from underdog.runs.log import read_log  # noqa: E402

SEEDS = 4
JITTER = (0.00, 0.02, -0.01, 0.03)
"""What a seed does to every arm alike: it must cancel in paired differences."""


def made_up(arm: Arm, seed: int) -> dict[str, Any]:
    """DoRA is 10 points better, replay forgets 4 points less, give or take; the rest is jitter."""
    wobble = random.Random(f"{arm.name} {seed}").uniform(-0.002, 0.002)
    return {
        "arm": arm.name,
        "seed": seed,
        "accuracy": 0.6 + JITTER[seed] + 0.1 * (arm.kind == "dora") + wobble,
        "forgotten": 0.15 + JITTER[seed] - 0.04 * arm.replay + wobble,
        "statement_nats": 0.7 + wobble,
        "seconds": 5.0 + JITTER[seed],
        "steps": 50,
        "events": {"remedy": 1} if (arm, seed) == (REFERENCE, 1) else {},
        "base": {"accuracy": 0.5, "statement_nats": 0.7},
        "setup": ablation.SETUP,
    }


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """A finished file of four seeds, and one run of a fifth."""
    records = [made_up(arm, seed) for seed in range(SEEDS) for arm in ARMS]
    records.append({**made_up(REFERENCE, 0), "seed": SEEDS, "accuracy": 0.0})
    path = tmp_path / "ablation.jsonl"
    path.write_text("".join(json.dumps(each) + "\n" for each in records), encoding="utf-8")
    return path


@pytest.fixture
def table(results: Path) -> Table:
    return tabulate(list(read_log(results)))


def column(arm: Arm, measure: str) -> list[float]:
    return [made_up(arm, seed)[measure] for seed in range(SEEDS)]


def test_there_are_sixteen_arms_with_names_of_their_own() -> None:
    """Four kinds, order and replay on and off; the reference is LoRA with both."""
    assert len({arm.name for arm in ARMS}) == 16
    assert Arm("lora", "curriculum", replay=True) == REFERENCE


def test_an_interval_is_students_over_seeds() -> None:
    """1, 2, 3: mean 2, standard error 1 / sqrt 3, and 4.3027 of them on each side."""
    found = t_interval([1.0, 2.0, 3.0])
    assert found.value == 2
    assert found.high - 2 == pytest.approx(4.302653 / 3**0.5, abs=1e-5)
    assert (found.n, found.method) == (3, "student-t over seeds")


def test_holm_multiplies_the_smallest_most_and_never_turns_the_order() -> None:
    """Worked by hand: 0.01 x 3, 0.02 x 2, and 0.03 is lifted to what stands before it."""
    assert holm([0.03, 0.01, 0.02]) == pytest.approx([0.04, 0.03, 0.04])
    assert holm([0.9, 0.8]) == [1.0, 1.0]


def test_differences_are_paired_by_seed(table: Table) -> None:
    """Mean and p equal scipy's paired test of the two columns; the incomplete seed is left out."""
    assert table.seeds == tuple(range(SEEDS))
    for arm in ARMS[1:]:
        found = table.beside[arm.name]["accuracy"]
        here, there = column(arm, "accuracy"), column(REFERENCE, "accuracy")
        assert found.value.value == pytest.approx(sum(here) / 4 - sum(there) / 4)
        assert found.p_value == pytest.approx(ttest_rel(here, there).pvalue)
        assert found.p_holm >= found.p_value


def test_what_differs_is_separable_and_what_does_not_is_not(table: Table) -> None:
    """The jitter of seeds is ten times the wobble, and cancels."""
    for arm in ARMS[1:]:
        assert table.beside[arm.name]["accuracy"].separable == (arm.kind == "dora")
    effect = table.effects["dora - lora"]["accuracy"]
    assert effect.separable
    assert effect.value.value == pytest.approx(0.1, abs=0.003)
    assert table.effects["replay - none"]["forgotten"].value.value == pytest.approx(-0.04, abs=3e-3)
    assert not table.effects["rslora - lora"]["accuracy"].separable


def test_the_arm_beside_the_factors_counts_once_it_is_finished(table: Table, results: Path) -> None:
    """It has a line then, and leaves the averaged effects as they are."""
    assert EXTRA.name not in table.beside
    extra = [made_up(EXTRA, seed) for seed in range(SEEDS)]
    more = tabulate([*read_log(results), *extra])
    assert more.beside.keys() - table.beside.keys() == {EXTRA.name}
    assert more.effects == table.effects


def test_where_nothing_varies_the_test_is_certain() -> None:
    """No spread: a difference is one, and none is none."""
    assert p_of_zero([0.5, 0.5]) == 0
    assert p_of_zero([0.0, 0.0]) == 1


def test_events_of_all_runs_are_counted(table: Table) -> None:
    """One remedy was made up."""
    assert table.events == {"remedy": 1}


def test_the_page_has_every_number(results: Path) -> None:
    """16 means, 15 differences, 5 effects, each with all measures; separable ones are bold."""
    records = list(read_log(results))
    table = tabulate(records)
    lines = ablation.markdown(table, records[0]["base"]).splitlines()
    rows = [line for line in lines if line.startswith("| ") and " [" in line]
    assert len(rows) == 16 + 15 + 5
    assert {line.count(" [") for line in rows} == {len(MEASURES)}
    assert "| dora curriculum replay | **+10." in "\n".join(lines)
    assert ablation.headline(table, records)["runs"] == SEEDS * 16 + 1


def test_too_few_seeds_and_other_setups_are_refused() -> None:
    """An interval needs two seeds, and two set-ups do not share a table."""
    with pytest.raises(ValueError, match="two seeds with all 16 arms are needed, got 1"):
        tabulate([made_up(arm, 0) for arm in ARMS])
    with pytest.raises(SystemExit, match="another set-up"):
        ablation.refuse_other_setups([{**made_up(REFERENCE, 0), "setup": {}}])


def test_what_is_planned_is_every_arm_once_per_seed() -> None:
    """In an order that differs between seeds and not between calls."""
    runs = ablation.plan(3)
    assert sorted(runs) == sorted((arm, seed) for seed in range(3) for arm in (*ARMS, EXTRA))
    assert runs == ablation.plan(3)
    assert [arm for arm, _ in runs[:16]] != [arm for arm, _ in runs[16:32]]
