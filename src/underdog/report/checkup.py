"""The doctor's report as one page that needs nothing else: no script, no network, no jinja2.

In: a Report of `underdog.hardware.doctor`. Out: HTML text with the look of every other page. The
doctor runs with the core install, so this page is made with the standard library alone; every text
is escaped.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from importlib.resources import files

from underdog.hardware.doctor.finding import Finding, Report, Severity

HEADLINES = {
    Severity.GOOD: "This machine is well",
    Severity.HINT: "This machine is well",
    Severity.WARNING: "This machine works, with a risk",
    Severity.ERROR: "Something that training needs does not work",
}
SECTIONS = (
    (Severity.ERROR, "Errors", "What does not work."),
    (Severity.WARNING, "Warnings", "What works, but slowly, not for long, or with risk."),
    (Severity.HINT, "Hints", "Harmless, but worth knowing."),
    (Severity.GOOD, "Well", "Looked at and in order."),
)
STYLE = """
.evidence { margin: 0 0 0.9rem; padding-left: 1.2rem; font-size: 0.9rem; color: var(--soft); }
.remedy { background: var(--card); padding: 0.6rem 0.8rem; border-radius: 4px; overflow-x: auto; }
.places { columns: 22rem; font-size: 0.8125rem; }
"""


def checkup_page(report: Report) -> str:
    """The whole page."""
    css = (files("underdog.pages") / "templates/base.css").read_text(encoding="utf-8")
    return "\n".join(
        [
            '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta name="color-scheme" content="light dark">',
            f"<title>{HEADLINES[report.worst]} · underdog doctor</title>",
            f'<link rel="icon" href="data:,">\n<style>\n{css}{STYLE}</style>\n</head>\n<body>',
            '<div class="wrap">\n<header class="mast"><p class="brand">underdog</p>',
            "<p>doctor</p></header>\n<main>",
            *_hero(report),
            *_sections(report),
            *_places(report),
            "</main>\n</div>\n</body>\n</html>\n",
        ]
    )


def _hero(report: Report) -> Iterator[str]:
    yield f'<div class="hero"><h1>{HEADLINES[report.worst]}</h1>'
    counts = [
        f"{number} {name.lower()}"
        for severity, name, _ in SECTIONS
        if (number := sum(each.severity is severity for each in report.findings))
    ]
    yield f'<p class="lede">{escape(", ".join(counts))}.</p><dl class="facts">'
    for name, value in report.machine:
        yield f'<div><dt>{escape(name)}</dt><dd class="remark">{escape(value)}</dd></div>'
    yield "</dl></div>"


def _sections(report: Report) -> Iterator[str]:
    for severity, name, meaning in SECTIONS:
        found = [each for each in report.findings if each.severity is severity]
        if found:
            yield f'<section id="{severity.value}"><header><h2>{name}</h2><p>{meaning}</p></header>'
            yield '<div class="body">'
            for each in found:
                yield from _finding(each)
            yield "</div></section>"


def _finding(finding: Finding) -> Iterator[str]:
    yield f"<h3>{escape(finding.title)}</h3>"
    lines = "".join(f"<li>{escape(line)}</li>" for line in finding.evidence)
    yield f'<ul class="evidence">{lines}</ul>'
    if finding.remedy:
        yield f'<p class="remedy"><code>{escape(finding.remedy)}</code></p>'
    if finding.link:
        link = escape(finding.link, quote=True)
        yield f'<p><small><a href="{link}">{link}</a></small></p>'


def _places(report: Report) -> Iterator[str]:
    yield '<section id="read"><header><h2>Read</h2><p>Every place that was looked at.</p></header>'
    lines = "".join(f"<li><code>{escape(place)}</code></li>" for place in report.read)
    yield f'<div class="body"><ul class="places">{lines}</ul></div></section>'
