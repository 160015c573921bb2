"""The command itself."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from patience import PATIENCE_S
from underdog import __version__
from underdog.cli.main import COMMANDS, main
from underdog.data.row import Band, Row, Split
from underdog.data.store import write_rows
from underdog.errors import MissingExtraError
from underdog.mcq.question import Question


def underdog(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "underdog", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S)


def test_help_lists_every_command() -> None:
    """`underdog --help` names all commands and exits with 0."""
    done = underdog("--help")
    assert done.returncode == 0
    listed = {text.split(maxsplit=1)[0] for text in done.stdout.split("\n    ")[1:]}
    assert set(COMMANDS) <= listed


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


@pytest.mark.parametrize(
    ("package", "arguments", "extra"),
    [
        ("torch", ["evaluate", "DATA", "--base", "tiny-base", "--out", "OUT"], "llm"),
        ("pyarrow", ["evaluate", "DATA", "--base", "tiny-base", "--out", "OUT"], "data"),
        ("rensa", ["data", "build", "bank", "--out", "OUT"], "data"),
    ],
)
def test_a_missing_package_names_the_extra_that_brings_it(
    tmp_path: Path, package: str, arguments: list[str], extra: str
) -> None:
    """One line with the install command, wherever the import was; no traceback."""
    places = {"DATA": str(tmp_path / "data"), "OUT": str(tmp_path / "out")}
    questions = [Question(f"Number {n}?", ("a", "b"), 0) for n in range(4)]
    rows = [Row(each, each.id, 0.0, Band.EASY, Split.VALIDATION, None, None) for each in questions]
    write_rows(rows, tmp_path / "data")
    code = (
        f"import sys; sys.modules[{package!r}] = None; "
        f"from underdog.cli.main import main; "
        f"sys.exit(main({[places.get(word, word) for word in arguments]!r}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=PATIENCE_S
    )
    assert done.returncode == 2, done.stderr
    assert done.stderr.splitlines()[-1].endswith(
        f'needs packages that are not installed. Try: pip install "underdog[{extra}]"'
    )
    assert "Traceback" not in done.stderr


def test_a_missing_package_of_no_extra_is_our_bug() -> None:
    """Only packages that an extra installs are turned into advice."""
    assert MissingExtraError.behind("x", ModuleNotFoundError(name="colour")) is None
