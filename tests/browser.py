"""A headless browser, where there is one: how wide a page becomes, and what it logs."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from patience import PATIENCE_S

BROWSER = shutil.which("chromium")
PATIENCE_MS = 1000 * PATIENCE_S
"""Of a driven browser with whatever it waits for: the machine may be busy."""
FRAME = """<!DOCTYPE html><title>waiting</title><body style="margin:0">
<iframe style="border:0;width:{width}px;height:900px" src="{page}"></iframe><script>
addEventListener("load", () => {{
  const inside = document.querySelector("iframe").contentDocument;
  inside.querySelectorAll("details").forEach((part) => {{ part.open = true; }});
  document.title = "widths " + inside.documentElement.scrollWidth + " "
    + inside.documentElement.clientWidth;
}});</script>"""


class Shown(NamedTuple):
    """Width of the document and of the view in pixels, and what the browser logged."""

    document: int
    view: int
    log: str


def browse(address: str, profile: Path) -> subprocess.CompletedProcess[str]:
    """Open an address in a headless browser without network; the finished DOM is the output."""
    assert BROWSER is not None
    flags = (
        "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-sync "
        "--disable-dev-shm-usage "
        "--disable-background-networking --disable-component-update --allow-file-access-from-files "
        "--enable-logging=stderr --virtual-time-budget=3000"
    )
    command = [BROWSER, *flags.split(), "--host-resolver-rules=MAP * ~NOTFOUND"]
    return subprocess.run(
        [*command, f"--user-data-dir={profile}", "--window-size=1280,900", "--dump-dom", address],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )


def show(page: Path, width: int, folder: Path) -> Shown:
    """Open a page in a view of this width, with everything unfolded."""
    frame = folder / f"frame-{width}.html"
    frame.write_text(FRAME.format(width=width, page=page.as_uri()), encoding="utf-8")
    done = browse(frame.as_uri(), folder / "profile")
    found = re.search(r"<title>widths (\d+) (\d+)</title>", done.stdout)
    assert found, done.stderr[-2000:]
    return Shown(int(found[1]), int(found[2]), done.stderr)


@contextmanager
def driven() -> Iterator[Any]:
    """A headless browser of Playwright's, driving the same program. None of it is downloaded."""
    from playwright.sync_api import sync_playwright

    assert BROWSER is not None
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=BROWSER,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
            timeout=PATIENCE_MS,
        )
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def opened(browser: Any, **view: Any) -> Iterator[tuple[Any, list[str]]]:
    """A page in a context of its own, and what goes wrong on it: messages, errors, refusals."""
    context = browser.new_context(**view)
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    wrong: list[str] = []
    page.on("console", lambda message: wrong.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("response", lambda r: wrong.append(f"{r.status} {r.url}") if r.status >= 400 else None)
    try:
        yield page, wrong
    finally:
        context.close()
