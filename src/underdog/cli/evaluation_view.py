"""How `underdog evaluate` shows results: tables and sentences from the object in results.json."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.table import Table

MOST_GROUPS = 12
"""Rows of one breakdown on the screen; the file has all."""
COVERAGES = (0.5, 0.8)
"""Columns of the calibration table: right among the surest half and four fifths."""


def show(
    results: Mapping[str, Any], latencies: Mapping[str, Mapping[str, Any]]
) -> list[Table | str]:
    """What the terminal shows: accuracy, calibration, comparisons, bias, latency, warnings."""
    parts: list[Table | str] = [_accuracy_table(results)]
    parts += [f"{each['sentence']}{_clustered(each)}." for each in results["comparisons"]]
    parts.append(f"{results['trust']}.")
    if any(model["calibration"] for model in results["models"]):
        parts.append(_calibration_table(results["models"]))
    parts += [_bias(name, report) for name, report in results.get("position_bias", {}).items()]
    parts += [_constant(model) for model in results["models"] if model["places"]["constant"]]
    if latencies:
        parts.append(_latency_table(latencies))
    return parts


def _accuracy_table(results: Mapping[str, Any]) -> Table:
    from rich.table import Table

    models: Sequence[Mapping[str, Any]] = results["models"]
    table = Table(
        title=f"Accuracy on {results['questions']} questions{_grouped(results)} 95 % intervals "
        f"(guessing: {100 * results['chance']:.0f} %)",
        title_justify="left",
    )
    table.add_column("")
    table.add_column("questions", justify="right")
    for model in models:
        table.add_column(model["name"], justify="right")
    whole = [model["accuracy"] for model in models]
    table.add_row("all", str(results["questions"]), *map(percent, whole), end_section=True)
    for key in ("by_band", "by_topic", "by_source"):
        _add_groups(table, models, key)
    return table


def _grouped(results: Mapping[str, Any]) -> str:
    groups = results["groups"]
    if groups is None or groups == results["questions"]:
        return ", Wilson"
    return f" of {groups} groups, clustered"


def _clustered(comparison: Mapping[str, Any]) -> str:
    """What the dependence of questions does to a comparison, where it does anything."""
    lead = comparison["clustered"]
    if lead is None:
        return ""
    text = f"; by groups {100 * lead['low']:+.1f} to {100 * lead['high']:+.1f}"
    if comparison["winner"] is not None and lead["low"] <= 0 <= lead["high"]:
        return f"{text}, which includes 0: not separable once groups are respected"
    return text


def _calibration_table(models: Sequence[Mapping[str, Any]]) -> Table:
    from rich.table import Table

    table = Table(title="Probabilities: can they be believed?", title_justify="left")
    table.add_column("")
    for name in ("ECE", "debiased", "Brier", "NLL", "AUROC"):
        table.add_column(name, justify="right")
    for coverage in COVERAGES:
        table.add_column(f"right in surest {100 * coverage:.0f} %", justify="right")
    for model in models:
        found = model["calibration"]
        if found is None:
            table.add_row(model["name"], "gives none")
            continue
        numbers = [found["ece"], found["ece_debiased"], found["brier"], found["nll"]]
        auroc = found["selective"]["auroc"]
        curve = {each["coverage"]: each["accuracy"] for each in found["selective"]["curve"]}
        table.add_row(
            model["name"],
            *(f"{each:.3f}" for each in numbers),
            "" if auroc is None else f"{auroc:.3f}",
            *(f"{100 * curve[each]['value']:.1f} %" for each in COVERAGES),
        )
    return table


def _bias(name: str, report: Mapping[str, Any]) -> str:
    flips, circular = report["flips"], report["circular"]
    return (
        f"{name}: the answer changes with the order of the choices in {percent(flips)} of "
        f"{report['questions']} rotated questions; right in every rotation: {percent(circular)}."
    )


def _add_groups(table: Table, models: Sequence[Mapping[str, Any]], key: str) -> None:
    """The largest groups of one breakdown; none where all questions share one label."""
    groups, kind = models[0][key], key.removeprefix("by_")
    if len(groups) < 2:
        return
    for number, group in enumerate(groups[:MOST_GROUPS]):
        cells = [percent(model[key][number]["accuracy"]) for model in models]
        table.add_row(f"{kind}: {group['name']}", str(group["accuracy"]["n"]), *cells)
    if len(groups) > MOST_GROUPS:
        table.add_row(f"{len(groups) - MOST_GROUPS} smaller ones are in results.json")
    table.add_section()


def percent(interval: Mapping[str, Any]) -> str:
    """``71.4 % (67.3 to 75.2)``."""
    value, low, high = (100 * interval[key] for key in ("value", "low", "high"))
    return f"{value:.1f} % ({low:.1f} to {high:.1f})"


def _constant(model: Mapping[str, Any]) -> str:
    share = 100 * model["places"]["largest_share"]
    return f"Warning: {model['name']} gives {share:.0f} % of its answers at one place."


def _latency_table(latencies: Mapping[str, Mapping[str, Any]]) -> Table:
    from rich.table import Table

    table = Table(title="Milliseconds per question, one at a time", title_justify="left")
    table.add_column("")
    for name in ("timed", "p50", "p95", "p99", "slowest", "warm-up", "loading"):
        table.add_column(name, justify="right")
    for name, each in latencies.items():
        keys = ("p50_s", "p95_s", "p99_s", "max_s", "warmup_s", "load_s")
        cells = ["" if each[key] is None else f"{1000 * each[key]:.1f}" for key in keys]
        table.add_row(name, str(each["questions"]), *cells)
    return table
