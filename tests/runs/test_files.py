"""Files that are whole or absent."""

from __future__ import annotations

import errno
import json
import os
import random
import subprocess
import sys
import time
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patience import PATIENCE_S
from underdog.errors import CorruptFileError, DiskFullError
from underdog.runs import files

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(alphabet=st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=8,
)

HALF_WRITER = """
import sys, time
from contextlib import AbstractContextManager
from pathlib import Path
from underdog.runs.files import replacing_file
with replacing_file(Path(sys.argv[1])) as partial:
    partial.write_text("new but only ha")
    print("half", flush=True)
    time.sleep(600)
"""
REWRITER = """
import sys
from contextlib import AbstractContextManager
from pathlib import Path
from underdog.runs.files import write_text
for number in range(10**9):
    write_text(Path(sys.argv[1]), f"{number} " * 20_000)
    if number == 0:
        print("go", flush=True)
"""
LIMITED = """
import resource, sys
from contextlib import AbstractContextManager
from pathlib import Path
from underdog.errors import DiskFullError
from underdog.runs.files import replacing_folder, write_text
resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
folder = Path(sys.argv[1])
try:
    if sys.argv[2] == "file":
        write_text(folder / "kept", "x" * 20_000)
    elif sys.argv[2] == "folder":
        with replacing_folder(folder / "kept") as partial:
            (partial / "part").write_text("x" * 20_000)
    else:
        with replacing_folder(folder / "kept") as partial:
            write_text(partial / "part", "x" * 20_000)
except DiskFullError as error:
    print(error)
"""


def start(code: str, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_a_kill_in_mid_write_leaves_the_old_file_whole(tmp_path: Path) -> None:
    """The half-written successor stands beside it under a temporary name, until it is cleaned."""
    target = tmp_path / "kept.txt"
    target.write_text("old")
    with start(HALF_WRITER, str(target)) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "half\n"
        writer.kill()
    assert target.read_text() == "old"
    assert len(list(tmp_path.iterdir())) == 2
    files.clean_partial(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["kept.txt"]


def test_a_kill_at_any_moment_leaves_one_whole_file(tmp_path: Path) -> None:
    """Readers of a file that is rewritten without pause never see a mixture."""
    target, dice = tmp_path / "kept.txt", random.Random(3)
    for _ in range(6):
        with start(REWRITER, str(target)) as writer:
            assert writer.stdout is not None
            assert writer.stdout.readline() == "go\n"
            time.sleep(0.02 + 0.05 * dice.random())
            writer.kill()
        words = target.read_text().split()
        assert len(words) == 20_000
        assert len(set(words)) == 1


@pytest.mark.parametrize("kind", ["file", "folder", "file in a folder"])
def test_a_full_disk_is_one_clear_error_and_nothing_is_lost(tmp_path: Path, kind: str) -> None:
    """Under a file size limit the old content stays, and no temporary name is left."""
    kept = tmp_path / "kept"
    if kind == "folder":
        kept.mkdir()
        kept = kept / "part"
    kept.write_text("old")
    with start(LIMITED, str(tmp_path), kind) as writer:
        output, _ = writer.communicate(timeout=PATIENCE_S)
    assert output.startswith(f"{tmp_path / 'kept'}: room to write is needed"), output
    assert "Try: free some space" in output
    assert kept.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_every_kind_of_full_is_named_once(tmp_path: Path, code: int) -> None:
    """A named error passes through an outer naming unchanged."""
    with (
        pytest.raises(DiskFullError) as caught,
        files.disk_full_named(tmp_path),
        files.disk_full_named(tmp_path / "inner"),
    ):
        raise OSError(code, "full")
    assert caught.value.where == str(tmp_path / "inner")


def test_other_faults_of_the_system_keep_their_name(tmp_path: Path) -> None:
    """A missing permission is not called a full disk."""
    with pytest.raises(PermissionError), files.disk_full_named(tmp_path):
        raise PermissionError(errno.EACCES, "no")


def fail_inside(writing: AbstractContextManager[Path]) -> None:
    with writing as partial:
        (partial / "part" if partial.is_dir() else partial).write_text("new")
        raise ZeroDivisionError


def test_an_error_while_writing_leaves_no_trace(tmp_path: Path) -> None:
    """The block's own exception passes through; old content and folder stay as they were."""
    (tmp_path / "a").write_text("old")
    for writer, name in ((files.replacing_file, "a"), (files.replacing_folder, "b")):
        with pytest.raises(ZeroDivisionError):
            fail_inside(writer(tmp_path / name))
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("a", "old")]


def test_a_folder_is_replaced_as_a_whole(tmp_path: Path) -> None:
    """Files of the old folder that the new one lacks are gone."""
    target = tmp_path / "deep" / "folder"
    for names in (["a", "b"], ["b", "c"]):
        with files.replacing_folder(target) as partial:
            for name in names:
                (partial / name).write_text(names[0])
    assert {path.name: path.read_text() for path in target.iterdir()} == {"b": "b", "c": "b"}
    assert [path.name for path in target.parent.iterdir()] == ["folder"]


def test_a_folder_that_was_moved_aside_by_a_killed_writer_comes_back(tmp_path: Path) -> None:
    """A kill between the two renames costs nothing: cleaning puts the old folder in its place."""
    aside = tmp_path / f"kept{files.PARTIAL_MARK}77-old"
    aside.mkdir()
    (aside / "a").write_text("old")
    fresh = tmp_path / f"kept{files.PARTIAL_MARK}77"
    fresh.mkdir()
    files.clean_partial(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]
    assert (tmp_path / "kept" / "a").read_text() == "old"


def test_an_aside_folder_goes_once_its_successor_is_there(tmp_path: Path) -> None:
    """A kill after the second rename leaves the new folder in place."""
    for name in ("kept", f"kept{files.PARTIAL_MARK}77-old"):
        (tmp_path / name).mkdir()
    (tmp_path / "kept" / "a").write_text("new")
    files.clean_partial(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]
    assert (tmp_path / "kept" / "a").read_text() == "new"


@given(json_values)
def test_json_comes_back_as_it_was(tmp_path_factory: pytest.TempPathFactory, value: Any) -> None:
    """Numbers keep their last bit, and texts their letters."""
    path = tmp_path_factory.getbasetemp() / "value.json"
    files.write_json(path, value)
    assert files.read_json(path) == value


@given(st.dictionaries(st.text(max_size=5), st.integers(), min_size=2), st.randoms())
def test_digests_ignore_the_order_of_keys(table: dict[str, int], dice: random.Random) -> None:
    """Equal tables are equal text and have equal digests."""
    pairs = list(table.items())
    dice.shuffle(pairs)
    assert files.digest_value(dict(pairs)) == files.digest_value(table)
    assert files.json_text(dict(pairs)) == files.json_text(table)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), [-float("inf")]])
