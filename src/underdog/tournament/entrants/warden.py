"""Runs one program of a stranger, keeps it inside, ends it with everything it started.

A program of its own (standard library only, started by `isolation.confine`). In: one JSON argument.
Out: one JSON line on its standard output, written once nothing of the stranger runs any more.
Where the kernel lets an ordinary user make namespaces, the stranger has its own process ids, no
network but a loopback, and a view of the files in which only its work folder can be written; it is
process 2 of a namespace whose process 1 is this program, and the kernel ends all others with it.
Elsewhere it is ended through its process tree, and the report says so. Never: trust in anything
that the stranger writes.
"""

from __future__ import annotations

import ctypes
import fcntl
import json
import os
import resource
import selectors
import signal
import socket
import struct
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

LIBC = ctypes.CDLL(None, use_errno=True)
NEW_MOUNTS, NEW_UTS, NEW_IPC = 0x20000, 0x4000000, 0x8000000
NEW_USER, NEW_PIDS, NEW_NETWORK = 0x10000000, 0x20000000, 0x40000000
"""clone flags, linux/sched.h."""
READ_ONLY, NO_SUID, NO_DEVICES, REMOUNT, BIND, RECURSIVE, PRIVATE = (
    1,
    2,
    4,
    32,
    4096,
    16384,
    1 << 18,
)
"""mount flags, sys/mount.h."""
KEPT_FLAGS = {"nosuid": 2, "nodev": 4, "noexec": 8, "noatime": 1024, "relatime": 1 << 21}
"""What a mount from outside must keep when it is mounted again."""
PARENT_DEATH, DUMPABLE, BOUNDING_DROP, SUBREAPER, NO_NEW_RIGHTS = 1, 4, 24, 36, 38
"""prctl options, linux/prctl.h."""
LAST_CAPABILITY = 63
DEVICES = ("null", "zero", "full", "random", "urandom")
GPUS = ("kfd", "dri", "nvidia*")
LOOK_S = 0.05
"""Between two looks at memory and processes."""
DISK_LOOK_S = 0.5
LONGEST_PATH = 3000
"""Letters of a folder's path: the system takes 4095 bytes, and nothing below can be counted."""
WALKED = 20_000
"""Entries of the work folder that are counted; more end the program."""


class Ended(NamedTuple):
    """How it ended: "exited", or the limit that it passed. `status` is as `os.waitpid` gives it."""

    how: str
    status: int | None


def main(settings: dict[str, Any]) -> int:
    """Confine, run, report. Exit status 3: the namespaces could not be made."""
    _die_with_parent()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    if settings["isolation"] == "processes":
        LIBC.prctl(SUBREAPER, 1, 0, 0, 0)
        return _run(settings, None)
    user, group = os.getuid(), os.getgid()
    flags = NEW_USER | NEW_MOUNTS | NEW_UTS | NEW_IPC | NEW_PIDS | NEW_NETWORK
    if LIBC.unshare(flags):
        return 3
    try:
        Path("/proc/self/setgroups").write_text("deny", "ascii")
        Path("/proc/self/uid_map").write_text(f"{user} {user} 1", "ascii")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1", "ascii")
    except OSError:
        return 3
    first = os.fork()
    if first:
        _, status = os.waitpid(first, 0)
        return os.waitstatus_to_exitcode(status) & 0xFF
    _die_with_parent()
    try:
        _mounts(settings)
        _loopback()
    except OSError as error:
        print(f"namespaces: {error}", file=sys.stderr, flush=True)
        os._exit(3)
    os._exit(_run(settings, 1))


def _die_with_parent() -> None:
    LIBC.prctl(PARENT_DEATH, signal.SIGKILL, 0, 0, 0)
    LIBC.prctl(DUMPABLE, 0, 0, 0, 0)


def _mount(source: str, target: str, kind: str, flags: int, data: str = "") -> None:
    encoded = [text.encode() or None for text in (source, target, kind)]
    if LIBC.mount(*encoded, ctypes.c_ulong(flags), data.encode() or None):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), target)


def _mounts(settings: dict[str, Any]) -> None:
    """Everything read-only but the work folder; hidden folders empty; devices a handful."""
    _mount("none", "/", "", RECURSIVE | PRIVATE)
    work = settings["work"]
    _mount(work, work, "", BIND | RECURSIVE)
    for line in Path("/proc/self/mountinfo").read_text("utf-8").splitlines():
        fields = line.split(" ")
        target = fields[4].encode().decode("unicode_escape")
        if target != work:
            flags = sum(KEPT_FLAGS.get(name, 0) for name in fields[5].split(","))
            # A mount below another one's cover cannot be reached, neither by the stranger.
            with suppress(OSError):
                _mount("none", target, "", REMOUNT | BIND | READ_ONLY | flags)
    for hidden in settings["hidden"]:
        if Path(hidden).is_dir():
            _mount("tmpfs", hidden, "tmpfs", READ_ONLY | NO_SUID | NO_DEVICES)
    _devices(work)
    _mount("proc", "/proc", "proc", NO_SUID | NO_DEVICES | 8)


