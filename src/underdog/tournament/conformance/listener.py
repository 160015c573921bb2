"""Told by Python what an agent opens and connects to; loaded as `sitecustomize` in its process.

A program of its own (standard library only). It reports what honest code does by mistake; what
keeps hostile code inside is the warden. In: the file to report to, from the environment. Out: one
JSON line per happening whose nearest caller is a file of the entry. Never: another outcome.
"""

from __future__ import annotations

import json
import os
import sys
from types import FrameType
from typing import Any

_REPORT, _WORK = os.environ.get("UNDERDOG_REPORT", ""), os.environ.get("HOME", "")
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_PASSED_THROUGH = ("pathlib", "tempfile", "shutil", "socket", "os.py", "frozen", "urllib", "http")
_busy = False


def _caller() -> str | None:
    frame: FrameType | None = sys._getframe(2)
    while frame is not None:
        name = frame.f_code.co_filename
        if name.startswith(_WORK + os.sep):
            return f"{name[len(_WORK) + 1 :]}:{frame.f_lineno}"
        if "importlib" in name:
            return None
        if name != __file__ and not any(part in name for part in _PASSED_THROUGH):
            return None
        frame = frame.f_back
    return None


def _kind(event: str, arguments: Any) -> tuple[str, str] | None:
    if event in ("socket.connect", "socket.getaddrinfo"):
        where = arguments[1] if event == "socket.connect" else arguments[0]
        told = str(where[0] if isinstance(where, tuple) else where)
        return None if told.startswith(("127.", "::1", "localhost", "/")) else ("network", told)
    if event != "open" or not isinstance(arguments[0], (str, bytes)):
        return None
    given = os.fsdecode(arguments[0])
    path = os.path.abspath(given)
    if path.startswith((_WORK + os.sep, "/dev/", "/proc/")):
        return None
    mode, flags = arguments[1], arguments[2]
    writes = any(letter in (mode or "") for letter in "wax+") or bool((flags or 0) & _WRITING)
    kind = "absolute" if given.startswith("/") else "outside"
    return ("write" if writes else kind), given


def _heard(event: str, arguments: Any) -> None:
    global _busy  # noqa: PLW0603  (one flag per process, against hearing itself)
    if _busy or event not in ("open", "socket.connect", "socket.getaddrinfo"):
        return
    _busy = True
    try:
        found = _kind(event, arguments)
        caller = _caller() if found else None
        if found and caller:
            line = json.dumps({"kind": found[0], "what": found[1][:200], "caller": caller}) + "\n"
            handle = os.open(_REPORT, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            os.write(handle, line.encode())
            os.close(handle)
    except Exception:  # noqa: BLE001, S110  (an agent must run as it would without us)
        pass
    finally:
        _busy = False


if _REPORT:
    sys.addaudithook(_heard)
