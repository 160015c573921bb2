"""The table of accelerators, and what is found on a machine."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from underdog.errors import InputError
from underdog.hardware.detect import cpu, detect, named, run_tool
from underdog.hardware.gpus import find_gpu, recognise


def silent(command: Sequence[str]) -> str | None:
    """No tool is installed."""
    del command
    return None


TABLE = tomllib.loads((files("underdog.hardware") / "gpus.toml").read_text(encoding="utf-8"))["gpu"]
CHIPS = tomllib.loads((files("underdog.hardware") / "chips.toml").read_text(encoding="utf-8"))
NEEDED = {"name", "bytes", "bandwidth_gb_s", "fp16_tflops", "fp32_tflops", "hfu", "source"}
CHECKED = {"checked", "checked_figures"}
OPTIONAL = {"gfx", "bf16_tflops", "flash", "half_trusted", "also"} | CHECKED


@pytest.mark.parametrize("entry", TABLE, ids=lambda entry: entry["name"])
def test_every_row_is_complete_and_plausible(entry: dict[str, Any]) -> None:
    """Memory, bandwidth, peaks and a vendor's page; 16 bit is 1.9 to 40 times as fast as 32;
    a byte from memory goes with 7 to 120 operations; memory is read whole in under half a second.
    """
    assert set(entry) >= NEEDED
    assert set(entry) <= NEEDED | OPTIONAL
    assert 6e9 < entry["bytes"] < 320e9
    assert entry["bytes"] / (entry["bandwidth_gb_s"] * 1e9) < 0.5
    assert 0 < entry["hfu"][0] < entry["hfu"][1] < 1
    half = entry.get("bf16_tflops", entry["fp16_tflops"])
    assert half <= entry["fp16_tflops"]
    assert 1.9 < entry["fp16_tflops"] / entry["fp32_tflops"] < 40
    assert 7 < entry["fp32_tflops"] * 1e3 / entry["bandwidth_gb_s"] < 120
    maker = "amd.com" if entry.get("gfx") else "nvidia.com"
    assert (urlsplit(entry["source"]).hostname or "").endswith(maker)


def test_what_was_checked_says_where_and_which_figures() -> None:
    """A row with one of the two keys has both; the header's number of such rows is right."""
    rows = [entry for entry in TABLE if CHECKED & set(entry)]
    for entry in rows:
        assert entry["checked"].startswith("https://")
        assert set(entry["checked_figures"]) <= {"bytes", "bandwidth", "fp16", "fp32"}
        assert entry["checked_figures"]
    text = (files("underdog.hardware") / "gpus.toml").read_text(encoding="utf-8")
    assert f"{len(rows)} of" in text


def test_names_are_unique_and_rows_of_one_chip_agree() -> None:
    """No two rows answer to one name; bfloat16 is native where chips.toml says so."""
    names = [plain for each in TABLE for plain in (each["name"], *each.get("also", ()))]
    assert len(names) == len(set(names))
    for entry in TABLE:
        if "gfx" in entry:
            assert ("bf16_tflops" in entry) == CHIPS[entry["gfx"]]["bfloat16"], entry["name"]


def test_every_chip_with_memory_of_its_own_has_a_card() -> None:
    """Processors with graphics get as much memory as their owner gives them (Strix Halo has a row
    all the same), gfx1011 was never sold as a card of its own, and gfx1034's have 4 GB.
    """
    covered = {entry["gfx"] for entry in TABLE if "gfx" in entry}
    cards = {gfx for gfx, chip in CHIPS.items() if not chip.get("integrated")}
    assert cards - covered == {"gfx1011", "gfx1034"}
    assert covered - cards == {"gfx1151"}


@pytest.mark.parametrize(
    "name",
    [
        "T4",
        "V100",
        "A10",
        "L4",
        "A100",
        "A100-40",
        "RTX 3090",
        "RTX 4090",
        "RTX 5090",
        "L40S",
        "H100",
        "H200",
        "B200",
        "Strix Halo",
        "Radeon 8060S",
        "RX 5600 XT",
        "MI355X",
        "4090",
    ],
)
def test_common_cards_are_known(name: str) -> None:
    """As people write them."""
    device = find_gpu(name)
    assert device.bandwidth is not None
    assert device.flops_16 >= device.flops_32 > 0


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("NVIDIA H100 PCIe", "h100-pcie"),
        ("NVIDIA A100-SXM4-80GB", "a100"),
        ("NVIDIA L40S", "l40s"),
        ("NVIDIA L40", None),
        ("NVIDIA A10", "a10"),
        ("NVIDIA A10G", None),
        ("Tesla T4", "t4"),
        ("NVIDIA GeForce RTX 5090", "rtx5090"),
        ("AMD Ryzen AI MAX+ 395 w/ Radeon 8060S", "8060s"),
    ],
)
def test_a_driver_s_whole_words_count(text: str, name: str | None) -> None:
    """A card that is not in the table is not taken for one whose name begins alike."""
    found = recognise(text)
    assert (found.name if found else None) == name


def test_sixteen_bit_that_goes_wrong_counts_as_float32() -> None:
    """The RX 5600 XT's float16 peak is printed by the vendor and used by no plan."""
    device = find_gpu("rx5600xt")
    assert device.flops_16 == device.flops_32 == 7.2e12


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
