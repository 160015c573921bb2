"""The HTML twin: self-contained, accessible, whole with parts missing, always the same."""

from __future__ import annotations

import random
import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from example_card import SETTINGS, make_cards, make_rejects, make_rows, make_summary

from browser import BROWSER, show
from read_page import Page, contrast
from underdog.data.card.write import write_cards
from underdog.data.difficulty import rate, report_difficulty
from underdog.data.guess import guess
from underdog.data.row import Row
from underdog.mcq.question import Question
from underdog.pages.words import percent

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'&amp;{{ 7*7 }}|a|\n# b"
BARE = {
    "steps": (),
    "conversion": None,
    "kinds": {},
    "distributions": None,
    "probes": None,
    "difficulty": None,
    "templates": None,
    "decontamination": (),
    "mix": (),
    "growth": None,
    "skipped": {},
}
"""The fields of a summary that a build may leave empty."""


@pytest.fixture(scope="module")
def source() -> str:
    return make_cards().html


@pytest.fixture(scope="module")
def page(source: str) -> Page:
    return Page(source)


def test_the_page_needs_nothing_else(source: str, page: Page) -> None:
    """No script, no address but places on the page itself, nothing imported, under 200 kB."""
    assert page.all("script") == []
    for tag, attributes, _ in page.elements:
        assert "src" not in attributes, tag
        href = attributes.get("href")
        assert href is None or href.startswith("#") or href == "data:,", href
        assert not [name for name in attributes if name.startswith("on")]
    assert not re.search(r"https?:|@import|url\(", source)
    assert len(source.encode()) < 200_000


