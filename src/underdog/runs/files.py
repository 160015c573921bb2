"""Files that are whole or absent. Every writer of this package goes through here.

A file is written under a temporary name beside its target, flushed to the disk and renamed, so that
a kill at any moment leaves either the old file or the new one. A folder is treated the same way.
A full disk becomes one clear DiskFullError, and the temporary file is removed.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from underdog.errors import CorruptFileError, DiskFullError

PARTIAL_MARK = ".partial-"
"""Part of every temporary name; `clean_partial` removes what a killed process left behind."""
_ASIDE_END = "-old"
"""End of the name of a folder that was moved aside while its successor took its place."""
_ONE_LINE = json.JSONEncoder(ensure_ascii=False, sort_keys=True, allow_nan=False)
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@contextmanager
def disk_full_named(where: Path) -> Iterator[None]:
    """Turn "no space left", "quota exceeded" and "file too large" into DiskFullError."""
    try:
        yield
    except DiskFullError as error:
        if PARTIAL_MARK not in error.where:
            raise
        # Named by a writer inside a folder that is not there yet: name the folder to come.
        raise DiskFullError(error.wanted, got=error.got, where=where, hint=error.hint) from error
    except OSError as error:
        if error.errno not in _FULL:
            raise
        raise DiskFullError(
            "room to write is needed",
            got=error.strerror or str(error),
            where=where,
            hint="free some space (or raise the limit) and repeat the same command",
        ) from error


@contextmanager
def replacing_file(target: Path) -> Iterator[Path]:
    """Give a temporary path beside `target`; on success flush it and rename it to `target`."""
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f"{target.name}{PARTIAL_MARK}{os.getpid()}")
    try:
        with disk_full_named(target):
            yield partial
            flush(partial)
            partial.replace(target)
            flush(target.parent)
    finally:
        with suppress(FileNotFoundError):
            partial.unlink()


@contextmanager
def replacing_folder(target: Path, *, many_files: bool = False) -> Iterator[Path]:
    """Give a temporary folder beside `target`; on success flush its files and rename it.

    An older folder of the same name is moved aside first and removed last, so that one of the two
    is always there in full. `many_files` flushes all of the machine's files at once instead of
    these one by one: a thousand of them took 15 s singly on a busy disk (2026-11-21).
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f"{target.name}{PARTIAL_MARK}{os.getpid()}")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    try:
        with disk_full_named(target):
            yield partial
            if many_files:
                os.sync()
            else:
                for path in sorted(partial.rglob("*")):
                    flush(path)
                flush(partial)
            _swap_folder(partial, target)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _swap_folder(partial: Path, target: Path) -> None:
    aside = target.with_name(f"{target.name}{PARTIAL_MARK}{os.getpid()}{_ASIDE_END}")
    if target.exists():
        target.rename(aside)
    partial.rename(target)
    flush(target.parent)
    shutil.rmtree(aside, ignore_errors=True)


def flush(path: Path) -> None:
    """Ask the operating system to put a file's or a folder's content on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_bytes(target: Path, content: bytes) -> None:
    """Replace a file as a whole."""
    with replacing_file(target) as partial:
        partial.write_bytes(content)


def write_text(target: Path, content: str) -> None:
    """Replace a text file (UTF-8) as a whole."""
    write_bytes(target, content.encode("utf-8"))


def write_json(target: Path, value: Any) -> None:
    """Replace a JSON file as a whole: UTF-8, stable key order, no NaN."""
    write_text(target, json_text(value, indent=2) + "\n")


def json_text(value: Any, indent: int | None = None) -> str:
    """JSON with stable key order; equal values give equal text. NaN and infinity are refused."""
    if indent is None:
        return _ONE_LINE.encode(value)
    return json.dumps(value, ensure_ascii=False, sort_keys=True, allow_nan=False, indent=indent)


def read_json(path: Path) -> Any:
    """Read a JSON file that underdog wrote; CorruptFileError when it does not parse."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise CorruptFileError("a JSON file is needed", got=str(error), where=path) from error


def clean_partial(folder: Path) -> None:
    """Remove what a killed writer left in this folder (not in the folders below it).

    A folder that was moved aside and whose successor never arrived goes back to its place.
    """
    for path in sorted(folder.glob(f"*{PARTIAL_MARK}*")):
        target = folder / path.name.partition(PARTIAL_MARK)[0]
        if path.name.endswith(_ASIDE_END) and not target.exists():
            path.rename(target)
        elif path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def digest_bytes(content: bytes) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def digest_file(path: Path) -> str:
    """SHA-256 of a file's content, read in pieces."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def digest_value(value: Any) -> str:
    """SHA-256 of a JSON value; independent of key order."""
    return digest_bytes(json_text(value).encode("utf-8"))


def digest_folder(folder: Path) -> dict[str, str]:
    """Digest of every file below a folder, by its relative POSIX path, sorted."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): digest_file(path) for path in files}


def check_digests(folder: Path, expected: Mapping[str, str]) -> None:
    """CorruptFileError naming the first file that is missing or not what was written."""
    for name, digest in sorted(expected.items()):
        path = folder / name
        if not path.is_file():
            raise CorruptFileError("a file that was written here is needed", got="none", where=path)
        found = digest_file(path)
        if found != digest:
            raise CorruptFileError(
                f"the file as written (SHA-256 {digest[:12]}...)",
                got=f"{found[:12]}...",
                where=path,
            )