def test_what_json_cannot_say_is_refused(tmp_path: Path, value: Any) -> None:
    """No file with NaN is ever written, and none is left behind."""
    with pytest.raises(ValueError, match="Out of range float values"):
        files.write_json(tmp_path / "a.json", value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe\x00", b"[" * 100_000])
def test_a_damaged_json_file_is_named(tmp_path: Path, content: bytes) -> None:
    """Empty, cut, not UTF-8, too deep: all are one error with the path in it."""
    path = tmp_path / "a.json"
    path.write_bytes(content)
    with pytest.raises(CorruptFileError, match="a JSON file is needed") as caught:
        files.read_json(path)
    assert caught.value.where == str(path)


def test_a_changed_byte_is_found(tmp_path: Path) -> None:
    """Digests of a folder accept it as written, and name a file that changed or went."""
    (tmp_path / "sub").mkdir()
    for name in ("a", "sub/b"):
        (tmp_path / name).write_text("whole")
    expected = files.digest_folder(tmp_path)
    assert sorted(expected) == ["a", "sub/b"]
    files.check_digests(tmp_path, expected)
    (tmp_path / "sub" / "b").write_text("whol_")
    with pytest.raises(CorruptFileError, match="the file as written") as caught:
        files.check_digests(tmp_path, expected)
    assert caught.value.where == str(tmp_path / "sub" / "b")
    (tmp_path / "a").unlink()
    with pytest.raises(CorruptFileError, match="got none"):
        files.check_digests(tmp_path, expected)


def test_digests_are_sha256(tmp_path: Path) -> None:
    """The value for "abc" is the one in FIPS 180-2, appendix B.1."""
    known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    (tmp_path / "a").write_bytes(b"abc")
    assert files.digest_bytes(b"abc") == files.digest_file(tmp_path / "a") == known


def test_missing_folders_are_made(tmp_path: Path) -> None:
    """A writer needs no prepared place, and writes UTF-8 whatever the locale."""
    path = tmp_path / "x" / "y" / "z.json"
    files.write_json(path, {"é": 1})
    assert json.loads(path.read_bytes().decode("utf-8")) == {"é": 1}
    assert os.listdir(path.parent) == ["z.json"]  # noqa: PTH208  (one call, no loop)
