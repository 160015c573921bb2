"""The command: what it prints, writes, mends and ends with."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from patience import PATIENCE_S
from underdog.cli.main import main
from underdog.cli.mending import mend_all, undo_all
from underdog.errors import InputError
from underdog.hardware.doctor.finding import Finding, Report, Severity
from underdog.hardware.doctor.host import this_host
from underdog.hardware.doctor.mend import environment_text, possible_mends
from underdog.report.checkup import checkup_page

OVERRIDE = "HSA_OVERRIDE_GFX_VERSION"
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home and a working folder of the test's own."""
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("HF_HOME", "HF_HUB_CACHE", "TRITON_CACHE_DIR", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def report_with(*findings: Finding) -> Report:
    """A report of nothing but these."""
    return Report((("system", "Linux <6.11>"),), findings, ("/proc/meminfo",))


BAD = Finding(
    "override-needless",
    Severity.ERROR,
    "The override keeps <native> kernels from being used",
    ("KFD says gfx1010",),
    remedy=f"unset {OVERRIDE}",
    link="https://example.org/?a=1&b=2",
    settings=((OVERRIDE, None), ("HIP_VISIBLE_DEVICES", "0")),
)


def test_this_machine_is_described_as_json(at_home: Path, capsys: pytest.CaptureFixture) -> None:
    """The exit status is the report's; every finding has evidence; nothing is probed when asked."""
    status = main(["doctor", "--json", "--no-probe"])
    report = json.loads(capsys.readouterr().out)
    assert status == report["exit_status"]
    assert {"system", "processor", "packages"} <= set(report["machine"])
    assert all(each["evidence"] for each in report["findings"])
    assert report["read"]


def test_the_core_is_enough_and_torch_is_not_imported(at_home: Path) -> None:
    """In a fresh process the whole look loads neither torch nor numpy nor jinja2."""
    code = """
import sys
from underdog.cli.main import main
status = main(["doctor", "--no-probe", "--html", sys.argv[1]])
loaded = [name for name in ("torch", "numpy", "jinja2", "transformers") if name in sys.modules]
assert loaded == [], loaded
"""
    command = [sys.executable, "-c", code, str(at_home / "page.html")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert "places were read" in done.stdout
    assert (at_home / "page.html").read_text("utf-8").startswith("<!DOCTYPE html>")


def test_the_page_needs_nothing_else_and_escapes_what_it_shows() -> None:
    """No script, no address that a browser would load, every sign of markup escaped."""
    page = checkup_page(report_with(BAD))
    assert "&lt;native&gt;" in page
    assert "Linux &lt;6.11&gt;" in page
    assert 'href="https://example.org/?a=1&amp;b=2"' in page
    assert "<script" not in page
    assert 'src="' not in page
    assert "Something that training needs does not work" in page


def test_verdicts_are_exit_statuses() -> None:
    """0 also with hints, 1 warnings, 2 errors."""
    for severity, status in zip(Severity, (0, 0, 1, 2), strict=True):
        assert report_with(Finding("x", severity, "t", ("e",))).exit_status == status
    assert report_with().exit_status == 0


def test_settings_become_a_file_for_a_shell(at_home: Path) -> None:
    """A shell that reads it has the variables, and not the one that was unset."""
    host = this_host()
    (mend,) = possible_mends(host, report_with(BAD))
    mend_all([mend], at_home, "now")
    command = f". ./underdog.env; echo ${{{OVERRIDE}-none}} $HIP_VISIBLE_DEVICES"
    told = subprocess.run(
        ["sh", "-c", command],
        env={**os.environ, OVERRIDE: "10.3.0"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout == "none 0\n"
    assert possible_mends(host, report_with(BAD)) == ()
    assert environment_text(report_with()) == ""


def test_what_was_mended_can_be_taken_back(at_home: Path, capsys: pytest.CaptureFixture) -> None:
    """A file that was there comes back as it was; a download moved aside is in its place."""
    (at_home / "underdog.env").write_text("export MINE=1\n")
    blobs = at_home / ".cache/huggingface/hub/models--a/blobs"
    blobs.mkdir(parents=True)
    (blobs / "x.incomplete").write_bytes(b"half")
    mends = possible_mends(this_host(), report_with(BAD))
    assert [mend.target.name for mend in mends] == ["underdog.env", "x.incomplete"]
    aside = mend_all(mends, at_home, "now")
    assert not (blobs / "x.incomplete").exists()
    assert aside[1].read_bytes() == b"half"
    assert main(["doctor", "--undo"]) == 0
    assert (at_home / "underdog.env").read_text() == "export MINE=1\n"
    assert (blobs / "x.incomplete").read_bytes() == b"half"
    assert "put back" in capsys.readouterr().out
    with pytest.raises(InputError, match="a record of what was mended is needed"):
        undo_all(at_home)


def test_fix_says_when_there_is_nothing_to_mend(
    at_home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    """Nothing is written then."""
    monkeypatch.delenv(OVERRIDE, raising=False)
    main(["doctor", "--no-probe", "--fix", "--yes", "--root", str(at_home)])
    assert "Nothing here can be mended" in capsys.readouterr().out
    assert not (at_home / "underdog.env").exists()


def test_fix_writes_the_file_and_names_the_way_back(
    at_home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    """An override without a chip is unset by the file."""
    monkeypatch.setenv(OVERRIDE, "10.3.0")
    main(["doctor", "--no-probe", "--fix", "--yes", "--root", str(at_home)])
    assert f"unset {OVERRIDE}" in (at_home / "underdog.env").read_text()
    assert "underdog doctor --undo" in capsys.readouterr().out


def test_a_log_is_explained(at_home: Path, capsys: pytest.CaptureFixture) -> None:
    """Cause, fix, line and count; the exit status is that of the worst ailment."""
    (at_home / "run.log").write_text("step 1\nOSError: [Errno 28] No space left on device\n")
    assert main(["doctor", "--explain", "run.log"]) == 2
    told = capsys.readouterr().out
    assert "The disk, its inodes or a quota are full (disk-full)" in told
    assert "line 2, once: OSError: [Errno 28] No space left on device" in told
    (at_home / "run.log").write_text("all is well\n")
    assert main(["doctor", "--explain", "run.log"]) == 0
    assert "That does not mean that nothing is wrong." in capsys.readouterr().out
    assert main(["doctor", "--explain", "none.log"]) == 2
    assert "a log is needed" in capsys.readouterr().err


def test_a_pipe_is_explained() -> None:
    """``- `` reads standard input."""
    done = subprocess.run(
        [sys.executable, "-m", "underdog", "doctor", "--explain", "-", "--json"],
        input=b"RuntimeError: No HIP GPUs are available\n",
        capture_output=True,
        timeout=PATIENCE_S,
    )
    assert done.returncode == 2
    assert json.loads(done.stdout)["found"][0]["name"] == "no-hip-gpus"
