"""What the doctor finds on known machines: all of it, and nothing else."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from machines import GIB, UPSTREAM, FakeNvml, Machine, Volume

from underdog.hardware.doctor.examine import examine
from underdog.hardware.doctor.finding import Finding, Report, Severity

GOOD = Severity.GOOD


def machine(path: Path, **values: object) -> Machine:
    """A healthy Linux box without any accelerator."""
    return Machine(path, **values).processor()  # type: ignore[arg-type]


def complaints(report: Report) -> dict[str, Severity]:
    """What is not good, by name."""
    return {each.name: each.severity for each in report.findings if each.severity is not GOOD}


def finding(report: Report, name: str) -> Finding:
    """The only one of that name."""
    (found,) = (each for each in report.findings if each.name == name)
    return found


def test_an_mi300x_with_its_wheel_is_well(tmp_path: Path) -> None:
    """Driver, rights, chip and wheel fit: every finding is good, the exit status 0."""
    box = machine(tmp_path).kfd().amd(90402, 205_822_885_888, name="AMD Instinct MI300X OAM")
    box.torch("2.11.0+rocm7.2", chips=UPSTREAM, tuned=("gfx942",))
    report = examine(box.host())
    assert complaints(report) == {}
    assert report.exit_status == 0
    assert dict(report.machine)["GPU 0"] == "AMD Instinct MI300X OAM (gfx942)"
    assert "205.8 GB" in finding(report, "amd-driver").evidence[0]
    assert {each.name for each in report.findings} == {
        "amd-driver",
        "wheel-has-chip",
        "torch-files",
        "disk",
        "memory",
    }


def test_an_rx_5600_xt_under_the_usual_override_runs_foreign_code(tmp_path: Path) -> None:
    """KFD says gfx1010 whatever the override says; the way out is AMD's own wheel for it."""
    box = machine(tmp_path, environment={"HSA_OVERRIDE_GFX_VERSION": "10.3.0"})
    box.kfd().amd(100100, 6 * GIB, name="AMD Radeon RX 5600 XT")
    box.torch("2.11.0+rocm7.2", chips=UPSTREAM, tuned=("gfx1030",))
    report = examine(box.host())
    assert complaints(report) == {
        "override-crossed": Severity.ERROR,
        "triton-wrong": Severity.WARNING,
        "no-bfloat16": Severity.HINT,
        "miopen-untuned": Severity.HINT,
    }
    crossed = finding(report, "override-crossed")
    assert "gfx1010" in crossed.title
    assert "gfx1030" in crossed.title
    assert (
        crossed.evidence[0] == "KFD node 1: gfx_target_version says gfx1010 (RX 5600 / 5700 (XT))"
    )
    assert crossed.remedy is not None
    assert '"torch[device-gfx1010]"' in crossed.remedy
    assert crossed.remedy.endswith("unset HSA_OVERRIDE_GFX_VERSION")
    assert "float32" in finding(report, "no-bfloat16").title
    assert report.exit_status == 2


def test_an_rx_5600_xt_without_override_lacks_kernels(tmp_path: Path) -> None:
    """pytorch.org's wheel has none for gfx1010, and no chip of its family is in it."""
    box = machine(tmp_path).kfd().amd(100100, 6 * GIB).torch("2.11.0+rocm7.2", chips=UPSTREAM)
    report = examine(box.host())
    lacking = finding(report, "wheel-lacks-chip")
    assert lacking.severity is Severity.ERROR
    assert "no near chip can stand in" in lacking.title
    assert lacking.remedy is not None
    assert "device-gfx1010" in lacking.remedy


def test_an_rx_5600_xt_with_its_own_wheel_needs_no_override(tmp_path: Path) -> None:
    """With native kernels the override itself is the fault; without it only hints are left."""
    box = machine(tmp_path).kfd().amd(100100, 6 * GIB)
    box.torch("2.13.0+rocm7.14", chips=("gfx1010",))
    assert finding(examine(box.host()), "wheel-has-chip").severity is GOOD
    box.environment["HSA_OVERRIDE_GFX_VERSION_1"] = "10.3.0"
    needless = finding(examine(box.host()), "override-needless")
    assert needless.remedy == "unset HSA_OVERRIDE_GFX_VERSION_1"
    assert needless.settings == (("HSA_OVERRIDE_GFX_VERSION_1", None),)


def test_an_rx_6700_xt_may_borrow_from_its_family(tmp_path: Path) -> None:
    """gfx1031 has no kernels in the wheel; gfx1030's do, and with them only a hint remains."""
    box = machine(tmp_path).kfd().amd(100301, 12 * GIB).torch("2.11.0+rocm7.2", chips=UPSTREAM)
    lacking = finding(examine(box.host()), "wheel-lacks-chip")
    assert lacking.remedy == "export HSA_OVERRIDE_GFX_VERSION=10.3.0"
    box.environment["HSA_OVERRIDE_GFX_VERSION"] = "10.3.0"
    found = complaints(examine(box.host()))
    assert found == {"override-family": Severity.HINT, "no-bfloat16": Severity.HINT}


