"""What importing the core costs."""

from __future__ import annotations

import json
import subprocess
import sys

from patience import PATIENCE_S

HEAVY = (
    "datasets",
    "huggingface_hub",
    "pandas",
    "ray",
    "sklearn",
    "ftfy",
    "py3langid",
    "torch",
    "transformers",
    "peft",
    "accelerate",
    "numpy",
    "scipy",
    "pyarrow",
    "matplotlib",
    "jinja2",
    "rich",
)

IMPORTS = "import underdog, underdog.errors, underdog.cli.main"
HELP = """
import contextlib, io
from underdog.cli.main import main
with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):
    main(["--help"])
"""
CORE = """
import importlib, pkgutil
import underdog.mcq, underdog.hardware, underdog.runs
for room in (underdog.mcq, underdog.hardware, underdog.runs):
    for module in pkgutil.iter_modules(room.__path__, room.__name__ + "."):
        importlib.import_module(module.name)
"""


def heavy_modules_after(code: str) -> list[str]:
    """Names out of HEAVY that a fresh interpreter has loaded after running `code`."""
    report = f"import json, sys\nprint(json.dumps([n for n in {HEAVY!r} if n in sys.modules]))"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{report}"],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )
    assert done.returncode == 0, done.stderr
    loaded: list[str] = json.loads(done.stdout)
    return loaded


def test_importing_the_package_and_its_command_loads_nothing_heavy() -> None:
    """`import underdog` and the command's own module stay within the standard library."""
    assert heavy_modules_after(IMPORTS) == []


def test_help_loads_nothing_heavy() -> None:
    """`underdog --help` answers without torch, numpy or rich."""
    assert heavy_modules_after(HELP) == []


def test_the_core_rooms_load_nothing_heavy() -> None:
    """Questions, hardware and run records work where nothing else is installed."""
    assert heavy_modules_after(CORE) == []


def test_the_check_above_can_fail() -> None:
    """A heavy import is seen, so the empty lists above mean something."""
    assert heavy_modules_after(f"{IMPORTS}\nimport numpy") == ["numpy"]
