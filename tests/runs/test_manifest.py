"""The header of a run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from underdog.errors import CorruptFileError, RunMismatchError
from underdog.runs.manifest import MANIFEST_NAME, Manifest, open_manifest, read_manifest

IDENTITY = {"recipe": {"rank": 16, "rates": (1e-4, 5e-5)}, "seed": 1}


def test_the_first_opening_writes_and_the_next_ones_read(tmp_path: Path) -> None:
    """The context of the first sitting is kept; that of later ones is not compared."""
    first = open_manifest(tmp_path, Manifest(IDENTITY, {"machine": "a"}))
    content = (tmp_path / MANIFEST_NAME).read_bytes()
    again = open_manifest(tmp_path, Manifest(IDENTITY, {"machine": "b"}))
    assert first == again == read_manifest(tmp_path)
    assert again.context == {"machine": "a"}
    assert (tmp_path / MANIFEST_NAME).read_bytes() == content


@pytest.mark.parametrize(
    ("identity", "difference"),
    [
        ({**IDENTITY, "seed": 2}, "seed was 1, now 2"),
        ({**IDENTITY, "recipe": {"rank": 8, "rates": [1e-4, 5e-5]}}, "recipe.rank was 16, now 8"),
        ({"recipe": IDENTITY["recipe"]}, "seed was 1, now None"),
        ({**IDENTITY, "more": "x" * 100}, "more was None, now 'xxx"),
    ],
)
def test_another_identity_is_refused_with_the_difference(
    tmp_path: Path, identity: dict[str, Any], difference: str
) -> None:
    """The message names the key, both values and the way out; the folder stays as it was."""
    open_manifest(tmp_path, Manifest(IDENTITY, {}))
    content = (tmp_path / MANIFEST_NAME).read_bytes()
    with pytest.raises(RunMismatchError) as caught:
        open_manifest(tmp_path, Manifest(identity, {}))
    assert difference in str(caught.value)
    assert "another --out folder" in str(caught.value)
    assert (tmp_path / MANIFEST_NAME).read_bytes() == content


def test_many_differences_are_cut_to_eight(tmp_path: Path) -> None:
    """A wholly different folder does not fill the screen."""
    open_manifest(tmp_path, Manifest({f"k{n}": 0 for n in range(9)}, {}))
    with pytest.raises(RunMismatchError) as caught:
        open_manifest(tmp_path, Manifest({f"k{n}": 1 for n in range(9)}, {}))
    assert str(caught.value).count(" was 0, now 1") == 8
    assert "; and 1 more" in str(caught.value)


@pytest.mark.parametrize("content", ["[]", "{}", '{"identity": 1, "context": {}}', "3"])
def test_a_file_of_someone_else_is_not_taken_for_a_header(tmp_path: Path, content: str) -> None:
    """A folder with another program's manifest.json is refused with its path, and left alone."""
    path = tmp_path / MANIFEST_NAME
    path.write_text(content)
    with pytest.raises(CorruptFileError, match="a header with identity and context") as caught:
        open_manifest(tmp_path, Manifest(IDENTITY, {}))
    assert caught.value.where == str(path)
    assert path.read_text() == content


def test_keys_that_came_later_stand_for_what_was_done_before(tmp_path: Path) -> None:
    """A header without them continues with the old value, and is refused with another one, told as
    a change; a table that the header does not have is not made up.
    """
    before = {"training": {"packing": "padded"}, "other": {"key": 1}}
    open_manifest(tmp_path, Manifest({"training": {"seed": 3}}, {}), before=before)
    same = Manifest({"training": {"seed": 3, "packing": "padded"}}, {})
    assert open_manifest(tmp_path, same, before=before).identity == {"training": {"seed": 3}}
    changed = Manifest({"training": {"seed": 3, "packing": "tree"}}, {})
    with pytest.raises(RunMismatchError, match=r"training\.packing was 'padded', now 'tree'"):
        open_manifest(tmp_path, changed, before=before)
