"""The page as a whole: self-contained, accessible, whole with parts missing, always the same."""

from __future__ import annotations

import builtins
import copy
import json
import re
import shutil
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from browser import BROWSER, show
from read_page import Page, contrast
from underdog.errors import MissingExtraError
from underdog.pages.words import percent
from underdog.report.folder import read_record
from underdog.report.page import render, write_report
from underdog.runs.files import read_json, write_json

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'&amp;{{ 7*7 }}"
JSON_FILES = (
    "manifest.json",
    "stages.json",
    "data/manifest.json",
    "data/summary.json",
    "evaluation/results.json",
    "evaluation/base/latency.json",
    "match/result.json",
)
PARTS = ("manifest.json", "stages.json", "data", "train", "evaluation", "match")


@pytest.fixture(scope="module")
def source(finished_run: Path) -> str:
    return render(read_record(finished_run))


@pytest.fixture(scope="module")
def page(source: str) -> Page:
    return Page(source)


def test_the_page_needs_nothing_else(source: str, page: Page) -> None:
    """No address but places on the page itself and the data card beside it, nothing imported by
    style or script, under 1 MB.
    """
    for tag, attributes, _ in page.elements:
        assert "src" not in attributes, tag
        href = attributes.get("href")
        assert href in {None, "data:,", "data/card.html"} or href.startswith("#"), href
    assert not re.search(r"https?:|@import|url\(|fetch|XMLHttp|import\(", source)
    assert len(source.encode()) < 1_000_000


