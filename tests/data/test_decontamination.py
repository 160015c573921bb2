"""Planted copies of benchmark questions are found, and questions that are merely near are kept."""

from __future__ import annotations

import random
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from question_files import (
    any_questions,
    checked,
    instruction,
    make_questions,
    records,
    write_csv,
    write_json,
    write_json_lines,
    write_parquet,
    write_trivia,
)

from underdog.data.decontamination import (
    BenchmarkLine,
    Benchmarks,
    decontaminate,
    read_benchmarks,
)
from underdog.data.reject import Reason, Reject
from underdog.errors import SourceError
from underdog.mcq.question import Question

ENERGY = Question(
    "A student rubs a balloon on a wool sweater, and then holds it near small pieces of paper. "
    "Which force pulls the pieces of paper to the balloon?",
    ("gravity", "friction", "static electricity", "magnetism"),
    2,
)
PERU = Question("What is the capital of Peru?", ("Lima", "Cusco", "Quito", "Bogota"), 0)
LARGEST = Question(
    "Which of the following is the largest planet in our solar system?",
    ("Jupiter", "Mercury", "Saturn", "Earth"),
    0,
)
GENERIC = Question(
    "Which of the following statements is true?",
    ("Bats are blind", "Snakes hear with their skin", "Whales are fish", "Owls sleep at night"),
    1,
)
BEVERAGE = Question(
    "What is the official state beverage of the U.S. state of Wisconsin?",
    ("Milk", "Coffee", "Tomato juice", "Water"),
    0,
)
FLAT = Question("Bats are the only mammals that can truly fly.", ("True", "False"), 0)
KNOWN = (ENERGY, PERU, LARGEST, GENERIC, BEVERAGE, FLAT)


@pytest.fixture(scope="module")
def benchmarks(tmp_path_factory: pytest.TempPathFactory) -> Benchmarks:
    folder = tmp_path_factory.mktemp("benchmarks")
    return read_benchmarks([write_json(folder / "exam.json", records(KNOWN))])


def ask(text: str, *choices: str, answer: int = 0) -> Question:
    return Question(text, choices, answer)


def found(question: Question, benchmarks: Benchmarks) -> str | None:
    """The detail of its reject, None when it is kept."""
    result = decontaminate([checked(question)], benchmarks)
    assert len(result.rows) + len(result.rejects) == 1
    return result.rejects[0].detail if result.rejects else None


COPIES: dict[str, tuple[int, str, Question]] = {
    "exact": (1, "same wording, same answer", ENERGY),
    "case": (1, "same wording, same answer", ask(ENERGY.text.upper(), *ENERGY.choices, answer=2)),
    "marks and white space": (
        1,
        "same wording, same answer",
        ask(ENERGY.text.replace(",", " -").replace(" ", "  ") + "?!", *ENERGY.choices, answer=2),
    ),
    "choices in another order": (
        1,
        "same wording, same answer",
        ask(ENERGY.text, *reversed(ENERGY.choices), answer=1),
    ),
    "other choices": (
        1,
        "same wording, same answer",
        ask(ENERGY.text, "static electricity", "wind", "heat", "light"),
    ),
    "key by another choice": (
        1,
        "same wording, same choices",
        ask(ENERGY.text, *ENERGY.choices, answer=1),
    ),
    "a few words changed": (
        1,
        "shared runs of 8 words cover 89%, same answer",
        ask(
            ENERGY.text.replace("student", "pupil").replace("small", "tiny"),
            *ENERGY.choices,
            answer=2,
        ),
    ),
    "inside a longer text": (
        1,
        "shared runs of 8 words cover 100%, same answer",
        ask(
            f"Think about what you learnt last week in class. {ENERGY.text} Explain why.",
            "static electricity",
            "wind",
        ),
    ),
    "only the text, answers unlike": (
        1,
        "shared runs of 8 words cover 100%, 100% of its telling words",
        ask(f"Look at this. {ENERGY.text}", "a force", "a push"),
    ),
    "short": (2, "same wording, same answer", PERU),
    "short, other choices": (2, "same wording, same answer", ask(PERU.text, "Lima", "Oslo")),
    "short, inside a longer text": (
        2,
        "held inside a longer text, same answer",
        ask("You travel south. What is the capital of Peru, in your opinion?", "Lima", "Oslo"),
    ),
    "short, a word changed, same choices": (
        2,
        "nearly the same wording, same choices (92% of the words)",
        ask("What is the capital city of Peru?", *PERU.choices),
    ),
    "nearly the same true or false": (
        6,
        "nearly the same wording, same choices (89% of the words)",
        ask("Bats are the only mammals that can really fly.", "True", "False"),
    ),
    "generic text, same choices": (4, "same wording, same answer", GENERIC),
}


