"""Remains of web pages are found, and questions about web pages are left alone."""

from __future__ import annotations

import time

import pytest
from rows import asked, opened

from underdog.data.reject import Reason
from underdog.data.screening.fault import Fault
from underdog.data.screening.markup import find_markup


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("What is H<sub>2</sub>O?", "<sub>"),
        ("Name <b>this</b> city", "</b>"),
        ('See <a href="x.html">it</a>', '<a href="x.html">'),
        ("Two<br/>lines", "<br/>"),
        ("Tom &amp; who?", "&amp;"),
        ("What is ![this](https://x.org/a.png)?", "![this](https://x.org/a.png)"),
        ("Who is [he](http://x.org)?", "[he](http://x.org)"),
        ("Look: https://x.org/flag.png", "https://x.org/flag.png"),
        ("[img]flag[/img] Whose flag?", "[img]"),
        ("<!-- a note --> Who?", "<!--"),
    ],
)
def test_remains_are_found(text: str, found: str) -> None:
    """Tags, entities, Markdown, bulletin boards and media links, wherever they stand."""
    assert find_markup(asked(text)) == Fault(Reason.MARKUP, f"text: {found!r}")
    assert find_markup(asked("Which?", "Oslo", text)) == Fault(
        Reason.MARKUP, f"choice 2: {found!r}"
    )
    assert find_markup(opened("Which?", text)) == Fault(Reason.MARKUP, f"answer: {found!r}")


@pytest.mark.parametrize(
    "text",
    [
        "If a<b and c>d, what is larger?",
        "Is 3 < 5 and 7 > 2?",
        "Is p <a and b> q?",
        "What does <br> stand for in HTML?",
        "Which tag makes text <b>bold</b>?",
        "In the web address http://www.microsoft.com, the com at the end means what?",
        "What is AT&T; and R&D?",
        "Which interval is [0, 1](closed)?",
        "He sang [unclear] what?",
    ],
)
def test_what_only_looks_like_markup_is_left(text: str) -> None:
    """Comparisons, questions about markup, addresses, ampersands, brackets."""
    assert find_markup(asked(text)) is None


@pytest.mark.parametrize("mark", ["[", "<a x=", "![", "&", "https://x", "[img"])
def test_long_runs_of_marks_take_no_time(mark: str) -> None:
    """8,000 characters of opening marks cost less than a second."""
    started = time.process_time()
    assert find_markup(asked(mark * (8000 // len(mark)))) is None
    assert time.process_time() - started < 1
