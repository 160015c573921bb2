"""Probes check values, outlive what they start, and name what went wrong."""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np
import planted_kernels as planted
import pytest

from underdog.hardware.doctor.finding import Severity
from underdog.hardware.probes.checks import CHECKS, UNIT_ROUNDOFF, compared, rounded
from underdog.hardware.probes.findings import probe_findings
from underdog.hardware.probes.run import NAMES, OPENING, Result, run_probes

FOLDER = str(Path(__file__).parent)


@pytest.fixture
def reachable(monkeypatch: pytest.MonkeyPatch) -> None:
    """The children find the planted backends."""
    path = os.pathsep.join(filter(None, [FOLDER, os.environ.get("PYTHONPATH", "")]))
    monkeypatch.setenv("PYTHONPATH", path)


def test_the_names_are_those_of_the_checks() -> None:
    """The runner knows them without numpy."""
    assert tuple(CHECKS) == NAMES


@pytest.mark.parametrize("name", [name for name in NAMES if name != "triton-add"])
def test_the_definition_itself_is_right(name: str) -> None:
    """Float64 arithmetic passes every probe, with room."""
    checked = CHECKS[name](planted.Honest())
    assert checked.right
    assert checked.error < checked.allowed / 2


@pytest.mark.parametrize("name", ["convolution", "triton-add"])
def test_zeros_are_caught_and_named(name: str) -> None:
    """A kernel that writes nothing ends with exit status 0; its values do not pass."""
    checked = CHECKS[name](planted.Zeros())
    assert not checked.right
    assert checked.note == "all zeros"


def test_values_that_are_no_numbers_or_of_another_shape_are_wrong() -> None:
    """NaN compares false with everything, and must not slip through."""
    ones = np.ones((3, 3))
    assert not compared(ones * np.nan, ones, 1e-3).right
    assert not compared(np.ones((3, 4)), ones, 1e-3).right
    assert compared(ones + 1e-5, ones, 1e-3).right


def test_an_error_of_the_size_of_a_lost_bit_is_seen() -> None:
    """Products rounded to bfloat16 do not pass as float16, nor float16 as float32."""

    class Coarse(planted.Honest):
        def __init__(self, dtype: str) -> None:
            self.coarse = dtype

        def matmul(self, a: np.ndarray, b: np.ndarray, dtype: str) -> np.ndarray:
            return rounded(a @ b, self.coarse)

    assert not CHECKS["product-float32"](Coarse("float16")).right
    assert not CHECKS["product-float16"](Coarse("bfloat16")).right
    assert CHECKS["product-bfloat16"](Coarse("bfloat16")).right
    assert UNIT_ROUNDOFF["float32"] < UNIT_ROUNDOFF["float16"] < UNIT_ROUNDOFF["bfloat16"]


@pytest.mark.usefixtures("reachable")
def test_a_hang_a_crash_and_an_exception_are_told_apart_and_survived() -> None:
    """Each ends its probe only: the rest is computed, and a sleeping grandchild is killed too. The
    limit is many times what a healthy probe with its process takes on this machine now.
    """
    names = ("product-float32", "batch-norm", "batch-norm-native", "attention", "sum-bfloat16")
    begun = time.monotonic()
    run_probes(names=names[:1], backend="planted_kernels:open_sick")
    limit_s = max(3.0, 10 * (time.monotonic() - begun))
    found = run_probes(names=names, backend="planted_kernels:open_sick", limit_s=limit_s)
    assert [each.result for each in found] == [
        Result.RIGHT,
        Result.HUNG,
        Result.CRASHED,
        Result.RAISED,
        Result.RIGHT,
    ]
    assert found[1].told == f"no answer within {limit_s:g} s; its process group was killed"
    assert found[2].told.startswith("ended by SIGSEGV")
    assert found[3].told == "RuntimeError: HIP error: invalid device function"


@pytest.mark.usefixtures("reachable")
def test_a_planted_wrong_kernel_becomes_a_finding_with_the_way_round() -> None:
    """Zeros from the vendor's convolution, right values without it: a warning with that cure."""
    names = ("convolution", "convolution-native", "triton-add")
    findings = {
        each.name: each
        for each in probe_findings(run_probes(names=names, backend="planted_kernels:open_zeros"))
    }
    wrong = findings["probe-convolution"]
    assert wrong.severity is Severity.WARNING
    assert "computes wrong values" in wrong.title
    assert "all zeros" in wrong.evidence[0]
    assert wrong.evidence[1] == "without the vendor's library the same computes rightly"
    assert findings["probe-triton-add"].remedy == "export TORCH_COMPILE_DISABLE=1"


@pytest.mark.usefixtures("reachable")
def test_a_backend_that_cannot_be_opened_is_reported_once() -> None:
    """A broken torch fails every probe in the same way; one answer is enough."""
    (only,) = run_probes(backend="planted_kernels:open_broken")
    assert (only.name, only.result) == (OPENING, Result.RAISED)
    assert "libtorch_cpu.so" in only.told
    (finding,) = probe_findings([only])
    assert finding.severity is Severity.ERROR


@pytest.mark.slow
def test_pytorch_on_the_processor_computes_rightly() -> None:
    """The real library, all probes; Triton has nothing to compile for."""
    found = run_probes(device="cpu")
    assert {each.name: each.result for each in found} == {
        name: Result.UNAVAILABLE if name == "triton-add" else Result.RIGHT for name in NAMES
    }
