"""The Markdown twin: the same facts, and text that Markdown shows as it is."""

from __future__ import annotations

import re

import pytest
from example_card import make_cards, make_rejects, make_rows, make_summary
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from test_card_page import hostile_rows

from read_page import Page
from underdog.data.card.text import LONGEST_SHOWN, clean, escape_markdown
from underdog.data.card.write import write_cards

GITHUB = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
"""Raw HTML is let through, so that a tag that was not escaped is found as one."""


def read(markdown: str) -> Page:
    """The Markdown as a reader of the page sees it."""
    return Page(GITHUB.render(markdown))


def test_both_twins_tell_the_same_facts() -> None:
    """The words and numbers of one are those of the other, but for a few that name the parts of a
    drawing, the links of a page and the numbers of a list.
    """

    def words(text: str) -> set[str]:
        return set(re.findall(r"\d+(?:\.\d+)?|[^\W\d_]+", text))

    cards = make_cards()
    page, twin = words(Page(cards.html).text), words(read(cards.markdown).text)
    assert twin - page <= {"about", "interval", "with", "drawings", "html", *map(str, range(21))}
    assert page - twin <= {
        *("bar", "bars", "rows", "that", "stayed", "then", "went", "as", "a", "table", "share"),
        *("card", "data", "Skip", "numbers", "more", "Data", "No", "request", "leaves", "this"),
        *("page", "for", "reading", "text", "md", "i"),
    }


def test_every_table_is_whole() -> None:
    """Every row of every table has as many cells as its head."""
    for cards in (make_cards(),):
        assert_tables(cards.markdown)


def assert_tables(markdown: str) -> None:
    twin = read(markdown)
    assert twin.all("table")
    assert "| ---" not in twin.text
    width, cells = 0, 0
    for tag, _, around in twin.elements:
        if tag == "tr":
            assert cells in (0, width)
            cells = 0
        elif tag in {"th", "td"}:
            cells += 1
            width = cells if "thead" in around else width


def test_hostile_rows_change_nothing_but_text() -> None:
    """No tag, no link, no picture, no heading and no table that the card did not make."""
    rows, rejects = hostile_rows(), make_rejects(2)
    bad = tuple(each._replace(detail="| a | <img src=x>", excerpt="# b\n- c") for each in rejects)
    plain = make_cards().markdown
    hostile = write_cards(make_summary(rows, bad), rows, rejects=bad, settings={}).markdown
    assert_tables(hostile)
    twin = read(hostile)
    made = {tag for tag, _, _ in read(plain).elements}
    assert {tag for tag, _, _ in twin.elements} <= made
    assert not twin.all("a")
    titles = [line for line in hostile.splitlines() if line.startswith("## ")]
    expected = [line for line in plain.splitlines() if line.startswith("## ")]
    assert titles == [line.replace("Twenty", "8") for line in expected]
    assert "`code` *stars* _under_ ~~gone~~ [link](http://x.example)" in twin.text
    assert "a | b || c \\| d" in twin.text


@given(st.text(alphabet=st.characters(exclude_characters="\u00a0")))
def test_escaped_text_is_read_back_as_it_was(text: str) -> None:
    """Whatever stands in a cell comes out of the table as the same cleaned text."""
    cell = clean(text).strip()
    twin = read(f"| a | b |\n| --- | --- |\n| x{escape_markdown(cell)}x | y |\n")
    assert [tag for tag, _, _ in twin.elements].count("td") == 2
    expected = " ".join(f"x{cell}x".split())
    assert " ".join("".join(twin.texts).split()).endswith(f"{expected} y") or expected in " ".join(
        "".join(twin.texts).split()
    )


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("two\nlines\tand\u2028more", "two lines and more"),
        ("\u202eturned\u202c and \u2066isolated\u2069", "turned and isolated"),
        ("half \ud800 pair", "half ? pair"),
        ("null\x00bell\x07", "nullbell"),
        ("1\u202f000", "1\u202f000"),
        ("z" * 700, "z" * (LONGEST_SHOWN - 1) + "…"),
    ],
)
def test_clean_text_is_one_line(text: str, cleaned: str) -> None:
    """Line ends become blanks, controls go, numbers keep their thin spaces, the rest is cut."""
    assert clean(text) == cleaned


def test_drawings_stand_in_letters() -> None:
    """Bars, and dots on a line from bound to bound with a mark for chance."""
    markdown = make_cards().markdown
    assert re.search(r"\| `·+┆●·+` \| 26\.0\u202f% \| \\\[24\.8, 27\.2\\\]", markdown) or re.search(
        r"\| `[·┆─●]{40}` \| 26\.0", markdown
    )
    assert "| music | " in markdown
    assert "░" in markdown
    assert "████████████████████" in markdown
    assert "\n\n\n" not in markdown


def test_rows_and_rejects_are_counted() -> None:
    """Twenty rows of sixty, ten rejects of fourteen for each of three reasons."""
    markdown = make_cards().markdown
    assert len(re.findall(r"^\d+\. What of ", markdown, flags=re.MULTILINE)) == 20
    assert markdown.count("✓") == 20
    for reason in ("duplicate", "fewer than two choices", "no answer"):
        assert f"### {reason}: 10 of 14" in markdown
    assert len(re.findall(r"^\| raw/(?:one|two)\.json:\d+ \|", markdown, flags=re.MULTILINE)) == 30
    assert len(make_rows()) == 60
