"""Every set, read from files in exactly the hub's schema through the hub's own library."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hub_files import Example, edited, expected, without_drawn_place, write_example
from hub_knowledge_sets import KNOWLEDGE_SETS
from hub_open_sets import OPEN_SETS
from hub_reasoning_sets import REASONING_SETS

from underdog.data.hub.catalogue import SOURCES
from underdog.data.hub.columns import Row
from underdog.data.hub.fetch import FetchOptions, fetch
from underdog.data.hub.sources.competition_math import find_boxed
from underdog.data.sources.candidate import Candidate
from underdog.data.sources.record import read_record
from underdog.errors import SourceError

EXAMPLES = [*KNOWLEDGE_SETS, *REASONING_SETS, *OPEN_SETS]
BY_NAME = {example.name: example for example in EXAMPLES}


def read_lines(path: Path) -> list[dict[str, Any]]:
    """The records of a file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def fetched(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, Any]]]:
    """Records of all examples, each set fetched in its own split."""
    root, out = tmp_path_factory.mktemp("hub"), tmp_path_factory.mktemp("out")
    splits: dict[str, list[str]] = {}
    for example in EXAMPLES:
        write_example(root, example)
        splits.setdefault(example.split, []).append(example.name)
    for split, names in splits.items():
        fetch(names, out=out, from_dir=root, options=FetchOptions(splits=(split,)))
    return {name: read_lines(out / f"{name}.jsonl") for name in SOURCES}


def test_every_known_set_has_an_example() -> None:
    """A set cannot be added without rows in its schema."""
    assert sorted(BY_NAME) == sorted(SOURCES)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_rows_in_the_schema_of_the_hub_become_our_records(
    example: Example, fetched: dict[str, list[dict[str, Any]]]
) -> None:
    """Whole records: text, choices, key, aliases, topic, explanation, group, source, licence."""
    source = SOURCES[example.name]
    records = fetched[example.name]
    drawn = [
        without_drawn_place(record) if "right" in wanted else record
        for record, wanted in zip(records, example.records, strict=True)
    ]
    assert drawn == expected(example, source.title, source.licence)


@pytest.mark.parametrize("name", [name for name, each in SOURCES.items() if each.kind != "open"])
def test_the_reader_of_files_understands_every_record(
    name: str, fetched: dict[str, list[dict[str, Any]]]
) -> None:
    """What is written is what `data build` reads: the same text, choices, key, topic, group."""
    for row, record in enumerate(fetched[name], start=1):
        found = read_record(row, record)
        assert isinstance(found, Candidate)
        key = record.get("answer_index")
        assert (found.text, found.choices, found.key) == (
            record["question"],
            tuple(record["choices"]),
            None if key is None else str(key),
        )
        assert (found.topic, found.group, found.source, found.licence) == (
            record["topic"],
            record.get("group", ""),
            record["source"],
            record["licence"],
        )


def test_a_nested_row_of_mmlu_is_unwrapped() -> None:
    """The configuration auxiliary_train has one column `train` with the row inside."""
    row = BY_NAME["mmlu"].rows[0]
    to_record = SOURCES["mmlu"].to_record
    assert to_record({"train": row}) == to_record(row)


def test_openbookqa_main_has_no_fact() -> None:
    """Rows of the configuration `main` lack the column and get no explanation."""
    row = {name: value for name, value in BY_NAME["openbookqa"].rows[0].items() if name != "fact1"}
    assert "explanation" not in SOURCES["openbookqa"].to_record(row)


def test_choices_as_a_list_of_pairs_read_like_a_pair_of_lists() -> None:
    """Version 4 of the library, and JSON files, give lists of structs as they are."""
    row = BY_NAME["arc_challenge"].rows[0]
    pairs = [
        {"text": text, "label": label}
        for text, label in zip(row["choices"]["text"], row["choices"]["label"], strict=True)
    ]
    to_record = SOURCES["arc_challenge"].to_record
    assert to_record({**row, "choices": pairs}) == to_record(row)


@pytest.mark.parametrize(
    ("solution", "answer"),
    [
        (r"$\boxed{5}$", "5"),
        (r"first \boxed{1}, then \boxed{x^{2}_{1}}.", "x^{2}_{1}"),
        (r"the set \boxed{\{1, 2\}}", r"\{1, 2\}"),
        (r"\fbox{7}", "7"),
        (r"so $\boxed 12$ it is", "12"),
        (r"\boxed{never closed", ""),
        ("no box", ""),
    ],
)
def test_the_answer_is_what_the_last_box_holds(solution: str, answer: str) -> None:
    """Braces inside belong to it, escaped ones do not count; no box is no answer."""
    assert find_boxed(solution) == answer


