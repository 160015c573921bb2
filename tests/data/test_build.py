"""The whole build: counts add up, bytes repeat, nothing is lost or overwritten by mistake."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from question_files import (
    instruction,
    make_questions,
    records,
    write_csv,
    write_json,
    write_json_lines,
    write_trivia,
)

from underdog.data.build import build, settle_leftovers
from underdog.data.config import DataConfig
from underdog.data.curriculum import Order
from underdog.data.references import References
from underdog.data.row import Band, Split
from underdog.data.store import read_rows
from underdog.errors import InputError, RunMismatchError, SourceError
from underdog.mcq.prediction import Outcome, Prediction
from underdog.mcq.presentation import Presentation
from underdog.runs.files import digest_folder, read_json

CONFIG = DataConfig(chunks=4)
SHARED = Path(__file__).parents[3] / "shared" / "data"


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    """A folder of four formats: 130 questions, 10 twins, 3 repeats, 2 bad rows, a readme."""
    folder = tmp_path / "raw"
    folder.mkdir()
    questions = make_questions(60)
    twins = [replace(each, choices=(*each.choices[:3], f"z{at}"), answer=0)
             for at, each in enumerate(questions[:10])]  # fmt: skip
    write_trivia(folder / "animals", questions)
    bad = [{"question": "Why?", "choices": ["x"], "answer": "A"}, {"question": "How?"}]
    write_json(folder / "own.json", records(make_questions(40, seed=1)) + bad)
    write_csv(folder / "table.csv", records(questions[:3] + twins))
    write_json_lines(folder / "i.jsonl", [instruction(each) for each in make_questions(30, seed=2)])
    (folder / "README.md").write_text("# Questions\n")
    return folder


def test_every_row_is_kept_or_listed(raw: Path, tmp_path: Path) -> None:
    """Kept + rejected = read, for each file and in the rejects file; the summary agrees."""
    summary = build([raw], CONFIG, out=tmp_path / "set")
    assert (summary.read, summary.kept, summary.rejected) == (145, 140, 5)
    assert all(each.read == each.kept + each.rejected for each in summary.files)
    lines = (tmp_path / "set/rejects.jsonl").read_text().splitlines()
    assert len(lines) == summary.rejected
    assert summary.reasons == {"duplicate": 3, "fewer than two choices": 1, "no answer": 1}
    assert list(summary.skipped) == ["raw/README.md"]
    assert len(read_rows(tmp_path / "set")) == summary.kept
    stored = read_json(tmp_path / "set/summary.json")
    assert (stored["read"], stored["kept"], stored["rejected"]) == (145, 140, 5)
    assert stored["splits"] == dict(summary.splits)
    assert set(stored["digests"]) == {
        "questions.parquet", "rejects.jsonl", "train.json", "validation.json",
    }  # fmt: skip


def test_no_group_straddles_the_split_and_bands_and_chunks_hold(raw: Path, tmp_path: Path) -> None:
    """Twins share a group; the validation share, the bands' shares and the chunks are met."""
    summary = build([raw], replace(CONFIG, validation_share=0.2), out=tmp_path / "set")
    rows = read_rows(tmp_path / "set")
    sides = {(row.group, row.split) for row in rows}
    assert len(sides) == len({row.group for row in rows}) == summary.groups.count
    assert summary.groups.joined >= 20
    assert summary.check.clean
    assert abs(summary.splits["validation"] - 28) <= 1
    assert dict(summary.bands) == {"easy": 74, "medium": 59, "hard": 7}
    train = [row for row in rows if row.split is Split.TRAIN]
    assert [row.position for row in train] == list(range(len(train)))
    assert [row.difficulty for row in train] == sorted(row.difficulty for row in train)
    assert max(summary.chunks) - min(summary.chunks) <= 1
    assert len(summary.chunks) == 4


def test_the_same_bytes_again_and_in_another_order_of_paths(raw: Path, tmp_path: Path) -> None:
    """A second build, one into the same folder, and one over shuffled paths: equal files."""
    paths = sorted(path for path in raw.iterdir() if path.suffix != ".md")
    build(paths, CONFIG, out=tmp_path / "one")
    first = digest_folder(tmp_path / "one")
    build(paths, CONFIG, out=tmp_path / "one")
    assert digest_folder(tmp_path / "one") == first
    random.Random(0).shuffle(paths)
    build(paths, CONFIG, out=tmp_path / "two")
    assert digest_folder(tmp_path / "two") == first


def test_the_split_does_not_depend_on_where_rows_stand(tmp_path: Path) -> None:
    """Rows shuffled within their file keep their split and their difficulty."""
    rows = records(make_questions(80))
    build([write_json(tmp_path / "q.json", rows)], CONFIG, out=tmp_path / "one")
    random.Random(1).shuffle(rows)
    build([write_json(tmp_path / "q.json", rows)], CONFIG, out=tmp_path / "two")
    assert read_rows(tmp_path / "one") == read_rows(tmp_path / "two")


