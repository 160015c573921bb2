"""The whole way from files to a question set: read, sift, group, rate, split, order, write.

In: paths (files, folders, the word `bank`), a DataConfig, and what the set is held against. Out: a
folder, written as a whole, and a Summary. Equal inputs and settings give equal bytes, in whatever
order the paths are given and wherever the stages run. Never: a row lost without a line in
rejects.jsonl, or a folder overwritten that this did not make.
"""

from __future__ import annotations

import glob
import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from underdog import __version__
from underdog.data.card.verdicts import judge
from underdog.data.card.write import MARKDOWN_NAME, PAGE_NAME, write_cards
from underdog.data.collect import Collected, collect
from underdog.data.config import DataConfig
from underdog.data.decontamination import Benchmarks, read_benchmarks
from underdog.data.distributions import distribute
from underdog.data.engine.engine import Engine
from underdog.data.engine.local import IN_PROCESS
from underdog.data.leakage import LeakCheck, check_leakage
from underdog.data.placing import Placed, place_rows
from underdog.data.probes.probes import Probes, run_probes
from underdog.data.references import NO_REFERENCES, References
from underdog.data.reject import Reject
from underdog.data.sieve import Sieve, Sifted
from underdog.data.sources.find import SourceFile, find_files
from underdog.data.store import QUESTIONS_NAME, read_rows, write_rejects, write_rows
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
from underdog.runs.files import (
    PARTIAL_MARK,
    digest_file,
    digest_folder,
    digest_value,
    replacing_folder,
    write_json,
    write_text,
)
from underdog.runs.manifest import MANIFEST_NAME, Manifest, open_manifest
from underdog.runs.progress import SILENT, Progress

SUMMARY_NAME = "summary.json"


def build(
    sources: Sequence[str | Path],
    config: DataConfig,
    *,
    out: Path,
    references: References = NO_REFERENCES,
    engine: Engine = IN_PROCESS,
    progress: Progress = SILENT,
) -> Summary:
    """Build a question set in `out`, which is replaced as a whole or left as it was.

    Raises SourceError for what cannot be read, InputError for an `out` that is not ours,
    RunMismatchError for one with other settings or other files, DiskFullError.
    """
    if config.fit_difficulty and not references.predictions:
        raise InputError("predictions to learn from", got="none", hint="--predictions FILE")
    settle_leftovers(out)
    found = find_files(sources)
    check_out(out, found)
    _check_old(out, references.old)
    old = read_rows(references.old) if references.old else ()
    benchmarks = read_benchmarks(references.benchmarks) if references.benchmarks else None
    read = collect(sources, found, bank=(config.seed, config.bank_per_fact), progress=progress)
    identity = _identity(read, config, references=references, benchmarks=benchmarks)
    manifest = Manifest(identity, {"machine": read_machine().to_json()})
    if (out / MANIFEST_NAME).exists():
        open_manifest(out, manifest)
    sieve = Sieve(config, engine=engine, progress=progress, old=old)
    sifted = sieve.sift(read.files, benchmarks=benchmarks, wrong_answers=references.wrong_answers)
    if not sifted.rows and not old:
        raise _nothing_left(read, sifted.rejects)
    placed = place_rows(
        sifted,
        config,
        old=old,
        predictions=references.predictions,
        engine=engine,
        progress=progress,
    )
    progress.begin("looking for leaks and give-aways", None)
    leak, probes = _examine(placed, config)
    progress.end()
    progress.begin("writing", None)
    with replacing_folder(out) as folder:
        write_rows(placed.rows, folder)
        write_rejects(placed.rejects, folder)
        digests = digest_folder(folder)
        summary = _summarise(read, sifted, placed=placed, leak=leak, probes=probes, digests=digests)
        verdicts = [each.to_json() for each in judge(summary)]
        write_json(folder / SUMMARY_NAME, {**summary.to_json(), "verdicts": verdicts})
        cards = write_cards(summary, placed.rows, rejects=placed.rejects, settings=config.to_json())
        write_text(folder / PAGE_NAME, cards.html)
        write_text(folder / MARKDOWN_NAME, cards.markdown)
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


