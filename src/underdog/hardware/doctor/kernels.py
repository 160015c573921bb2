"""Whether what is installed holds kernels for the true chip: chip against override against wheel.

The chip is what KFD says. The override is what HSA_OVERRIDE_GFX_VERSION makes ROCm believe. The
wheel's chips are those of the kernel files beside torch. Rules of the override: hsakmt's topology.c
(a variable per node wins over the general one, which hits every card).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from underdog.hardware.chips import Chip, known_chips, override_name
from underdog.hardware.doctor.amd import AmdGpu
from underdog.hardware.doctor.finding import Finding, Severity
from underdog.hardware.doctor.host import Host
from underdog.hardware.doctor.wheels import Torch
from underdog.hardware.telemetry.nvml import NvidiaGpu

OVERRIDE = "HSA_OVERRIDE_GFX_VERSION"
MULTI_ARCH = "https://rocm.nightlies.amd.com/whl-multi-arch/"
UPSTREAM = "https://pytorch.org/get-started/locally/"
THEROCK = "https://github.com/ROCm/TheRock/blob/main/SUPPORTED_GPUS.md"
CROSSED = "https://github.com/ROCm/legacy-rocm-build/issues/2527"
UNSLOTH = "https://github.com/unslothai/unsloth/issues"


def check_kernels(
    host: Host, amd: Sequence[AmdGpu], nvidia: Sequence[NvidiaGpu], torch: Torch | None
) -> Iterator[Finding]:
    """Everything between the chip and the wheel."""
    if torch is not None and torch.built_for is not None:
        yield from _right_build(amd, nvidia, torch)
    rocm = torch if torch is not None and torch.built_for == "rocm" else None
    for gpu in amd:
        if gpu.gfx is None or gpu.node is None or (gpu.integrated and _has_card(amd)):
            continue
        yield from _of_chip(host, gpu, rocm)
    if rocm is None and not any(gpu.gfx for gpu in amd) and host.variable(OVERRIDE):
        yield _override_alone(host)


def install_line(chip: Chip) -> str:
    """The pip line that brings kernels for this chip."""
    gfx = chip.gfx
    if chip.upstream or chip.vendor == "none":
        return (
            "pip install torch torchvision --index-url https://download.pytorch.org/whl/rocm7.2"
            "  # see pytorch.org for the newest"
        )
    return f'pip install --index-url {MULTI_ARCH} "torch[device-{gfx}]" "torchvision[device-{gfx}]"'


def effective_override(host: Host, node: int) -> tuple[str, str] | None:
    """The variable that counts for a node, and its value."""
    for name in (f"{OVERRIDE}_{node}", OVERRIDE):
        value = host.variable(name)
        if value is not None:
            return name, value
    return None


def _right_build(
    amd: Sequence[AmdGpu], nvidia: Sequence[NvidiaGpu], torch: Torch
) -> Iterator[Finding]:
    wanted = "cuda" if nvidia else "rocm" if amd else None
    if wanted is None or torch.built_for == wanted or (amd and torch.built_for == "rocm"):
        return
    card = nvidia[0].name if nvidia else amd[0].told
    chip = next((gpu.chip for gpu in amd if gpu.chip), None)
    yield Finding(
        "torch-wrong-build",
        Severity.ERROR,
        f"This PyTorch is built for {_called(torch.built_for)} and cannot use {card}",
        (
            f"torch {torch.package.version} in {torch.package.place}",
            f"torch/version.py: built for {_called(torch.built_for)}",
        ),
        remedy=(
            install_line(chip) if chip and wanted == "rocm" else "pip install torch torchvision"
        ),
        link=UPSTREAM,
    )


def _of_chip(host: Host, gpu: AmdGpu, torch: Torch | None) -> Iterator[Finding]:
    chip, node = gpu.chip, gpu.node
    assert gpu.gfx is not None
    assert node is not None
    if chip is None:
        yield _unknown_chip(gpu)
        return
    override = effective_override(host, node)
    chips = set(torch.chips) if torch is not None else set()
    native = gpu.gfx in chips
    if override is not None:
        yield from _override(gpu, chip, override, native=native)
    elif torch is not None and chips and not native:
        yield _not_in_wheel(chip, torch)
    elif native and torch is not None:
        yield _in_wheel(chip, torch)
    believed = override_name(override[1]) if override is not None else None
    yield from _limits(chip, believed or gpu.gfx)
    if torch is not None and torch.tuned and gpu.gfx not in torch.tuned and chip.miopen == "none":
        yield _untuned(chip, torch)


def _override(
    gpu: AmdGpu, chip: Chip, override: tuple[str, str], *, native: bool
) -> Iterator[Finding]:
    variable, value = override
    believed = override_name(value)
    evidence = (
        f"KFD node {gpu.node}: gfx_target_version says {chip.gfx} ({chip.cards})",
        f"{variable}={value} makes ROCm believe {believed or 'nothing: it is malformed'}",
    )
    if believed == chip.gfx:
        yield Finding(
            "override-idle",
            Severity.HINT,
            "The override names the chip that is there: it does nothing",
            evidence,
            remedy=f"unset {variable}",
            settings=((variable, None),),
        )
        return
    if native:
        yield Finding(
            "override-needless",
            Severity.ERROR,
            f"The wheel holds kernels for {chip.gfx}, and the override keeps them from being used",
            (*evidence, f"kernel files beside torch are there for {chip.gfx}"),
            remedy=f"unset {variable}",
            link=THEROCK,
            settings=((variable, None),),
        )
        return
    family = known_chips()[believed].family if believed in known_chips() else None
    if family != chip.family:
        yield _crossed(chip, variable, believed, evidence)
        return
    yield Finding(
        "override-family",
        Severity.HINT,
        f"{chip.gfx} runs as {believed}, of the same family: that works in practice",
        evidence,
        remedy=f"{install_line(chip)} && unset {variable}",
        link=THEROCK,
    )


def _crossed(chip: Chip, variable: str, believed: str | None, evidence: tuple[str, str]) -> Finding:
    return Finding(
        "override-crossed",
        Severity.ERROR,
        f"{chip.gfx} is made to run code of {believed or 'an unknown chip'}, which has "
        "instructions it lacks",
        (*evidence, "another family: kernels in half precision may hang, crash or be wrong"),
        remedy=f"{install_line(chip)} && unset {variable}",
        link=CROSSED,
        settings=((variable, None),),
    )


def _not_in_wheel(chip: Chip, torch: Torch) -> Finding:
    evidence = (
        f"the chip is {chip.gfx} ({chip.cards})",
        f"torch {torch.package.version} has kernel files for {', '.join(torch.chips)}",
    )
    if chip.override is not None and override_name(chip.override) in torch.chips:
        return Finding(
            "wheel-lacks-chip",
            Severity.ERROR,
            f"This PyTorch has no kernels for {chip.gfx}; those of its family do as well",
            evidence,
            remedy=f"export {OVERRIDE}={chip.override}",
            link=THEROCK,
            settings=((OVERRIDE, chip.override),),
        )
    return Finding(
        "wheel-lacks-chip",
        Severity.ERROR,
        f"This PyTorch has no kernels for {chip.gfx}, and no near chip can stand in",
        evidence,
        remedy=install_line(chip),
        link=THEROCK,
    )


def _in_wheel(chip: Chip, torch: Torch) -> Finding:
    return Finding(
        "wheel-has-chip",
        Severity.GOOD,
        f"PyTorch holds kernels for {chip.gfx}",
        (f"torch {torch.package.version}: kernel files for {', '.join(torch.chips)}",),
    )


def _limits(chip: Chip, believed: str) -> Iterator[Finding]:
    if chip.triton == "wrong":
        yield Finding(
            "triton-wrong",
            Severity.WARNING,
            f"Triton computes zeros on {chip.gfx} without saying so: keep torch.compile off",
            (f"chips.toml: {chip.gfx}, triton wrong",),
            remedy="export TORCH_COMPILE_DISABLE=1",
            link=f"{UNSLOTH}/11614",
            settings=(("TORCH_COMPILE_DISABLE", "1"),),
        )
    if not chip.bfloat16:
        kind = "float32" if chip.family == "gfx101x" or believed != chip.gfx else "float16"
        yield Finding(
            "no-bfloat16",
            Severity.HINT,
            f"{chip.gfx} has no bfloat16, although torch says it is supported: train in {kind}",
            (f"chips.toml: {chip.gfx}, bfloat16 false",),
            remedy=f"underdog plan --recipe tiny --dtype {kind}",
            link=f"{UNSLOTH}/7922",
        )


def _untuned(chip: Chip, torch: Torch) -> Finding:
    return Finding(
        "miopen-untuned",
        Severity.HINT,
        f"MIOpen has no tuned kernels for {chip.gfx}: the first iterations compile and search",
        (f"torch/share/miopen/db has databases for {', '.join(torch.tuned)}",),
        remedy="underdog vision doctor  # convolution without MIOpen",
        link="https://github.com/ROCm/MIOpen/issues/1606",
    )


def _unknown_chip(gpu: AmdGpu) -> Finding:
    return Finding(
        "chip-unknown",
        Severity.HINT,
        f"{gpu.gfx} is not in underdog's table of chips: nothing is known of its wheels",
        (f"KFD node {gpu.node}: gfx_target_version says {gpu.gfx}",),
        link=THEROCK,
    )


def _override_alone(host: Host) -> Finding:
    return Finding(
        "override-alone",
        Severity.HINT,
        "An override is set, but there is no chip that it could be for",
        (f"{OVERRIDE}={host.variable(OVERRIDE)}", "KFD shows no GPU"),
        remedy=f"unset {OVERRIDE}",
        settings=((OVERRIDE, None),),
    )


def _has_card(amd: Sequence[AmdGpu]) -> bool:
    return any(gpu.node is not None and not gpu.integrated for gpu in amd)


def _called(built_for: str | None) -> str:
    names = {"rocm": "AMD (ROCm)", "cuda": "NVIDIA (CUDA)", "cpu": "the processor only"}
    return names.get(built_for or "", "nothing known")