def test_a_missing_column_is_named_with_what_came(tmp_path: Path) -> None:
    """Set, place on the hub, split, row, column, and the columns that are there."""
    write_example(tmp_path, edited(BY_NAME["gsm8k"], lambda row: row.pop("question")))
    with pytest.raises(SourceError) as caught:
        fetch(["gsm8k"], out=tmp_path / "out", from_dir=tmp_path)
    assert str(caught.value) == (
        "gsm8k (openai/gsm8k, main, train), row 1: a column called question is needed; "
        "got columns answer. Try: a revision with the schema that is known here: gsm8k@REVISION"
    )


def change_answer(row: dict[str, Any]) -> None:
    """The answer as a plain text, as older copies of TriviaQA have it."""
    row["answer"] = "David Seville"


@pytest.mark.parametrize(
    ("name", "edit", "message"),
    [
        (
            "trivia_qa",
            change_answer,
            "a column called answer.value is needed; got str before 'value'",
        ),
        (
            "trivia_qa",
            lambda row: row["answer"].pop("aliases"),
            (
                "a column called answer.aliases is needed; got columns matched_wiki_entity_name, "
                "normalized_aliases, normalized_matched_wiki_entity_name, normalized_value, type, "
                "value"
            ),
        ),
        (
            "mmlu",
            lambda row: row.update(choices="A B"),
            "a list of texts in column choices is needed; got str 'A B'",
        ),
        (
            "mmlu",
            lambda row: row.update(answer=0.5),
            "a place among the choices in column answer is needed; got float 0.5",
        ),
        (
            "mmlu",
            lambda row: row.update(answer="first"),
            "a place among the choices in column answer is needed; got str 'first'",
        ),
        (
            "arc_easy",
            lambda row: row["choices"]["label"].pop(),
            (
                "label and text lists of equal length in column choices is needed; got dict "
                "{'text': ['ice', 'steam', 'water', 'air'], 'label': ['A', 'B', 'C']}"
            ),
        ),
        (
            "boolq",
            lambda row: row.update(answer="perhaps"),
            "true or false in column answer is needed; got str 'perhaps'",
        ),
        (
            "sciq",
            lambda row: row.update(support=["a"]),
            "text in column support is needed; got list ['a']",
        ),
    ],
)
def test_a_column_of_another_type_is_named(name: str, edit: Any, message: str) -> None:
    """What was wanted of which column, and what came."""
    row: Row = edited(BY_NAME[name], edit).rows[0]
    with pytest.raises(SourceError) as caught:
        SOURCES[name].record(row)
    assert str(caught.value) == message


def test_a_null_is_a_row_without_a_key_not_a_fault() -> None:
    """Nulls in single rows are left to `data build`, which counts what they lack."""
    assert SOURCES["arc_easy"].to_record(
        {"question": "Why?", "choices": None, "answerKey": None}
    ) == {
        "question": "Why?",
        "topic": "science",
    }
    assert SOURCES["trivia_qa"].to_record({"question": "Why?", "answer": None}) == {
        "question": "Why?",
        "topic": "trivia",
    }
    assert SOURCES["mmlu"].to_record(
        {"question": "Why?", "subject": None, "choices": ["a", None], "answer": None}
    ) == {"question": "Why?", "choices": ["a", ""], "topic": "mixed"}
    boolq = SOURCES["boolq"].to_record({"question": "why", "passage": "P", "answer": None})
    assert "answer_index" not in boolq


@pytest.mark.parametrize(
    ("key", "place"),
    [("C", 2), ("c", 2), ("2", 2), ("2\n", 2), (2, 2), (-1, None), ("-1", None), ("", None)],
)
def test_keys_are_places_letters_or_digits(key: object, place: int | None) -> None:
    """However a copy of the set writes its keys; -1 and "" are what hidden keys look like. The
    loading script of Social IQa kept the ends of its lines.
    """
    row = {"question": "Why?", "subject": "x", "choices": ["a", "b", "c"], "answer": key}
    assert SOURCES["mmlu"].to_record(row).get("answer_index") == place


def test_numbers_are_texts_too() -> None:
    """A column of numbers, as JSON and CSV may give it, loses the ".0" of whole ones."""
    row = {"question": 7.0, "correct_answer": 0.5, "support": None}
    row |= {f"distractor{number}": number for number in (1, 2, 3)}
    record = SOURCES["sciq"].to_record(row)
    assert (record["question"], sorted(record["choices"])) == ("7", ["0.5", "1", "2", "3"])


def test_right_answers_named_apart_spread_over_all_places() -> None:
    """SciQ names the right answer apart: over 400 questions each of four places holds 60 to 140."""
    to_record = SOURCES["sciq"].to_record
    places = [
        to_record(
            {
                "question": f"What is {number}?",
                "correct_answer": "r",
                "distractor1": "a",
                "distractor2": "b",
                "distractor3": "c",
                "support": "",
            }
        )["answer_index"]
        for number in range(400)
    ]
    assert all(60 <= places.count(place) <= 140 for place in range(4))
    assert set(places) == {0, 1, 2, 3}
