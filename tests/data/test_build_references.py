"""What a build is held against: benchmarks, an old set, a mix, predictions, other engines."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from question_files import make_questions, records, write_json, write_json_lines

from underdog.data.build import build
from underdog.data.config import DataConfig
from underdog.data.conversion.config import ConversionConfig, TwoOptions
from underdog.data.conversion.wrong_answers import read_wrong_answers
from underdog.data.engine.open import open_engine
from underdog.data.engine.processes import Processes
from underdog.data.mix import Mix, MixSource
from underdog.data.references import References
from underdog.data.row import Row, Split
from underdog.data.store import read_rows
from underdog.errors import InputError
from underdog.runs.files import digest_folder, read_json

CONFIG = DataConfig(chunks=4)
CITIES = [
    "Paris", "Rome", "Madrid", "Lisbon", "Vienna", "Berlin", "Warsaw", "Prague", "Athens",
    "Dublin", "Oslo", "Helsinki", "Copenhagen", "Stockholm", "Budapest", "Bucharest", "Sofia",
    "Zagreb", "Belgrade", "Bern", "Brussels", "Amsterdam", "Tallinn", "Riga", "Vilnius",
    "Minsk", "Kyiv", "Ankara", "Cairo", "Tunis",
]  # fmt: skip
COUNTRIES = [
    "France", "Italy", "Spain", "Portugal", "Austria", "Germany", "Poland", "Czechia", "Greece",
    "Ireland", "Norway", "Finland", "Denmark", "Sweden", "Hungary", "Romania", "Bulgaria",
    "Croatia", "Serbia", "Switzerland", "Belgium", "Netherlands", "Estonia", "Latvia",
    "Lithuania", "Belarus", "Ukraine", "Turkey", "Egypt", "Tunisia",
]  # fmt: skip


def open_records() -> list[dict[str, str]]:
    """Sixty open questions on capitals and years, one of them answered by yes."""
    asked = [
        {"question": f"Which city is the seat of the government of {country}?", "answer": city}
        for country, city in zip(COUNTRIES, CITIES, strict=True)
    ]
    years = [
        {"question": f"In what year did {city} get its tramway number {at}?", "answer": str(year)}
        for at, (city, year) in enumerate(zip(CITIES[:29], range(1871, 1929, 2), strict=True))
    ]
    return [*asked, *years, {"question": "Is Malta an island?", "answer": "yes"}]


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    """A folder with 60 questions that have choices and 60 open ones."""
    folder = tmp_path / "raw"
    folder.mkdir()
    write_json(folder / "closed.json", records(make_questions(60)))
    write_json_lines(folder / "open.jsonl", open_records())
    return folder


def by_text(folder: Path) -> dict[str, Row]:
    return {row.question.text: row for row in read_rows(folder)}


def test_open_questions_get_choices_and_say_so(raw: Path, tmp_path: Path) -> None:
    """The key stays, choices are four answers of the kind, yes/no has two; rows are marked."""
    summary = build([raw], CONFIG, out=tmp_path / "set")
    rows = by_text(tmp_path / "set")
    assert summary.conversion is not None
    assert summary.conversion.questions == 60
    assert summary.conversion.converted == sum(row.converted for row in rows.values())
    for record in open_records():
        row = rows.get(record["question"])
        if row is None:
            continue
        assert row.converted
        assert row.question.answer_text == record["answer"]
        assert len(row.question.choices) == (2 if record["answer"] == "yes" else 4)
    assert summary.conversion.converted >= 55
    assert not any(rows[question.text].converted for question in make_questions(60))
    assert sum(summary.kinds.values()) == summary.conversion.converted


def test_yes_and_no_can_be_turned_away(raw: Path, tmp_path: Path) -> None:
    """The reason stands in the summary, and sums hold."""
    config = replace(CONFIG, conversion=ConversionConfig(yes_no=TwoOptions.REJECT))
    summary = build([raw], config, out=tmp_path / "set")
    assert summary.reasons["yes/no answer"] == 1
    assert summary.kept + summary.rejected == summary.read == 120


def test_a_model_s_wrong_answers_come_first(raw: Path, tmp_path: Path) -> None:
    """Those that pass the checks are choices; the key's own alias is not."""
    text = open_records()[0]["question"]
    lines = [{"question": text, "wrong": ["Lyon", "PARIS", "Marseille", "Nice", "Lille"]}]
    wrong = read_wrong_answers(write_json_lines(tmp_path / "wrong.jsonl", lines))
    build([raw], CONFIG, out=tmp_path / "set", references=References(wrong_answers=wrong))
    choices = by_text(tmp_path / "set")[text].question.choices
    assert sorted(choices) == ["Lyon", "Marseille", "Nice", "Paris"]
    identity = read_json(tmp_path / "set/manifest.json")["identity"]
    assert identity["wrong answers"] == wrong.digest


