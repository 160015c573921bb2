"""What a detector is trained on and with: the packages, the device and the variables that matter.

Out: plain values for the run's header and for the screen.
"""

from __future__ import annotations

import os
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import torch

from underdog.hardware.machine import read_machine
from underdog.vision.conv.algorithms.native import vendor_flags
from underdog.vision.yolo.precision import Device

PACKAGES = ("torch", "torchvision", "ultralytics", "numpy", "opencv-python", "pillow")
VARIABLES = ("HSA_", "HIP_", "ROCR_", "MIOPEN_", "PYTORCH_", "TORCH_", "CUDA_", "OMP_", "MKL_")
"""Beginnings of the names of variables that change what a GPU or a thread does."""


def read_environment(device: Device, *, threads: int) -> dict[str, Any]:
    """Everything that another run would need to be compared with this one."""
    cudnn, mkldnn = vendor_flags()
    return {
        "packages": {name: found for name in PACKAGES if (found := _version(name)) is not None},
        "hip": torch.version.hip,
        "cuda": torch.version.cuda,
        "device": device.kind,
        "device_name": device.name,
        "chip": device.chip,
        "threads": threads,
        "vendor_library_on": {"miopen_or_cudnn": cudnn, "onednn": mkldnn},
        "variables": {
            name: value for name, value in sorted(os.environ.items()) if name.startswith(VARIABLES)
        },
        "machine": read_machine().to_json(),
    }


def sentences(environment: dict[str, Any]) -> list[str]:
    """The same for a reader, a line per subject."""
    packages = ", ".join(f"{name} {found}" for name, found in environment["packages"].items())
    runtime = f"HIP {environment['hip']}" if environment["hip"] else f"CUDA {environment['cuda']}"
    place = " ".join(filter(None, (environment["device_name"], environment["chip"])))
    machine, threads = environment["machine"], environment["threads"]
    variables = " ".join(f"{name}={value}" for name, value in environment["variables"].items())
    return [
        f"Packages: {packages}; Python {machine['python']}, {machine['system']}",
        f"Device: {environment['device']} {place or machine['cpu']}, {runtime}, {threads} threads",
        f"Variables: {variables or 'none that matter'}",
    ]


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
