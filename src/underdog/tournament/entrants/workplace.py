"""The folder in which a stranger's program runs: a copy of its entry, read back without trust.

In: the entry's folder. Out: a fresh copy, and the JSON files that a program leaves there. Large
files are not copied but linked to, which is safe where everything else is read-only. Never: a link
that leads out of the entry, a special file, more than a bounded number of bytes.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import stat
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from underdog.errors import InfrastructureError, InputError
from underdog.protocol.player import PlayerFault, PlayerFaultKind
from underdog.tournament.machine import OURS

COPIED_BYTES = 32 * 1024**2
"""Larger files are linked to."""
READ_BYTES = 16 * 1024**2
"""The largest file of messages that is read: 1,000 questions at the official limits are 6 MB."""
SKIPPED = frozenset({"__pycache__", ".git", "outputs"})


@contextmanager
def workplace(entry: Path) -> Iterator[Path]:
    """A copy of `entry` with an empty `outputs` folder; removed at the end, whatever is in it."""
    try:
        root = Path(tempfile.mkdtemp(prefix="underdog-entrant-")).resolve()
    except OSError as error:
        raise InfrastructureError("room for a copy of an entry", got=str(error)) from error
    try:
        work = root / "AIAC"
        _copy(entry.resolve(), work)
        yield work
    finally:
        _remove(root)


@contextmanager
def _blamed(what: str, entry: Path) -> Iterator[None]:
    """A failed system call is this machine's fault, or that of what a stranger put in its way."""
    try:
        yield
    except OSError as error:
        if error.errno in OURS:
            raise InfrastructureError(what, got=str(error), where=entry) from error
        raise _invalid(f"its folder stands in the way: {error.strerror}") from error


def _copy(entry: Path, work: Path) -> None:
    with _blamed("a copy of an entry", entry):
        for folder, names, files in os.walk(entry):
            names[:] = [name for name in names if name not in SKIPPED]
            target = work / Path(folder).relative_to(entry)
            target.mkdir(parents=True, exist_ok=True)
            for name in [*files, *(n for n in names if (Path(folder) / n).is_symlink())]:
                _place(Path(folder) / name, target / name, entry)
        (work / "outputs").mkdir(exist_ok=True)


def _place(source: Path, target: Path, entry: Path) -> None:
    real = Path(os.path.realpath(source))
    if not real.exists():
        return  # a link to nothing, or one that leads in a circle
    if not real.is_relative_to(entry) or not stat.S_ISREG(real.stat().st_mode):
        if not (source.is_symlink() and real.is_dir() and real.is_relative_to(entry)):
            return
        target.symlink_to(os.path.relpath(real, source.parent.resolve()))
    elif real.stat().st_size > COPIED_BYTES:
        target.symlink_to(real)
    else:
        shutil.copyfile(real, target)
        target.chmod(0o755 if os.access(real, os.X_OK) else 0o644)


def _remove(root: Path) -> None:
    """Everything below, at any depth: a path may be longer than the system takes, so folders are
    moved up to `root` and emptied there. Links are removed, never followed.
    """
    with suppress(OSError):
        if root.is_symlink():
            root.unlink()
            return
    while _flattened(root):
        pass
    shutil.rmtree(root, ignore_errors=True)


def _flattened(root: Path) -> bool:
    """Empty the folders that stand directly in `root`; whether any was got rid of."""
    gone = False
    with suppress(OSError):
        for folder in [Path(each.path) for each in os.scandir(root) if _is_folder(each)]:
            with suppress(OSError):
                folder.chmod(0o700)
                for each in list(os.scandir(folder)):
                    if _is_folder(each):
                        Path(each.path).chmod(0o700)
                        os.rename(each.path, root / uuid.uuid4().hex)  # noqa: PTH104
                    else:
                        os.unlink(each.path)  # noqa: PTH108
                folder.rmdir()
                gone = True
    return gone


def _is_folder(entry: os.DirEntry[str]) -> bool:
    return entry.is_dir(follow_symlinks=False)


def digest_entry(entry: Path) -> str:
    """SHA-256 over names and contents of small files and sizes of large ones, links as they are."""
    if not entry.is_dir():
        raise InputError("the folder of an entry", got="none", where=entry)
    digest = hashlib.sha256()
    for path in sorted(entry.rglob("*")):
        parts = path.relative_to(entry).parts
        if SKIPPED.intersection(parts):
            continue
        about = path.lstat()
        digest.update(f"{'/'.join(parts)}\0{about.st_mode:o}\0".encode("utf-8", "surrogateescape"))
        if path.is_symlink():
            digest.update(os.fsencode(path.readlink()))
        elif stat.S_ISREG(about.st_mode):
            small = about.st_size <= COPIED_BYTES
            digest.update(path.read_bytes() if small else str(about.st_size).encode())
    return digest.hexdigest()


def write_input(work: Path, name: str, value: Any) -> None:
    """A file for the program to read; replaces whatever stands there."""
    path = work / name
    with _blamed("room for the input of an entry", work):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(value, ensure_ascii=False, indent=1), "utf-8")


def read_output(work: Path, name: str) -> Any:
    """The JSON value of a file that a program left, or None where there is no such file.

    PlayerFault for a link, a special file, too much of it, or what is no JSON in UTF-8.
    """
    content = _bounded(work, name)
    if content is None:
        return None
    try:
        return json.loads(content.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise _invalid(f"{name} is no JSON in UTF-8: {type(error).__name__}: {error}") from error


def _bounded(work: Path, name: str) -> bytes | None:
    """Opened part by part, so that no part of the path can be a link."""
    folder, _, last = name.rpartition("/")
    try:
        at = os.open(work, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError as error:
        raise _ours(error) or _invalid(f"its own folder is gone: {error.strerror}") from error
    try:
        for part in filter(None, folder.split("/")):
            inner = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=at)
            os.close(at)
            at = inner
        handle = os.open(last, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=at)
    except FileNotFoundError:
        return None
    except OSError as error:
        told = f"{name} is a link or not a file: {error.strerror}"
        raise _ours(error) or _invalid(told) from error
    finally:
        os.close(at)
    with os.fdopen(handle, "rb") as stream:
        if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
            raise _invalid(f"{name} is not a regular file")
        content = stream.read(READ_BYTES + 1)
    if len(content) > READ_BYTES:
        raise _invalid(f"{name} is larger than {READ_BYTES:,} bytes")
    return content


def _ours(error: OSError) -> InfrastructureError | None:
    if error.errno not in OURS:
        return None
    return InfrastructureError("the output of an entry to be read", got=str(error))


def _invalid(detail: str) -> PlayerFault:
    return PlayerFault(PlayerFaultKind.INVALID, detail)
