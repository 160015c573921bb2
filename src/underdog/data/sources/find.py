"""From the PATHs of a command line to files with short, stable names.

A folder stands for every file below it that is not hidden. A folder that `underdog data build` made
stands for its question set alone. The word `bank` stands for the embedded bank.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from underdog.data.hub.ledger import LEDGER_NAME
from underdog.errors import SourceError
from underdog.runs.files import PARTIAL_MARK
from underdog.runs.manifest import MANIFEST_NAME

BANK_WORD = "bank"
QUESTIONS_NAME = "questions.parquet"


class SourceFile(NamedTuple):
    """`name` is what the user sees and what is written down: it does not depend on the working
    folder. `named` tells that the user gave the file itself, not a folder above it.
    """

    path: Path
    name: str
    topic: str
    named: bool


def find_files(paths: Sequence[str | Path]) -> tuple[SourceFile, ...]:
    """Every file that the paths stand for, each once, sorted by name. `bank` is left out.

    Raises SourceError for a path that is missing and for a folder without files.
    """
    found: dict[Path, SourceFile] = {}
    for path in (Path(path) for path in paths if str(path) != BANK_WORD):
        for file in _expand(path):
            found.setdefault(file.path.resolve(), file)
    return _with_unique_names(sorted(found.values(), key=lambda file: (file.name, str(file.path))))


def _expand(path: Path) -> Iterator[SourceFile]:
    if path.is_file():
        yield SourceFile(path, path.name, path.stem, named=True)
        return
    if not path.is_dir():
        raise SourceError(
            "a file or a folder with questions",
            got="nothing there" if not path.exists() else "neither",
            where=path,
            hint=f"check the spelling, or the word {BANK_WORD} for the embedded questions",
        )
    folder = path.resolve().name
    if (path / QUESTIONS_NAME).is_file() and (path / MANIFEST_NAME).is_file():
        yield SourceFile(path / QUESTIONS_NAME, f"{folder}/{QUESTIONS_NAME}", folder, named=True)
        return
    files = sorted(file for file in path.rglob("*") if file.is_file())
    shown = [
        file for file in files if file.name != LEDGER_NAME and not _hidden(file.relative_to(path))
    ]
    if not shown:
        raise SourceError("a folder with question files", got="no files in it", where=path)
    for file in shown:
        name = f"{folder}/{file.relative_to(path).as_posix()}"
        yield SourceFile(file, name, file.resolve().parent.name, named=False)


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") or PARTIAL_MARK in part for part in path.parts)


def _with_unique_names(files: list[SourceFile]) -> tuple[SourceFile, ...]:
    """Files whose short names coincide go by their whole paths."""
    names = [file.name for file in files]
    unique = (
        file if names.count(file.name) == 1 else file._replace(name=file.path.as_posix())
        for file in files
    )
    return tuple(sorted(unique, key=lambda file: file.name))