def test_a_built_set_builds_again_with_its_groups(raw: Path, tmp_path: Path) -> None:
    """As a source it gives the same questions, groups, splits and places."""
    build([raw], CONFIG, out=tmp_path / "one")
    build([tmp_path / "one"], CONFIG, out=tmp_path / "two")
    assert read_rows(tmp_path / "two") == read_rows(tmp_path / "one")


def test_predictions_decide_the_bands(tmp_path: Path) -> None:
    """Questions that a model gets wrong are the hard ones."""
    questions = make_questions(40)
    order = Presentation.identity(4)
    predictions = {
        each.id: Prediction(
            each.id,
            order,
            Outcome.CLEAN,
            (each.answer if at < 30 else ((each.answer or 0) + 1) % 4),
        )
        for at, each in enumerate(questions)
    }
    config = DataConfig(chunks=2, shares=(0.5, 0.25, 0.25))
    path = write_json(tmp_path / "q.json", records(questions))
    build([path], config, out=tmp_path / "set", references=References(predictions=predictions))
    hard = {row.question.id for row in read_rows(tmp_path / "set") if row.band is Band.HARD}
    assert hard == {each.id for each in questions[30:]}
    with pytest.raises(RunMismatchError, match="predictions was"):
        build([path], config, out=tmp_path / "set")


def test_the_bank_is_a_source_with_its_own_groups(tmp_path: Path) -> None:
    """The word `bank`: four choices, licences stated, two wordings of a fact on one side."""
    config = DataConfig(bank_per_fact=2)
    summary = build(["bank"], config, out=tmp_path / "set")
    rows = read_rows(tmp_path / "set")
    assert summary.rejected < summary.read / 100
    assert {len(row.question.choices) for row in rows} == {4}
    assert "not stated" not in summary.licences
    assert summary.groups.joined > summary.kept / 2
    assert summary.groups.largest < summary.kept / 50
    assert summary.check.clean
    assert len({(row.group, row.split) for row in rows}) == summary.groups.count


def test_the_cards_say_what_the_set_is(raw: Path, tmp_path: Path) -> None:
    """Counts, reasons, licences and digests stand in the page and in its Markdown twin."""
    summary = build([raw], CONFIG, out=tmp_path / "set")
    page = (tmp_path / "set/card.html").read_text(encoding="utf-8")
    card = (tmp_path / "set/card.md").read_text(encoding="utf-8")
    for part in (
        "140 questions on 2 topics",
        "126 for training in 4 chunks, 14 held out",
        "raw/animals",
        "raw/README.md",
        "CC BY-SA 4.0",
        "raw/table.csv:",
        summary.digests["questions.parquet"],
    ):
        assert part in card
        assert part in page
    verdicts = read_json(tmp_path / "set/summary.json")["verdicts"]
    assert all(each["title"] in page for each in verdicts)
    assert verdicts


def test_another_configuration_or_other_files_do_not_replace_a_set(
    raw: Path, tmp_path: Path
) -> None:
    """The older set stays as it was; the error says what differs."""
    build([raw], CONFIG, out=tmp_path / "set")
    before = digest_folder(tmp_path / "set")
    with pytest.raises(RunMismatchError, match=r"config.seed was 0, now 1"):
        build([raw], replace(CONFIG, seed=1), out=tmp_path / "set")
    write_json(raw / "own.json", records(make_questions(5, seed=9)))
    with pytest.raises(RunMismatchError, match=r"files.raw/own.json was"):
        build([raw], CONFIG, out=tmp_path / "set")
    assert digest_folder(tmp_path / "set") == before


def test_a_folder_that_no_build_made_is_never_replaced(raw: Path, tmp_path: Path) -> None:
    """Somebody's folder, a file, and a folder that holds the sources are refused."""
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis/chapter.txt").write_text("years of work")
    with pytest.raises(InputError, match=r"an output folder that data build made.*chapter.txt"):
        build([raw], CONFIG, out=tmp_path / "thesis")
    with pytest.raises(InputError, match="an output folder; got a file"):
        build([raw], CONFIG, out=tmp_path / "thesis/chapter.txt")
    with pytest.raises(InputError, match="without sources in it"):
        build([raw], CONFIG, out=tmp_path)
    assert (tmp_path / "thesis/chapter.txt").read_text() == "years of work"
    (tmp_path / "new").mkdir()
    assert build([raw], CONFIG, out=tmp_path / "new").kept == 140


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (
            [{"question": "Why?"}],
            "at least one question that can be used; got 1 rejected rows (no answer",
        ),
        ([{"answer": "B"}], "rows with a question in a field"),
    ],
)
def test_files_without_a_usable_question_are_one_error(
    tmp_path: Path, rows: list[object], message: str
) -> None:
    """Nothing is written."""
    with pytest.raises(SourceError) as caught:
        build([write_json(tmp_path / "q.json", rows)], CONFIG, out=tmp_path / "set")
    assert message in str(caught.value)
    assert not (tmp_path / "set").exists()


def test_a_folder_without_question_files_is_one_error(tmp_path: Path) -> None:
    """It names a file and says why it is none."""
    folder = tmp_path / "notes"
    folder.mkdir()
    (folder / "README.md").write_text("# Notes\n")
    with pytest.raises(SourceError, match=r"1 files without any \(notes/README.md: a file with"):
        build([folder], CONFIG, out=tmp_path / "set")


