"""A set's files in a folder (`--from DIR`): which of them belong to which split.

In: a folder with files as they are on the hub, in any of the usual layouts:
    DIR/mmlu/all/test-00000-of-00001.parquet     name, configuration, split in the file's name
    DIR/cais/mmlu/all/test/0000.parquet          repository, split as a folder
    DIR/gsm8k/train.jsonl                        one file per split
Out: the files of each split, and one digest over all of them. Never: another reader than the hub's;
the rows come through `datasets`, whatever the origin.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import NamedTuple

from underdog.data.hub.catalogue import TOGETHER
from underdog.data.hub.columns import Row
from underdog.data.hub.library import stream_batches
from underdog.data.hub.source import HubSource
from underdog.errors import SourceError
from underdog.runs.files import digest_file

BUILDERS = {
    ".parquet": "parquet",
    ".jsonl": "json",
    ".ndjson": "json",
    ".json": "json",
    ".csv": "csv",
}
"""The reader of `datasets` for a file's ending. Where a split has files of several kinds, the first
kind here is taken: the others hold the same rows again."""
_ALSO = {"validation": ("valid", "val", "dev"), "train": ("training",)}
"""Other words for a split, where they are not splits of the set themselves."""


class FolderOrigin(NamedTuple):
    """The files of the splits that are wanted."""

    root: Path
    files: dict[str, tuple[Path, ...]]
    revision: str
    """Digest of the files' names and contents: the same files continue a fetch, others do not."""
    cache_dir: Path | None = None
    asked: str = ""

    def batches(
        self, source: HubSource, split: str, *, skip: int
    ) -> Generator[list[Row], None, None]:
        """Rows of a split from number `skip` on."""
        paths = self.files[split]
        return stream_batches(
            BUILDERS[paths[0].suffix.casefold()],
            data_files={split: [str(path) for path in paths]},
            split=split,
            skip=skip,
            where=f"{source.name}, {split} from {self.root}",
            cache_dir=self.cache_dir,
        )


def open_folder(
    source: HubSource, splits: Sequence[str], *, folder: Path, cache_dir: Path | None = None
) -> FolderOrigin:
    """Find the files of these splits. SourceError when there are none for one of them."""
    root = _find_root(source, folder)
    found: dict[str, list[Path]] = {}
    for path in sorted(root.rglob("*")):
        split = _split_of(path.relative_to(root), source) if _is_data(path) else None
        if split is not None:
            found.setdefault(split, []).append(path)
    files = {}
    for split in splits:
        if split not in found:
            raise SourceError(
                f"files of {source.name}, split {split}, are needed",
                got=f"files of {', '.join(sorted(found))}" if found else "none",
                where=root,
                hint=f"such as {source.name}/{source.place.config}/{split}-00000-of-00001.parquet",
            )
        files[split] = _one_kind(found[split])
    return FolderOrigin(root, files, _digest(root, files), cache_dir)


def _is_data(path: Path) -> bool:
    return path.suffix.casefold() in BUILDERS and path.is_file() and not path.name.startswith(".")


def _find_root(source: HubSource, folder: Path) -> Path:
    """The folder of a set: by its name or its repository's, then by configuration.

    A folder that holds several sets counts only with the folder of the configuration in it.
    """
    repository, config = source.place.repository, source.place.config
    groups = [name for name, members in TOGETHER.items() if source.name in members]
    shared = [repository, repository.partition("/")[2], *groups]
    names = [*dict.fromkeys((source.name, *shared))]
    for name in names:
        if (folder / name / config).is_dir():
            return folder / name / config
    for name in names if not groups else [source.name]:
        if (folder / name).is_dir():
            return folder / name
    raise SourceError(
        f"a folder with the files of {source.name} is needed",
        got=f"none called {' or '.join(names)}" + (f" with {config} in it" if groups else ""),
        where=folder,
        hint=f"copy the files of {repository} from the hub to {folder / source.name}",
    )


def _split_of(path: Path, source: HubSource) -> str | None:
    """The split that a file belongs to, by its name first, then by its folders from the inside."""
    words = {name: name for name in source.splits}
    for split, others in _ALSO.items():
        if split in source.splits:
            words.update((word, split) for word in others if word not in words)
    by_length = sorted(words, key=len, reverse=True)  # "auxiliary_train" holds the word "train"
    for part in (path.stem, *reversed(path.parent.parts)):
        for word in by_length:
            if re.search(rf"(?<![a-z]){re.escape(word)}(?![a-z])", part.casefold()):
                return words[word]
    return None


def _one_kind(paths: Sequence[Path]) -> tuple[Path, ...]:
    kinds = list(BUILDERS)
    first = min(kinds.index(path.suffix.casefold()) for path in paths)
    return tuple(path for path in paths if path.suffix.casefold() == kinds[first])


def _digest(root: Path, files: dict[str, tuple[Path, ...]]) -> str:
    digest = hashlib.sha256()
    for split, paths in sorted(files.items()):
        for path in paths:
            line = f"{split}\t{path.relative_to(root).as_posix()}\t{digest_file(path)}\n"
            digest.update(line.encode("utf-8", "surrogateescape"))
    return digest.hexdigest()
