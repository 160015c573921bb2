"""Packages that do not go together: known bad pairs, told from versions and files alone.

In: what is installed. Out: findings. Pairs: torchvision's table (torch 2.N goes with torchvision
0.(N+15)), the pin of triton in torch's own metadata, bitsandbytes' libraries by their file names,
the lower bounds in underdog's own metadata.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from underdog.hardware.doctor.amd import AmdGpu
from underdog.hardware.doctor.finding import Finding, Severity
from underdog.hardware.doctor.wheels import Package, Torch, Wheels, pinned, release_of

VISION_OFFSET = 15
"""torch 2.0 came with torchvision 0.15, 2.11 with 0.26."""
VISION = "https://github.com/pytorch/vision#installation"
TRITON = "https://github.com/pytorch/pytorch/issues/123042"
BITSANDBYTES = "https://github.com/bitsandbytes-foundation/bitsandbytes/issues/2014"
FLASH = "https://github.com/ROCm/flash-attention/issues/93"
NUMPY = "https://numpy.org/devdocs/numpy_2_0_migration_guide.html"
BOUNDS = ("torch", "torchvision", "transformers", "peft", "accelerate", "safetensors", "numpy")


def check_packages(wheels: Wheels, amd: tuple[AmdGpu, ...]) -> Iterator[Finding]:
    """Everything about versions."""
    if wheels.torch is None:
        yield Finding(
            "torch-absent",
            Severity.HINT,
            "PyTorch is not installed: training, evaluation by model and the probes need it",
            ("no torch in any folder of packages",),
            remedy='pip install "underdog[llm]"',
        )
    else:
        yield from _torch(wheels.torch, wheels)
        yield from _vision(wheels.torch, wheels)
        yield from _triton(wheels.torch, wheels)
        yield from _bitsandbytes(wheels.torch, wheels)
        yield from _flash(wheels, amd)
        yield from _numpy(wheels.torch, wheels)
    yield from _doubles(wheels)
    yield from _older_than_asked(wheels)


def _torch(torch: Torch, wheels: Wheels) -> Iterator[Finding]:
    place = f"torch {torch.package.version} in {torch.package.place}"
    if torch.missing:
        yield Finding(
            "torch-broken",
            Severity.ERROR,
            "PyTorch is installed in part: importing it will fail",
            (place, *(f"torch/{name} is missing" for name in torch.missing)),
            remedy=f"pip install --force-reinstall --no-deps torch=={torch.package.version}",
            link="https://pytorch.org/get-started/locally/",
        )
    elif "torch" not in wheels.doubles:
        yield Finding(
            "torch-files",
            Severity.GOOD,
            f"PyTorch {torch.package.version} is complete on disk",
            (place, f"built for {torch.built_for or 'unknown'} {torch.toolkit or ''}".strip()),
        )


def _vision(torch: Torch, wheels: Wheels) -> Iterator[Finding]:
    vision = wheels.packages.get("torchvision")
    if vision is None or len(torch.package.release) < 2 or len(vision.release) < 2:
        return
    (major, minor), (_, vision_minor) = torch.package.release[:2], vision.release[:2]
    evidence = (f"torch {torch.package.version}", f"torchvision {vision.version}")
    wanted = minor + VISION_OFFSET
    if major == 2 and vision_minor != wanted:
        yield Finding(
            "torchvision-version",
            Severity.ERROR,
            f"torchvision {vision.version} was not built for torch {torch.package.version}: "
            "its operators will not load",
            (*evidence, f"torch 2.{minor} goes with torchvision 0.{wanted}"),
            remedy=f'pip install --no-deps "torchvision==0.{wanted}.*"',
            link=VISION,
        )
    elif _kind(vision.local) != _kind(torch.package.local):
        yield Finding(
            "torchvision-build",
            Severity.ERROR,
            "torch and torchvision come from different indexes",
            evidence,
            remedy="install both in one pip command, from one index",
            link=VISION,
        )


def _triton(torch: Torch, wheels: Wheels) -> Iterator[Finding]:
    found = {name: wheels.packages.get(name) for name in ("triton", "pytorch-triton-rocm")}
    both = [each for each in found.values() if each is not None]
    if len(both) == 2:
        yield Finding(
            "triton-twice",
            Severity.WARNING,
            "Two packages provide the module triton, and one has overwritten the other",
            tuple(f"{each.name} {each.version}" for each in both),
            remedy="pip uninstall -y triton && pip install --force-reinstall --no-deps "
            f"pytorch-triton-rocm=={both[-1].version}",
            link=TRITON,
        )
    for name, package in found.items():
        wanted = pinned(torch.package.requires, name)
        if wanted is None or package is None or release_of(wanted) == package.release:
            continue
        yield Finding(
            "triton-version",
            Severity.ERROR,
            f"torch asks for {name} {wanted}, and {package.version} is installed: "
            "torch.compile will not start",
            (
                f"METADATA of torch {torch.package.version}: {name}=={wanted}",
                f"{name} {package.version}",
            ),
            remedy=f"pip install --no-deps {name}=={wanted}",
            link=TRITON,
        )


def _bitsandbytes(torch: Torch, wheels: Wheels) -> Iterator[Finding]:
    package = wheels.packages.get("bitsandbytes")
    if package is None or torch.built_for != "rocm":
        return
    folder = Path(package.place) / "bitsandbytes"
    libraries = sorted(path.name for path in folder.glob("libbitsandbytes_rocm*.so"))
    wanted = "".join((torch.toolkit or "").split(".")[:2])
    versions = [re.sub(r"\D", "", name) for name in libraries]
    evidence = (
        f"torch {torch.package.version}, ROCm {torch.toolkit}",
        f"bitsandbytes {package.version} brings {', '.join(libraries) or 'no library for ROCm'}",
    )
    if wanted not in versions:
        yield Finding(
            "bitsandbytes-build",
            Severity.ERROR if not libraries else Severity.WARNING,
            "bitsandbytes has no library for this ROCm: 8-bit optimizers and 4-bit loading fail",
            evidence,
            remedy='pip install -U "bitsandbytes>=0.50"  # or stay with bfloat16 and adamw_torch',
            link=BITSANDBYTES,
        )


def _flash(wheels: Wheels, amd: tuple[AmdGpu, ...]) -> Iterator[Finding]:
    package = wheels.packages.get("flash-attn")
    lacking = [gpu.chip for gpu in amd if gpu.chip and not gpu.chip.flash and not gpu.integrated]
    if package is None or not lacking:
        return
    yield Finding(
        "flash-attention-chip",
        Severity.WARNING,
        f"flash-attn has no compiled kernels for {lacking[0].gfx}",
        (f"flash-attn {package.version}", f"chips.toml: {lacking[0].gfx}, flash false"),
        remedy='use attn_implementation="sdpa"',
        link=FLASH,
    )


def _numpy(torch: Torch, wheels: Wheels) -> Iterator[Finding]:
    numpy = wheels.packages.get("numpy")
    if numpy is not None and numpy.release[:1] >= (2,) and torch.package.release < (2, 3):
        yield Finding(
            "numpy-abi",
            Severity.ERROR,
            "This torch was compiled against NumPy 1 and does not see NumPy 2",
            (f"torch {torch.package.version}", f"numpy {numpy.version}"),
            remedy='pip install "numpy<2"',
            link=NUMPY,
        )


def _doubles(wheels: Wheels) -> Iterator[Finding]:
    for name, versions in sorted(wheels.doubles.items()):
        yield Finding(
            "package-twice",
            Severity.ERROR if name == "torch" else Severity.WARNING,
            f"{name} is recorded in two versions in one folder: an upgrade broke off",
            tuple(f"{name}-{version}.dist-info" for version in versions),
            remedy=f"pip uninstall -y {name} && pip install {name}",
        )


def _older_than_asked(wheels: Wheels) -> Iterator[Finding]:
    """Lower bounds of our own metadata, whatever the extra."""
    own = wheels.packages.get("underdog")
    for name in BOUNDS if own is not None else ():
        package = wheels.packages.get(name)
        bound = None if own is None else _bound(own, name)
        if package is None or bound is None or package.release >= release_of(bound):
            continue
        yield Finding(
            "package-old",
            Severity.WARNING,
            f"{name} {package.version} is older than underdog is tested with",
            (f"{name} {package.version}", f"METADATA of underdog: {name}>={bound}"),
            remedy=f'pip install -U "{name}>={bound}"',
        )


def _bound(own: Package, name: str) -> str | None:
    pattern = re.compile(rf"{re.escape(name)}\s*\(?>=\s*([\w.]+)", re.IGNORECASE)
    return next((hit[1] for line in own.requires if (hit := pattern.match(line))), None)


def _kind(local: str) -> str:
    """``rocm7.2`` is rocm, ``cu128`` is cu; no suffix counts as cu, which PyPI's wheels are."""
    return re.sub(r"[\d.].*", "", local) or "cu"
