"""A headless browser, where there is one: how wide a page becomes, and what it logs."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

from patience import PATIENCE_S

BROWSER = shutil.which("chromium")
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