def _devices(work: str) -> None:
    """A /dev of its own, so that no disk can be opened; what GPUs need is kept."""
    _mount("tmpfs", "/mnt", "tmpfs", NO_SUID)
    stage = Path("/mnt")
    names = [Path("/dev") / name for name in DEVICES]
    names += [path for pattern in GPUS for path in Path("/dev").glob(pattern)]
    for path in names:
        if path.is_dir():
            (stage / path.name).mkdir()
        elif path.exists():
            (stage / path.name).touch()
        else:
            continue
        _mount(str(path), str(stage / path.name), "", BIND | RECURSIVE)
    (stage / "shm").symlink_to(work + "/.tmp")
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        (stage / name).symlink_to(f"/proc/self/fd/{number}")
    (stage / "fd").symlink_to("/proc/self/fd")
    _mount("/mnt", "/dev", "", BIND | RECURSIVE)
    _mount("none", "/dev", "", REMOUNT | BIND | READ_ONLY | NO_SUID)
    _mount("none", "/mnt", "", REMOUNT | BIND | READ_ONLY | NO_SUID)


def _loopback() -> None:
    """Up: a program may talk to a server of its own."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as plug:
        fcntl.ioctl(plug, 0x8914, struct.pack("16sh14x", b"lo", 1))  # SIOCSIFFLAGS, IFF_UP


def _run(settings: dict[str, Any], me: int | None) -> int:
    """Start the program, watch it, end all of it, report."""
    out, err, start = os.pipe(), os.pipe(), os.pipe()
    begun = time.monotonic()
    program = os.fork()
    if program == 0:
        _become(settings, out[1], err[1], start[1])
    for pipe in (out, err, start):
        os.close(pipe[1])
    failure = _read_all(start[0])
    watch = _Watch(settings, program, (out[0], err[0]), begun)
    ended = watch.until_end()
    elapsed = time.monotonic() - begun
    if me is None:
        _end_tree(program)
    exited = ended.status is not None
    report = {
        "ended": ended.how,
        "status": os.waitstatus_to_exitcode(ended.status or 0) if exited else None,
        "elapsed_s": elapsed,
        "peak_bytes": watch.peak_bytes,
        "left_running": watch.left_running,
        "stdout": bytes(watch.kept[out[0]]).decode("utf-8", "replace"),
        "stderr": bytes(watch.kept[err[0]]).decode("utf-8", "replace"),
        "isolation": settings["isolation"],
        "not_started": failure,
    }
    sys.stdout.write(json.dumps(report) + "\n")
    sys.stdout.flush()
    return 0


def _read_all(pipe: int) -> str:
    """Until the other end is closed: by the program's start, or after words on why not."""
    with os.fdopen(pipe, "rb") as stream:
        return stream.read(1000).decode("utf-8", "replace")


def _become(settings: dict[str, Any], out: int, err: int, start: int) -> None:
    """The stranger's process: own session, limits, no rights, no files of ours. `start` is closed
    when the program begins; why it could not is written into it.
    """
    try:
        os.setsid()
        LIBC.prctl(PARENT_DEATH, 0 if settings["isolation"] == "processes" else 9, 0, 0, 0)
        nothing = os.open("/dev/null", os.O_RDONLY)
        for ours, theirs in ((nothing, 0), (out, 1), (err, 2)):
            os.dup2(ours, theirs)
        if start != 3:
            start = os.dup2(start, 3, inheritable=False)
        os.closerange(4, 4096)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE):
            signal.signal(number, signal.SIG_DFL)
        limits = {
            resource.RLIMIT_CORE: 0,
            resource.RLIMIT_FSIZE: settings["file_bytes"],
            resource.RLIMIT_CPU: settings["cpu_s"],
            resource.RLIMIT_NOFILE: 1024,
        }
        for kind, value in limits.items():
            hard = resource.getrlimit(kind)[1]
            value = value if hard == resource.RLIM_INFINITY else min(value, hard)
            resource.setrlimit(kind, (value, value))
        LIBC.prctl(NO_NEW_RIGHTS, 1, 0, 0, 0)
        if settings["isolation"] != "processes":
            _drop_rights()
        os.chdir(settings["work"])
        os.execve(settings["command"][0], settings["command"], settings["env"])  # noqa: S606
    except BaseException as error:  # noqa: BLE001  (nothing of this copy may go on)
        os.write(start, str(error).encode("utf-8", "replace")[:900])
    os._exit(127)


