"""Mixing: shares, caps and a total, met to the row where that is possible."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from underdog.data.hub.catalogue import SOURCES
from underdog.data.mix import REST, Mix, Mixed, MixLine, MixSource, allocate, apply_mix, read_mix
from underdog.data.quality import Checked
from underdog.data.reject import Reason
from underdog.errors import InputError
from underdog.mcq.question import Question


def rows_of(counts: dict[str, int], first: int = 0) -> list[Checked]:
    """So many different questions of each source."""
    return [
        Checked(
            f"{source}.jsonl",
            row + 1,
            Question(f"{source} {row}?", ("a", "b"), 0, source=source),
            "",
            settled=False,
        )
        for source, count in counts.items()
        for row in range(first, first + count)
    ]


def taken_of(mixed: Mixed) -> dict[str, int]:
    """How many rows of each source were taken."""
    counts: dict[str, int] = {}
    for row in mixed.rows:
        counts[row.question.source] = counts.get(row.question.source, 0) + 1
    return counts


WEIGHTS = st.lists(st.sampled_from([0.0, 0.05, 0.1, 0.3, 1.0, 2.5]), min_size=1, max_size=8)


@given(WEIGHTS, st.data())
def test_a_dealing_keeps_every_bound_and_reaches_the_total(
    weights: list[float], data: st.DataObject
) -> None:
    """Never above a limit, nothing without a weight, the sum is min(total, what is possible)."""
    limits = [data.draw(st.integers(0, 60)) for _ in weights]
    total = data.draw(st.integers(0, 300))
    given_out = allocate(weights, limits, total=total)
    possible = sum(limit for weight, limit in zip(weights, limits, strict=True) if weight)
    assert all(count <= limit for count, limit in zip(given_out, limits, strict=True))
    assert not any(count for count, weight in zip(given_out, weights, strict=True) if weight == 0)
    assert sum(given_out) == min(total, possible)


@given(WEIGHTS.filter(any), st.integers(0, 500))
def test_without_limits_a_dealing_is_proportional(weights: list[float], total: int) -> None:
    """Each share is within rounding of its part: half a row, and its part of the others' halves."""
    given_out = allocate(weights, [10**6] * len(weights), total=total)
    whole = sum(weights)
    for count, weight in zip(given_out, weights, strict=True):
        tolerance = 0.5 + 0.5 * len(weights) * weight / whole + 1e-9
        assert abs(count - total * weight / whole) <= tolerance


@given(WEIGHTS, st.data())
def test_a_larger_total_takes_no_row_from_any_share(
    weights: list[float], data: st.DataObject
) -> None:
    """Dealing is monotone in the total, so that sets of 50,000 and 150,000 rows can be nested."""
    limits = [data.draw(st.integers(0, 40)) for _ in weights]
    small, large = sorted(data.draw(st.tuples(st.integers(0, 200), st.integers(0, 200))))
    before, after = (allocate(weights, limits, total=total) for total in (small, large))
    assert all(one <= other for one, other in zip(before, after, strict=True))


@given(WEIGHTS.filter(any), st.data())
def test_a_longer_share_never_gives_others_more(weights: list[float], data: st.DataObject) -> None:
    """Rows added to one share never take from it, and never add to another one."""
    limits = [data.draw(st.integers(0, 40)) for _ in weights]
    total, longer = data.draw(st.integers(0, 150)), data.draw(st.integers(0, len(weights) - 1))
    before = allocate(weights, limits, total=total)
    limits[longer] += data.draw(st.integers(1, 40))
    after = allocate(weights, limits, total=total)
    assert after[longer] >= before[longer]
    assert all(after[place] <= before[place] for place in range(len(weights)) if place != longer)


def test_a_short_share_is_made_up_for_in_proportion() -> None:
    """Of 1,000 rows at 5 : 3 : 2, the second has only 100: the others share the rest at 5 : 2."""
    assert allocate([0.5, 0.3, 0.2], [900, 100, 900], total=1000) == (643, 100, 257)
    assert allocate([0.5, 0.3, 0.2], [900, 100, 900], total=None) == (900, 100, 900)


