"""What is known about one public question set before anything is fetched.

Rows are those of the sets' cards; megabytes are estimates, from stated sizes where there are any.
They size the progress bar and the check for free space, nothing else depends on them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from underdog.data.hub.columns import Row
from underdog.data.hub.record import Record
from underdog.errors import InputError

CONVERTED = "refs/convert/parquet"
"""The hub's own branch of every set as Parquet. Sets whose main branch holds a loading script can
be read from there alone: `datasets` runs no scripts since version 4."""
NOT_STATED = "not stated"


class HubPlace(NamedTuple):
    """Where a set is on the hub. `branch` is used when no revision is asked for."""

    repository: str
    config: str = "default"
    branch: str = "main"


@dataclass(frozen=True, slots=True, kw_only=True)
class HubSource:
    """One set by its name."""

    name: str
    """What the command line calls it; also the name of its file."""
    title: str
    """What its rows give as their source; a mixing table names it."""
    place: HubPlace
    kind: str
    """ "open", or how many choices its rows have."""
    licence: str
    """As the set's card on the hub states it."""
    splits: Mapping[str, int]
    """Every split with its approximate number of rows."""
    training: tuple[str, ...]
    """Splits that are training material, fetched by default; the others serve as benchmarks."""
    download_mb: float
    """Size of all splits on the hub."""
    text_mb: float
    """Size of all splits as our records."""
    to_record: Callable[[Row], Record]
    """A row in the hub's schema -> our fields; SourceError when the schema does not fit."""
    note: str = ""
    """What a user should know; shown by the list of sources."""

    def __post_init__(self) -> None:
        unknown = set(self.training) - set(self.splits)
        assert not unknown, f"{self.name}: {unknown} are no splits"

    def record(self, row: Row) -> Record:
        """The row as our record, with the set's title and licence."""
        return {**self.to_record(row), "source": self.title, "licence": self.licence}

    def choose_splits(self, asked: Sequence[str]) -> tuple[str, ...]:
        """The splits asked for, each once, or those for training.

        Raises InputError for a split that the set does not have, and where nothing is asked for of
        a set that is a benchmark as a whole.
        """
        chosen = tuple(dict.fromkeys(asked)) or self.training
        unknown = [name for name in chosen if name not in self.splits]
        if unknown:
            raise InputError(
                f"a split of {self.name} ({', '.join(self.splits)}) is needed", got=unknown[0]
            )
        if not chosen:
            raise InputError(
                f"{self.name} is a benchmark without a training split",
                hint=f"--split {next(iter(self.splits))} fetches it for evaluation; keep it in a "
                "folder of its own",
            )
        return chosen

    def rows(self, splits: Sequence[str]) -> int:
        """About how many rows these splits have."""
        return sum(self.splits[name] for name in splits)

    def share(self, splits: Sequence[str], limit: int | None) -> float:
        """About which part of the whole set these splits are, at most `limit` rows of them."""
        rows = self.rows(splits)
        return (rows if limit is None else min(rows, limit)) / self.rows(tuple(self.splits))
