"""The files of the official protocol: read whole or not at all, written whole or not at all."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent.parent
"""The entry; what it needs is found from here, what it writes goes where it is started."""


def read_json(path: Path) -> Any:
    """A JSON file in UTF-8; ends the program with one line where there is none."""
    try:
        return json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        sys.exit(f"{path}: a JSON file is needed; {error}")


def write_list(path: Path, values: list[Any]) -> None:
    """Replace a file; its folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    partial.write_text(json.dumps(values, ensure_ascii=False, indent=2) + "\n", "utf-8")
    partial.replace(path)


def filtered_name(path: Path, ending: str) -> Path:
    """Where the filtered list goes: "filtered_" before the official ending, else before the name,
    so that one list never replaces the other.
    """
    name = path.name
    start = name.removesuffix(ending) if name.endswith(ending) else ""
    return path.with_name(f"{start}filtered_{name.removeprefix(start)}")
