"""Which precision a device can be trusted with, decided from what it is, without trying anything.

Ultralytics decides by an experiment instead (`check_amp`): it downloads a model and compares its
boxes, and where MIOpen fails in it, training dies before it starts. That check is never run here.
"""

from __future__ import annotations

from typing import NamedTuple

from underdog.vision.yolo.settings import Precision

BFLOAT16_CHIPS = ("gfx908", "gfx90a", "gfx94", "gfx95", "gfx11", "gfx12")
"""AMD chips whose matrix or dot instructions take bfloat16: CDNA and RDNA 3 and later. RDNA 1 and
2 (gfx10) emulate it (unsloth issue 7922)."""
NVIDIA_BFLOAT16 = (8, 0)
"""Compute capability from which tensor cores take bfloat16 (CUDA programming guide)."""


class Device(NamedTuple):
    """`kind` is torch's name of it. `chip` is AMD's gfx name, or empty; `capability` NVIDIA's, or
    None; `override` is the value of HSA_OVERRIDE_GFX_VERSION, or empty.
    """

    kind: str
    name: str = ""
    chip: str = ""
    capability: tuple[int, int] | None = None
    override: str = ""

    @property
    def amd(self) -> bool:
        """Whether it is an AMD GPU."""
        return bool(self.chip)


class Decision(NamedTuple):
    """A precision and the reason in one sentence."""

    precision: Precision
    reason: str


def decide(asked: Precision, device: Device) -> Decision:
    """What was asked for; for AUTO what this device computes correctly and faster."""
    if asked is not Precision.AUTO:
        return Decision(asked, "as asked for")
    obstacle = _obstacle(device)
    if obstacle is not None:
        return Decision(Precision.FLOAT32, obstacle)
    return Decision(Precision.BFLOAT16, f"{device.chip or device.name} has bfloat16 instructions")


def _obstacle(device: Device) -> str | None:
    """What speaks against bfloat16, or None."""
    if device.kind != "cuda":
        return "a CPU gains nothing from half precision here"
    if device.amd and device.override:
        return (
            f"HSA_OVERRIDE_GFX_VERSION={device.override}: half-precision kernels of another chip "
            "may use instructions that this one lacks"
        )
    if device.amd:
        able = device.chip.startswith(BFLOAT16_CHIPS)
    else:
        able = device.capability is not None and device.capability >= NVIDIA_BFLOAT16
    return None if able else f"{device.chip or 'this GPU'} has no bfloat16 instructions"


def read_device(asked: str) -> Device:
    """The device that "auto", "cpu", "cuda" or "cuda:N" means on this machine."""
    import os

    import torch

    from underdog.errors import InputError

    if asked == "cpu" or (asked == "auto" and not torch.cuda.is_available()):
        return Device("cpu")
    if not torch.cuda.is_available():
        raise InputError(
            "a GPU that PyTorch sees",
            got="none",
            where=f"--device {asked}",
            hint="underdog doctor, or --device cpu",
        )
    number = torch.device("cuda" if asked == "auto" else asked).index or 0
    properties = torch.cuda.get_device_properties(number)
    if torch.version.hip is None:
        return Device("cuda", properties.name, "", (properties.major, properties.minor))
    chip = str(getattr(properties, "gcnArchName", "")).partition(":")[0] or "an unnamed AMD chip"
    override = os.environ.get("HSA_OVERRIDE_GFX_VERSION", "")
    return Device("cuda", properties.name, chip, None, override)