def test_an_rx_7900_xtx_with_its_wheel_is_well(tmp_path: Path) -> None:
    """gfx1100 is in every wheel; an override that names it does nothing."""
    box = machine(tmp_path).kfd().amd(110000, 24 * GIB).torch("2.11.0+rocm7.2", chips=UPSTREAM)
    assert complaints(examine(box.host())) == {}
    box.environment["HSA_OVERRIDE_GFX_VERSION"] = "11.0.0"
    assert complaints(examine(box.host())) == {"override-idle": Severity.HINT}


def test_a_strix_halo_alone_is_the_device(tmp_path: Path) -> None:
    """An APU without a card beside it is no trap; it is simply used."""
    box = machine(tmp_path).kfd().amd(110501, 512 * 2**20, gtt=96 * GIB)
    box.torch("2.11.0+rocm7.2", chips=UPSTREAM)
    report = examine(box.host())
    assert complaints(report) == {}
    assert "Strix Halo" in dict(report.machine)["GPU 0"]


def test_an_integrated_gpu_beside_the_card_is_a_trap(tmp_path: Path) -> None:
    """The remedy names the number of the real card, wherever it stands."""
    box = machine(tmp_path).kfd().amd(100306, 2 * GIB).amd(110000, 24 * GIB)
    box.torch("2.11.0+rocm7.2", chips=UPSTREAM)
    report = examine(box.host())
    assert complaints(report) == {"integrated-visible": Severity.WARNING}
    assert finding(report, "integrated-visible").remedy == "export HIP_VISIBLE_DEVICES=1"
    box.environment["HIP_VISIBLE_DEVICES"] = "1"
    assert complaints(examine(box.host())) == {}


def test_an_h200_is_known_through_nvml(tmp_path: Path) -> None:
    """Name, memory, driver; a wheel for AMD on it is an error, one for CUDA is not."""
    box = machine(tmp_path, nvml=FakeNvml()).torch("2.11.0+cu128")
    report = examine(box.host())
    assert complaints(report) == {}
    assert dict(report.machine)["NVIDIA driver"] == "570.158.01, CUDA 12.8"
    box.torch("2.11.0+rocm7.2", chips=UPSTREAM)
    report = examine(box.host())
    assert complaints(report)["torch-wrong-build"] is Severity.ERROR


def test_a_driver_that_does_not_answer_is_told_with_its_words(tmp_path: Path) -> None:
    """NVML's own sentence is the evidence."""
    report = examine(machine(tmp_path, nvml_error="Driver/library version mismatch").host())
    assert finding(report, "nvidia-driver-broken").evidence == (
        "nvmlInit: Driver/library version mismatch",
    )


def test_a_machine_without_gpu_is_told_so_and_is_well(tmp_path: Path) -> None:
    """No error: the processor trains small things. An override there is for nothing."""
    box = machine(tmp_path).torch("2.11.0+cpu")
    report = examine(box.host())
    assert complaints(report) == {"no-accelerator": Severity.HINT}
    assert report.exit_status == 0
    box.environment["HSA_OVERRIDE_GFX_VERSION"] = "10.3.0"
    assert complaints(examine(box.host()))["override-alone"] is Severity.HINT


def test_a_container_without_the_device_is_told_from_a_missing_driver(tmp_path: Path) -> None:
    """/sys shows the card, /dev does not: in a container the host must help, else modprobe."""
    box = machine(tmp_path).kfd().amd(90402, 192 * GIB).torch("2.11.0+rocm7.2", chips=UPSTREAM)
    (tmp_path / "dev/kfd").unlink()
    missing = finding(examine(box.host()), "kfd-missing")
    assert missing.remedy is not None
    assert missing.remedy.startswith("sudo modprobe amdgpu")
    box.write(".dockerenv", "")
    missing = finding(examine(box.host()), "kfd-missing")
    assert missing.remedy is not None
    assert missing.remedy.startswith("docker run --device=/dev/kfd")


def test_rights_are_those_of_the_groups(tmp_path: Path) -> None:
    """root:render 0660 is closed to a user outside that group and open inside."""
    box = machine(tmp_path).kfd(mode=0o660).amd(90402, 192 * GIB)
    box.torch("2.11.0+rocm7.2", chips=UPSTREAM)
    closed = finding(examine(box.host()), "kfd-closed")
    assert closed.evidence[0] == "open /dev/kfd read-write: EACCES"
    assert closed.remedy == "sudo usermod -aG render,video $USER  # then log in again"
    box.groups = {(tmp_path / "dev/kfd").stat().st_gid}
    assert complaints(examine(box.host())) == {}


