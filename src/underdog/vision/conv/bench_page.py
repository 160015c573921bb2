"""What `bench` measured as one HTML page: a drawing by layer and the table.

In: timings. Out: a page that needs nothing else. Never: a clock, a script, a request.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from underdog.pages.environment import open_templates
from underdog.pages.scale import Scale, Tick
from underdog.pages.words import counted
from underdog.runs.files import write_text
from underdog.vision.conv.bench import Timing, headline, totals_s

_SHARES = Scale(0.0, 1.0)
_MIB = 1 << 20


class Fact(NamedTuple):
    """A number with its name and a remark, ready to print."""

    name: str
    figure: str
    remark: str


class Mark(NamedTuple):
    """A line of the drawing `track` from zero to a dot: places in per cent of its width."""

    role: str
    low: float
    at: float
    high: float


class Key(NamedTuple):
    """A line of the legend."""

    role: str
    name: str


@dataclass(frozen=True, slots=True)
class LayerLine:
    """One layer, ready to print."""

    name: str
    times: int
    figure: str
    marks: tuple[Mark, ...]
    cells: tuple[str, ...]

    @property
    def spoken(self) -> str:
        """The line in words."""
        return f"{self.name}: ours {self.figure} ms"


LEGEND = (
    Key("subject", "ours"),
    Key("reference", "the vendor's library, in its faster layout"),
    Key("other", "PyTorch's own kernels"),
)


def write_page(path: Path, timings: Sequence[Timing], *, device: str) -> Path:
    """Write the page and give its path. MissingExtraError without jinja2."""
    write_text(path, render(timings, device=device))
    return path


def render(timings: Sequence[Timing], *, device: str) -> str:
    """The page; a pure function of its arguments."""
    templates = open_templates(__name__.rpartition(".")[0], feature="the page of the benchmark")
    found = headline(timings)
    ratio, layers = found["vendor_ratio"], list(dict.fromkeys(each.layer for each in timings))
    page = templates.get_template("bench.html.j2").render(
        device=device,
        headline=f"{ratio:.2f} times the vendor's time, without its library",
        lede=f"{counted(len(layers), 'distinct convolution')}, forward and backward, each "
        "contender's fastest round, contenders in turns.",
        facts=[
            Fact("of the vendor's time", f"{ratio:.2f}x", "in its faster layout; 1 is level"),
            Fact("PyTorch's own / ours", f"{found['tier0_speedup']:.2f}x", "vendor library off"),
            Fact("unfold + matmul / ours", f"{found['unfold_speedup']:.2f}x", "the usual fallback"),
        ],
        legend=LEGEND,
        names=list(totals_s(timings)),
        layers=[_line([each for each in timings if each.layer == name]) for name in layers],
        ticks=tuple(Tick(f"{100 * at:.0f}", _SHARES.across(at)) for at in (0, 0.25, 0.5, 0.75, 1)),
    )
    return str(page)


def _line(row: Sequence[Timing]) -> LayerLine:
    """One layer from the timings of all contenders."""
    by_name = {each.contender: each for each in row}
    whole_s = by_name["unfold + matmul"].total_s
    vendor_s = min(by_name[name].total_s for name in ("vendor", "vendor, channels last"))
    lengths = (by_name["ours"].total_s, vendor_s, by_name["native"].total_s)
    return LayerLine(
        name=row[0].layer,
        times=row[0].times,
        figure=f"{1000 * by_name['ours'].total_s:.1f}",
        marks=tuple(
            Mark(key.role, 0.0, *2 * (_SHARES.across(length / whole_s),))
            for key, length in zip(LEGEND, lengths, strict=True)
        ),
        cells=tuple(
            f"{1000 * each.total_s:.1f} ({each.saved_bytes / _MIB:.1f} MiB)" for each in row
        ),
    )
