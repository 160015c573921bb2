"""The whole of the probes: strong on planted leaks, honest on clean sets, the same in any order."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import planted_sets as made
import pytest

from underdog.data.probes.key_places import KeyPositions
from underdog.data.probes.probes import (
    FEWEST_QUESTIONS,
    FEWEST_UNITS,
    Probe,
    Probes,
    run_probes,
)
from underdog.errors import MissingExtraError
from underdog.interval import Interval
from underdog.mcq.question import Question


def excess(found: Probes) -> dict[str, float]:
    return {each.name: each.excess for each in found.probes}


@pytest.mark.parametrize(
    ("plant", "caught", "points"),
    [
        (made.longest_key, "longest_is_key", 0.5),
        (made.longest_key, "choices_only", 0.5),
        (made.small_letters, "choices_only", 0.6),
        (made.key_is_hub, "choices_only", 0.6),
        (made.key_amid_numbers, "choices_only", 0.15),
        (made.never_keys, "reuse", 0.6),
        (made.never_keys, "choices_only", 0.4),
        (made.other_topics, "association", 0.4),
    ],
)
def test_planted_leaks_are_found(plant, caught, points):
    """Each planted leak lifts the probe that is meant for it by at least this share."""
    found = run_probes(plant(900, seed=3))
    by_name = {each.name: each for each in found.probes}
    assert by_name[caught].gives_away
    assert by_name[caught].excess >= points


def test_a_leak_in_a_tenth_of_the_questions_is_found():
    """Small letters in one question of ten are enough, at 2,000 questions."""
    clean, leaky = made.clean_set(2000, seed=1), made.small_letters(2000, seed=1)
    mixed = [b if at % 10 == 0 else a for at, (a, b) in enumerate(zip(clean, leaky, strict=True))]
    found = run_probes(mixed)
    assert found.choices_only is not None
    assert found.choices_only.gives_away
    assert 0.03 < found.choices_only.excess < 0.09


def alarms(seeds, make):
    raised, runs = Counter(), 0
    for seed in seeds:
        runs += 1
        for probe in run_probes(make(seed), seed=seed).probes:
            raised[probe.name] += probe.gives_away
    return max(raised.values()) / runs


@pytest.mark.slow
def test_clean_sets_raise_few_false_alarms():
    """On 24 clean sets no probe finds a leak more than three times. With one alarm in 40 sets, as
    stated, one of four probes would reach four in one of 80 such tests.
    """
    assert alarms(range(24), lambda seed: made.clean_set(220, seed)) <= 3 / 24


@pytest.mark.slow
def test_copies_raise_no_more_false_alarms():
    """The same with eight copies of every fourth question: copies count as one draw."""

    def copied(seed):
        return [
            replace(each, text=f"{each.text} {copy}")
            for at, each in enumerate(made.clean_set(120, seed))
            for copy in range(1 if at % 4 else 8)
        ]

    assert alarms(range(12), copied) <= 2 / 12


def test_texts_moved_among_questions_leave_no_association():
    """Choices that give the key away by their use elsewhere are no association: with the texts of
    the questions exchanged, the probe finds next to nothing.
    """
    leaky = made.other_topics(1000, seed=5)
    texts = [each.text for each in leaky]
    random.Random(0).shuffle(texts)
    moved = [replace(each, text=text) for each, text in zip(leaky, texts, strict=True)]
    before, after = excess(run_probes(leaky)), excess(run_probes(moved))
    assert before["association"] > 0.4
    assert abs(after["association"]) < 0.05


def test_order_of_questions_and_choices_changes_nothing():
    """Questions in another order give equal probes; choices in another order change only the
    positions of the keys.
    """
    clean = made.clean_set(300, seed=2, sizes=(2, 3, 4, 5))
    shuffled = random.Random(9).sample(clean, len(clean))
    turned = [
        Question(each.text, each.choices[::-1], len(each.choices) - 1 - (each.answer or 0))
        for each in shuffled
    ]
    found = run_probes(clean)
    assert run_probes(shuffled) == found
    assert replace(run_probes(turned), key_positions=()) == replace(found, key_positions=())


@pytest.mark.slow
def test_threads_and_hash_seeds_change_nothing(tmp_path: Path):
    """Two processes with other numbers of threads and other hash seeds print equal JSON."""
    code = (
        "import json, planted_sets, underdog.data.probes.probes as p;"
        "print(json.dumps(p.run_probes(planted_sets.other_topics(600, 4)).to_json()))"
    )
    printed = [
        subprocess.run(
            [sys.executable, "-c", code],
            check=True,
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env={
                **os.environ,
                "PYTHONPATH": str(Path(__file__).parent),
                "PYTHONHASHSEED": seed,
                "OPENBLAS_NUM_THREADS": threads,
                "OMP_NUM_THREADS": threads,
            },
        ).stdout
        for seed, threads in (("1", "1"), ("2", "2"))
    ]
    assert printed[0] == printed[1]


def test_limit_draws_by_content():
    """At most `limit` questions are probed, the same ones in any order; all count for the rest."""
    clean = made.clean_set(700, seed=6)
    found = run_probes(clean, limit=400)
    assert (found.questions, found.probed) == (700, 400)
    assert run_probes(clean[::-1], limit=400) == found
    assert run_probes(clean, limit=400, seed=1) != found


def test_too_few_questions_are_said_to_be_too_few():
    """Below 200 questions no learning probe runs, and each says why; the plain tests do run."""
    found = run_probes(made.clean_set(FEWEST_QUESTIONS - 1, seed=0))
    reason = "199 questions with a key, 200 are needed"
    assert found.missing == dict.fromkeys(("choices_only", "reuse", "association"), reason)
    assert [each.name for each in found.probes] == ["longest_is_key"]
    assert (found.choices_only, found.reuse, found.association) == (None, None, None)


def test_too_few_groups_are_said_to_be_too_few():
    """Without enough groups, or with one that holds most questions, the learning probes say so."""
    clean = made.clean_set(300, seed=0)
    few = run_probes(clean, groups=[str(at % (FEWEST_UNITS - 1)) for at in range(300)])
    assert few.missing["reuse"] == "the questions form 49 groups, 50 are needed"
    most = run_probes(clean, groups=[str(max(at - 160, 0)) for at in range(300)])
    assert most.missing["association"] == "one group of alike questions holds 161 of 300"


def test_no_keys_no_probes():
    """Questions without a key are left out; where none has one, there is nothing but reasons."""
    reason = "0 questions with a key, 200 are needed"
    assert run_probes([Question("Who?", ("Me", "You"), None)]) == Probes(
        questions=0,
        probed=0,
        key_positions=(),
        longest_is_key=None,
        choices_only=None,
        reuse=None,
        association=None,
        missing={
            "longest_is_key": "no question has a key",
            **dict.fromkeys(("choices_only", "reuse", "association"), reason),
        },
    )


def test_without_the_extra_the_error_names_it(monkeypatch):
    """Where a package of the data extra is missing, the message says how to install it."""
    monkeypatch.setitem(sys.modules, "threadpoolctl", None)
    with pytest.raises(MissingExtraError) as raised:
        run_probes([])
    assert str(raised.value) == (
        "probes of a question set needs packages that are not installed. "
        'Try: pip install "underdog[data]"'
    )


def test_marks_without_words_are_probed():
    """Choices and questions without a letter or digit break nothing: they tell nothing."""
    marks = "!$%&*+=?@#"
    rng = random.Random(0)
    strange = [
        Question(
            "".join(rng.choices(marks, k=9)),
            tuple(rng.sample(sorted({*marks, "\x02", "\x03", "\ud800"}), 4)),
            rng.randrange(4),
        )
        for _ in range(300)
    ]
    found = run_probes(strange)
    assert found.association is not None
    assert abs(found.association.excess) < 0.1


def test_longest_shares_ties():
    """Two longest choices share the hit; three equal lengths count a third each."""
    found = run_probes(
        [
            Question("a?", ("long", "tall", "so"), 0),
            Question("b?", ("one", "two", "six"), 1),
            Question("c?", ("longest", "short"), 1),
        ]
    ).longest_is_key
    assert found is not None
    assert found.value.value == round((1 / 2 + 1 / 3 + 0) / 3, 4)
    assert found.chance == round((1 / 3 + 1 / 3 + 1 / 2) / 3, 4)


def test_json_holds_everything():
    """The JSON of probes has every number, survives a round trip, and None for what was not run."""
    probe = Probe("reuse", "a title", Interval(0.3, 0.28, 0.32, 900, "wilson"), 0.25, "a note")
    found = Probes(
        questions=1000,
        probed=950,
        key_positions=(KeyPositions(2, (500, 500), (), 0.0, 1, 1.0),),
        longest_is_key=None,
        choices_only=None,
        reuse=probe,
        association=None,
        missing={"association": "a reason"},
    )
    value = {"value": 0.3, "low": 0.28, "high": 0.32, "n": 900, "method": "wilson", "level": 0.95}
    assert json.loads(json.dumps(found.to_json())) == {
        "questions": 1000,
        "probed": 950,
        "key_positions": [
            {
                "choices": 2,
                "counts": [500, 500],
                "shares": [],
                "statistic": 0.0,
                "degrees_of_freedom": 1,
                "p": 1.0,
            }
        ],
        "longest_is_key": None,
        "choices_only": None,
        "reuse": {
            "name": "reuse",
            "title": "a title",
            "value": value,
            "chance": 0.25,
            "note": "a note",
            "excess": 0.05,
            "gives_away": True,
        },
        "association": None,
        "missing": {"association": "a reason"},
    }
