"""A set on the hub: which commit it is read from, and which of its files hold a split.

In: a set and a revision (a branch, a tag, a commit, or None for the branch of the catalogue). Out:
rows of that commit, so that a continued fetch reads what it began with. Never: a loading script;
the rows of a set that has one come from the hub's own Parquet branch.
"""

from __future__ import annotations

import re
from collections.abc import Generator
from pathlib import Path
from typing import Any, NamedTuple

from underdog.data.hub.columns import Row
from underdog.data.hub.library import named_faults, stream_batches
from underdog.data.hub.source import CONVERTED, HubSource
from underdog.errors import SourceError

TIMEOUT_S = 10.0
"""For the first answer of the hub; later reads have the library's own limits."""
_CONVERTED_FILE = re.compile(r"([^/]+)/([^/]+)/\d+\.parquet")
"""How the hub's Parquet branch names files: CONFIGURATION/SPLIT/0000.parquet."""


class HubOrigin(NamedTuple):
    """A commit of a set."""

    asked: str
    revision: str
    converted: tuple[str, ...]
    """Files of a commit of the Parquet branch; empty for an ordinary commit."""
    cache_dir: Path | None

    def batches(
        self, source: HubSource, split: str, *, skip: int
    ) -> Generator[list[Row], None, None]:
        """Rows of a split from number `skip` on."""
        place = source.place
        how: dict[str, Any] = {"name": place.config}
        if self.converted:
            how = {"data_files": {split: list(self._files(source, split))}}
        return stream_batches(
            place.repository,
            split=split,
            skip=skip,
            where=f"{source.name} ({place.repository}, {place.config}, {split})",
            cache_dir=self.cache_dir,
            revision=self.revision,
            **how,
        )

    def _files(self, source: HubSource, split: str) -> tuple[str, ...]:
        """Files of a split; the branch may call a set's only configuration by another name."""
        named = [
            (name, match) for name in self.converted if (match := _CONVERTED_FILE.fullmatch(name))
        ]
        of_split = [(name, match[1]) for name, match in named if match[2] == split]
        exact = [name for name, config in of_split if config == source.place.config]
        files = tuple(exact or (name for name, _ in of_split))
        if not files:
            raise SourceError(
                f"Parquet files of split {split} are needed",
                got=", ".join(self.converted[:8]),
                where=f"{source.place.repository} at {self.revision[:12]}",
                hint="another @REVISION",
            )
        return files


def open_hub(
    source: HubSource, revision: str | None, *, cache_dir: Path | None = None
) -> HubOrigin:
    """Ask the hub which commit a revision is. SourceError at once when it cannot be reached."""
    from huggingface_hub import HfApi

    place = source.place
    asked = revision or place.branch
    with named_faults(f"{source.name} ({place.repository})"):
        api = HfApi()
        found = api.dataset_info(place.repository, revision=asked, timeout=TIMEOUT_S)
        files = _files_of(found)
        script = f"{place.repository.partition('/')[2]}.py"
        if script in files and revision is None:
            asked = CONVERTED
            found = api.dataset_info(place.repository, revision=asked, timeout=TIMEOUT_S)
            files = _files_of(found)
    if script in files:
        raise SourceError(
            "a revision without a loading script is needed",
            got=f"{script} in {asked}",
            where=place.repository,
            hint=f"{source.name} without @REVISION reads the hub's Parquet branch",
        )
    converted = tuple(name for name in files if _CONVERTED_FILE.fullmatch(name))
    return HubOrigin(asked, str(found.sha), converted, cache_dir)


def _files_of(info: Any) -> list[str]:
    return sorted(each.rfilename for each in info.siblings or ())