@pytest.mark.parametrize("name", COPIES)
def test_planted_copies_are_found(name: str, benchmarks: Benchmarks) -> None:
    """Whatever was done to hide one, the reject names benchmark, row and how it matched."""
    row, evidence, question = COPIES[name]
    assert found(question, benchmarks) == f"exam.json row {row}: {evidence}"


NEAR: dict[str, Question] = {
    "another key over the same choices": ask(
        "Which of the following is the smallest planet in our solar system?",
        *LARGEST.choices,
        answer=1,
    ),
    "a generic text over other choices": ask(GENERIC.text, "Cats bark", "Dogs bark", "Cows sing"),
    "another state, same answer": ask(
        "What is the official state beverage of the U.S. state of Nebraska?",
        "Milk",
        "Beer",
    ),
    "another state, all choices equal": ask(
        BEVERAGE.text.replace("Wisconsin", "Delaware"), *BEVERAGE.choices
    ),
    "another country": ask("What is the capital of Chile?", "Santiago", "Lima", "Quito"),
    "another beast, true or false": ask(
        "Owls are the only birds that can truly smile.", "True", "False"
    ),
    "another sum over the same numbers": ask("How many legs has a spider?", "8", "6", "4"),
    "the same scene, another question": ask(
        "A student rubs a balloon on a wool sweater. What is the sweater made of?",
        "wool",
        "cotton",
    ),
    "a short text inside a longer one, nothing else alike": ask(
        "Ann asked: what is the capital of Peru? What did Ann want to know?", "A name", "A year"
    ),
}


@pytest.mark.parametrize("name", NEAR)
def test_questions_that_are_merely_near_are_kept(name: str, benchmarks: Benchmarks) -> None:
    """One template, one scene, one set of choices: none of these is a copy."""
    assert found(NEAR[name], benchmarks) is None


def test_the_result_says_what_went_and_why(benchmarks: Benchmarks) -> None:
    """Rows in their order, one reject for each other one, one line per benchmark."""
    rows = [checked(question) for question in (PERU, NEAR["another country"], ENERGY, GENERIC)]
    result = decontaminate(rows, benchmarks)
    assert result.rows == (rows[1],)
    assert result.rejects[0] == Reject(
        "file", 1, Reason.IN_BENCHMARK, "exam.json row 2: same wording, same answer",
        "What is the capital of Peru? [Lima | Cusco | Quito | Bogota]",
    )  # fmt: skip
    assert result.lines == (BenchmarkLine("exam.json", 6, 3, {"same wording": 3}),)
    assert result.lines[0].to_json() == {
        "benchmark": "exam.json", "questions": 6, "removed": 3, "ways": {"same wording": 3},
    }  # fmt: skip


def test_benchmarks_are_read_from_every_format_with_or_without_choices(tmp_path: Path) -> None:
    """Each file finds the question, an open one and one with a faulty key included."""
    other = make_questions(3)
    rows: list[Any] = records([*other, PERU])
    bare: list[dict[str, Any]] = [{"question": PERU.text, "answer": "Lima"}]
    files = [
        write_json(tmp_path / "own.json", rows),
        write_json_lines(tmp_path / "own.jsonl", rows),
        write_csv(tmp_path / "own.csv", rows),
        write_parquet(tmp_path / "own.parquet", rows),
        write_trivia(tmp_path / "trivia", [*other, PERU]),
        write_json(tmp_path / "told.json", [instruction(each) for each in (*other, PERU)]),
        write_json(tmp_path / "open.json", bare),
        write_json(tmp_path / "text.json", [{"question": PERU.text, "answer": ""}]),
        write_json(tmp_path / "faulty.json", [{**rows[-1], "answer": 9}]),
    ]
    for file in files:
        benchmarks = read_benchmarks([file])
        assert set(benchmarks.digests) == {file.name}
        detail = found(PERU, benchmarks)
        assert detail is not None, file
        assert detail.startswith(f"{file.name} row ")
        assert "same wording" in detail
    together = read_benchmarks([tmp_path])
    assert len(together.questions) == 6 * 4 + 3
    lines = decontaminate([checked(PERU)], together).lines
    assert [line.removed for line in lines] == [1, *[0] * 8]
    assert lines[0].benchmark.endswith("/faulty.json")


