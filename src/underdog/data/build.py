"""The whole way from files to a question set: read, check, group, rate, split, order, write.

In: paths (files, folders, the word `bank`) and a DataConfig. Out: a folder, written as a whole, and
a Summary. Equal inputs and settings give equal bytes, in whatever order the paths are given. Never:
a row lost without a line in rejects.jsonl, or a folder overwritten that this did not make.
"""

from __future__ import annotations

import glob
import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

from underdog import __version__
from underdog.data.card import CARD_NAME, write_card
from underdog.data.curriculum import Order, arrange
from underdog.data.difficulty import DEFAULT_SHARES, check_shares, rate
from underdog.data.duplicates import DEFAULT_THRESHOLD, drop_exact, group_rows
from underdog.data.leakage import LeakCheck, check_leakage
from underdog.data.quality import Checked, check
from underdog.data.reject import Reject
from underdog.data.row import Row, Split
from underdog.data.sources.find import BANK_WORD, SourceFile, find_files
from underdog.data.sources.read import FileRows, read_file
from underdog.data.split import split_groups
from underdog.data.store import write_rejects, write_rows
from underdog.data.summary import (
    FileCount,
    Summary,
    count_chunks,
    count_groups,
    count_rejects,
    count_splits,
    tally,
)
from underdog.errors import InputError, SourceError
from underdog.hardware.machine import read_machine
from underdog.mcq.prediction import Prediction
from underdog.runs.files import (
    PARTIAL_MARK,
    digest_folder,
    digest_value,
    replacing_folder,
    write_json,
    write_text,
)
from underdog.runs.manifest import MANIFEST_NAME, Manifest, open_manifest
from underdog.runs.progress import SILENT, Progress

SUMMARY_NAME = "summary.json"


