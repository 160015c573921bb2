"""Public sets by name into a folder: one file of records per set, and a ledger of what they are.

In: names, and the hub or a folder with the hub's files. Out: NAME.jsonl for each, in our own
fields, and fetch.json. A kill at any moment costs at most the rows since the last checkpoint; the
same command then ends in the same bytes as an undisturbed one. What is there is not fetched again.
Never: a row left out. What is wrong with a row is decided by `data build`, which counts it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from underdog.data.hub.catalogue import Wanted, find_sources
from underdog.data.hub.columns import Row
from underdog.data.hub.folder import FolderOrigin, open_folder
from underdog.data.hub.growing_set import GrowingSet
from underdog.data.hub.ledger import Entry, Origin, State, file_name, read_ledger
from underdog.data.hub.library import quiet_library
from underdog.data.hub.record import Record
from underdog.data.hub.remote import HubOrigin, open_hub
from underdog.data.hub.room import Need, cache_places, check_room
from underdog.data.hub.source import HubSource
from underdog.errors import (
    CorruptFileError,
    InputError,
    RunMismatchError,
    SourceError,
    UnderdogError,
)
from underdog.runs.files import clean_partial, digest_bytes, digest_file
from underdog.runs.lock import locked
from underdog.runs.progress import SILENT, Progress

_AGAIN = "--again fetches it anew, another --out keeps both"


@dataclass(frozen=True, slots=True)
class FetchOptions:
    """What `underdog data fetch` sets."""

    limit: int | None = None
    """Rows per set, at least 1; None takes all."""
    splits: tuple[str, ...] = ()
    """Instead of each set's splits for training."""
    again: bool = False
    """Drop what was fetched before."""
    cache_dir: Path | None = None
    """For the library's own files; None is where the library puts them."""

    def __post_init__(self) -> None:
        if self.limit is not None and self.limit < 1:
            raise InputError("a limit of at least 1 row is needed", got=str(self.limit))


class Fetched(NamedTuple):
    """One set after the fetch. `new_rows` were written now, the others were there."""

    source: HubSource
    path: Path
    entry: Entry
    new_rows: int


class _Job(NamedTuple):
    """A set and what is there of it (None: nothing that counts)."""

    source: HubSource
    revision: str | None
    splits: tuple[str, ...]
    entry: Entry | None

    def is_done(self, limit: int | None) -> bool:
        """Whether what is there is all that is wanted."""
        if self.entry is None:
            return False
        at_limit = self.entry.state is State.LIMITED and self.entry.rows == limit
        return self.entry.state is State.WHOLE or at_limit


def fetch(
    names: Sequence[str],
    *,
    out: Path,
    from_dir: Path | None = None,
    options: FetchOptions | None = None,
    progress: Progress = SILENT,
) -> tuple[Fetched, ...]:
    """Fetch sets into `out`; sets that are there are checked and kept.

    `from_dir` holds the hub's files; None reads from the hub. Raises InputError for unknown names
    and splits, DiskFullError before anything is written when it will not fit, SourceError when a
    set cannot be reached or has another schema, RunMismatchError when `out` holds a set from other
    splits or another revision, CorruptFileError when a file there was changed. KeyboardInterrupt
    leaves everything that was written in order, and says how to go on.
    """
    options = options or FetchOptions()
    cache_dir = options.cache_dir
    wanted = find_sources(names)
    splits = [each.source.choose_splits(options.splits) for each in wanted]
    if from_dir is not None and not from_dir.is_dir():
        raise SourceError("a folder with the hub's files is needed", got="none", where=from_dir)
    with locked(out), quiet_library():
        clean_partial(out)
        origin = Origin.HUB if from_dir is None else Origin.FOLDER
        jobs = [
            _plan(each, chosen, out=out, options=options, origin=origin)
            for each, chosen in zip(wanted, splits, strict=True)
        ]
        check_room(_needs(jobs, out=out, options=options, origin=origin))

        def open_job(job: _Job) -> HubOrigin | FolderOrigin:
            if from_dir is not None:
                return open_folder(job.source, job.splits, folder=from_dir, cache_dir=cache_dir)
            revision = job.entry.revision if job.entry else job.revision
            return open_hub(job.source, revision, cache_dir=cache_dir)

        return tuple(
            _keep(job, out)
            if job.is_done(options.limit)
            else _run(job, open_job, out=out, limit=options.limit, progress=progress)
            for job in jobs
        )


def _plan(
    wanted: Wanted, splits: tuple[str, ...], *, out: Path, options: FetchOptions, origin: Origin
) -> _Job:
    """What is to be done for a set; errors where what is there is something else."""
    source, path = wanted.source, out / file_name(wanted.source.name)
    if options.again:
        return _Job(source, wanted.revision, splits, None)
    entry = read_ledger(out).get(source.name)
    if entry is None:
        if path.exists():
            raise InputError(
                f"a folder without a {path.name} of another origin is needed",
                got="one that underdog data fetch did not write",
                where=path,
                hint="another --out, or --again to replace it",
            )
        return _Job(source, wanted.revision, splits, None)
    for what, there, asked in (
        ("splits", " ".join(entry.splits), " ".join(splits)),
        ("origin", entry.origin.value, origin.value),
        ("revision", _named(entry, wanted.revision), wanted.revision or entry.asked),
    ):
        if there != asked:
            raise RunMismatchError(
                f"{source.name} from the same {what} is needed to go on",
                got=f"{there} there, {asked} asked for",
                where=path,
                hint=_AGAIN,
            )
    if options.limit is not None and entry.rows > options.limit:
        raise RunMismatchError(
            f"at most {options.limit} rows of {source.name} are asked for",
            got=f"{entry.rows} there",
            where=path,
            hint=_AGAIN,
        )
    return _Job(source, wanted.revision, splits, entry)