def test_questions_of_a_benchmark_are_taken_out(raw: Path, tmp_path: Path) -> None:
    """A copy in other letters is found; the reject names the benchmark and the row."""
    asked = open_records()[7]
    copy = {"question": asked["question"].upper(), "answer": asked["answer"]}
    benchmark = write_json_lines(tmp_path / "exam.jsonl", [copy])
    references = References(benchmarks=(benchmark,))
    summary = build([raw], CONFIG, out=tmp_path / "set", references=references)
    assert summary.reasons["in a benchmark"] == 1
    assert asked["question"] not in by_text(tmp_path / "set")
    lines = (tmp_path / "set/rejects.jsonl").read_text(encoding="utf-8").splitlines()
    (reject,) = (each for each in map(json.loads, lines) if each["reason"] == "in a benchmark")
    assert "exam.jsonl" in reject["detail"]
    assert [each.removed for each in summary.decontamination] == [1]


def test_a_mix_takes_its_shares_and_lists_the_others(raw: Path, tmp_path: Path) -> None:
    """Twenty rows of each file; every other row is a reject."""
    sources = (MixSource("raw/closed.json"), MixSource("raw/open.jsonl"))
    config = replace(CONFIG, mix=Mix(sources, total=40))
    summary = build([raw], config, out=tmp_path / "set")
    assert summary.sources == {"raw/closed.json": 20, "raw/open.jsonl": 20}
    assert summary.reasons["beyond the mix"] == summary.read - 40
    assert [each.taken for each in summary.mix] == [20, 20]


def grown(raw: Path, tmp_path: Path) -> tuple[dict[str, Row], dict[str, Row]]:
    """A set of the closed questions, and one that grew out of it by both files."""
    old, new = tmp_path / "old", tmp_path / "new"
    build([raw / "closed.json"], CONFIG, out=old)
    held = next(row for row in read_rows(old) if row.split is Split.VALIDATION)
    text = f"{held.question.text.rstrip('?')} then?"
    twin = replace(held.question, text=text)
    write_json(raw / "twin.json", records([twin]))
    build([raw], CONFIG, out=new, references=References(old=old))
    return by_text(old), by_text(new)


def test_a_set_that_grows_keeps_ids_splits_and_what_it_holds_out(raw: Path, tmp_path: Path) -> None:
    """Every old row is there with its id, group and split; nothing comes in twice or leaks."""
    old, new = grown(raw, tmp_path)
    assert len(new) > len(old)
    for text, row in old.items():
        assert (new[text].question.id, new[text].group, new[text].split) == (
            row.question.id,
            row.group,
            row.split,
        )
    summary = read_json(tmp_path / "new/summary.json")
    assert summary["reasons"]["duplicate"] == len(old)
    assert summary["reasons"]["alike a held-out question"] == 1
    assert summary["growth"] == {"kept": len(old), "added": len(new) - len(old), "alike": 1}
    share = sum(row.split is Split.VALIDATION for row in new.values()) / len(new)
    assert share == pytest.approx(0.1, abs=0.02)
    assert len({(row.group, row.split) for row in new.values()}) == len(
        {row.group for row in new.values()}
    )


def test_growing_twice_keeps_what_grew_first(raw: Path, tmp_path: Path) -> None:
    """The second growth moves no row of the first; growing by what is known adds nothing."""
    _, new = grown(raw, tmp_path)
    again = tmp_path / "again"
    summary = build([raw], CONFIG, out=again, references=References(old=tmp_path / "new"))
    assert summary.growth is not None
    assert summary.growth.added == 0
    assert {text: (row.group, row.split) for text, row in by_text(again).items()} == {
        text: (row.group, row.split) for text, row in new.items()
    }
    more = records(make_questions(20, seed=9))
    path = write_json(tmp_path / "more.json", more)
    summary = build([path], CONFIG, out=tmp_path / "more", references=References(old=again))
    kept = by_text(tmp_path / "more")
    assert all(kept[text].split is row.split for text, row in new.items())
    assert len(kept) == len(new) + 20


def test_a_set_does_not_grow_into_itself(raw: Path, tmp_path: Path) -> None:
    """The old set is never replaced; the error says what to do."""
    build([raw], CONFIG, out=tmp_path / "set")
    before = digest_folder(tmp_path / "set")
    with pytest.raises(InputError, match="an output folder beside the set that grows"):
        build([raw], CONFIG, out=tmp_path / "set", references=References(old=tmp_path / "set"))
    assert digest_folder(tmp_path / "set") == before


def test_fitting_difficulty_needs_predictions(raw: Path, tmp_path: Path) -> None:
    """A setting that could do nothing is refused."""
    with pytest.raises(InputError, match="predictions to learn from"):
        build([raw], replace(CONFIG, fit_difficulty=True), out=tmp_path / "set")


def test_worker_processes_give_the_same_bytes(raw: Path, tmp_path: Path) -> None:
    """Every block on two workers, whether it pays or not."""
    build([raw], CONFIG, out=tmp_path / "here")
    workers = Processes(2, start_s=-1e9)
    try:
        build([raw], CONFIG, out=tmp_path / "there", engine=workers)
    finally:
        workers.close()
    assert digest_folder(tmp_path / "there") == digest_folder(tmp_path / "here")


@pytest.mark.slow
def test_a_ray_cluster_gives_the_same_bytes(raw: Path, tmp_path: Path) -> None:
    """A cluster of its own on this machine."""
    build([raw], CONFIG, out=tmp_path / "here")
    with open_engine("ray", workers=2) as engine:
        build([raw], CONFIG, out=tmp_path / "there", engine=engine)
    assert digest_folder(tmp_path / "there") == digest_folder(tmp_path / "here")
