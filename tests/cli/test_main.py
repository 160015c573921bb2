"""The command itself."""

from __future__ import annotations

import subprocess
import sys

import pytest

from underdog import __version__
from underdog.cli.main import COMMANDS, main


def underdog(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "underdog", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def test_help_lists_every_command() -> None:
    """`underdog --help` names all commands and exits with 0."""
    done = underdog("--help")
    assert done.returncode == 0
    assert all(f"\n    {name} " in done.stdout for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """`underdog COMMAND --help` exits with 0 and shows its usage."""
    with pytest.raises(SystemExit) as stopped:
        main([name, "--help"])
    assert stopped.value.code == 0
    assert f"usage: underdog {name}" in capsys.readouterr().out


def test_the_version_is_the_package_s() -> None:
    """`underdog --version` prints one line."""
    assert underdog("--version").stdout == f"underdog {__version__}\n"


def test_an_unknown_command_is_refused_with_the_known_ones() -> None:
    """A typo in the command exits with 2 and lists what there is."""
    done = underdog("trian")
    assert done.returncode == 2
    assert "invalid choice: 'trian'" in done.stderr
    assert "train" in done.stderr


def test_a_known_error_is_one_line_without_a_traceback() -> None:
    """User mistakes never show Python's stack."""
    done = underdog("report", "/nonexistent-run-folder")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert done.stderr.startswith("underdog report: ")
