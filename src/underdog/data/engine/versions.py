"""Whether the machines of a cluster have what this one has, before any work is given to them.

In: the versions here and on each machine. Out: nothing, or one InputError that names the first
difference. The packages named are those that decide results, so that equal versions give equal
bytes. Never: an installation changed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from underdog.errors import InputError

NAMES = ("underdog", "numpy", "scipy", "rensa", "ftfy", "py3langid")
"""This package and those that its stages work with in a block (numbers, signatures, repairs)."""

Versions = Mapping[str, str]
"""Version by name; a package that is not installed has none."""


def version_reader() -> Callable[[Sequence[str]], dict[str, str]]:
    """A function that reads versions. It is made inside another one and imports all it needs, so
    Ray sends its code along: it runs where underdog is not installed.
    """

    def read(names: Sequence[str]) -> dict[str, str]:
        import platform
        from importlib.metadata import PackageNotFoundError, version

        found = {"Python": ".".join(platform.python_version_tuple()[:2])}
        for name in names:
            try:
                found[name] = version(name)
            except PackageNotFoundError:
                continue
        try:
            # The code itself says it better than the metadata of an editable installation.
            from underdog import __version__
        except ImportError:
            found.pop("underdog", None)
        else:
            found["underdog"] = __version__
        return found

    return read


def read_versions() -> dict[str, str]:
    """The versions in this process."""
    return version_reader()(NAMES)


def check_versions(here: Versions, there: Versions, *, where: str) -> None:
    """InputError unless both are equal. `where` names the other machine."""
    for name in sorted({*here, *there}, key=lambda name: (name != "underdog", name)):
        wanted, got = (versions.get(name) for versions in (here, there))
        if wanted != got:
            raise InputError(
                f"{name} {wanted or 'not installed'}, as on this machine",
                got=got or "a machine without it",
                where=where,
                hint=f"the same installation on every machine of the cluster: {_line(here)}",
            )


def _line(here: Versions) -> str:
    return f'pip install "underdog[ray]=={here.get("underdog", "?")}"'
