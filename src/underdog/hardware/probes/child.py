"""Probes in a process of their own: ``python -m ...probes.child BACKEND DEVICE NAME...``.

Prints one line of JSON for each probe on standard output, as soon as it is done. What crashes or
hangs here does so alone; the parent goes on with the next name in a fresh process.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from underdog.hardware.probes.backend import Backend, Unavailable, open_backend
from underdog.hardware.probes.checks import CHECKS


def main(place: str, device: str, *names: str) -> None:
    """Run them in order; each line holds either the figures or why there are none."""
    try:
        backend = open_backend(place, device or None)
    except Exception as error:  # noqa: BLE001 - a broken installation is what is looked for
        _say({"closed": _told(error)})
        return
    for name in names:
        _say(_answer(backend, name))


def _answer(backend: Backend, name: str) -> dict[str, Any]:
    try:
        checked = CHECKS[name](backend)
    except Unavailable as reason:
        return {"unavailable": str(reason)}
    except Exception as error:  # noqa: BLE001 - whatever the library raises is the finding
        return {"raised": _told(error)}
    return {
        "error": str(checked.error),
        "allowed": checked.allowed,
        "right": checked.right,
        "note": checked.note,
        "device": backend.describe(),
    }


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:2000]


def _say(answer: dict[str, Any]) -> None:
    print(json.dumps({"probe": answer}), flush=True)  # noqa: T201 - the parent reads this line


if __name__ == "__main__":
    main(*sys.argv[1:])