@settings(max_examples=25)
@given(
    st.dictionaries(st.sampled_from(["MMLU", "SciQ", "RACE", "ARC-Easy"]), st.integers(1, 30)),
    st.integers(1, 120),
    st.integers(0, 3),
    st.randoms(use_true_random=False),
)
def test_every_row_is_taken_or_rejected_whatever_the_order(
    counts: dict[str, int], total: int, seed: int, random: Random
) -> None:
    """The rows taken are a set that no order of the input changes; all others have a reason."""
    rows = rows_of(counts)
    mix = Mix(total=total, rest=1.0)
    mixed = apply_mix(rows, mix, seed=seed)
    shuffled = list(rows)
    random.shuffle(shuffled)
    again = apply_mix(shuffled, mix, seed=seed)
    assert set(again.rows) == set(mixed.rows)
    assert again.rejects == mixed.rejects
    places = {(row.file, row.row) for row in mixed.rows} | {
        (reject.file, reject.row) for reject in mixed.rejects
    }
    assert places == {(row.file, row.row) for row in rows}
    assert len(mixed.rows) + len(mixed.rejects) == len(rows)
    assert {reject.reason for reject in mixed.rejects} <= {Reason.BEYOND_MIX}


@settings(max_examples=25)
@given(st.integers(1, 80), st.integers(0, 80), st.integers(0, 2))
def test_a_larger_total_keeps_the_rows_of_a_smaller_one(small: int, more: int, seed: int) -> None:
    """Draws are nested, caps and shortages included."""
    rows = rows_of({"MMLU": 40, "SciQ": 25, "RACE": 60})
    sources = (MixSource("MMLU", 0.5, cap=30), MixSource("sciq", 0.2), MixSource("r*", 0.3))
    before = apply_mix(rows, Mix(sources, total=small), seed=seed)
    after = apply_mix(rows, Mix(sources, total=small + more), seed=seed)
    assert set(before.rows) <= set(after.rows)


def test_other_wrong_choices_do_not_change_the_draw() -> None:
    """A question that was converted again, with other distractors, is taken or left as before."""
    rows = rows_of({"SciQ": 60})
    converted = [
        row._replace(question=Question(row.question.text, ("a", "c"), 0, source="SciQ"))
        for row in rows
    ]
    mix = Mix((MixSource("SciQ"),), total=20)
    before, after = apply_mix(rows, mix, seed=0), apply_mix(converted, mix, seed=0)
    assert [row.row for row in before.rows] == [row.row for row in after.rows]


def test_rows_stay_in_their_order_and_the_seed_decides_which_come() -> None:
    """What is taken comes as it came; another seed takes others."""
    rows = rows_of({"MMLU": 200})
    mix = Mix((MixSource("MMLU"),), total=50)
    mixed = apply_mix(rows, mix, seed=1)
    assert [row.row for row in mixed.rows] == sorted(row.row for row in mixed.rows)
    others = apply_mix(rows, mix, seed=2)
    assert 3 <= len(set(mixed.rows) & set(others.rows)) <= 30


def test_lines_say_what_was_wanted_what_came_and_why() -> None:
    """One line per entry, patterns with all their sources, the rest by its name."""
    rows = rows_of({"MMLU": 300, "MMLU-Pro": 50, "SciQ": 20, "RACE": 500, "BoolQ": 500})
    mix = Mix(
        (MixSource("mmlu*", 0.4, cap=100), MixSource("SciQ", 0.2), MixSource("RACE", 0.3)),
        total=400,
        rest=0.1,
    )
    mixed = apply_mix(rows, mix, seed=0)
    assert mixed.lines == (
        MixLine("mmlu*", ("MMLU", "MMLU-Pro"), 350, 160, 100, "cap"),
        MixLine("SciQ", ("SciQ",), 20, 80, 20, "rows"),
        MixLine("RACE", ("RACE",), 500, 120, 210, ""),
        MixLine(REST, ("BoolQ",), 500, 40, 70, ""),
    )
    assert mixed.short == 0
    assert mixed.sentence() == "The mix takes 400 of 1370 rows."
    assert mixed.lines[0].to_json() == {
        "name": "mmlu*",
        "sources": ["MMLU", "MMLU-Pro"],
        "available": 350,
        "wanted": 160,
        "taken": 100,
        "bound": "cap",
    }