def test_no_source_at_all_is_an_error(tmp_path: Path) -> None:
    """An empty list of paths, as a recipe may hold it."""
    with pytest.raises(SourceError, match="no path was given"):
        build([], CONFIG, out=tmp_path / "set")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("validation_share", 1.0),
        ("validation_share", -0.1),
        ("chunks", 0),
        ("near_duplicates", 0.0),
        ("near_duplicates", 1.1),
        ("bank_per_fact", 0),
        ("shares", (0.5, 0.5, 0.5)),
    ],
)
def test_impossible_settings_are_refused(field: str, value: object) -> None:
    """Before anything is read."""
    with pytest.raises(InputError):
        DataConfig(**{field: value})  # type: ignore[arg-type]


def test_an_order_may_be_given_by_its_name() -> None:
    """As recipes give it."""
    assert DataConfig(order="random").order is Order.RANDOM  # type: ignore[arg-type]


_LIMITED = """
import resource, sys
from pathlib import Path
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
from underdog.data.build import build
from underdog.data.config import DataConfig
from underdog.errors import DiskFullError
try:
    build([sys.argv[1]], DataConfig(chunks=4), out=Path(sys.argv[2]))
except DiskFullError as error:
    print(error)
    sys.exit(7)
"""


def test_a_full_disk_is_one_error_and_the_older_set_stays(raw: Path, tmp_path: Path) -> None:
    """A process that may write 4 KB per file stands for a full disk; nothing is left behind."""
    build([raw], CONFIG, out=tmp_path / "set")
    before = digest_folder(tmp_path / "set")
    result = subprocess.run(
        [sys.executable, "-c", _LIMITED, str(raw), str(tmp_path / "set")],
        capture_output=True,
        text=True,
    )
    assert result.returncode == 7, result.stderr
    assert "room to write is needed" in result.stdout
    assert digest_folder(tmp_path / "set") == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["raw", "set"]


def test_a_killed_build_leaves_the_older_set_and_the_next_one_cleans_up(
    raw: Path, tmp_path: Path
) -> None:
    """SIGKILL while the new folder is half written: the old set stays, the next build is whole."""
    out = tmp_path / "set"
    build([raw], CONFIG, out=out)
    before = digest_folder(out)
    code = (
        "import os, signal, sys\nfrom pathlib import Path\nimport underdog.data.build as b\n"
        "b.write_rejects = lambda *a: os.kill(os.getpid(), signal.SIGKILL)\n"
        "b.build([sys.argv[1]], b.DataConfig(chunks=4), out=Path(sys.argv[2]))\n"
    )
    result = subprocess.run([sys.executable, "-c", code, str(raw), str(out)], capture_output=True)
    assert result.returncode == -signal.SIGKILL
    assert len(list(tmp_path.glob("set.partial-*"))) == 1
    assert digest_folder(out) == before
    build([raw], CONFIG, out=out)
    assert digest_folder(out) == before
    assert not list(tmp_path.glob("set.partial-*"))


def test_a_set_that_was_moved_aside_comes_back(raw: Path, tmp_path: Path) -> None:
    """Killed between two renames: the older folder takes its name again; a live writer's stays."""
    out = tmp_path / "set"
    build([raw], CONFIG, out=out)
    dead = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"],
                          capture_output=True, text=True).stdout.strip()  # fmt: skip
    out.rename(tmp_path / f"set.partial-{dead}-old")
    live = tmp_path / f"set.partial-{os.getpid()}"
    live.mkdir()
    settle_leftovers(out)
    assert read_rows(out)
    assert live.exists()


@pytest.mark.slow
@pytest.mark.skipif(not SHARED.is_dir(), reason="needs ../shared/data, which is not in the project")
def test_public_sets_are_read_whole(tmp_path: Path) -> None:
    """Every "#Q" of mixed encodings and every instruction record is kept or listed."""
    trivia = [SHARED / "opentriviaqa" / name for name in ("general", "world", "rated")]
    summary = build([*trivia, SHARED / "science"], DataConfig(), out=tmp_path / "set")
    marks = sum(
        line.startswith(b"#Q") for path in trivia for line in path.read_bytes().split(b"\n")
    )
    science = (SHARED / "science").iterdir()
    elements = sum(len(json.loads(path.read_text("utf-8"))) for path in science)
    assert summary.read == marks + elements == summary.kept + summary.rejected
    assert summary.check.clean
    assert summary.groups.largest < 50


@pytest.mark.skipif(not SHARED.is_dir(), reason="needs ../shared/data, which is not in the project")
def test_the_competitions_files_are_read(tmp_path: Path) -> None:
    """Both editions: every question is kept; files of topics and answers are skipped."""
    summary = build([SHARED / "aiac"], DataConfig(chunks=2), out=tmp_path / "set")
    assert (summary.kept, summary.rejected) == (22, 0)
    assert len(summary.skipped) == 4
