"""Machines to examine: trees of files as the kernel and pip write them, built by code.

Names and contents follow Documentation/gpu/amdgpu, drivers/gpu/drm/amd/amdkfd/kfd_topology.c (the
properties of a node: one "name number" a line) and the wheels of PyTorch. Every machine is a Host
whose root is a folder of the test; nothing of the machine that runs the test is read.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from underdog.hardware.doctor.host import Host, Identity, Volume, opens_by_mode
from underdog.hardware.telemetry.nvml import NvidiaGpu, NvidiaState, Nvml, NvmlError

GIB = 2**30
PCIE, FLAG_ENABLED, FLAG_NO_ATOMICS = 2, 1, 0b1100
UPSTREAM = ("gfx900", "gfx906", "gfx90a", "gfx942", "gfx1030", "gfx1100", "gfx1101", "gfx1151")
LARGE = Volume(2000 * 10**9, 900 * 10**9, 10**8, 9 * 10**7)
SHM = Volume(64 * GIB, 60 * GIB, 10**6, 10**6)


@dataclass
class Machine:
    """A folder that is filled step by step, and the Host that looks at it."""

    root: Path
    environment: dict[str, str] = field(default_factory=dict)
    groups: set[int] = field(default_factory=set)
    nvml: Nvml | None = None
    nvml_error: str | None = None
    disk: Volume = LARGE
    shm: Volume = SHM
    cards: int = 0
    nodes: int = 0

    def write(self, place: str, text: str) -> Path:
        """One file below the root."""
        path = self.root / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n")
        return path

    def processor(self, memory: int = 64 * GIB) -> Machine:
        """A CPU node in KFD, /proc and /dev/shm."""
        self.write("proc/meminfo", f"MemTotal: {memory // 1024} kB\nMemAvailable: 9000000 kB")
        self.write("proc/cpuinfo", "model name\t: AMD Ryzen 9 7950X 16-Core Processor")
        self.write("proc/version", "Linux version 6.11.0")
        (self.root / "dev/shm").mkdir(parents=True, exist_ok=True)
        return self

    def kfd(self, *, mode: int = 0o666) -> Machine:
        """/dev/kfd, one render device, and node 0, which is the processor."""
        for place in ("dev/kfd", "dev/dri/renderD128"):
            self.write(place, "").chmod(mode)
        self._node({"cpu_cores_count": 32, "simd_count": 0, "gfx_target_version": 0})
        return self

    def amd(
        self,
        version: int,
        vram: int,
        *,
        name: str = "",
        atomics: bool = True,
        served: bool = True,
        gtt: int = 16 * GIB,
    ) -> Machine:
        """A card: its folder in /sys/class/drm and, if KFD serves it, a node with one PCIe link."""
        bus = 3 + self.cards
        card = f"sys/class/drm/card{self.cards}/device"
        self.cards += 1
        self.write(f"{card}/vendor", "0x1002")
        self.write(f"{card}/uevent", f"DRIVER=amdgpu\nPCI_SLOT_NAME=0000:{bus:02x}:00.0")
        self.write(f"{card}/mem_info_vram_total", str(vram))
        self.write(f"{card}/mem_info_gtt_total", str(gtt))
        if name:
            self.write(f"{card}/product_name", name)
        if served:
            node = self._node(
                {
                    "cpu_cores_count": 0,
                    "simd_count": 72,
                    "gfx_target_version": version,
                    "vendor_id": 4098,
                    "location_id": bus << 8,
                    "domain": 0,
                }
            )
            flags = FLAG_ENABLED | (0 if atomics else FLAG_NO_ATOMICS)
            self.write(
                f"sys/class/kfd/kfd/topology/nodes/{node}/io_links/0/properties",
                f"type {PCIE}\nnode_from {node}\nnode_to 0\nflags {flags}",
            )
        return self

    def torch(
        self,
        version: str,
        *,
        chips: Sequence[str] = (),
        tuned: Sequence[str] = (),
        requires: Sequence[str] = (),
        missing: Sequence[str] = (),
    ) -> Machine:
        """PyTorch's files and metadata; the build is told by the version's suffix."""
        kind = version.partition("+")[2]
        hip = f"'{kind[4:]}.42'" if kind.startswith("rocm") else "None"
        cuda = f"'{kind[2:4]}.{kind[4:]}'" if kind.startswith("cu") else "None"
        text = (
            f"__version__ = '{version}'\ncuda: Optional[str] = {cuda}\nhip: Optional[str] = {hip}"
        )
        files = {"__init__.py": "", "version.py": text}
        files |= {"lib/libtorch.so": "", "lib/libtorch_cpu.so": ""}
        files |= {f"lib/rocblas/library/TensileLibrary_lazy_{chip}.dat": "" for chip in chips}
        files |= {f"share/miopen/db/{chip}_36.kdb": "" for chip in tuned}
        for name, content in files.items():
            if name not in missing:
                self.write(f"site/site-packages/torch/{name}", content)
        return self.package("torch", version, requires)

    def package(self, name: str, version: str, requires: Sequence[str] = ()) -> Machine:
        """The metadata of any package."""
        folder = f"site/site-packages/{name.replace('-', '_')}-{version}.dist-info"
        lines = [f"Name: {name}", f"Version: {version}"]
        lines += [f"Requires-Dist: {each}" for each in requires]
        self.write(f"{folder}/METADATA", "Metadata-Version: 2.1\n" + "\n".join(lines))
        return self

    def host(self) -> Host:
        """The machine as the doctor looks at it, as a user who is not root."""
        who = Identity(os.getuid() + 1, frozenset(self.groups or {os.getgid() + 1}))
        home = self.root / "home/user"
        home.mkdir(parents=True, exist_ok=True)
        return Host(
            root=self.root,
            environment=self.environment,
            identity=who,
            home=home,
            folder=self.root / "work",
            site_packages=(self.root / "site/site-packages",),
            open_device=lambda path: opens_by_mode(path, who),
            volume=lambda path: self.shm if path.name == "shm" else self.disk,
            nvml=self._nvml,
        )

    def _nvml(self) -> Nvml | None:
        if self.nvml_error is not None:
            raise NvmlError(self.nvml_error)
        return self.nvml

    def _node(self, fields: Mapping[str, int]) -> int:
        node, self.nodes = self.nodes, self.nodes + 1
        text = "\n".join(f"{name} {value}" for name, value in fields.items())
        self.write(f"sys/class/kfd/kfd/topology/nodes/{node}/properties", text)
        return node


class FakeNvml:
    """An H200 as NVML describes it."""

    def driver(self) -> str:
        return "570.158.01"

    def cuda(self) -> str | None:
        return "12.8"

    def gpus(self) -> tuple[NvidiaGpu, ...]:
        return (NvidiaGpu(0, "NVIDIA H200", 150_754_820_096, "9.0"),)

    def state(self, index: int) -> NvidiaState:
        return NvidiaState(4 * 2**20, 0, 31.0, 76.0, 700.0, 1980)
