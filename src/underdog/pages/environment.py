"""Where the templates of a page come from, and how they are read: one way for every page.

In: the package whose `templates` folder holds the page. Out: a jinja2 environment in which that
folder comes first and the shared one after it. Never: text that reaches a page unescaped, a name
that is missing and silently empty.
"""

from __future__ import annotations

from typing import Any

from underdog.errors import MissingExtraError

SHARED = "underdog.pages"


def open_templates(package: str, *, feature: str) -> Any:
    """A jinja2 Environment. MissingExtraError names `feature` when jinja2 is not installed.

    Every value is escaped for HTML. A page in another language hands over values of the class
    markupsafe.Markup, escaped by its own rules.
    """
    try:
        from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
    except ImportError as error:
        raise MissingExtraError.of(feature, "data") from error
    return Environment(
        loader=ChoiceLoader([PackageLoader(package), PackageLoader(SHARED)]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