def test_atomics_and_refusal_are_read_from_the_topology(tmp_path: Path) -> None:
    """Flags of the link, and a card that has no node, need no kernel log."""
    box = machine(tmp_path).kfd().amd(90006, 16 * GIB, atomics=False).amd(0, 2 * GIB, served=False)
    found = complaints(examine(box.host()))
    assert found["pcie-atomics"] is Severity.WARNING
    assert found["kfd-refuses-card"] is Severity.ERROR


def test_a_torch_in_pieces_is_seen_without_importing_it(tmp_path: Path) -> None:
    """What is missing is named, and the command puts the same version back."""
    box = machine(tmp_path).torch("2.11.0+cu128", missing=("lib/libtorch_cpu.so",))
    broken = finding(examine(box.host()), "torch-broken")
    assert broken.severity is Severity.ERROR
    assert "torch/lib/libtorch_cpu.so is missing" in broken.evidence
    assert broken.remedy == "pip install --force-reinstall --no-deps torch==2.11.0+cu128"


def test_versions_that_do_not_go_together_are_named(tmp_path: Path) -> None:
    """Torchvision's table, triton's pin, NumPy's interface, two torches at once, our own bounds."""
    box = machine(tmp_path).torch(
        "2.2.1+cu121", requires=('triton==2.2.0; platform_system == "Linux"',)
    )
    box.package("torchvision", "0.18.0+cu121").package("triton", "3.5.0").package("numpy", "2.1.0")
    box.package("pytorch-triton-rocm", "3.2.0").package("peft", "0.10.0")
    box.package("underdog", "0.1.0", ("peft>=0.17 ; extra == 'llm'",))
    report = examine(box.host())
    assert complaints(report) == {
        "no-accelerator": Severity.HINT,
        "torchvision-version": Severity.ERROR,
        "triton-version": Severity.ERROR,
        "numpy-abi": Severity.ERROR,
        "triton-twice": Severity.WARNING,
        "package-old": Severity.WARNING,
    }
    assert finding(report, "torchvision-version").remedy == (
        'pip install --no-deps "torchvision==0.17.*"'
    )
    box.torch("2.11.0+cu128")
    assert finding(examine(box.host()), "package-twice").evidence == (
        "torch-2.11.0+cu128.dist-info",
        "torch-2.2.1+cu121.dist-info",
    )


def test_bitsandbytes_is_judged_by_its_libraries(tmp_path: Path) -> None:
    """A file for this ROCm or none: no import, no GPU."""
    box = machine(tmp_path).kfd().amd(110000, 24 * GIB).torch("2.11.0+rocm7.2", chips=UPSTREAM)
    box.package("bitsandbytes", "0.49.0")
    assert complaints(examine(box.host())) == {"bitsandbytes-build": Severity.ERROR}
    box.write("site/site-packages/bitsandbytes/libbitsandbytes_rocm72.so", "")
    assert complaints(examine(box.host())) == {}


@pytest.mark.parametrize(
    ("free", "severity"), [(40 * 10**9, Severity.WARNING), (10**9, Severity.ERROR)]
)
def test_little_room_is_told_in_time(tmp_path: Path, free: int, severity: Severity) -> None:
    """Disk, inodes, shared memory: each has its own limit and its own remedy."""
    small = Volume(500 * 10**9, free, 10**6, 10**3)
    box = machine(tmp_path, disk=small, shm=Volume(64 * 2**20, 64 * 2**20, None, None))
    found = complaints(examine(box.host()))
    assert found["disk-low"] is severity
    assert found["inodes-low"] is Severity.ERROR
    assert found["shm-small"] is Severity.WARNING


def test_a_cache_that_fills_the_disk_is_foreseen(tmp_path: Path) -> None:
    """What was written within a week against what is free: days until the disk is full."""
    box = machine(tmp_path, disk=Volume(10**12, 60 * 10**9, None, None))
    blob = box.write("home/user/.cache/huggingface/hub/models--a/blobs/x", "weights" * 400_000)
    found = complaints(examine(box.host()))
    assert "cache-growth" not in found
    box.disk = Volume(10**12, 10**6, None, None)
    growth = finding(examine(box.host()), "cache-growth")
    assert growth.evidence[-1].startswith("at that pace the disk is full in ")
    os.utime(blob, (0, 0))
    assert "cache-growth" not in complaints(examine(box.host()))


def test_everything_that_was_read_is_told(tmp_path: Path) -> None:
    """Places that were looked at and not found are told as such."""
    report = examine(machine(tmp_path).host())
    assert "/proc/meminfo" in report.read
    assert "/sys/class/kfd/kfd/topology/nodes/*/properties: 0 found" in report.read
    assert any(place.startswith("NVML") for place in report.read)
