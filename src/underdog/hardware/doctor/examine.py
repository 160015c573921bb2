"""The whole look at a machine: read everything once, run every check, worst findings first.

In: a Host. Out: a Report. Needs the standard library only, no root, no network, and no working
PyTorch. What takes an accelerator's time is in `underdog.hardware.probes`.
"""

from __future__ import annotations

from dataclasses import dataclass

from underdog.hardware.doctor.amd import AmdGpu, read_amd
from underdog.hardware.doctor.drivers import check_accelerators
from underdog.hardware.doctor.finding import Finding, Report, sorted_findings
from underdog.hardware.doctor.host import Host
from underdog.hardware.doctor.kernels import OVERRIDE, check_kernels
from underdog.hardware.doctor.matrix import check_packages
from underdog.hardware.doctor.room import check_room
from underdog.hardware.doctor.wheels import Wheels, read_wheels
from underdog.hardware.machine import read_machine
from underdog.hardware.telemetry.nvml import Nvml, NvmlError


@dataclass(frozen=True, slots=True)
class Nvidia:
    """What NVML said; `error` is its refusal."""

    library: Nvml | None
    error: str | None


def examine(host: Host, extra: tuple[Finding, ...] = ()) -> Report:
    """Read and judge; `extra` are findings from elsewhere, such as the probes'."""
    amd, wheels, nvidia = read_amd(host), read_wheels(host), _nvidia(host)
    cards = nvidia.library.gpus() if nvidia.library is not None else ()
    findings = [
        *check_accelerators(host, amd, cards, nvidia.error),
        *check_kernels(host, amd, cards, wheels.torch),
        *extra,
        *check_packages(wheels, amd),
        *check_room(host),
    ]
    machine = _description(host, amd, wheels, nvidia)
    return Report(machine, sorted_findings(findings), tuple(host.read))


def _nvidia(host: Host) -> Nvidia:
    try:
        library = host.nvml()
    except NvmlError as error:
        host.read.append(f"NVML: {error}")
        return Nvidia(None, str(error))
    host.read.append("NVML: not installed, or no driver" if library is None else "NVML")
    return Nvidia(library, None)


def _description(
    host: Host, amd: tuple[AmdGpu, ...], wheels: Wheels, nvidia: Nvidia
) -> tuple[tuple[str, str], ...]:
    machine = read_machine(host.root / "proc")
    rows = [("system", machine.system), ("processor", f"{machine.cpu}, {machine.cores} cores")]
    rows += [(f"GPU {index}", gpu.told) for index, gpu in enumerate(amd)]
    if nvidia.library is not None:
        rows += [(f"GPU {gpu.index}", gpu.name) for gpu in nvidia.library.gpus()]
        cuda = nvidia.library.cuda()
        rows.append(("NVIDIA driver", nvidia.library.driver() + (f", CUDA {cuda}" if cuda else "")))
    override = host.variable(OVERRIDE)
    if override is not None:
        rows.append((OVERRIDE, override))
    rows.append(("Python", machine.python))
    versions = [f"{each.name} {each.version}" for each in wheels.packages.values()]
    rows.append(("packages", ", ".join(sorted(versions)) or "none that matter"))
    return tuple(rows)
