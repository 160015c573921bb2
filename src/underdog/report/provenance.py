"""What was run, on what, and where its files are. In: headers and stage times. Out: tables of text.

The header's keys are shown as they are on disk, with a few brought to the front.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from underdog.pages.words import duration, plain, settings, size
from underdog.report.folder import KNOWN_FILES, Json, Part, Record

Pairs = tuple[tuple[str, str], ...]
_HEX = frozenset("0123456789abcdef")
_DIGEST_LENGTH = 64


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage of the pipeline. `width` is its share of the longest, in per cent."""

    name: str
    seconds: str
    status: str
    width: float


class Latency(NamedTuple):
    """What one answer took, ready to print."""

    model: str
    questions: str
    batch: str
    p50: str
    p95: str
    p99: str
    max: str
    warmup: str
    load: str


@dataclass(frozen=True, slots=True)
class Provenance:
    """Name and value pairs, each group for one table."""

    title: str
    created: str
    main: Pairs
    machine: Pairs
    recipe: Pairs
    identity: Pairs


def make_provenance(manifest: Json) -> Provenance:
    """The tables of the run's header."""
    identity, context = manifest["identity"], manifest["context"]
    recipe = identity.get("recipe")
    table: Json = recipe if isinstance(recipe, Mapping) else {}
    machine = context.get("machine")
    rest = {key: value for key, value in identity.items() if key != "recipe"}
    return Provenance(
        title=recipe_name(identity),
        created=str(context.get("created", ""))[:19].replace("T", " "),
        main=_main(identity, context),
        machine=_machine(machine) if isinstance(machine, Mapping) else (),
        recipe=tuple(settings(table)),
        identity=tuple(settings(rest)),
    )


def recipe_name(identity: Json) -> str:
    """The recipe's name, wherever the header keeps it; "" when it has none."""
    recipe = identity.get("recipe")
    if isinstance(recipe, str):
        return recipe
    inside = recipe.get("name", "") if isinstance(recipe, Mapping) else ""
    return str(identity.get("recipe_name") or identity.get("name") or inside)


def _main(identity: Json, context: Json) -> Pairs:
    """The few values that every reader wants, as far as they are there."""
    recipe = identity.get("recipe")
    inside: Json = recipe if isinstance(recipe, Mapping) else {}
    found: dict[str, Any] = {
        "Recipe": recipe_name(identity),
        "Seed": identity.get("seed", inside.get("seed", "")),
        "Underdog": _code(identity, context),
        "Started": str(context.get("created", ""))[:19].replace("T", " "),
    }
    return tuple((name, plain(value)) for name, value in found.items() if value != "")


def _code(identity: Json, context: Json) -> str:
    for table in (identity, context):
        for key in ("code_version", "code", "version", "underdog"):
            if key in table:
                return plain(table[key])
    return ""


def _machine(machine: Json) -> Pairs:
    shown = []
    for name, value in machine.items():
        if name == "packages" and isinstance(value, Mapping):
            shown.append(("Packages", ", ".join(f"{key} {item}" for key, item in value.items())))
        elif name.endswith("_bytes") and isinstance(value, int):
            shown.append((_title(name.removesuffix("_bytes")), size(value)))
        else:
            shown.append((_title(name), plain(value)))
    return tuple(shown)


def _title(key: str) -> str:
    text = key.replace("_", " ")
    return text.upper() if text in {"cpu", "gpu"} else text[:1].upper() + text[1:]


def is_digest(text: object) -> bool:
    """A SHA-256 in hexadecimal, which the page shows shortened with the whole in its title."""
    return isinstance(text, str) and len(text) == _DIGEST_LENGTH and set(text) <= _HEX


def make_stages(stages: list[Json]) -> tuple[Stage, ...]:
    """The stages as bars."""
    longest = max((stage["seconds"] or 0.0 for stage in stages), default=0.0) or 1.0
    return tuple(
        Stage(
            name=stage["name"],
            seconds="" if stage["seconds"] is None else duration(stage["seconds"]),
            status=stage["status"],
            width=round(100 * (stage["seconds"] or 0.0) / longest, 2),
        )
        for stage in stages
    )


def make_latency(record: Record) -> Part[tuple[Latency, ...]]:
    """What one answer took, by model: those of the evaluation in its order, others after them."""
    if not record.latencies:
        return Part(None, "The time per answer was not measured.")
    known = record.results.then(lambda results: [str(model["name"]) for model in results["models"]])
    names = [name for name in known.value or () if name in record.latencies]
    names += [name for name in record.latencies if name not in names]
    return Part(names).then(lambda each: tuple(_latency(n, record.latencies[n]) for n in each))


def _latency(name: str, table: Json) -> Latency:
    def time(key: str) -> str:
        return "–" if table[key] is None else duration(table[key])

    return Latency(
        model=name,
        questions=str(table["questions"]),
        batch=str(table["batch"]),
        p50=time("p50_s"),
        p95=time("p95_s"),
        p99=time("p99_s"),
        max=time("max_s"),
        warmup=time("warmup_s"),
        load=time("load_s"),
    )


def make_headers(record: Record) -> Part[tuple[tuple[str, Pairs], ...]]:
    """What decides each stage's own result, by its folder: settings and digests."""
    return Part(record.headers).then(
        lambda headers: tuple(
            (name, tuple(settings(header["identity"]))) for name, header in headers.items()
        )
    )


def make_files(record: Record) -> Pairs:
    """Relative path and description of every known file that is there."""
    return tuple((name, remark) for name, remark in KNOWN_FILES if name in record.files)
