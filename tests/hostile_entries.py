"""Entries that attack whoever runs them.

Each is a good entry (`entries`) with one change: Python put before (`hostile_servers` has more)
the agent writes what it has: `made` or `answers` is the list to be written, `args` and `Path` are
there. `faults` are the kinds that the tournament must name, beside "forfeit" where the entry gives
nothing at all; an attack that comes to nothing has none, and its answers count.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from entries import entry

MARK = "underdog-hostile-mark"
"""In the name of everything that an entry tries to leave outside its work folder."""
LATE, CRASHED, MALFORMED = "answer late", "answer crashed", "answer malformed"


@dataclass(frozen=True)
class Hostile:
    """One behaviour. `detail` is part of what the record says about its answers; `dangerous`
    where only namespaces keep it from its runner.
    """

    faults: frozenset[str]
    answering: str = "pass"
    asking: str = "pass"
    detail: str = ""
    silent: bool = False
    dangerous: bool = False

    def folder(self, at: Path) -> Path:
        """The entry on disk."""
        return entry(at, asking=self.asking, answering=self.answering)


def _silent(fault: str, answering: str, detail: str = "", *, dangerous: bool = True) -> Hostile:
    return Hostile(frozenset({fault}), answering, detail=detail, silent=True, dangerous=dangerous)


def _malformed(answering: str, detail: str = "", *, dangerous: bool = False) -> Hostile:
    return Hostile(frozenset({MALFORMED}), answering, detail=detail, dangerous=dangerous)


def _harmless(answering: str, *, dangerous: bool = True) -> Hostile:
    return Hostile(frozenset(), answering, dangerous=dangerous)


def _asking(fault: str, asking: str) -> Hostile:
    return Hostile(frozenset({f"question {fault}"}), asking=asking)


OUTPUT = "outputs/filtered_answers.json"
_OUTSIDE = ("/tmp", "/var/tmp", "/dev/shm", "/etc", "/", "/root", "/home")

FOLDERS: dict[str, Hostile] = {
    "hangs": _silent(LATE, "import time; time.sleep(600)", "killed at its deadline"),
    "ignores SIGTERM": _silent(
        LATE,
        "import signal, time\n"
        "for n in range(1, 32):\n"
        "    if n not in (9, 19): signal.signal(n, signal.SIG_IGN)\n"
        "while True: time.sleep(60)",
        "killed at its deadline",
    ),
    "spins": _silent(LATE, "while True: pass", "killed at its deadline"),
    "100 children that wait": _silent(
        LATE,
        "import os, time\n"
        "for _ in range(100):\n"
        "    if os.fork() == 0: os.setsid(); os.execvp('sleep', ['sleep', '600'])\n"
        "time.sleep(600)",
        "killed at its deadline",
    ),
    "200 children": _silent(
        CRASHED,
        "import os, time\n"
        "for _ in range(200):\n"
        "    if os.fork() == 0: os.execvp('sleep', ['sleep', '600'])\n"
        "time.sleep(600)",
        "limit passed (processes)",
    ),
    "1 GB of output": _silent(
        CRASHED, "for _ in range(10000): print('x' * 100000)", "limit passed (output)"
    ),
    "floods standard error": _silent(
        CRASHED,
        "import sys\nfor _ in range(10000): sys.stderr.write('x' * 100000)",
        "limit passed (output)",
    ),
    "hogs memory": _silent(
        CRASHED,
        "import time\nx = []\n"
        "while True:\n    x.append(bytearray(b'x') * 20_000_000); time.sleep(0.01)",
        "limit passed (memory)",
    ),
    "fills its disk": _silent(
        CRASHED,
        "import time\nn = 0\nwhile True:\n"
        "    n += 1; open(f'f{n % 40}', 'wb').write(bytes(4_000_000)); time.sleep(0.01)",
        "limit passed (disk)",
    ),
    "a huge file": _silent(
        CRASHED,
        "with open('huge', 'wb') as stream:\n    while True: stream.write(bytes(10**6))",
        "File too large",
    ),
    "dies by a signal": _silent(
        CRASHED, "import os; os.kill(os.getpid(), 11)", "exit status -11", dangerous=False
    ),
    "signals to everyone": _harmless(
        "import os, signal\n"
        "for pid in (1, os.getppid(), -1):\n"
        "    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGSTOP, signal.SIGKILL):\n"
        "        try: os.kill(pid, number)\n"
        "        except OSError: pass",
    ),
    "a daemon stays behind": _harmless(
        "import os, time\n"
        "if os.fork() == 0:\n"
        "    os.setsid()\n"
        "    if os.fork(): os._exit(0)\n"
        "    time.sleep(600)",
    ),
    "writes everywhere": _harmless(
        f"for place in {_OUTSIDE!r} + (HOMES,):\n"
        "    for path in (Path(place), Path(place, 'agents')):\n"
        "        try: (path / 'MARK').write_text('was here')\n"
        "        except OSError: pass".replace("MARK", MARK),
    ),
    "looks for keys": _harmless(
        "import glob, os\n"
        "found = [n for n in os.listdir(STORE)]\n"
        "for path in glob.glob('/proc/[0-9]*/environ'):\n"
        "    try: found += [path] * (b'SECRET_OF_THE_RUNNER' in open(path, 'rb').read())\n"
        "    except OSError: pass\n"
        "assert not found, found",
    ),
    "attaches to the warden": _harmless(
        "import ctypes\n"
        "libc = ctypes.CDLL(None)\n"
        "assert libc.ptrace(16, 1, None, None) == -1\n"
        "assert libc.mount(b'none', b'/', None, ctypes.c_ulong(32 | 4096), None) == -1",
    ),
    "calls home": _harmless(
        "import socket\n"
        "for where in (('192.0.2.1', 80), ('127.0.0.1', PORT)):\n"
        "    try: socket.create_connection(where, 2); reached = True\n"
        "    except OSError: reached = False\n"
        "    assert not reached, where",
    ),
    "1,200 folders deep": _harmless(
        "import os\n"
        "home = os.getcwd()\n"
        "for _ in range(1200): os.mkdir('d'); os.chdir('d')\n"
        "os.chdir(home)",
        dangerous=False,
    ),
    "names in bytes": _harmless(
        "for n in range(300): open(b'\\xff\\n\\xf0' + str(n).encode() + 'ü\\u202e'.encode(), 'w')",
        dangerous=False,
    ),
    "closes its outputs": _harmless("import os; os.close(1); os.close(2)", dangerous=False),
    "an output that is a link": _malformed(
        f"import os; os.symlink('/etc/passwd', {OUTPUT!r}); return", "is a link or not a file"
    ),
    "a folder swapped for a link": _malformed(
        "import os; os.rename('outputs', 'mine'); os.symlink('/etc', 'outputs'); return",
        "is a link or not a file",
    ),
    "an output that is a pipe": _malformed(
        f"import os; os.mkfifo({OUTPUT!r}); return", "is not a regular file"
    ),
    "a sparse output of 20 MB": _malformed(
        f"import os; Path({OUTPUT!r}).touch(); os.truncate({OUTPUT!r}, 20_000_000); return",
        "is larger than 16,777,216 bytes",
    ),
    "its own folder removed": _malformed(
        "import shutil; shutil.rmtree('.', ignore_errors=True); return", "wrote no"
    ),
    "writes nothing": _malformed("return", f"wrote no {OUTPUT}"),
    "deep nesting": _malformed(f"Path({OUTPUT!r}).write_text('[' * 200000); return", "Recursion"),
    "wrong encoding": _malformed(
        f"Path({OUTPUT!r}).write_bytes(b'[\\xff\\xfe\"A\"]'); return", "no JSON in UTF-8"
    ),
    "one answer too few": _malformed("answers.pop()", "which is whose is not known"),
    "no numbers, twice the same key": _malformed(
        f"Path({OUTPUT!r}).write_text('[' + ', '.join(['{{\"answer\": \"A\", \"answer\": NaN}}']"
        " * len(answers)) + ']'); return",
        "answer that is a float",
    ),
    "asks in no time": _asking("late", "import time; time.sleep(600)"),
    "keys that name nothing": _asking("bad_key", "for each in made: each['answer'] = 'Z'"),
    "one question again and again": _asking("duplicate", "made = made[:1] * len(made)"),
}
"""By name. `HOMES`, `STORE` and `PORT` in a change are put in by `write_folders`."""


def write_folders(
    names: list[str], into: Path, *, store: Path, port: int, home: Path
) -> dict[str, Path]:
    """The entries of these names, each in a folder of its own."""
    made = {}
    words = {"HOMES": str(home), "STORE": str(store), "PORT": port}
    for number, name in enumerate(names):
        made[name] = FOLDERS[name].folder(into / f"hostile-{number}")
        path = made[name] / "agents" / "answer_agent.py"
        text = path.read_text("utf-8")
        for word, value in words.items():
            text = text.replace(word, repr(value))
        path.write_text(text, "utf-8")
    return made


def marks_left(*folders: Path) -> list[str]:
    """Files of that name directly in these folders, and where every entry tries to write."""
    places = [*folders, *map(Path, _OUTSIDE)]
    return [str(place / MARK) for place in places if os.path.lexists(place / MARK)]