def test_a_total_that_cannot_be_met_is_said_plainly() -> None:
    """Every share is full: what there is is taken, and the sentence says how much is missing."""
    mix = Mix((MixSource("SciQ", cap=10), MixSource("RACE")), total=100)
    mixed = apply_mix(rows_of({"SciQ": 40, "RACE": 30}), mix, seed=0)
    assert taken_of(mixed) == {"SciQ": 10, "RACE": 30}
    assert mixed.short == 60
    assert mixed.sentence() == (
        "The mix takes 40 rows, 60 fewer than its total of 100: every share is at its cap or out "
        "of rows."
    )


def test_without_a_total_the_caps_alone_decide() -> None:
    """A table of caps is a mix, too."""
    mixed = apply_mix(
        rows_of({"SciQ": 40, "RACE": 30}),
        Mix((MixSource("SciQ", cap=10),), rest=1.0),
        seed=0,
    )
    assert taken_of(mixed) == {"SciQ": 10, "RACE": 30}
    assert [line.wanted for line in mixed.lines] == [None, None]
    assert mixed.short == 0


def test_a_reject_names_the_share_that_is_full() -> None:
    """Reason, share, how many of how many, and the question."""
    mixed = apply_mix(rows_of({"SciQ": 2}), Mix((MixSource("SciQ"),), total=1), seed=0)
    reject = mixed.rejects[0]
    left_out = ({1, 2} - {mixed.rows[0].row}).pop()
    assert reject.to_json() == {
        "file": "SciQ.jsonl",
        "row": left_out,
        "reason": "beyond the mix",
        "detail": "SciQ: 1 of 2 rows are taken",
        "excerpt": f"SciQ {left_out - 1}?",
    }


def test_a_source_belongs_to_the_first_entry_that_matches_it() -> None:
    """The narrower pattern stands first; behind a wider one it has nothing left, which is said."""
    rows = rows_of({"ARC-Easy": 50, "ARC-Challenge": 50})
    narrow, wide = MixSource("ARC-Easy", 0.2), MixSource("arc-*", 0.8)
    assert taken_of(apply_mix(rows, Mix((narrow, wide), total=50), seed=0)) == {
        "ARC-Easy": 10,
        "ARC-Challenge": 40,
    }
    with pytest.raises(InputError) as caught:
        apply_mix(rows, Mix((wide, narrow), total=50), seed=0)
    assert str(caught.value) == (
        "a source for the mix entry 'ARC-Easy' is needed; got only sources that an entry before "
        "it takes. Try: put the narrower pattern first"
    )


def test_names_of_sets_to_fetch_name_their_sources() -> None:
    """Who fetched `trivia_qa` may mix it by that name, although its rows say TriviaQA."""
    for name, source in SOURCES.items():
        mixed = apply_mix(rows_of({source.title: 2}), Mix((MixSource(name),)), seed=0)
        assert mixed.lines[0].sources == (source.title,)
    with pytest.raises(InputError, match="a source that the mix entry '-' matches is needed"):
        apply_mix(rows_of({"SciQ": 1}), Mix((MixSource("-"),)), seed=0)


def test_an_entry_that_matches_nothing_names_the_nearest_source() -> None:
    """A misspelt source is an error, not an empty share."""
    with pytest.raises(InputError) as caught:
        apply_mix(rows_of({"SciQ": 1, "RACE": 1}), Mix((MixSource("SciQA"),), rest=0), seed=0)
    assert str(caught.value) == (
        "a source that the mix entry 'SciQA' matches is needed; got sources RACE, SciQ. Try: 'SciQ'"
    )
    with pytest.raises(InputError, match="got no rows"):
        apply_mix([], Mix((MixSource("SciQ"),)), seed=0)


def test_sources_that_are_not_named_need_a_word() -> None:
    """Nothing is left out because nobody thought of it."""
    rows = rows_of({"SciQ": 3, "RACE": 3})
    with pytest.raises(InputError) as caught:
        apply_mix(rows, Mix((MixSource("SciQ"),)), seed=0)
    assert str(caught.value) == (
        "a mix that says what becomes of the sources it does not name is needed; got RACE. "
        "Try: rest = 0 leaves them out, rest = 0.1 takes them together as one share"
    )
    mixed = apply_mix(rows, Mix((MixSource("SciQ"),), rest=0), seed=0)
    assert taken_of(mixed) == {"SciQ": 3}
    assert {reject.detail for reject in mixed.rejects} == {f"{REST}: 0 of 3 rows are taken"}