def test_the_page_is_well_formed(page: Page) -> None:
    """Every element is closed in order, every id is used once, every link has its place."""
    assert page.unbalanced == []
    ids = [attributes["id"] for _, attributes, _ in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    for link in page.all("a"):
        assert (link["href"] or "").removeprefix("#") in ids


def test_readers_without_eyes_find_their_way(page: Page) -> None:
    """Landmarks, one first heading, no level skipped; a drawing has a label or stands in a table
    that says the same, and columns are named.
    """
    tags = [tag for tag, _, _ in page.elements]
    for landmark in ("header", "nav", "main", "footer"):
        assert landmark in tags
    levels = [int(tag[1]) for tag in tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    drawings = [
        (a, around) for tag, a, around in page.elements if tag == "svg" and "svg" not in around
    ]
    assert len(drawings) > 40
    for attributes, around in drawings:
        named = attributes.get("role") == "img" and attributes.get("aria-label")
        assert named or (attributes.get("aria-hidden") == "true" and {"td", "li"} & set(around))
    assert page.all("html")[0]["lang"] == "en"
    assert all(cell.get("scope") for cell in page.all("th"))
    tables = len(page.all("table"))
    assert tables == sum(tag == "caption" for tag in tags)


def test_the_numbers_are_those_of_the_summary(page: Page) -> None:
    """Counts, shares, probes, parts, steps, patterns, benchmarks, mix, growth and digests."""
    rows = make_rows()
    summary = make_summary(rows, make_rejects())
    assert summary.probes is not None
    assert summary.difficulty is not None
    for found in summary.probes.probes:
        assert f"{percent(found.value.value)} [" in page.text.replace(" [", " [")
        assert found.note in page.text
    for part in (
        "60 questions on 3 topics",
        "54 for training in 4 chunks, 6 held out. 40 rows come from an older set.",
        "102 rows were read from 1 file; 42 were left out, each with its reason.",
        "12 questions came without choices: 10 were given some, 2 were left out.",
        "40 rows of the older set kept their ids",
        "what is the capital of [name]",
        "same text: 2, same words: 1",
        "Not run, association: too few.",
        "tidied and judged",
        "raw/README.md",
        summary.digests["questions.parquet"],
        "rules.language",
        "+0.20 [+0.10, +0.30]",
    ):
        assert part in page.text, part
    for topic in summary.topics:
        assert topic in page.text


def test_equal_inputs_give_equal_bytes_in_any_order() -> None:
    """Neither the order of the rows nor that of the rejects shows."""
    rows, rejects = make_rows(), make_rejects()
    first = write_cards(make_summary(rows, rejects), rows, rejects=rejects, settings=SETTINGS)
    turned_rows, turned_rejects = list(rows), list(rejects)
    random.Random(1).shuffle(turned_rows)
    random.Random(2).shuffle(turned_rejects)
    again = write_cards(
        make_summary(turned_rows, turned_rejects),
        turned_rows,
        rejects=turned_rejects,
        settings=SETTINGS,
    )
    assert again == first


@pytest.mark.parametrize("field", [*BARE, "all of them"])
def test_what_a_build_did_not_do_has_no_part(field: str) -> None:
    """Without any one part, and without all of them, the page is whole."""
    changes = BARE if field == "all of them" else {field: BARE[field]}
    cards = make_cards(**changes)
    found = Page(cards.html)
    assert found.unbalanced == []
    assert len(found.all("h1")) == 1
    assert "None" not in re.findall(r"\w+", found.text)


def test_a_guess_that_was_not_checked_shows_its_parts() -> None:
    """Without predictions: weights and meanings in a table, no correlation, no accuracy; without
    chunks and a report: bars of bands.
    """
    rows = make_rows()
    questions = [row.question for row in rows]
    guesses = guess(questions)
    plain = report_difficulty(questions, rate(questions, guesses=guesses), guesses=guesses)
    text = Page(make_cards(difficulty=plain).html).text
    assert "What the guess is made of" in text
    assert "closeness 0.25 how like the right answer the other choices are" in text
    assert "Rank correlation" not in text
    assert "How often the model is right" not in text
    assert "Rows by difficulty" in Page(make_cards(difficulty=None, distributions=None).html).text
    assert "Place of the key as stored" in Page(make_cards(probes=None).html).text


def test_a_set_without_anything_left_out_or_held_out() -> None:
    """No rejects, no validation rows: said in words."""
    rows = tuple(row for row in make_rows() if row.chunk is not None)
    summary = replace(make_summary(rows), splits={"train": len(rows), "validation": 0})
    text = Page(write_cards(summary, rows, rejects=(), settings={}).html).text
    assert "Nothing was left out." in text
    assert "No row is for validation." in text


def hostile_rows() -> tuple[Row, ...]:
    """Text of strangers in every field, and the worst of every kind."""
    worst = (
        HOSTILE,
        "\u202eright to left \u2067and isolated\u2069",
        "half \ud800 pair",
        "null \x00 and bell \x07",
        "x" * 2000,
        "שלום עולם",
        "a | b || c \\| d",
        "`code` *stars* _under_ ~~gone~~ [link](http://x.example) ![i](x) <b>",
    )
    questions = [
        Question(
            f"{text} {at}?",
            (f"{text} one", f"{text} two", f"{at}", "|"),
            0,
            topic=text,
            source=text,
            licence=text,
            explanation=text,
        )
        for at, text in enumerate(worst)
    ]
    return make_rows(questions)


def test_hostile_text_stays_text() -> None:
    """Markup in a question, a choice, a topic, a licence, a file or a setting is shown, cleaned of
    what turns or breaks the page, and cut short.
    """
    rows = hostile_rows()
    rejects = tuple(
        each._replace(file=HOSTILE, detail=HOSTILE, excerpt="y" * 3000) for each in make_rejects(2)
    )
    settings = {HOSTILE: {HOSTILE: HOSTILE}}
    cards = write_cards(make_summary(rows, rejects), rows, rejects=rejects, settings=settings)
    page = Page(cards.html)
    assert page.unbalanced == []
    for tag in ("script", "img", "b"):
        assert page.all(tag) == [] or tag == "b"
    assert not [a for _, attributes, _ in page.elements for a in attributes if a.startswith("on")]
    assert (
        "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'&amp;{{ 7*7 }}"
        in page.text
    )
    assert "half ? pair" in page.text
    assert "שלום עולם" in page.text
    for text in (cards.html, cards.markdown):
        assert not re.search("[\x00-\x08\x0e-\x1f\u202a-\u202e\u2066-\u2069]", text)
        assert "x" * 500 not in text
        assert "y" * 700 not in text
        text.encode("utf-8")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_have_contrast(page: Page, scheme: str) -> None:
    """Text has 4.5 to 1 on every ground that it stands on (WCAG 2.2, AA); what is drawn has 3 to 1
    on the page, but for the lightest of three bands, which its neighbours and a number name.
    """
    blocks = re.findall(r":root \{(.*?)\}", "".join(page.styles), flags=re.DOTALL)
    plain = [dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block)) for block in blocks]
    base_light, base_dark, _, own_light, own_dark = plain
    colours = base_light | own_light
    if scheme == "dark":
        colours |= base_dark | own_dark
    grounds = ("paper", "card", "worry-ground", "note-ground", "good-ground")
    for ground in grounds:
        assert contrast(colours[ground], colours["ink"]) >= 4.5, ground
    for ink in ("soft", "subject", "other", "key", "bad", "note"):
        assert contrast(colours["paper"], colours[ink]) >= 4.5, ink
    for drawn in ("medium", "hard") if scheme == "light" else ("hard", "medium"):
        assert contrast(colours["paper"], colours[drawn]) >= 3, drawn


@pytest.mark.slow
@pytest.mark.skipif(BROWSER is None, reason="no chromium on the PATH")
@pytest.mark.parametrize("width", [360, 390, 1280])
def test_a_browser_shows_it_without_complaint(tmp_path: Path, width: int) -> None:
    """On a phone and on a desk, with everything unfolded and hostile rows, nothing is wider than
    the screen.
    """
    rows, rejects = hostile_rows(), make_rejects()
    summary = replace(make_summary(make_rows(), rejects), topics={"z" * 200: 60, HOSTILE: 2})
    cards = write_cards(summary, rows, rejects=rejects, settings=SETTINGS)
    path = tmp_path / "card.html"
    path.write_text(cards.html, encoding="utf-8")
    shown = show(path, width, tmp_path)
    assert shown.document <= shown.view <= width
    assert "CONSOLE" not in shown.log