def _drop_rights() -> None:
    for number in range(LAST_CAPABILITY + 1):
        LIBC.prctl(BOUNDING_DROP, number, 0, 0, 0)
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)  # _LINUX_CAPABILITY_VERSION_3, this process
    LIBC.capset(header, (ctypes.c_uint32 * 6)())


class _Watch:
    """Reads what a program writes, and looks at what it uses."""

    def __init__(
        self, settings: dict[str, Any], program: int, pipes: tuple[int, int], begun: float
    ) -> None:
        self._settings, self._program, self._begun = settings, program, begun
        self.kept = {pipe: bytearray() for pipe in pipes}
        self.peak_bytes, self.left_running, self._seen = 0, 0, 0
        self._disk_looked = begun
        self._selector = selectors.DefaultSelector()
        for pipe in pipes:
            os.set_blocking(pipe, False)
            self._selector.register(pipe, selectors.EVENT_READ)

    def until_end(self) -> Ended:
        """The program's own end, or the first limit that is passed."""
        while True:
            status = self._reap()
            self._read(0.0 if status is not None else LOOK_S)
            if status is not None:
                self.left_running = len(self._others())
                return Ended("exited", status)
            passed = self._passed()
            if passed:
                self._kill_all()
                self._read(0.0)
                return Ended(passed, None)

    def _reap(self) -> int | None:
        """The status of the program when it has ended; orphans are taken on the way."""
        found: int | None = None
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return found
            if pid == 0:
                return found
            if pid == self._program:
                found = status

    def _read(self, wait_s: float) -> None:
        keep = self._settings["output_bytes"]
        if not self._selector.get_map():
            time.sleep(wait_s)
            return
        for key, _ in self._selector.select(wait_s):
            piece = os.read(key.fd, 1 << 16)
            if not piece:
                self._selector.unregister(key.fd)
                continue
            self._seen += len(piece)
            kept = self.kept[key.fd]
            kept += piece
            del kept[:-keep]

    def _others(self) -> list[int]:
        if self._settings["isolation"] == "processes":
            return _descendants(os.getpid())
        return [pid for pid in _pids() if pid != 1]

    def _passed(self) -> str | None:
        settings, now = self._settings, time.monotonic()
        if now - self._begun >= settings["wall_s"]:
            return "deadline"
        if self._seen > settings["output_limit_bytes"]:
            return "output"
        pids = self._others()
        if len(pids) > settings["processes"]:
            return "processes"
        used = sum(map(_resident, pids))
        self.peak_bytes = max(self.peak_bytes, used)
        if used > settings["memory_bytes"]:
            return "memory"
        if now - self._disk_looked >= DISK_LOOK_S:
            self._disk_looked = now
            if _size(settings["work"]) > settings["disk_bytes"]:
                return "disk"
        return None

    def _kill_all(self) -> None:
        """In namespaces the kernel does the rest when this process ends."""
        for pid in self._others():
            with suppress(OSError):
                os.kill(pid, signal.SIGKILL)


def _pids() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def _resident(pid: int) -> int:
    try:
        with open(f"/proc/{pid}/statm", encoding="ascii") as stream:
            return int(stream.read().split()[1]) * resource.getpagesize()
    except (OSError, IndexError):
        return 0


def _descendants(root: int) -> list[int]:
    """Everything that was started by a process, directly or not."""
    parents: dict[int, int] = {}
    for pid in _pids():
        with suppress(OSError, IndexError), open(f"/proc/{pid}/stat", "rb") as stream:
            fields = stream.read().rpartition(b")")[2].split()
            if fields[0] != b"Z":
                parents[pid] = int(fields[1])
    found, fresh = [], {root}
    while fresh:
        fresh = {pid for pid, parent in parents.items() if parent in fresh and pid not in found}
        found += sorted(fresh)
    return found


def _end_tree(program: int) -> None:
    """Kill until nothing is left; orphans become children of this process, so none gets away."""
    for _ in range(200):
        left = _descendants(os.getpid())
        for pid in [*left, -program]:
            with suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        with suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        if not left:
            return
        time.sleep(0.01)


def _size(folder: str) -> int:
    """Bytes that a folder takes; links are not followed; endless folders count as endless."""
    total, entries, waiting = 0, 0, [folder]
    while waiting:
        at = waiting.pop()
        if len(at) > LONGEST_PATH:
            return 1 << 62
        with suppress(OSError), os.scandir(at) as found:
            for entry in found:
                entries += 1
                if entries > WALKED:
                    return 1 << 62
                with suppress(OSError):
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
                    else:
                        total += entry.stat(follow_symlinks=False).st_blocks * 512
    return total


if __name__ == "__main__":
    sys.exit(main(json.loads(sys.argv[1])))