def write(path: Path, text: str) -> Path:
    """A TOML file."""
    path.write_text(text, encoding="utf-8")
    return path


def test_a_table_is_read_from_toml(tmp_path: Path) -> None:
    """Every key, with the defaults of those that are left out."""
    path = write(
        tmp_path / "mix.toml",
        """
[mix]
total = 50_000
rest = 0.05

[[mix.source]]
name = "MMLU*"
share = 0.3
cap = 20_000

[[mix.source]]
name = "SciQ"
""",
    )
    assert read_mix(path) == Mix(
        (MixSource("MMLU*", 0.3, 20_000), MixSource("SciQ", 1.0, None)), 50_000, 0.05
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            '[mix]\ntotl = 5\n[[mix.source]]\nname = "a"\nshares = 1\n[[mix.source]]\nshare = 2',
            (
                "a mixing table without faults is needed; got unknown key mix.totl (did you mean "
                "'total'?); unknown key mix.source[0].shares (did you mean 'share'?); "
                "mix.source[1].name is missing"
            ),
        ),
        (
            '[mix]\n[[mix.source]]\nname = "a"\nshare = -0.5',
            (
                "a mixing table without faults is needed; got mix.source[0]: a number of 0 or more "
                "is needed for the share of a; got -0.5"
            ),
        ),
        (
            '[mix]\ntotal = 9.5\n[[mix.source]]\nname = "a"',
            (
                "a mixing table without faults is needed; got mix: a whole number of 0 or more is "
                "needed for the total; got 9.5"
            ),
        ),
        (
            '[mix]\n[[mix.source]]\nname = "a"\nshare = 0',
            (
                "a mixing table without faults is needed; got mix: a mix with at least one share "
                "above 0 is needed; got shares that are all 0"
            ),
        ),
        (
            "[mix]\nsource = 3",
            (
                "a mixing table without faults is needed; got mix.source must be a "
                "list of tables [[mix.source]]"
            ),
        ),
        (
            "[mix]\nzzzz = 3",
            (
                "a mixing table without faults is needed; got unknown key mix.zzzz "
                "(known here: source, total, rest)"
            ),
        ),
        ("[data]\nx = 1", "a table [mix] is needed; got tables data"),
        ("", "a table [mix] is needed; got an empty file"),
    ],
)
def test_faults_of_a_table_are_named(tmp_path: Path, text: str, message: str) -> None:
    """All at once, with the nearest known key."""
    path = write(tmp_path / "mix.toml", text)
    with pytest.raises(InputError) as caught:
        read_mix(path)
    assert str(caught.value) == f"{path}: {message}"


def test_a_file_that_is_no_toml_is_named(tmp_path: Path) -> None:
    """Neither a broken file nor a missing one is a crash."""
    with pytest.raises(InputError, match="a mixing table in TOML is needed; got "):
        read_mix(write(tmp_path / "mix.toml", "[mix"))
    with pytest.raises(InputError, match="No such file"):
        read_mix(tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: MixSource(" "), "a name is needed for a mix source; got ' '"),
        (
            lambda: MixSource("a", float("nan")),
            "a number of 0 or more is needed for the share of a; got nan",
        ),
        (
            lambda: MixSource("a", cap=-1),
            "a whole number of 0 or more is needed for the cap of a; got -1",
        ),
        (lambda: Mix(total=0, rest=1), "a total of at least 1 row is needed; got 0"),
        (
            lambda: Mix(total=True, rest=1),
            "a whole number of 0 or more is needed for the total; got True",
        ),
        (
            lambda: Mix(rest=-1),
            "a number of 0 or more is needed for the rest; got -1",
        ),
        (Mix, "a mix with at least one share above 0 is needed; got no source"),
    ],
)
def test_impossible_values_are_refused(make: object, message: str) -> None:
    """A table is checked when it is made, wherever its values come from."""
    assert callable(make)
    with pytest.raises(InputError) as caught:
        make()
    assert str(caught.value) == message