def test_the_page_is_well_formed(page: Page) -> None:
    """Every element is closed in order, every id is used once, every link has its place."""
    assert page.unbalanced == []
    ids = [attributes["id"] for _, attributes, _ in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    for link in page.all("a"):
        assert (link["href"] or "").removeprefix("#") in {*ids, "data/card.html"}


def test_readers_without_eyes_find_their_way(page: Page) -> None:
    """Landmarks, one first heading, no level skipped, and a label on every drawing."""
    tags = [tag for tag, _, _ in page.elements]
    for landmark in ("header", "nav", "main", "footer"):
        assert landmark in tags
    levels = [int(tag[1]) for tag in tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    drawings = [a for tag, a, around in page.elements if tag == "svg" and "svg" not in around]
    assert len(drawings) > 50
    assert all(drawing["role"] == "img" and drawing["aria-label"] for drawing in drawings)
    assert page.all("html")[0]["lang"] == "en"
    assert all(cell.get("scope") for cell in page.all("th"))


def test_the_numbers_are_those_on_disk(finished_run: Path, page: Page) -> None:
    """Accuracies, calibration, points, chunk losses and counts stand on the page as on disk."""
    results = read_json(finished_run / "evaluation/results.json")
    for model in results["models"]:
        assert percent(model["accuracy"]["value"]) in page.text
        assert f"{model['calibration']['ece']:.3f}" in page.text
        for key in ("by_topic", "by_band", "by_source"):
            for group in model[key]:
                assert group["name"] in page.text
                assert percent(group["accuracy"]["value"]) in page.text
    match = read_json(finished_run / "match/result.json")
    for team in match["teams"].values():
        assert f"{team['official']['total']:.1f}" in page.text
    for example in results["examples"]:
        assert example["text"] in page.text
    assert "missing" not in [a.get("class") for _, a, _ in page.elements]


def test_the_same_folder_gives_the_same_bytes(finished_run: Path, tmp_path: Path) -> None:
    """Neither the clock nor the place of the folder is on the page."""
    first = write_report(finished_run, tmp_path / "one.html").read_bytes()
    moved = Path(shutil.copytree(finished_run, tmp_path / "elsewhere"))
    assert write_report(moved) == moved / "report.html"
    assert (moved / "report.html").read_bytes() == first
    assert write_report(moved).read_bytes() == first


def test_hostile_text_stays_text(run_copy: Path) -> None:
    """Markup in a question, a topic, a model, a team, a recipe or an event is shown, not obeyed."""
    for path in (*run_copy.rglob("*.json"), run_copy / "train/metrics.jsonl"):
        text = path.read_text(encoding="utf-8")
        for word in ("geography", "wikidata", "Lima", "tiny", "tuned", "longest choice", "resumed"):
            text = text.replace(f'"{word}"', json.dumps(f"{word}{HOSTILE}"))
        text = text.replace("What is", json.dumps(f"What {HOSTILE} is")[1:-1])
        path.write_text(text, encoding="utf-8")
    page = Page(render(read_record(run_copy)))
    assert page.unbalanced == []
    assert page.all("img") == []
    assert len(page.scripts) == 1
    assert "alert" not in page.scripts[0]
    assert not [a for _, attributes, _ in page.elements for a in attributes if a.startswith("on")]
    assert f"geography{HOSTILE}" in page.text
    assert f"What {HOSTILE} is" in page.text
    assert page.all("title")


def test_half_a_surrogate_pair_does_not_stop_the_page(run_copy: Path) -> None:
    """A question with a broken character is shown with a question mark in its place."""
    path = run_copy / "evaluation/results.json"
    results = read_json(path)
    results["examples"][0]["text"] = "Who is \ud800?"
    path.write_text(json.dumps(results), encoding="ascii")
    assert "Who is ??" in Page(write_report(run_copy).read_text(encoding="utf-8")).text


@pytest.mark.parametrize("part", PARTS)
def test_a_missing_part_is_a_sentence(run_copy: Path, part: str) -> None:
    """Without one part the page is whole, and says what is missing."""
    path = run_copy / part
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    page = Page(render(read_record(run_copy)))
    assert page.unbalanced == []
    assert "missing" in [attributes.get("class") for _, attributes, _ in page.elements]


@pytest.mark.parametrize("part", ["manifest.json", "stages.json", "data", "train", "evaluation"])
def test_a_run_that_stopped_early_has_its_page(
    finished_run: Path, tmp_path: Path, part: str
) -> None:
    """One part alone is enough for a page with one first heading."""
    source, target = finished_run / part, tmp_path / part
    shutil.copytree(source, target) if source.is_dir() else shutil.copy(source, target)
    page = Page(render(read_record(tmp_path)))
    assert page.unbalanced == []
    assert len(page.all("h1")) == 1


@pytest.mark.parametrize("count", [1, 5])
def test_any_number_of_models_has_its_page(run_copy: Path, count: int) -> None:
    """One model alone, and five, are drawn like two."""
    path = run_copy / "evaluation/results.json"
    results = read_json(path)
    base, tuned = results["models"]
    others = [{**base, "name": f"trial {number}"} for number in range(count - 2)]
    results["models"] = [base, *others, tuned][:count]
    results["comparisons"] = results["comparisons"][: count - 1]
    results["worst_topics"] = [{**each, "reference": None} for each in results["worst_topics"]]
    results["examples"] = []
    write_json(path, results)
    page = Page(render(read_record(run_copy)))
    assert page.unbalanced == []
    assert "The evaluation kept no examples." in page.text
    for model in results["models"]:
        assert model["name"] in page.text


def places(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a JSON value."""
    if not isinstance(value, (dict, list)):
        return [at]
    children = value.items() if isinstance(value, dict) else enumerate(value)
    return [at, *(place for key, item in children for place in places(item, (*at, key)))]


@settings(
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_no_value_on_disk_stops_the_page(finished_run: Path, run_copy: Path, data: Any) -> None:
    """Whatever a value in a file is replaced by, the page is written and well formed."""
    name = data.draw(st.sampled_from(JSON_FILES))
    value = copy.deepcopy(read_json(finished_run / name))
    place = data.draw(st.sampled_from(places(value)))
    junk = data.draw(st.sampled_from([None, "", "x", -1, 10**30, 0.5, True, [], {}, [[]], {"": 1}]))
    holder: Any = value
    for key in place[:-1]:
        holder = holder[key]
    if place:
        holder[place[-1]] = junk
    write_json(run_copy / name, value if place else junk)
    page = Page(render(read_record(run_copy)))
    write_json(run_copy / name, read_json(finished_run / name))
    assert page.unbalanced == []
    assert len(page.all("h1")) == 1


def test_without_jinja_the_install_line_is_named(
    finished_run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The missing package is one error with what to type."""
    whole = builtins.__import__

    def without_jinja(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == "jinja2":
            raise ImportError(name)
        return whole(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without_jinja)
    with pytest.raises(
        MissingExtraError, match=r'the report needs.*pip install "underdog\[data\]"'
    ):
        render(read_record(finished_run))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_of_text_have_contrast(page: Page, scheme: str) -> None:
    """Every colour of text on every ground has at least 4.5 to 1 (WCAG 2.2, AA)."""
    blocks = re.findall(r":root \{(.*?)\}", "".join(page.styles), flags=re.DOTALL)
    colours = dict(re.findall(r"--(\w+): (#[0-9a-f]{6});", blocks[0]))
    if scheme == "dark":
        colours |= dict(re.findall(r"--(\w+): (#[0-9a-f]{6});", blocks[1]))
    for ground in ("paper", "card"):
        for ink in ("ink", "soft", "subject", "reference", "other", "key", "bad"):
            assert contrast(colours[ground], colours[ink]) >= 4.5, (ground, ink)


@pytest.mark.slow
@pytest.mark.skipif(BROWSER is None, reason="no chromium on the PATH")
@pytest.mark.parametrize("width", [360, 390, 1280])
def test_a_browser_shows_it_without_complaint(
    finished_run: Path, tmp_path: Path, width: int
) -> None:
    """On a phone and on a desk, with everything unfolded, nothing is wider than the screen."""
    page = write_report(finished_run, tmp_path / "report.html")
    shown = show(page, width, tmp_path)
    assert shown.document <= shown.view <= width
    assert "CONSOLE" not in shown.log


@pytest.mark.slow
@pytest.mark.skipif(BROWSER is None, reason="no chromium on the PATH")
def test_the_browser_test_can_fail(tmp_path: Path) -> None:
    """A page that is too wide, and complains, is found out."""
    page = tmp_path / "wide.html"
    page.write_text("<div style='width:800px'>x</div><script>nothing()</script>", encoding="utf-8")
    shown = show(page, 390, tmp_path)
    assert shown.document > shown.view
    assert "CONSOLE" in shown.log
