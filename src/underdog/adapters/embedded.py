"""The base model inside the package, by its name. Loads no torch."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

TINY_BASE = "tiny-base"
"""About 2M parameters; `assets/tiny-base/README.md` says how it was made."""


def find_base(source: str | Path) -> str | Path:
    """The folder of an embedded base when `source` is its name; anything else as it is.

    A folder of the same name in the working directory comes first: it was put there on purpose.
    """
    if source != TINY_BASE or Path(source).is_dir():
        return source
    return Path(str(files("underdog") / "assets" / TINY_BASE))
