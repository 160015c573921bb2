"""What a run and its verdicts look like in words: one line, a page of Markdown, JSON, Prometheus.

In: a Sight and its verdicts. Out: text. Every figure is told by `figures`, so that the live
page and the other forms cannot disagree. Never: a clock, a file.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from underdog.hardware.telemetry.reading import GpuReading, Reading
from underdog.runs.watch.machine_verdicts import disk_full_s
from underdog.runs.watch.pace import left_s, silent_s, steps_per_s
from underdog.runs.watch.sight import Sight
from underdog.runs.watch.verdicts import Kind, Verdict

BARS = "▁▂▃▄▅▆▇█"
GIB = 2**30


def headline(sight: Sight, verdicts: Sequence[Verdict]) -> str:
    """One line: the verdict first."""
    first, *others = verdicts
    also = f" Also {', '.join(each.kind.value for each in others)}." if others else ""
    return f"{sight.facts.name}: {first.kind.value}. {first.evidence}{also}"


def figures(sight: Sight) -> Iterator[tuple[str, str]]:
    """Names and values, as far as they are known."""
    yield from _of_run(sight)
    if sight.readings:
        yield from _of_machine(sight, sight.readings[-1])


def _of_run(sight: Sight) -> Iterator[tuple[str, str]]:
    facts, last = sight.facts, sight.beats[-1] if sight.beats else None
    yield "run", f"{facts.name} ({facts.kind})"
    if facts.pid is not None:
        yield "process", f"{facts.pid}, {'running' if facts.alive else 'gone'}"
    if last is not None:
        total = "" if facts.total is None else f" of {facts.total:,}"
        yield facts.unit, f"{last.step:,}{total}"
        if last.chunk is not None:
            yield "chunk", str(last.chunk)
        if last.loss is not None:
            yield "loss", f"{last.loss:.4g} {spark(losses(sight))}".rstrip()
    if sight.scores:
        yield sight.scores[-1].name, f"{sight.scores[-1].value:.3g}"
    yield from _of_pace(sight)


def _of_pace(sight: Sight) -> Iterator[tuple[str, str]]:
    speed, left, silence = steps_per_s(sight), left_s(sight), silent_s(sight)
    if speed:
        rate = f"{speed:.3g} {sight.facts.unit}s/s" if speed >= 1 else f"{span(1 / speed)} each"
        samples = sight.beats[-1].samples_per_s
        yield "pace", rate if samples is None else f"{rate}, {samples:.3g} samples/s"
    over = sight.facts.finished or sight.facts.alive is False
    if left is not None and not over:
        yield "time left", span(left)
    if silence is not None:
        yield "last sign of life", f"{span(silence)} ago"


def _of_machine(sight: Sight, reading: Reading) -> Iterator[tuple[str, str]]:
    for index, gpu in enumerate(reading.gpus):
        yield f"GPU {index}", ", ".join(_of_gpu(gpu)) or "tells nothing"
    if reading.cpu_percent is not None:
        yield "processor", f"{reading.cpu_percent:.0f} % of the machine"
    if reading.process_bytes is not None:
        use = reading.process_cpu_percent
        share = "" if use is None else f", {use:.0f} % of a core"
        yield "process uses", f"{reading.process_bytes / GIB:.2f} GiB{share}"
    if reading.ram_used_bytes is not None and reading.ram_total_bytes is not None:
        used, total = reading.ram_used_bytes / GIB, reading.ram_total_bytes / GIB
        yield "main memory", f"{used:.1f} of {total:.1f} GiB"
    if reading.disk_free_bytes is not None:
        full = disk_full_s(sight)
        when = "" if full is None else f", full in {span(full)}"
        yield "disk", f"{reading.disk_free_bytes / GIB:.1f} GiB left{when}"


def _of_gpu(gpu: GpuReading) -> Iterator[str]:
    if gpu.busy_percent is not None:
        yield f"{gpu.busy_percent:.0f} % busy"
    if gpu.vram_used_bytes is not None:
        total = "" if gpu.vram_total_bytes is None else f" of {gpu.vram_total_bytes / GIB:.1f}"
        yield f"{gpu.vram_used_bytes / GIB:.1f}{total} GiB"
    for name, celsius in (
        ("core", gpu.celsius),
        ("edge", gpu.edge_celsius),
        ("memory", gpu.memory_celsius),
    ):
        if celsius is not None:
            yield f"{name} {celsius:.0f} °C"
    if gpu.watts is not None:
        limit = "" if gpu.watts_limit is None else f" of {gpu.watts_limit:.0f}"
        yield f"{gpu.watts:.0f}{limit} W"
    if gpu.clock_mhz is not None:
        yield f"{gpu.clock_mhz:.0f} MHz"


def losses(sight: Sight) -> list[float]:
    """All that were told, in order."""
    return [beat.loss for beat in sight.beats if beat.loss is not None]


def spark(values: Sequence[float], width: int = 40) -> str:
    """A line of bars, each the mean of an equal share; what is no finite number is a cross."""
    if not values:
        return ""
    size = max(1, -(-len(values) // width))
    parts = [values[at : at + size] for at in range(0, len(values), size)]
    means = [sum(part) / len(part) for part in parts]
    finite = [mean for mean in means if abs(mean) < float("inf")]
    if not finite:
        return "×" * len(means)
    low, high = min(finite), max(finite)
    step = (high - low) / (len(BARS) - 1) or 1.0
    return "".join(
        BARS[round((mean - low) / step)] if abs(mean) < float("inf") else "×" for mean in means
    )


def span(seconds: float) -> str:
    """A time as people say it."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 90:
        return f"{seconds:.3g} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h" if seconds < 48 * 3600 else f"{seconds / 86400:.1f} days"


