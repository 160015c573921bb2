"""Room on the disk, and where the library keeps its files."""

from __future__ import annotations

from pathlib import Path

import pytest

from underdog.data.hub.room import CachePlace, Need, cache_places, check_room, megabytes
from underdog.errors import DiskFullError


def test_what_fits_with_its_margin_passes(tmp_path: Path) -> None:
    """100 MB need 100 + 20 + 64 MB; folders need not be there yet."""
    needs = [Need(tmp_path / "not" / "there", 100_000_000)]
    check_room(needs, free=lambda path: 184_000_000)
    with pytest.raises(DiskFullError) as caught:
        check_room(needs, free=lambda path: 183_999_999)
    assert str(caught.value) == (
        f"{tmp_path / 'not' / 'there'}: room for about 184 MB is needed; got 184 MB free. Try: "
        "free some space, fewer sets, --limit N, or another --out (and HF_HOME for the cache)"
    )


def test_needs_on_one_disk_add_up(tmp_path: Path) -> None:
    """Output and cache on the same disk share its free space, and the error names both."""
    needs = [Need(tmp_path / "out", 1_000_000_000), Need(tmp_path / "cache", 2_000_000_000)]
    asked: list[Path] = []

    def free(path: Path) -> int:
        asked.append(path)
        return 3_600_000_000

    with pytest.raises(DiskFullError) as caught:
        check_room(needs, free=free)
    assert asked == [tmp_path]
    assert str(caught.value).startswith(
        f"{tmp_path / 'out'} and {tmp_path / 'cache'}: room for about 3.7 GB is needed; got 3.6 GB"
    )


def test_nothing_to_write_needs_nothing(tmp_path: Path) -> None:
    """A full disk does not keep a fetch from finding that everything is there; one byte that is
    missing does.
    """
    check_room([Need(tmp_path, 0)], free=lambda path: 0)
    check_room([])
    with pytest.raises(DiskFullError, match=r"room for about 64 MB is needed; got 0\.0 MB free"):
        check_room([Need(tmp_path, 1)], free=lambda path: 0)


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0.0 MB"), (449_460, "0.4 MB"), (51_503_402, "52 MB"), (3_200_000_000, "3.2 GB")],
)
def test_sizes_are_shown_as_people_read_them(size: int, text: str) -> None:
    """Decimal units, as disks are sold and the hub states them."""
    assert megabytes(size) == text


def test_a_cache_of_our_choice_is_measured(tmp_path: Path) -> None:
    """All files below, links not followed."""
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "data").write_bytes(b"12345")
    (tmp_path / "big").write_bytes(b"1" * 995)
    (tmp_path / "link").symlink_to(tmp_path / "big")
    prepared, _ = cache_places(tmp_path)
    link_bytes = (tmp_path / "link").lstat().st_size
    assert prepared == CachePlace(tmp_path, 1000 + link_bytes)