@dataclass(frozen=True, slots=True)
class DataConfig:
    """Settings of a build. Together with the files they decide every byte of the set."""

    seed: int = 0
    """Draws the validation groups and the order within equal difficulty."""
    validation_share: float = 0.1
    """Share of the rows held out, from 0 to below 1; the first team held out 4,998 of 50,000."""
    chunks: int = 10
    """Parts of the curriculum, at least 1, at most one per row; the first team trained in ten."""
    order: Order = Order.EASY_TO_HARD
    """How difficulty changes from chunk to chunk."""
    shares: tuple[float, float, float] = DEFAULT_SHARES
    """Shares of easy, medium and hard rows; they sum to 1."""
    near_duplicates: float = DEFAULT_THRESHOLD
    """Jaccard index from which two questions are near-duplicates, above 0 to 1 (`duplicates`)."""
    bank_per_fact: int = 2
    """Questions made per fact when the bank is a source, at least 1."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "order", Order(self.order))
        object.__setattr__(self, "shares", check_shares(self.shares))
        wanted = (
            (
                "a validation_share from 0 to below 1",
                self.validation_share,
                0 <= self.validation_share < 1,
            ),
            ("1 to 32767 chunks", self.chunks, 1 <= self.chunks < 1 << 15),
            (
                "near_duplicates above 0, at most 1",
                self.near_duplicates,
                0 < self.near_duplicates <= 1,
            ),
            ("a bank_per_fact of at least 1", self.bank_per_fact, self.bank_per_fact >= 1),
        )
        for what, value, fits in wanted:
            if not fits:
                raise InputError(what, got=str(value))

    def to_json(self) -> dict[str, Any]:
        """As a plain JSON object."""
        return {**asdict(self), "order": self.order.value, "shares": list(self.shares)}


class _Read(NamedTuple):
    files: tuple[FileRows, ...]
    skipped: dict[str, str]


class _Sorted(NamedTuple):
    """What became of the rows of all files."""

    kept: tuple[Checked, ...]
    rejects: tuple[Reject, ...]


def build(
    sources: Sequence[str | Path],
    config: DataConfig,
    *,
    out: Path,
    progress: Progress = SILENT,
    predictions: Mapping[str, Prediction] | None = None,
) -> Summary:
    """Build a question set in `out`, which is replaced as a whole or left as it was.

    `predictions` by question id let difficulty follow a model instead of the wording. Raises
    SourceError for what cannot be read, InputError for an `out` that is not ours, RunMismatchError
    for one with other settings or other files, DiskFullError.
    """
    settle_leftovers(out)
    found = find_files(sources)
    check_out(out, found)
    read = _read_all(sources, found, config=config, progress=progress)
    manifest = Manifest(
        _identity(read, config, predictions=predictions), {"machine": read_machine().to_json()}
    )
    if (out / MANIFEST_NAME).exists():
        open_manifest(out, manifest)
    judged = _judge(read.files, progress)
    rows = _arrange_rows(judged.kept, config, predictions=predictions, progress=progress)
    progress.begin("looking for near-duplicates across the split", None)
    settled = frozenset(row.question.id for row in judged.kept if row.settled)
    leak = check_leakage(rows, config.near_duplicates, settled=settled)
    progress.end()
    progress.begin("writing", None)
    with replacing_folder(out) as folder:
        write_rows(rows, folder)
        write_rejects(judged.rejects, folder)
        summary = _summarise(read, judged, rows=rows, leak=leak, digests=digest_folder(folder))
        write_json(folder / SUMMARY_NAME, summary.to_json())
        card = write_card(summary, rows, rejects=judged.rejects, settings=config.to_json())
        write_text(folder / CARD_NAME, card)
        open_manifest(folder, manifest)
    progress.end()
    return summary


def check_out(out: Path, files: Sequence[SourceFile] = ()) -> None:
    """InputError when building into `out` would overwrite something that no build made."""
    hint = "a new or empty folder for --out"
    inside = [file for file in files if file.path.resolve().is_relative_to(out.resolve())]
    if inside:
        got = f"{inside[0].name}, which lies in it"
        raise InputError("an output folder without sources in it", got=got, where=out, hint=hint)
    if out.exists() and not out.is_dir():
        raise InputError("an output folder", got="a file", where=out, hint=hint)
    if not out.exists() or not any(out.iterdir()):
        return
    made_here = (out / MANIFEST_NAME).is_file() and (out / SUMMARY_NAME).is_file()
    if not made_here:
        got = f"a folder with {min(path.name for path in out.iterdir())!r} in it"
        raise InputError("an output folder that data build made", got=got, where=out, hint=hint)


def settle_leftovers(out: Path) -> None:
    """Finish what a killed build left beside `out`: an older set moved aside comes back, files of a
    build that no longer runs go. What a live process is writing stays.
    """
    for path in sorted(out.parent.glob(f"{glob.escape(out.name)}{PARTIAL_MARK}*")):
        owner, _, kind = path.name.removeprefix(f"{out.name}{PARTIAL_MARK}").partition("-")
        if not owner.isdigit() or Path(f"/proc/{owner}").exists():
            continue
        if kind == "old" and not out.exists():
            path.rename(out)
        else:
            shutil.rmtree(path, ignore_errors=True)


def _read_all(
    sources: Sequence[str | Path],
    found: Sequence[SourceFile],
    *,
    config: DataConfig,
    progress: Progress,
) -> _Read:
    use_bank = any(str(source) == BANK_WORD for source in sources)
    progress.begin("reading", len(found) + use_bank)
    files: list[FileRows] = []
    skipped: dict[str, str] = {}
    for file in found:
        read = read_file(file)
        if isinstance(read, FileRows):
            files.append(read)
        elif file.named:
            raise read.error
        else:
            skipped[read.name] = f"{read.error.wanted}; got {read.error.got}"
        progress.advance(note=file.name)
    if use_bank:
        from underdog.data.sources.bank import read_bank

        files.append(read_bank(seed=config.seed, per_fact=config.bank_per_fact))
        progress.advance(note=BANK_WORD)
    progress.end()
    if not files:
        first = next(iter(skipped.items()), ("", "no path was given"))
        raise SourceError(
            "at least one file with questions",
            got=f"{len(skipped)} files without any ({first[0]}: {first[1]})",
            where=", ".join(map(str, sources)),
            hint="a folder with JSON, JSON Lines, CSV, Parquet or OpenTriviaQA files, or bank",
        )
    return _Read(tuple(files), skipped)


def _identity(
    read: _Read, config: DataConfig, *, predictions: Mapping[str, Prediction] | None
) -> dict[str, Any]:
    margins = {
        name: [each.choice, list(each.log_probs or ())]
        for name, each in (predictions or {}).items()
    }
    return {
        "kind": "question set",
        "underdog": __version__,
        "config": config.to_json(),
        "files": {file.name: file.digest for file in read.files},
        "predictions": digest_value(margins) if margins else None,
    }


def _judge(files: Sequence[FileRows], progress: Progress) -> _Sorted:
    progress.begin("checking rows", sum(len(file.rows) for file in files))
    passed: list[Checked] = []
    rejects: list[Reject] = []
    for file in files:
        for found in file.rows:
            judged = check(found, file=file.name)
            if isinstance(judged, Checked):
                passed.append(judged)
            else:
                rejects.append(judged)
        progress.advance(len(file.rows))
    unique = drop_exact(passed)
    rejects += unique.rejects
    progress.end()
    if not unique.rows:
        reasons = ", ".join(f"{name}: {n}" for name, n in count_rejects(rejects).items())
        raise SourceError(
            "at least one question that can be used",
            got=f"{len(rejects)} rejected rows ({reasons})",
            where=", ".join(file.name for file in files[:3]),
            hint='rows such as {"question": "..", "choices": ["..", ".."], "answer": "B"}',
        )
    return _Sorted(unique.rows, tuple(sorted(rejects)))


def _arrange_rows(
    kept: Sequence[Checked],
    config: DataConfig,
    *,
    predictions: Mapping[str, Prediction] | None,
    progress: Progress,
) -> tuple[Row, ...]:
    """Group, rate, split and order."""
    progress.begin("grouping near-duplicates", None)
    groups = group_rows(kept, config.near_duplicates)
    progress.end()
    progress.begin("rating and ordering", None)
    questions = [row.question for row in kept]
    ratings = rate(questions, shares=config.shares, predictions=predictions)
    splits = split_groups(groups, share=config.validation_share, seed=config.seed)
    train = [at for at, split in enumerate(splits) if split is Split.TRAIN]
    places = arrange(
        [questions[at].id for at in train],
        [ratings[at].difficulty for at in train],
        chunks=config.chunks,
        order=config.order,
        seed=config.seed,
    )
    placed = dict(zip(train, places, strict=True))
    rows = []
    for at, question in enumerate(questions):
        place = placed.get(at)
        chunk, position = (None, None) if place is None else (place.chunk, place.position)
        rating = ratings[at]
        rows.append(
            Row(question, groups[at], rating.difficulty, rating.band, splits[at], chunk, position)
        )
    progress.end()
    return tuple(rows)


def _summarise(
    read: _Read,
    judged: _Sorted,
    *,
    rows: Sequence[Row],
    leak: LeakCheck,
    digests: Mapping[str, str],
) -> Summary:
    rejected = Counter(each.file for each in judged.rejects)
    files = tuple(
        FileCount(
            file.name,
            file.format,
            file.digest,
            read=len(file.rows),
            kept=len(file.rows) - rejected[file.name],
            rejected=rejected[file.name],
            notes=file.notes,
        )
        for file in read.files
    )
    return Summary(
        files=files,
        skipped=dict(sorted(read.skipped.items())),
        reasons=count_rejects(judged.rejects),
        splits=count_splits(rows),
        bands=tally([row.band.value for row in rows]),
        chunks=count_chunks(rows),
        topics=tally([row.question.topic for row in rows]),
        sources=tally([row.question.source for row in rows]),
        licences=tally([row.question.licence for row in rows]),
        groups=count_groups(rows),
        check=leak,
        digests=dict(digests),
    )