def markdown(sight: Sight, verdicts: Sequence[Verdict]) -> str:
    """The headline, then everything."""
    lines = [f"**{headline(sight, verdicts)}**", "", "| | |", "|---|---|"]
    lines += [f"| {name} | {_cell(value)} |" for name, value in figures(sight)]
    for verdict in verdicts:
        lines += ["", f"- **{verdict.kind.value}**: {verdict.evidence} {verdict.advice}"]
    if sight.events:
        lines += ["", "Events:", "", *(f"- {_cell(event)}" for event in sight.events[-10:])]
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())


def to_json(sight: Sight, verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """Everything as plain values; a loss that is no number is a text, for JSON has none."""
    last = sight.beats[-1] if sight.beats else None
    loss = None if last is None else last.loss
    return {
        "run": sight.facts.name,
        "kind": sight.facts.kind,
        "verdicts": [verdict.to_json() for verdict in verdicts],
        "unit": sight.facts.unit,
        "step": None if last is None else last.step,
        "total": sight.facts.total,
        "chunk": None if last is None else last.chunk,
        "loss": loss if loss is None or abs(loss) < float("inf") else str(loss),
        "steps_per_s": steps_per_s(sight),
        "left_s": left_s(sight),
        "silent_s": silent_s(sight),
        "disk_full_s": disk_full_s(sight),
        "process": sight.facts.pid,
        "alive": sight.facts.alive,
        "reading": sight.readings[-1].to_json() if sight.readings else None,
    }


def prometheus(sight: Sight, verdicts: Sequence[Verdict]) -> str:
    """The text format of Prometheus 0.0.4; what is not known is left out."""
    run = sight.facts.name.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")
    label = f'run="{run}"'
    held = {verdict.kind for verdict in verdicts}
    lines = ["# TYPE underdog_verdict gauge"]
    lines += [
        f'underdog_verdict{{{label},verdict="{kind.value}"}} {int(kind in held)}' for kind in Kind
    ]
    last, reading = sight.beats[-1:], sight.readings[-1:]
    values = {
        "step": last[0].step if last else None,
        "loss": last[0].loss if last else None,
        "steps_per_second": steps_per_s(sight),
        "left_seconds": left_s(sight),
        "silent_seconds": silent_s(sight),
        "disk_free_bytes": reading[0].disk_free_bytes if reading else None,
        "process_resident_bytes": reading[0].process_bytes if reading else None,
    }
    for name, value in values.items():
        lines += _sample(f"underdog_{name}", label, value)
    for index, gpu in enumerate(reading[0].gpus if reading else ()):
        for name in ("busy_percent", "vram_used_bytes", "celsius", "watts", "clock_mhz"):
            lines += _sample(f"underdog_gpu_{name}", f'{label},gpu="{index}"', getattr(gpu, name))
    return "\n".join(lines) + "\n"


def _sample(name: str, labels: str, value: float | None) -> list[str]:
    if value is None:
        return []
    written = {"inf": "+Inf", "-inf": "-Inf", "nan": "NaN"}.get(str(value), f"{value}")
    return [f"{name}{{{labels}}} {written}"]
