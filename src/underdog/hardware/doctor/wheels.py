"""What is installed, read from metadata and file names: nothing is imported, so nothing can break.

Out: versions of the packages that matter, what torch was built for, and for which chips its folder
holds kernels. Never: an import of torch, which may be what is broken.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution, DistributionFinder, MetadataPathFinder
from pathlib import Path

from underdog.hardware.doctor.host import Host

MATTERING = (
    "torch",
    "torchvision",
    "torchaudio",
    "triton",
    "pytorch-triton-rocm",
    "bitsandbytes",
    "flash-attn",
    "xformers",
    "transformers",
    "peft",
    "accelerate",
    "trl",
    "ultralytics",
    "vllm",
    "numpy",
    "nvidia-ml-py",
    "pynvml",
    "safetensors",
    "tokenizers",
    "huggingface-hub",
    "underdog",
)
NEEDED_FILES = ("__init__.py", "version.py", "lib/libtorch.so", "lib/libtorch_cpu.so")
"""Without these no torch is imported, on any Linux and for any accelerator."""
_GFX = re.compile(r"gfx(?:9|1[0-2])[0-9a-f]{2}")


@dataclass(frozen=True, slots=True)
class Package:
    """`requires` are the requirement lines of its metadata."""

    name: str
    version: str
    place: str
    requires: tuple[str, ...]

    @property
    def release(self) -> tuple[int, ...]:
        """The numbers before any suffix: 2.13.0+rocm7.2 is (2, 13, 0)."""
        return release_of(self.version)

    @property
    def local(self) -> str:
        """What stands behind the plus: rocm7.2, cu128, cpu, or nothing."""
        return self.version.partition("+")[2]


@dataclass(frozen=True, slots=True)
class Torch:
    """`built_for` is "rocm", "cuda", "cpu" or None where its version file says nothing; `chips`
    are the gfx names of kernel files in its folder; `missing` are files without which it fails.
    """

    package: Package
    built_for: str | None
    toolkit: str | None
    chips: tuple[str, ...]
    tuned: tuple[str, ...]
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Wheels:
    """Packages by name; `doubles` are names with more than one installed version in one folder."""

    packages: dict[str, Package]
    doubles: dict[str, tuple[str, ...]]
    torch: Torch | None


def read_wheels(host: Host) -> Wheels:
    """Look into every folder of packages, the first of each name wins as in imports."""
    packages: dict[str, Package] = {}
    doubles: dict[str, tuple[str, ...]] = {}
    for folder in host.site_packages:
        here: dict[str, list[Package]] = {}
        for each in _installed(folder):
            here.setdefault(each.name, []).append(each)
        for name, found in here.items():
            packages.setdefault(name, found[0])
            versions = tuple(sorted({each.version for each in found}))
            if len(versions) > 1:
                doubles.setdefault(name, versions)
        host.read.append(f"{folder}: {len(here)} packages that matter")
    torch = packages.get("torch")
    return Wheels(packages, doubles, None if torch is None else _torch(torch))


def release_of(version: str) -> tuple[int, ...]:
    """The leading numbers of a version."""
    words = re.match(r"\d+(?:\.\d+)*", version)
    return tuple(map(int, words[0].split("."))) if words else ()


def pinned(requires: tuple[str, ...], name: str) -> str | None:
    """The version of ``name==version`` among requirement lines, whatever the markers say."""
    pattern = re.compile(rf"{re.escape(name)}\s*\(?==\s*([\w.+!-]+)", re.IGNORECASE)
    return next((hit[1] for line in requires if (hit := pattern.match(line))), None)


def _installed(folder: Path) -> Iterator[Package]:
    context = DistributionFinder.Context(path=[str(folder)])
    for found in MetadataPathFinder.find_distributions(context):
        name = _plain(found)
        if name in MATTERING and found.version:
            yield Package(name, found.version, str(folder), tuple(found.requires or ()))


def _plain(found: Distribution) -> str:
    """From the folder's name, which is far quicker than reading every METADATA."""
    path = getattr(found, "_path", None)
    raw = path.name.split("-")[0] if path is not None else (found.metadata["Name"] or "")
    return re.sub(r"[-_.]+", "-", raw).lower()


def _torch(package: Package) -> Torch:
    folder = Path(package.place) / "torch"
    text = _text(folder / "version.py")
    hip, cuda = _assigned(text, "hip"), _assigned(text, "cuda")
    built = "rocm" if hip else "cuda" if cuda else "cpu" if text else None
    return Torch(
        package,
        built,
        hip or cuda,
        tuple(sorted(_kernels(folder))),
        tuple(sorted(_tuned(folder))),
        tuple(name for name in NEEDED_FILES if not (folder / name).exists()),
    )


def _kernels(folder: Path) -> set[str]:
    """Chips with rocBLAS kernels beside torch, or with a wheel of their own of AMD's index."""
    names = {
        path.name
        for where in ("lib/rocblas/library", "lib/hipblaslt/library")
        for path in (folder / where).glob("*gfx*")
    }
    names |= {path.name for path in folder.parent.glob("*rocm*gfx*")}
    return {chip for name in names for chip in _GFX.findall(name)}


def _tuned(folder: Path) -> set[str]:
    """Chips with a database of MIOpen: ``gfx1030_18.kdb``, ``gfx942130.HIP.fdb.txt``."""
    names = (path.name for path in (folder / "share/miopen/db").glob("gfx*"))
    return {
        hit[0] for name in names if (hit := re.match(r"gfx(?:1[0-2]\d\d|9[045][0-9a-f])", name))
    }


def _assigned(text: str | None, name: str) -> str | None:
    hit = re.search(rf"^{name}\b[^=\n]*=\s*['\"]([^'\"]+)['\"]", text or "", re.MULTILINE)
    return hit[1] if hit else None


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