def _named(entry: Entry, asked: str | None) -> str:
    """The entry's revision in the words of the user: the branch, or the commit it stood for."""
    return entry.revision if asked == entry.revision else entry.asked


def _needs(jobs: Sequence[_Job], *, out: Path, options: FetchOptions, origin: Origin) -> list[Need]:
    """What the sets still to fetch will write: records, and at most their files in the cache."""
    shares = [
        (job.source, job.source.share(job.splits, options.limit))
        for job in jobs
        if not job.is_done(options.limit)
    ]
    needs = [Need(out, int(sum(source.text_mb * share for source, share in shares) * 1e6))]
    if origin is Origin.HUB and shares:
        downloads = sum(source.download_mb * share for source, share in shares)
        cache = cache_places(options.cache_dir)[1].path
        needs.append(Need(cache, int(downloads * 1e6)))
    return needs


def _keep(job: _Job, out: Path) -> Fetched:
    """A set that is there, after its file was compared with the ledger."""
    assert job.entry is not None
    path = out / file_name(job.source.name)
    found = digest_file(path) if path.is_file() else "no file"
    if found != job.entry.digest:
        raise CorruptFileError(
            f"the file as it was written (SHA-256 {job.entry.digest[:12]}...) is needed",
            got=found[:12],
            where=path,
            hint="--again fetches the set anew",
        )
    return Fetched(job.source, path, job.entry, 0)


def _run(
    job: _Job,
    open_job: Callable[[_Job], HubOrigin | FolderOrigin],
    *,
    out: Path,
    limit: int | None,
    progress: Progress,
) -> Fetched:
    """Fetch one set, or the rest of it."""
    source = job.source
    origin = open_job(job)
    entry = job.entry or _new_entry(job, origin)
    if entry.revision != origin.revision:
        raise RunMismatchError(
            f"the files that the fetch of {source.name} began with are needed",
            got="other ones",
            where=out / file_name(source.name),
            hint=_AGAIN,
        )
    # A folder may hold fewer rows than the hub; the hub's own numbers are known.
    total = source.rows(job.splits) if isinstance(origin, HubOrigin) else None
    if limit is not None:
        total = limit if total is None else min(limit, total)
    with GrowingSet(out, source.name, entry=entry) as growing:
        progress.begin(f"fetch {source.name}", total)
        try:
            progress.advance(entry.rows)
            state = _pour(source, origin, growing=growing, limit=limit, progress=progress)
        except (UnderdogError, KeyboardInterrupt) as stop:
            growing.checkpoint(State.PART)
            if isinstance(stop, KeyboardInterrupt):
                told = f"stopped: {growing.rows} rows of {source.name} are in {growing.path}"
                raise KeyboardInterrupt(f"{told}; the same command continues") from stop
            raise
        finally:
            progress.end()
        done = growing.checkpoint(state)
        return Fetched(source, growing.path, done, done.rows - entry.rows)


def _new_entry(job: _Job, origin: HubOrigin | FolderOrigin) -> Entry:
    place = job.source.place
    return Entry(
        repository=place.repository,
        config=place.config,
        licence=job.source.licence,
        origin=Origin.HUB if isinstance(origin, HubOrigin) else Origin.FOLDER,
        asked=origin.asked,
        revision=origin.revision,
        splits=job.splits,
        parts={},
        state=State.PART,
        size_bytes=0,
        digest=digest_bytes(b""),
    )


def _pour(
    source: HubSource,
    origin: HubOrigin | FolderOrigin,
    *,
    growing: GrowingSet,
    limit: int | None,
    progress: Progress,
) -> State:
    """Write the rows that are missing, split after split, up to the limit."""
    if limit is not None and growing.rows >= limit:
        return State.LIMITED
    for split in growing.splits:
        if growing.is_past(split):
            continue
        with closing(origin.batches(source, split, skip=growing.rows_of(split))) as batches:
            for rows in batches:
                taken = rows if limit is None else rows[: limit - growing.rows]
                growing.append(split, list(_records(source, taken, growing=growing, split=split)))
                progress.advance(len(taken))
                if limit is not None and growing.rows >= limit:
                    return State.LIMITED
        if not growing.rows_of(split):
            raise SourceError(f"rows in {split} are needed", got="none", where=source.name)
    return State.WHOLE


def _records(
    source: HubSource, rows: Sequence[Row], *, growing: GrowingSet, split: str
) -> Iterator[Record]:
    """Rows as records. SourceError with the set, the split and the row when the schema differs."""
    for number, row in enumerate(rows, start=growing.rows_of(split) + 1):
        try:
            yield source.record(row)
        except SourceError as error:
            place = source.place
            raise SourceError(
                error.wanted,
                got=error.got,
                where=f"{source.name} ({place.repository}, {place.config}, {split}), row {number}",
                hint=f"a revision with the schema that is known here: {source.name}@REVISION",
            ) from error
