"""A site of files."""

from __future__ import annotations

from pathlib import Path

import pytest
from page_tournaments import config, entrants, play

from underdog.errors import InputError
from underdog.report.tournament.onlooker import Onlooker
from underdog.report.tournament.pages import Pages, style
from underdog.report.tournament.site import MARK_NAME, write_site
from underdog.tournament.formats.schedule import FormatConfig


def test_the_site_is_the_pages_and_keeps_what_was_put_beside_them(tmp_path: Path) -> None:
    """Every page with its style, the same bytes the second time; a file of the user's stays; no
    temporary file is left; a page may only run scripts if the browser ignores its policy.
    """
    place = play(tmp_path / "cup", entrants(3), config(FormatConfig(double=False)))
    site = tmp_path / "site"
    with Onlooker(place) as onlooker:
        pages = Pages(onlooker)
        paths = [*pages.paths()]
        assert write_site(pages, site) == len(paths)
        (site / "CNAME").write_text("cup.example")
        first = {path: (site / path).read_text(encoding="utf-8") for path in paths}
        assert write_site(Pages(onlooker), site) == len(paths)
        for path in paths:
            assert (site / path).read_text(encoding="utf-8") == first[path] == pages.page(path)
            assert "script-src 'none'" in first[path]
    assert (site / "style.css").read_text(encoding="utf-8") == style()
    assert (site / "CNAME").read_text() == "cup.example"
    names = {each.relative_to(site).as_posix() for each in site.rglob("*") if each.is_file()}
    assert names == {*paths, "style.css", "CNAME", MARK_NAME}


def test_a_folder_of_somebody_else_is_refused(tmp_path: Path) -> None:
    """Neither a folder with files in it nor a file is written over."""
    place = play(tmp_path / "cup", entrants(2), config(FormatConfig(double=False)))
    home = tmp_path / "home"
    home.mkdir()
    (home / "index.html").write_text("mine")
    with Onlooker(place) as onlooker:
        for folder, got in ((home, "one with something in it"), (home / "index.html", "a file")):
            with pytest.raises(InputError, match=f"a new folder.*got {got}.*another --site"):
                write_site(Pages(onlooker), folder)
    assert (home / "index.html").read_text() == "mine"
