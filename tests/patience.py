"""How long a test waits for what must come: a hang is ended by it, a slow machine never is.

Nothing is measured by it. What must *not* come in time is waited for with a limit of the test's
own, beside something that never comes by itself.
"""

from __future__ import annotations

import time
from collections.abc import Callable

PATIENCE_S = 600.0
"""Longer than anything in the suite takes on a machine that is fifty times too busy."""


def until(condition: Callable[[], object], *, poll_s: float = 0.01) -> None:
    """Look again and again until the condition holds; a failed assertion when patience ends."""
    end = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end, f"{condition} did not come true in {PATIENCE_S:g} s"
        time.sleep(poll_s)
