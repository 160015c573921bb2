"""The strongest directions of a weight: right, repeatable, and kept on disk without trust."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from underdog.adapters.subspaces import (
    Subspaces,
    SubspaceStore,
    default_folder,
    top_subspaces,
)

COUNT = 4


def matrix(*, decay: float = 0.8, seed: int = 0) -> torch.Tensor:
    """40 by 30 with singular values 1, decay, decay^2, ..."""
    generator = torch.Generator().manual_seed(seed)
    left, _ = torch.linalg.qr(torch.randn(40, 30, generator=generator, dtype=torch.float64))
    right, _ = torch.linalg.qr(torch.randn(30, 30, generator=generator, dtype=torch.float64))
    values = decay ** torch.arange(30, dtype=torch.float64)
    return (left * values @ right.T).float()


@pytest.mark.parametrize("decay", [0.5, 0.8, 0.95])
def test_they_are_those_of_the_whole_svd(decay: float) -> None:
    """Largest angle to the exact subspaces under 1e-5, also where neighbours differ by 5 %."""
    weight = matrix(decay=decay)
    left, _, right = torch.linalg.svd(weight.double(), full_matrices=False)
    found = top_subspaces(weight, COUNT)
    for exact, side in ((left[:, :COUNT], found.left), (right[:COUNT].T, found.right)):
        off = side.double() - exact @ (exact.T @ side.double())
        assert torch.linalg.norm(off, 2) < 1e-5
        eye = torch.eye(COUNT, dtype=torch.float64)
        torch.testing.assert_close(side.double().T @ side.double(), eye, rtol=0, atol=1e-6)


def test_they_are_the_same_every_time_and_draw_nothing() -> None:
    """The global random state decides nothing and is left alone; bfloat16 is read as it is."""
    torch.manual_seed(1)
    one = top_subspaces(matrix(), COUNT)
    expected = torch.rand(3)
    torch.manual_seed(1)
    assert torch.equal(torch.rand(3), expected)
    torch.manual_seed(2)
    again = top_subspaces(matrix(), COUNT)
    assert torch.equal(one.left, again.left)
    assert torch.equal(one.right, again.right)
    assert top_subspaces(matrix().bfloat16(), COUNT).left.dtype == torch.float32


def heard_by(folder: Path) -> tuple[Subspaces, int, list[str]]:
    """What is found, how many layers were computed, and what was said."""
    heard: list[str] = []
    store = SubspaceStore(folder, "d", heard.append)
    return store.subspaces("layer", matrix(), COUNT), store.computed, heard


def test_a_second_asking_reads_the_first_one_s_file(tmp_path: Path) -> None:
    """Bit for bit, nothing computed, and the size is told."""
    first, computed, heard = heard_by(tmp_path)
    again, computed_again, heard_again = heard_by(tmp_path)
    assert (computed, computed_again) == (1, 0)
    assert heard == heard_again == []
    assert torch.equal(first.left, again.left)
    assert torch.equal(first.right, again.right)
    store = SubspaceStore(tmp_path, "d", heard.append)
    store.subspaces("layer", matrix(), COUNT)
    assert store.size_bytes == 4 * COUNT * (40 + 30)
    assert store.sentence() == (
        f"protected directions: 1 layers, 0 of them computed now, 0.0 MB in {tmp_path}"
    )


def test_another_base_another_k_and_another_layer_are_kept_apart(tmp_path: Path) -> None:
    """Each is computed, and each has a file of its own."""
    for digest, layer, count in (("d", "a", 4), ("e", "a", 4), ("d", "b", 4), ("d", "a", 3)):
        store = SubspaceStore(tmp_path, digest, print)
        assert store.subspaces(layer, matrix(), count).left.shape == (40, count)
        assert store.computed == 1
    assert len(list(tmp_path.rglob("*.subspaces"))) == 4


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty", "of another layer"])
def test_a_damaged_file_is_computed_again_with_a_message(tmp_path: Path, damage: str) -> None:
    """Cut, one bit flipped, empty, or in the wrong place: the same numbers, one sentence, and the
    file is whole again.
    """
    first, _, _ = heard_by(tmp_path)
    (path,) = tmp_path.rglob("*.subspaces")
    content = path.read_bytes()
    if damage == "of another layer":
        store = SubspaceStore(tmp_path, "d", print)
        store.subspaces("other", matrix(seed=1), COUNT)
        path.with_name("other.subspaces").replace(path)
    else:
        flipped = content[:-1] + bytes([content[-1] ^ 1])
        path.write_bytes({"cut": content[:100], "flipped": flipped, "empty": b""}[damage])
    again, computed, heard = heard_by(tmp_path)
    assert computed == 1
    assert heard == [f"{path}: the protected directions are damaged and are computed again"]
    assert torch.equal(first.left, again.left)
    assert path.read_bytes() == content
    assert heard_by(tmp_path)[1:] == (0, [])


def test_a_folder_that_cannot_be_written_costs_the_saving_only(tmp_path: Path) -> None:
    """A file stands where the folder should be: computed all the same, with a message."""
    (tmp_path / "file").write_text("in the way")
    found, computed, heard = heard_by(tmp_path / "file")
    assert found.left.shape == (40, COUNT)
    assert computed == 1
    assert all("protected directions" in sentence for sentence in heard)
    assert "not kept on disk" in heard[-1]


def test_the_default_folder_is_in_the_user_s_cache(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """XDG_CACHE_HOME where it is set, else ~/.cache."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert default_folder() == tmp_path / "underdog" / "subspaces"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert default_folder() == Path.home() / ".cache" / "underdog" / "subspaces"
