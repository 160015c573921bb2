"""Settings of every test; this file's folder is where `fakes` is found.

What the surroundings say that no test is about, is the same for all of them and for their children:
no proxy, no launcher, no colours, a wide terminal.
"""

import os
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

SURROUNDINGS = (
    *("COLUMNS", "LINES", "FORCE_COLOR", "NO_COLOR", "CLICOLOR_FORCE", "TTY_COMPATIBLE"),
    *("RANK", "LOCAL_RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT"),
    *("HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_ENDPOINT", "HF_TOKEN"),
    *("HSA_OVERRIDE_GFX_VERSION", "HIP_VISIBLE_DEVICES"),
)
for name in SURROUNDINGS:
    os.environ.pop(name, None)

os.environ |= {"NO_PROXY": "*", "no_proxy": "*"}

# Made while no width is set: rich keeps the width that a console was born with.
import underdog.cli.console  # noqa: E402, F401

# No deadline and no complaint of slow drawing: the machine that runs the tests may be busy, and
# time is no claim of a law. The same examples each time: a change is judged by what it changes,
# never by the luck of a draw. `--hypothesis-profile explore` draws new ones.
UNHURRIED = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("explore", UNHURRIED)
settings.register_profile("underdog", UNHURRIED, derandomize=True)
settings.load_profile("underdog")


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No test finds what the user's commands, or another test, left in the cache folder."""
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("UNDERDOG_CACHE", str(folder))
    return folder


@pytest.fixture(autouse=True)
def torch_as_ever() -> None:
    """What a test draws without a generator does not depend on which ones drew before it; nor do
    sums on the number of cores. A second thread on small matrices would only wait.
    """
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(0)
        sys.modules["torch"].set_num_threads(1)


@pytest.fixture(autouse=True)
def wide_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """So wide that no path in a message is cut in two, however deep the folder of the tests."""
    monkeypatch.setenv("COLUMNS", "400")
