"""The header of a run: written once, before any work, and compared on every continuation.

`identity` is what decides the result (recipe, seed, input digests, code version): a folder whose
identity differs is refused, with the difference shown. `context` is what may differ between two
sittings of one run (machine, time, package versions): it is kept for the reader, never compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from underdog.errors import CorruptFileError, RunMismatchError
from underdog.runs.files import read_json, write_json

MANIFEST_NAME = "manifest.json"
_SHOWN = 8
"""Differences that fit into one message."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """Both parts are plain JSON values."""

    identity: Mapping[str, Any]
    context: Mapping[str, Any]


def open_manifest(
    folder: Path, manifest: Manifest, *, before: Mapping[str, Any] | None = None
) -> Manifest:
    """Write the header, or check that the one on disk has the same identity and return it. Keys
    that it does not have yet, inside of tables that it has, count as those of `before`.

    Raises RunMismatchError naming the first differing keys with both values, and how many more.
    """
    path = folder / MANIFEST_NAME
    if not path.exists():
        write_json(path, {"identity": manifest.identity, "context": manifest.context})
        return read_manifest(folder)
    stored = read_manifest(folder)
    had = _completed(stored.identity, before or {})
    differences = list(_differences(had, _as_json(manifest.identity)))
    if differences:
        raise RunMismatchError(
            "a folder of the same recipe and data is needed",
            got=f"differences: {_listed(differences)}",
            where=folder,
            hint="another --out folder, or the recipe this folder was made with",
        )
    return stored


def read_manifest(folder: Path) -> Manifest:
    """The header of a run folder; CorruptFileError when the file there is something else."""
    path = folder / MANIFEST_NAME
    value = read_json(path)
    table = value if isinstance(value, Mapping) else {}
    identity, context = table.get("identity"), table.get("context")
    if not isinstance(identity, Mapping) or not isinstance(context, Mapping):
        raise CorruptFileError(
            "a header with identity and context is needed",
            got=_short(value),
            where=path,
            hint="a folder that underdog made, or a new one",
        )
    return Manifest(identity, context)


def _completed(stored: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    """With the missing keys of tables."""
    completed = dict(stored)
    for name, table in before.items():
        if isinstance(stored.get(name), Mapping):
            completed[name] = {**table, **stored[name]}
    return completed


def _as_json(value: Any) -> Any:
    """The value as it would come back from disk: tuples become lists, keys become strings."""
    if isinstance(value, Mapping):
        return {str(key): _as_json(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_as_json(item) for item in value]
    return value


def _differences(stored: Any, given: Any, at: str = "") -> Iterator[str]:
    if isinstance(stored, Mapping) and isinstance(given, Mapping):
        for key in sorted({*stored, *given}):
            yield from _differences(stored.get(key), given.get(key), f"{at}.{key}" if at else key)
    elif stored != given:
        yield f"{at} was {_short(stored)}, now {_short(given)}"


def _listed(differences: list[str]) -> str:
    more = len(differences) - _SHOWN
    shown = "; ".join(differences[:_SHOWN])
    return f"{shown}; and {more} more" if more > 0 else shown


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