def test_what_is_no_benchmark_is_one_error(tmp_path: Path) -> None:
    """A missing path, a file without questions, a folder of such files."""
    with pytest.raises(SourceError, match=r"a file or a folder with questions; got nothing there"):
        read_benchmarks([tmp_path / "none.json"])
    empty = write_json(tmp_path / "readme.json", {"name": "x"})
    with pytest.raises(SourceError, match=r"rows with a question in a field"):
        read_benchmarks([empty])
    with pytest.raises(
        SourceError,
        match=r"at least one benchmark question; got 0 files with questions in them.*Try: the test",
    ):
        read_benchmarks([tmp_path])


def test_mojibake_in_a_benchmark_hides_nothing(tmp_path: Path) -> None:
    """Benchmarks are mended as rows are."""
    rows = [{"question": "Who sang at the CafÃ© de Flore?", "choices": ["PiÃ¡f", "Sade"],
             "answer": "A"}]  # fmt: skip
    benchmarks = read_benchmarks([write_json(tmp_path / "b.json", rows)])
    question = ask("Who sang at the Café de Flore?", "Piáf", "Cher")
    assert found(question, benchmarks) == "b.json row 1: same wording, same answer"


def test_boilerplate_that_many_questions_share_finds_nobody(tmp_path: Path) -> None:
    """A run of 8 words in more than 200 benchmark questions; whole copies are still found."""
    lead = "please read the text with care and then choose the best answer for"
    made = [
        Question(f"{lead} {each.text}", each.choices, each.answer) for each in make_questions(300)
    ]
    benchmarks = read_benchmarks([write_json(tmp_path / "b.json", records(made))])
    assert found(ask(f"{lead} this one", "Lima", "Oslo"), benchmarks) is None
    assert found(made[250], benchmarks) == "b.json row 251: same wording, same answer"
    same = [Question("Name this one city.", (f"c{at}", "x"), 0) for at in range(300)]
    benchmarks = read_benchmarks([write_json(tmp_path / "c.json", records(same))])
    assert found(ask("Name this one city.", "c7", "y"), benchmarks) is not None


@settings(max_examples=30)
@given(st.lists(any_questions(), min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_each_row_is_judged_alone_and_clean_rows_stay_clean(
    tmp_path_factory: pytest.TempPathFactory, questions: list[Question], chance: random.Random
) -> None:
    """Any order gives the same rejects; what is kept is kept again; sums hold."""
    path = tmp_path_factory.mktemp("b") / "b.json"
    benchmarks = read_benchmarks([write_json(path, records(questions[::2]))])
    rows = [checked(question) for question in (*questions, PERU)]
    result = decontaminate(rows, benchmarks)
    mixed = rows[:]
    chance.shuffle(mixed)
    again = decontaminate(mixed, benchmarks)
    assert sorted(again.rejects) == sorted(result.rejects)
    assert again.lines == result.lines
    assert len(result.rows) + len(result.rejects) == len(rows)
    assert sum(line.removed for line in result.lines) == len(result.rejects)
    clean = decontaminate(result.rows, benchmarks)
    assert (clean.rows, clean.rejects) == (result.rows, ())


def test_nothing_in_common_is_never_a_copy() -> None:
    """2,000 rows against 1,000 benchmark questions of other words: none is taken out."""
    benchmarks = planted(make_questions(1000, seed=1))
    rows = [checked(question) for question in make_questions(2000, seed=2)]
    assert decontaminate(rows, benchmarks).rows == tuple(rows)


def test_every_planted_copy_of_two_thousand_is_found_in_linear_time() -> None:
    """Shuffled choices, other case, a word swapped; twice the rows take about twice the time."""
    source = make_questions(2000, seed=3)
    benchmarks = planted(source)
    chance = random.Random(4)
    copies = []
    for question in source:
        order = chance.sample(range(4), 4)
        words = question.text.split()
        words[chance.choice([2, 3])] = "zzz"
        copies.append(
            Question(
                " ".join(words).upper(),
                tuple(question.choices[at] for at in order),
                order.index(question.answer or 0),
            )
        )
    spent = []
    for rows in (copies[:500], copies):
        started = time.process_time()
        result = decontaminate([checked(row) for row in rows], benchmarks)
        spent.append(time.process_time() - started)
        assert len(result.rejects) == len(rows)
    assert spent[1] < 12 * spent[0]


def planted(questions: list[Question]) -> Benchmarks:
    """Benchmarks as a file of these questions gives them."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        return read_benchmarks([write_json(Path(folder) / "b.json", records(questions))])
