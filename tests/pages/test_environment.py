"""Templates of a page: its own before the shared ones, escaped, strict, and one clear error."""

from __future__ import annotations

import builtins
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from underdog.errors import MissingExtraError
from underdog.pages.environment import open_templates


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A package with templates of its own, one of which hides a shared one."""
    templates = tmp_path / "a_page/templates"
    templates.mkdir(parents=True)
    (tmp_path / "a_page/__init__.py").touch()
    (templates / "page.html.j2").write_text("{{ value }}|{% include 'base.css' %}")
    (templates / "drawn.html.j2").write_text(
        "{% import 'drawings.html.j2' as drawings %}{{ drawings.axis([], 'from 0') }}"
    )
    (templates / "base.css").write_text("own")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield "a_page"
    sys.modules.pop("a_page", None)


def test_own_templates_come_before_the_shared_ones(package: str) -> None:
    """A file of the same name hides the shared one; the others are found."""
    templates = open_templates(package, feature="a page")
    assert templates.get_template("page.html.j2").render(value="x") == "x|own"
    assert 'aria-label="from 0"' in templates.get_template("drawn.html.j2").render()


def test_values_are_escaped_unless_they_say_that_they_are(package: str) -> None:
    """Text is escaped for HTML; markup of another language passes."""
    from markupsafe import Markup

    template = open_templates(package, feature="a page").get_template("page.html.j2")
    assert template.render(value="<b>&") == "&lt;b&gt;&amp;|own"
    assert template.render(value=Markup("<b>&")) == "<b>&|own"


def test_a_name_that_is_missing_is_an_error(package: str) -> None:
    """Never an empty place on the page."""
    from jinja2 import UndefinedError

    template = open_templates(package, feature="a page").get_template("page.html.j2")
    with pytest.raises(UndefinedError, match="'value' is undefined"):
        template.render()


def test_without_jinja_the_install_line_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The missing package is one error with what it was for and what to type."""
    whole = builtins.__import__

    def without_jinja(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == "jinja2":
            raise ImportError(name)
        return whole(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without_jinja)
    with pytest.raises(
        MissingExtraError, match=r'the data card needs.*pip install "underdog\[data\]"'
    ):
        open_templates("underdog.pages", feature="the data card")
