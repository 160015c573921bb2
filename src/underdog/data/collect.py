"""Every row of every source as it was found, and what was not a source after all.

In: paths (files, folders, the word `bank`). Out: the rows per file, in the order of the files'
names. SourceError for a file that the user named and that holds no questions; a file that merely
lies in a folder is skipped, with the reason kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from underdog.data.hub.ledger import LEDGER_NAME, half_fetched
from underdog.data.sources.find import BANK_WORD, SourceFile
from underdog.data.sources.read import FileRows, read_file
from underdog.errors import SourceError
from underdog.runs.progress import Progress


class Collected(NamedTuple):
    """`skipped` holds the reason by file name."""

    files: tuple[FileRows, ...]
    skipped: dict[str, str]


def collect(
    sources: Sequence[str | Path],
    found: Sequence[SourceFile],
    *,
    bank: tuple[int, int],
    progress: Progress,
) -> Collected:
    """Read all files; `bank` is the seed and the questions per fact for the word `bank`."""
    use_bank = any(str(source) == BANK_WORD for source in sources)
    progress.begin("reading", len(found) + use_bank)
    files: list[FileRows] = []
    skipped: dict[str, str] = {}
    for file in found:
        read = read_file(file)
        if isinstance(read, FileRows):
            files.append(read._replace(notes=(*read.notes, *_note_half(file))))
        elif file.named:
            raise read.error
        else:
            skipped[read.name] = f"{read.error.wanted}; got {read.error.got}"
        progress.advance(note=file.name)
    if use_bank:
        from underdog.data.sources.bank import read_bank

        files.append(read_bank(seed=bank[0], per_fact=bank[1]))
        progress.advance(note=BANK_WORD)
    progress.end()
    if not files:
        raise _nothing(sources, skipped)
    return Collected(tuple(files), skipped)


def _note_half(file: SourceFile) -> tuple[str, ...]:
    """Whether this is a set whose fetch was interrupted."""
    name, folder = file.path.stem, file.path.parent
    if not (folder / LEDGER_NAME).is_file():
        return ()
    return tuple(each for each in half_fetched(folder) if each.startswith(f"{name} is"))


def _nothing(sources: Sequence[str | Path], skipped: dict[str, str]) -> SourceError:
    first = next(iter(skipped.items()), ("", "no path was given"))
    return SourceError(
        "at least one file with questions",
        got=f"{len(skipped)} files without any ({first[0]}: {first[1]})",
        where=", ".join(map(str, sources)),
        hint="a folder with JSON, JSON Lines, CSV, Parquet or OpenTriviaQA files, or bank",
    )
