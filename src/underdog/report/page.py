"""The report of a run: one HTML file that needs nothing else, made from the run's files.

In: a run folder. Out: the page. Never: a clock, a random number, a request. Equal folders give
equal bytes. Drawings are SVG written by the templates rather than by matplotlib: they stretch with
the page while their text keeps its size, and they follow the reader's light or dark colours.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from underdog.pages.environment import open_templates
from underdog.report.answers import make_answers
from underdog.report.cards import make_examples
from underdog.report.coverage import make_coverage
from underdog.report.curves import make_curves
from underdog.report.dataset import make_dataset
from underdog.report.dots import dot_table, roles, worst_topics
from underdog.report.folder import CARD_PATH, Record, read_record
from underdog.report.innings import make_match
from underdog.report.keeping import make_keeping
from underdog.report.machine import make_machine
from underdog.report.places import make_places
from underdog.report.provenance import (
    is_digest,
    make_files,
    make_headers,
    make_latency,
    make_provenance,
    make_stages,
)
from underdog.report.reliability import make_reliability
from underdog.report.verdict import make_verdict
from underdog.runs.files import write_bytes

PAGE_NAME = "report.html"


def write_report(run_dir: Path, target: Path | None = None) -> Path:
    """Write the page of a run folder and give its path (default: ``RUN/report.html``).

    Raises InputError when `run_dir` is no run folder, MissingExtraError without jinja2. Parts that
    the run has not reached, or that cannot be read, become a sentence on the page.
    """
    page = render(read_record(run_dir))
    path = run_dir / PAGE_NAME if target is None else target
    # A question may hold half of a surrogate pair, which UTF-8 cannot.
    write_bytes(path, page.encode("utf-8", "replace"))
    return path


def render(record: Record) -> str:
    """The page as text; a pure function of the record."""
    return str(_environment().get_template("page.html.j2").render(_context(record)))


def _environment() -> Any:
    environment = open_templates("underdog.report", feature="the report")
    environment.tests["digest"] = is_digest
    return environment


def _context(record: Record) -> dict[str, Any]:
    results = record.results
    card = CARD_PATH if CARD_PATH in record.files else None
    return {
        "verdict": results.then(make_verdict),
        "models": results.then(roles),
        "topics": results.then(lambda value: dot_table(value, "by_topic", "By topic", "topic")),
        "bands": results.then(lambda value: dot_table(value, "by_band", "By difficulty", "band")),
        "sources": results.then(lambda value: dot_table(value, "by_source", "By source", "source")),
        "worst": results.then(worst_topics),
        "reliability": results.then(make_reliability),
        "coverage": results.then(make_coverage),
        "places": results.then(make_places),
        "answers": results.then(make_answers),
        "examples": results.then(make_examples),
        "match": record.match.then(make_match),
        "training": record.metrics.then(make_curves),
        "machine": record.readings.then(make_machine),
        "keeping": record.trained.then(make_keeping),
        "dataset": record.data.then(lambda value: make_dataset(value, card)),
        "provenance": record.manifest.then(make_provenance),
        "headers": make_headers(record),
        "stages": record.stages.then(make_stages),
        "latency": make_latency(record),
        "files": make_files(record),
    }