def _check_old(out: Path, old: Path | None) -> None:
    """A set grows into another folder: what is there stays as it is."""
    if old is not None and out.resolve() == old.resolve():
        hint = "another folder; the old set can be removed afterwards"
        raise InputError(
            "an output folder beside the set that grows", got="the set itself", where=out, hint=hint
        )


def _identity(
    read: Collected,
    config: DataConfig,
    *,
    references: References,
    benchmarks: Benchmarks | None,
) -> dict[str, Any]:
    """Everything that decides the bytes of the set."""
    margins = {
        name: [each.choice, list(each.log_probs or ())]
        for name, each in references.predictions.items()
    }
    wrong = references.wrong_answers
    return {
        "kind": "question set",
        "underdog": __version__,
        "config": config.to_json(),
        "files": {file.name: file.digest for file in read.files},
        "predictions": digest_value(margins) if margins else None,
        "benchmarks": benchmarks.digests if benchmarks else None,
        "grown from": digest_file(references.old / QUESTIONS_NAME) if references.old else None,
        "wrong answers": None if wrong is None else getattr(wrong, "digest", repr(wrong)),
    }


def _nothing_left(read: Collected, rejects: Sequence[Reject]) -> SourceError:
    reasons = ", ".join(f"{name}: {n}" for name, n in count_rejects(rejects).items())
    return SourceError(
        "at least one question that can be used",
        got=f"{len(rejects)} rejected rows ({reasons})",
        where=", ".join(file.name for file in read.files[:3]),
        hint='rows such as {"question": "..", "choices": ["..", ".."], "answer": "B"}',
    )


def _examine(placed: Placed, config: DataConfig) -> tuple[LeakCheck, Probes]:
    """Look for what grouping may have overlooked, and for what the choices give away."""
    with ThreadPoolExecutor(1) as aside:
        leak = aside.submit(
            check_leakage, placed.rows, config.near_duplicates, settled=placed.settled
        )
        probes = run_probes(
            [row.question for row in placed.rows],
            groups=[row.group for row in placed.rows],
            seed=config.seed,
        )
        return leak.result(), probes


def _summarise(
    read: Collected,
    sifted: Sifted,
    *,
    placed: Placed,
    leak: LeakCheck,
    probes: Probes,
    digests: Mapping[str, str],
) -> Summary:
    rows = placed.rows
    return Summary(
        files=_count_files(read, sifted, rejects=placed.rejects),
        skipped=dict(sorted(read.skipped.items())),
        reasons=count_rejects(placed.rejects),
        splits=count_splits(rows),
        bands=tally([row.band.value for row in rows]),
        chunks=count_chunks(rows),
        topics=tally([row.question.topic for row in rows]),
        sources=tally([row.question.source for row in rows]),
        licences=tally([row.question.licence for row in rows]),
        groups=count_groups(rows),
        check=leak,
        digests=dict(digests),
        steps=placed.steps,
        conversion=sifted.conversion,
        kinds=sifted.kinds,
        distributions=distribute(rows),
        probes=probes,
        difficulty=placed.difficulty,
        templates=placed.templates,
        decontamination=sifted.decontamination,
        mix=sifted.mix,
        growth=placed.growth,
    )


def _count_files(
    read: Collected, sifted: Sifted, *, rejects: Sequence[Reject]
) -> tuple[FileCount, ...]:
    rejected = Counter(each.file for each in rejects)
    return tuple(
        FileCount(
            file.name,
            file.format,
            file.digest,
            read=len(file.rows),
            kept=len(file.rows) - rejected[file.name],
            rejected=rejected[file.name],
            notes=(*file.notes, *_note_repairs(sifted.mended.get(file.name, 0))),
        )
        for file in read.files
    )


def _note_repairs(mended: int) -> tuple[str, ...]:
    return (f"letters repaired ({mended} rows)",) if mended else ()
