"""TOML tables into frozen configs: unknown keys named with the nearest one, all faults at once.

In: a parsed table and a dataclass. Out: the dataclass. Never: a default that is not the config's
own. Each part of the package owns its config beside its code; this file knows none of them.
"""

from __future__ import annotations

import difflib
import types
from collections.abc import Mapping
from dataclasses import MISSING, asdict, fields, is_dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Union, get_args, get_origin, get_type_hints

from underdog.errors import InputError


class Faults(list[str]):
    """Sentences about one recipe, collected before any is raised."""


def read_table(kind: type[Any], table: Mapping[str, Any], at: str, faults: Faults) -> Any:
    """Build `kind` from a table. Returns None when a fault was added to `faults`.

    `at` is the dotted place in the recipe, for messages; "" is the top.
    """
    hints = get_type_hints(kind)
    known = {field.name: field for field in fields(kind) if field.init}
    before = len(faults)
    for key in table:
        if key not in known:
            faults.append(_unknown(key, list(known), at))
    values = {
        name: _read_value(hints[name], table[name], _dotted(at, name), faults)
        for name in known
        if name in table
    }
    for name, field in known.items():
        if name not in table and field.default is MISSING and field.default_factory is MISSING:
            faults.append(f"{_dotted(at, name)} is missing")
    if len(faults) > before:
        return None
    try:
        return kind(**values)
    except InputError as error:
        faults.append(f"{at or 'recipe'}: {error}")
        return None


def to_table(config: Any) -> dict[str, Any]:
    """A config as plain JSON values; `read_table` reads it back to an equal config."""
    return {name: _plain(value) for name, value in asdict(config).items()}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (tuple, list)):
        return [_plain(item) for item in value]
    if isinstance(value, Path):
        return str(value)
    return value.value if isinstance(value, StrEnum) else value


def _dotted(at: str, name: str) -> str:
    return f"{at}.{name}" if at else name


def _unknown(key: str, known: list[str], at: str) -> str:
    near = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
    advice = f"did you mean {near[0]!r}?" if near else f"known here: {', '.join(known)}"
    return f"unknown key {_dotted(at, key)!r} ({advice})"


def _read_value(hint: Any, value: Any, at: str, faults: Faults) -> Any:
    """The value as the hint wants it; a fault is added when it cannot be."""
    if get_origin(hint) in (Union, types.UnionType):
        inner = [option for option in get_args(hint) if option is not type(None)]
        chosen = type(value) if type(value) in inner else inner[0]
        return None if value is None else _read_value(chosen, value, at, faults)
    if is_dataclass(hint) and isinstance(hint, type):
        if isinstance(value, Mapping):
            return read_table(hint, value, at, faults)
        return _fault(faults, at, "a table", value)
    if get_origin(hint) is tuple:
        return _read_tuple(hint, value, at, faults)
    return _read_scalar(hint, value, at, faults)


def _read_tuple(hint: Any, value: Any, at: str, faults: Faults) -> Any:
    kinds = get_args(hint)
    if not isinstance(value, (list, tuple)):
        return _fault(faults, at, "a list", value)
    repeated = len(kinds) == 2 and kinds[1] is Ellipsis
    if not repeated and len(value) != len(kinds):
        return _fault(faults, at, f"a list of {len(kinds)}", value)
    each = [kinds[0]] * len(value) if repeated else list(kinds)
    return tuple(
        _read_value(kind, item, f"{at}[{index}]", faults)
        for index, (kind, item) in enumerate(zip(each, value, strict=True))
    )


def _read_scalar(hint: Any, value: Any, at: str, faults: Faults) -> Any:
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        allowed = [member.value for member in hint]
        return hint(value) if value in allowed else _fault(faults, at, " or ".join(allowed), value)
    if hint is Path and isinstance(value, str):
        return Path(value)
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if isinstance(value, bool) is (hint is bool) and isinstance(value, hint):
        return value
    names = {int: "a whole number", float: "a number", str: "a text", bool: "true or false"}
    return _fault(faults, at, names.get(hint, str(hint)), value)


def _fault(faults: Faults, at: str, wanted: str, value: Any) -> None:
    faults.append(f"{at} must be {wanted}, not {value!r}")
