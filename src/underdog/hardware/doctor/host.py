"""The machine as the doctor may look at it: files below a root, an environment, a user.

Everything that a check reads goes through a Host, which writes down where it looked. Tests hand in
another root and other seams. Never: a write, a network, an import of torch.
"""

from __future__ import annotations

import errno
import os
import site
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from underdog.hardware.telemetry.nvml import Nvml, open_nvml


@dataclass(frozen=True, slots=True)
class Identity:
    """Who runs this process: the user and every group."""

    uid: int
    gids: frozenset[int]


@dataclass(frozen=True, slots=True)
class Volume:
    """A file system: bytes and inodes. `inodes` is None where the file system counts none."""

    total_bytes: int
    free_bytes: int
    inodes: int | None
    free_inodes: int | None
    device: int = 0


@dataclass(slots=True)
class Host:
    """`open_device` gives None when a device file opens for reading and writing, else the error's
    name; `volume` measures the file system of a path; `nvml` gives NVIDIA's library or None.
    """

    root: Path
    environment: Mapping[str, str]
    identity: Identity
    home: Path
    folder: Path
    site_packages: tuple[Path, ...]
    open_device: Callable[[Path], str | None]
    volume: Callable[[Path], Volume | None]
    nvml: Callable[[], Nvml | None]
    read: list[str] = field(default_factory=list)

    def text(self, place: str) -> str | None:
        """A file's text without blanks at its ends; None when it is not there or not readable."""
        path = self.root / place
        try:
            value = path.read_bytes().decode("utf-8", errors="replace").strip()
        except OSError as error:
            self._note(f"/{place}: {errno.errorcode.get(error.errno or 0, 'unreadable')}")
            return None
        self._note(f"/{place}")
        return value

    def number(self, place: str) -> int | None:
        """A file's text as a whole number, or None."""
        value = self.text(place)
        return int(value) if value is not None and value.lstrip("-").isdigit() else None

    def glob(self, pattern: str) -> list[str]:
        """Places that match, sorted by the numbers in their names."""
        found = [path.relative_to(self.root).as_posix() for path in self.root.glob(pattern)]
        self._note(f"/{pattern}: {len(found)} found")
        return sorted(found, key=_natural)

    def exists(self, place: str) -> bool:
        """Whether there is such a file."""
        there = (self.root / place).exists()
        self._note(f"/{place}" if there else f"/{place}: ENOENT")
        return there

    def can_open(self, place: str) -> str | None:
        """None when the device opens for reading and writing, else why not, such as EACCES."""
        return self.open_device(self.root / place)

    def variable(self, name: str) -> str | None:
        """A variable of the environment; an empty one is none."""
        return self.environment.get(name) or None

    def _note(self, place: str) -> None:
        if place not in self.read:
            self.read.append(place)


def this_host(root: Path = Path("/")) -> Host:
    """The machine that runs this process; another root brings its own files and modes."""
    real = root == Path("/")
    return Host(
        root=root,
        environment=os.environ,
        identity=_this_user(),
        home=Path.home(),
        folder=Path.cwd(),
        site_packages=tuple(_site_packages()),
        open_device=open_device if real else lambda path: opens_by_mode(path, _this_user()),
        volume=measure_volume,
        nvml=open_nvml,
    )


def open_device(path: Path) -> str | None:
    """Really open it: permissions, containers and drivers all have their say."""
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CLOEXEC))
    except OSError as error:
        return errno.errorcode.get(error.errno or 0, str(error))
    return None


def opens_by_mode(path: Path, who: Identity) -> str | None:
    """What the mode bits say about a user who is not root."""
    try:
        info = path.stat()
    except OSError as error:
        return errno.errorcode.get(error.errno or 0, str(error))
    shift = 6 if info.st_uid == who.uid else 3 if info.st_gid in who.gids else 0
    return None if (info.st_mode >> shift) & 0o6 == 0o6 else "EACCES"


def measure_volume(path: Path) -> Volume | None:
    """The file system that holds a path, or the nearest folder above it that is there."""
    while not path.exists() and path != path.parent:
        path = path.parent
    try:
        info, device = os.statvfs(path), path.stat().st_dev
    except OSError:
        return None
    counted = info.f_files > 0
    return Volume(
        info.f_blocks * info.f_frsize,
        info.f_bavail * info.f_frsize,
        info.f_files if counted else None,
        info.f_favail if counted else None,
        device,
    )


def _this_user() -> Identity:
    return Identity(os.getuid(), frozenset({*os.getgroups(), os.getgid()}))


def _site_packages() -> Iterator[Path]:
    """Where packages are looked for, in the order of imports."""
    seen = set()
    for name in [*sys.path, *site.getsitepackages()]:
        path = Path(name or ".")
        if path.name in {"site-packages", "dist-packages"} and path not in seen and path.is_dir():
            seen.add(path)
            yield path


def _natural(place: str) -> list[tuple[int, str]]:
    """``card10`` comes after ``card9``."""
    words = "".join(each if each.isdigit() else f" {each} " for each in place).split(" ")
    return [(int(word), "") if word.isdigit() else (-1, word) for word in words if word]
