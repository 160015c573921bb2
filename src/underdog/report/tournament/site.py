"""The pages of a tournament as a folder of files, to be read without a server.

In: pages, a folder. Out: the same pages as the live ones, without a script. All are made and on the
disk before the first takes its place, so that an export that is interrupted leaves the last one.
Never: a file that is not a page of ours touched, in a folder that was not ours to begin with.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from underdog.errors import InputError
from underdog.report.tournament.pages import STYLE_NAME, Pages, style
from underdog.runs.files import PARTIAL_MARK, disk_full_named, flush
from underdog.runs.progress import SILENT, Progress

MARK_NAME = ".underdog-site"
"""Says that a folder is ours to write into."""


def write_site(pages: Pages, folder: Path, *, progress: Progress = SILENT) -> int:
    """The number of pages. InputError when the folder holds anything and is no site of ours."""
    _check(folder)
    paths = list(pages.paths())
    staged = folder / f"{MARK_NAME}{PARTIAL_MARK}"
    with disk_full_named(folder):
        shutil.rmtree(staged, ignore_errors=True)
        staged.mkdir(parents=True)
        try:
            progress.begin("pages", len(paths))
            _write(staged / STYLE_NAME, style())
            for path in paths:
                page = pages.page(path)
                assert page is not None, f"{path} is one of the pages"
                _write(staged / path, page)
                progress.advance()
            progress.end()
            (folder / MARK_NAME).touch()
            os.sync()  # one for all: a thousand files one by one take many seconds
            for path in (STYLE_NAME, *paths):
                (folder / path).parent.mkdir(exist_ok=True)
                (staged / path).replace(folder / path)
            flush(folder)
        finally:
            shutil.rmtree(staged, ignore_errors=True)
    return len(paths)


def _check(folder: Path) -> None:
    if not folder.exists() or (folder / MARK_NAME).is_file():
        return
    if not folder.is_dir() or any(folder.iterdir()):
        raise InputError(
            "a new folder, an empty one, or one that was exported to before",
            got="one with something in it" if folder.is_dir() else "a file",
            where=folder,
            hint="another --site folder",
        )


def _write(target: Path, text: str) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(text.encode("utf-8"))
