"""A data set is read, its faults are named, and nothing in it is run."""

from __future__ import annotations

from pathlib import Path

import pytest

from underdog.errors import InputError
from underdog.vision.yolo.folder import label_of, read_folder


def make(root: Path, text: str | None = None) -> Path:
    for split in ("train", "val"):
        (root / "images" / split).mkdir(parents=True)
        (root / "labels" / split).mkdir(parents=True)
        (root / "images" / split / "a.png").write_bytes(b"picture")
        (root / "labels" / split / "a.txt").write_text("0 0.5 0.5 0.1 0.1\n")
    plain = "train: images/train\nval: images/val\nnames: {0: person, 1: vehicle}\n"
    (root / "data.yaml").write_text(plain if text is None else text, encoding="utf-8")
    return root


def test_a_folder_and_its_description_are_the_same(tmp_path: Path) -> None:
    """Paths are found beside data.yaml, wherever the command is run."""
    make(tmp_path)
    found = read_folder(tmp_path)
    assert found == read_folder(tmp_path / "data.yaml")
    assert found.names == ("person", "vehicle")
    assert found.train == tmp_path / "images" / "train"
    assert found.as_ultralytics()["nc"] == 2


def test_the_digest_sees_labels_and_images(tmp_path: Path) -> None:
    """A changed box or a new image is another set."""
    folder = read_folder(make(tmp_path))
    before = folder.digest()
    assert read_folder(tmp_path).digest() == before
    (tmp_path / "labels" / "val" / "a.txt").write_text("1 0.5 0.5 0.1 0.1\n")
    changed = folder.digest()
    (tmp_path / "images" / "train" / "b.png").write_bytes(b"another")
    assert len({before, changed, folder.digest()}) == 3


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[]", "keys train, val and names; got list"),
        ("train: images/train\nval: images/none\nnames: [a]\n", "a folder of images under 'val'"),
        ("train: images/train\nnames: [a]\n", "one folder of images under 'val'; got None"),
        ("train: images/train\nval: images/val\n", "names numbered from 0; got None"),
        ("train: images/train\nval: images/val\nnames: {1: a}\n", "numbered from 0"),
        ("a: [", "a data.yaml in YAML"),
    ],
)
def test_faults_are_named(tmp_path: Path, text: str, said: str) -> None:
    """With the file."""
    make(tmp_path, text)
    with pytest.raises(InputError, match=said.replace("[", r"\[")) as caught:
        read_folder(tmp_path)
    assert "data.yaml" in str(caught.value)


def test_tags_that_would_run_code_are_refused(tmp_path: Path) -> None:
    """YAML's python tags are not constructed, and `download` is not looked at."""
    trace = tmp_path / "trace"
    make(tmp_path / "set", f"x: !!python/object/apply:os.mkdir ['{trace}']\n")
    with pytest.raises(InputError, match=r"a data\.yaml in YAML"):
        read_folder(tmp_path / "set")
    assert not trace.exists()


def test_labels_lie_where_ultralytics_looks() -> None:
    """Only the last folder called images changes, and the ending."""
    image = Path("/images/set/images/train/a.b.png")
    assert label_of(image) == Path("/images/set/labels/train/a.b.txt")
