"""Files of a set in a folder: every usual layout is understood, and none is guessed at."""

from __future__ import annotations

from pathlib import Path

import pytest

from underdog.data.hub.catalogue import SOURCES
from underdog.data.hub.fetch import fetch
from underdog.data.hub.folder import open_folder
from underdog.errors import SourceError


def put(root: Path, *names: str) -> None:
    """Empty files by their paths."""
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(name.encode())


def found(root: Path, name: str, *splits: str) -> dict[str, list[str]]:
    """The files of each split, relative to the folder."""
    origin = open_folder(SOURCES[name], splits, folder=root)
    return {
        split: [path.relative_to(root).as_posix() for path in paths]
        for split, paths in origin.files.items()
    }


@pytest.mark.parametrize(
    ("path", "name", "split"),
    [
        ("mmlu/all/test-00000-of-00001.parquet", "mmlu", "test"),
        ("mmlu/all/auxiliary_train-00000-of-00001.parquet", "mmlu", "auxiliary_train"),
        ("mmlu/dev.jsonl", "mmlu", "dev"),
        ("cais/mmlu/all/validation/0000.parquet", "mmlu", "validation"),
        ("ai2_arc/ARC-Easy/train-00000-of-00001.parquet", "arc_easy", "train"),
        ("arc/ARC-Challenge/train.jsonl", "arc_challenge", "train"),
        ("arc_easy/valid.jsonl", "arc_easy", "validation"),
        ("piqa/plain_text/train/0000.parquet", "piqa", "train"),
        ("boolq/data/dev.json", "boolq", "validation"),
        ("medqa/phrases_no_exclude_train.jsonl", "medqa", "train"),
        ("MATH-lighteval/algebra/training/part.csv", "math", "train"),
        ("sciq/TRAIN.CSV", "sciq", "train"),
        ("hellaswag/test_run/train.jsonl", "hellaswag", "train"),
    ],
)
def test_a_split_is_told_by_file_or_folder(
    tmp_path: Path, path: str, name: str, split: str
) -> None:
    """The file's name decides before its folders; a longer word before a shorter one in it."""
    put(tmp_path, path)
    assert found(tmp_path, name, split) == {split: [path]}


def test_files_come_in_order_and_hidden_or_other_ones_do_not_count(tmp_path: Path) -> None:
    """Order is part of the result: rows are counted by it."""
    put(
        tmp_path,
        "gsm8k/main/train-00001-of-00002.parquet",
        "gsm8k/main/train-00000-of-00002.parquet",
        "gsm8k/main/.train-00009.parquet",
        "gsm8k/main/README.md",
        "gsm8k/main/dataset_infos.json",
        "gsm8k/main/retrained.parquet",
    )
    assert found(tmp_path, "gsm8k", "train") == {
        "train": [
            "gsm8k/main/train-00000-of-00002.parquet",
            "gsm8k/main/train-00001-of-00002.parquet",
        ]
    }


def test_of_several_formats_one_is_read(tmp_path: Path) -> None:
    """A folder with the same rows as Parquet and as JSON Lines gives each row once."""
    put(tmp_path, "gsm8k/train.jsonl", "gsm8k/train.parquet", "gsm8k/train.csv", "gsm8k/test.csv")
    assert found(tmp_path, "gsm8k", "train", "test") == {
        "train": ["gsm8k/train.parquet"],
        "test": ["gsm8k/test.csv"],
    }


def test_only_the_configuration_that_is_wanted_is_read(tmp_path: Path) -> None:
    """Where the folder of the configuration is there, its neighbours hold other rows."""
    put(
        tmp_path,
        "winogrande/winogrande_xl/train.jsonl",
        "winogrande/winogrande_xs/train.jsonl",
    )
    assert found(tmp_path, "winogrande", "train") == {
        "train": ["winogrande/winogrande_xl/train.jsonl"]
    }


def test_a_set_in_parts_is_never_read_as_one(tmp_path: Path) -> None:
    """A folder arc without ARC-Easy in it could be either half."""
    put(tmp_path, "arc/train.jsonl")
    with pytest.raises(SourceError) as caught:
        found(tmp_path, "arc_easy", "train")
    assert str(caught.value) == (
        f"{tmp_path}: a folder with the files of arc_easy is needed; got none called arc_easy or "
        "allenai/ai2_arc or ai2_arc or arc with ARC-Easy in it. Try: copy the files of "
        f"allenai/ai2_arc from the hub to {tmp_path / 'arc_easy'}"
    )


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    """The folder, or the split with those that are there."""
    with pytest.raises(SourceError) as caught:
        found(tmp_path, "sciq", "train")
    assert str(caught.value) == (
        f"{tmp_path}: a folder with the files of sciq is needed; got none called sciq or "
        f"allenai/sciq. Try: copy the files of allenai/sciq from the hub to {tmp_path / 'sciq'}"
    )
    put(tmp_path, "sciq/validation.jsonl", "sciq/test.jsonl")
    with pytest.raises(SourceError) as caught:
        found(tmp_path, "sciq", "train")
    assert str(caught.value) == (
        f"{tmp_path / 'sciq'}: files of sciq, split train, are needed; got files of test, "
        "validation. Try: such as sciq/default/train-00000-of-00001.parquet"
    )
    put(tmp_path, "race/all/notes.json")
    with pytest.raises(SourceError, match="split train, are needed; got none"):
        found(tmp_path, "race", "train")


def test_the_revision_is_the_content(tmp_path: Path) -> None:
    """The same files give the same revision anywhere; another byte or name gives another one."""

    def revision(root: Path) -> str:
        return open_folder(SOURCES["sciq"], ("train",), folder=root).revision

    for root in ("a", "b", "c", "d"):
        put(tmp_path / root, "sciq/train-0.jsonl")
    (tmp_path / "c" / "sciq" / "train-0.jsonl").write_bytes(b"other")
    (tmp_path / "d" / "sciq" / "train-0.jsonl").rename(tmp_path / "d" / "sciq" / "train-1.jsonl")
    put(tmp_path / "b", "sciq/test.jsonl")
    assert revision(tmp_path / "a") == revision(tmp_path / "b")
    assert len({revision(tmp_path / root) for root in "acd"}) == 3


def test_csv_is_read_by_the_same_library(tmp_path: Path) -> None:
    """A set whose columns are plain text needs no Parquet."""
    (tmp_path / "gsm8k").mkdir()
    (tmp_path / "gsm8k" / "train.csv").write_text(
        'question,answer\n"1, 2, ?","Count.\n#### 3"\nWhy?,\n'
    )
    (done,) = fetch(["gsm8k"], out=tmp_path / "out", from_dir=tmp_path)
    assert done.path.read_text(encoding="utf-8").splitlines() == [
        (
            '{"answer": "3", "explanation": "Count.", "licence": "mit", "question": "1, 2, ?", '
            '"source": "GSM8K", "topic": "arithmetic"}'
        ),
        '{"licence": "mit", "question": "Why?", "source": "GSM8K", "topic": "arithmetic"}',
    ]
