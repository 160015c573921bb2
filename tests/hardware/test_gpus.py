"""The table of accelerators, and what is found on a machine."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from underdog.errors import InputError
from underdog.hardware.detect import cpu, detect, named, run_tool
from underdog.hardware.gpus import find_gpu, known_gpus, recognise


def silent(command: Sequence[str]) -> str | None:
    """No tool is installed."""
    del command
    return None


@pytest.mark.parametrize("name", known_gpus())
def test_every_device_of_the_table_is_possible(name: str) -> None:
    """Shares lie between 0 and 1, 16-bit rates are at least those of float32."""
    device = find_gpu(name)
    assert 0 < device.hfu[0] < device.hfu[1] < 1
    assert device.flops_16 >= device.flops_32 > 0
    assert device.memory_bytes > 5e9


def test_names_are_found_as_people_write_them() -> None:
    """Makers' words, blanks and case do not matter; a typo gets the nearest."""
    assert find_gpu("MI300X") == find_gpu("AMD Instinct MI300X") == find_gpu("mi300x")
    assert find_gpu("Radeon RX 7900 XTX").memory_bytes == find_gpu("7900xtx").memory_bytes
    with pytest.raises(InputError, match="Try: mi300x"):
        find_gpu("mi300")


def test_a_drivers_text_is_recognised_by_its_longest_name() -> None:
    """An XTX is no XT."""
    found = recognise("AMD Radeon RX 7900 XTX (navi31)")
    assert found is not None
    assert found.name == "rx7900xtx"
    assert recognise("llvmpipe") is None


def test_amdgpu_tells_memory_and_kfd_the_chip(tmp_path: Path) -> None:
    """Recorded files of an MI300X: the table's rates, the driver's memory, two cards."""
    for card in (0, 1):
        device = tmp_path / f"sys/class/drm/card{card}/device"
        device.mkdir(parents=True)
        (device / "mem_info_vram_total").write_text("205822885888\n")
    for node, version in ((0, 0), (1, 90402), (2, 90402)):
        folder = tmp_path / f"sys/class/kfd/kfd/topology/nodes/{node}"
        folder.mkdir(parents=True)
        (folder / "properties").write_text(f"simd_count 0\ngfx_target_version {version}\n")
    found = detect(tmp_path, silent)
    assert (found.name, found.memory_bytes, found.count) == ("mi300x", 205_822_885_888, 2)


def test_the_vendors_tools_are_asked_next(tmp_path: Path) -> None:
    """amd-smi's JSON in both layouts that are known, nvidia-smi's CSV; other answers are none."""
    entry = {
        "asic": {"market_name": "AMD Radeon RX 7800 XT", "target_graphics_version": "gfx1101"},
        "vram": {"size": {"value": 16368, "unit": "MB"}},
    }
    for layout in ([entry], {"gpu_data": [entry]}):
        text = json.dumps(layout)
        found = detect(tmp_path, lambda words, text=text: text if words[0] == "amd-smi" else None)
        assert (found.name, found.memory_bytes) == ("rx7800xt", 16368 * 2**20)
    csv = "NVIDIA H100 80GB HBM3, 81559\n"
    found = detect(tmp_path, lambda words: csv if words[0] == "nvidia-smi" else "{broken")
    assert (found.name, found.memory_bytes) == ("h100", 81559 * 2**20)
    assert detect(tmp_path, lambda _: "what?").is_cpu


def test_an_unknown_chip_has_memory_and_no_rates() -> None:
    """A plan for it has no time rather than a wrong one."""
    device = named("Mystery 9000", 10**10)
    assert (device.memory_bytes, device.rates_known) == (10**10, False)


def test_without_an_accelerator_there_is_the_processor(tmp_path: Path) -> None:
    """A container's limit counts when it is below the machine's memory."""
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/meminfo").write_text("MemTotal: 1000000 kB\n")
    assert cpu(tmp_path).memory_bytes == 1_024_000_000
    (tmp_path / "sys/fs/cgroup").mkdir(parents=True)
    (tmp_path / "sys/fs/cgroup/memory.max").write_text("512000000\n")
    assert detect(tmp_path, silent).memory_bytes == 512_000_000
    assert detect(tmp_path, silent).is_cpu


def test_a_tool_that_is_missing_or_fails_says_nothing() -> None:
    """Neither is an error."""
    assert run_tool(["no-such-tool-anywhere"]) is None
    assert run_tool(["false"]) is None
    assert run_tool(["echo", "hello"]) == "hello\n"
