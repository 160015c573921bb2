"""What the documents point at is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted(
    path.relative_to(ROOT).as_posix()
    for place in (".", "docs", "docs/decisions", "tools/bank", "src/underdog/data/bank")
    for path in (ROOT / place).glob("*.md")
)
LINK = re.compile(r"\]\((?!https?:|mailto:)([^)\s#]*)(?:#([^)\s]+))?\)")
FILE = re.compile(r"`((?:docs|tests|src|benchmarks|tools|examples)/[\w./-]+)`")


def anchors(page: Path) -> set[str]:
    """The names under which headings can be linked to, as code hosts make them."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in headings}


@pytest.mark.parametrize("name", PAGES)
def test_links_and_files_of_a_page_are_there(name: str) -> None:
    """Every link leads to a file and a heading of it, and every file that is named exists."""
    page = ROOT / name
    text = page.read_text(encoding="utf-8")
    for link, anchor in LINK.findall(text):
        target = page.parent / link if link else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), f"{link}#{anchor}"
    missing = [path for path in FILE.findall(text) if not (ROOT / path).exists()]
    assert not missing


def test_the_map_s_wishes_lead_to_files_and_tests() -> None:
    """Files are named from the package's root or beside the first one of their row, tests from the
    project's.
    """
    table = (ROOT / "docs" / "map.md").read_text(encoding="utf-8").partition("## Every file")[0]
    rows = re.findall(r"^\| (?!wish|---).* \| (`.*`) \| (`.*`) \|$", table, re.MULTILINE)
    assert len(rows) > 50
    for files, tests in rows:
        names = re.findall(r"`([\w./*-]+)`", files)
        below = [ROOT / "src" / "underdog", ROOT]
        below += [place / names[0] for place in below] + [(ROOT / "src/underdog" / names[0]).parent]
        for name in names:
            assert any(list(place.glob(name)) for place in below if place.is_dir()), name
        assert all((ROOT / name).exists() for name in re.findall(r"`([\w./-]+)`", tests)), tests
