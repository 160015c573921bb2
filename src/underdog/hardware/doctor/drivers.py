"""The first checks: is there an accelerator, does its driver serve it, may this user open it.

In: a Host and what was read of its cards. Out: findings. Order as a person would look: the kernel's
driver, /dev/kfd and its rights, PCIe, then which of several cards would be used.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from underdog.hardware.doctor.amd import AmdGpu
from underdog.hardware.doctor.finding import Finding, Severity
from underdog.hardware.doctor.host import Host
from underdog.hardware.telemetry.nvml import NvidiaGpu

INSTALL = "https://rocm.docs.amd.com/projects/install-on-linux/en/latest/install/prerequisites.html"
DOCKER = "https://rocm.docs.amd.com/projects/install-on-linux/en/latest/how-to/docker.html"
ISSUES = "https://github.com/ROCm/legacy-rocm-build/issues"
KFD, RENDER = "dev/kfd", "dev/dri/renderD*"


def check_accelerators(
    host: Host, amd: Sequence[AmdGpu], nvidia: Sequence[NvidiaGpu], nvml_error: str | None
) -> Iterator[Finding]:
    """Everything about drivers and rights."""
    if not amd and not nvidia and nvml_error is None:
        yield _none_found(host)
    if nvml_error is not None:
        yield _nvml_broken(nvml_error)
    elif not nvidia and host.exists("proc/driver/nvidia/version"):
        yield _nvml_missing(host)
    if nvidia:
        yield _nvidia_well(nvidia)
    if amd:
        yield from _amd(host, amd)


def _none_found(host: Host) -> Finding:
    places = "no card of vendor 0x1002 in /sys/class/drm, no GPU node in the topology of KFD"
    wsl = "microsoft" in (host.text("proc/version") or "").lower() or host.exists("dev/dxg")
    more = (
        "/dev/dxg or /proc/version says WSL: AMD's cards are reached through its own runtime"
        if wsl
        else "NVML found no NVIDIA card (or nvidia-ml-py is not installed)"
    )
    return Finding(
        "no-accelerator",
        Severity.HINT,
        "No GPU that trains was found; everything runs on the processor",
        (places, more),
        remedy="underdog plan --recipe tiny",
        link=INSTALL,
    )


def _nvml_broken(error: str) -> Finding:
    return Finding(
        "nvidia-driver-broken",
        Severity.ERROR,
        "NVIDIA's driver does not answer",
        (f"nvmlInit: {error}",),
        remedy="sudo reboot  # after a driver update; else: sudo dmesg | grep -i nvrm",
        link="https://docs.nvidia.com/deploy/nvml-api/group__nvmlDeviceEnumvs.html",
    )


def _nvml_missing(host: Host) -> Finding:
    line = (host.text("proc/driver/nvidia/version") or "").partition("\n")[0]
    return Finding(
        "nvidia-unread",
        Severity.HINT,
        "There is an NVIDIA driver, but nothing to ask it with",
        (
            f"/proc/driver/nvidia/version: {line or 'there'}",
            "import pynvml failed or found no card",
        ),
        remedy="pip install nvidia-ml-py",
        link="https://docs.nvidia.com/deploy/nvml-api/index.html",
    )


def _nvidia_well(cards: Sequence[NvidiaGpu]) -> Finding:
    return Finding(
        "nvidia-driver",
        Severity.GOOD,
        f"NVIDIA's driver serves {_count(len(cards), 'card')}",
        tuple(
            f"NVML: {card.name}, {card.memory_bytes / 1e9:.1f} GB, compute capability "
            f"{card.capability or 'unknown'}"
            for card in cards
        ),
    )


def _amd(host: Host, amd: Sequence[AmdGpu]) -> Iterator[Finding]:
    served = [gpu for gpu in amd if gpu.node is not None]
    if not host.exists(KFD):
        yield _no_kfd(host, amd)
    else:
        refused = host.can_open(KFD)
        if refused is not None:
            yield _kfd_closed(refused, f"/{KFD}")
        else:
            yield from _render_nodes(host)
        unserved = [gpu for gpu in amd if gpu.node is None]
        if unserved and refused is None:
            yield _unserved(unserved)
        if served and refused is None:
            yield _served(served)
    yield from _atomics(served)
    yield from _which(host, served)


def _no_kfd(host: Host, amd: Sequence[AmdGpu]) -> Finding:
    if _in_container(host):
        return Finding(
            "kfd-missing",
            Severity.ERROR,
            "This container was started without the GPU's device files",
            (f"/{KFD} is not there, but /sys shows {amd[0].told}", _container_sign(host)),
            remedy="docker run --device=/dev/kfd --device=/dev/dri --group-add "
            "$(stat -c %g /dev/kfd) --ipc=host --shm-size=16g IMAGE  # on the host",
            link=DOCKER,
        )
    return Finding(
        "kfd-missing",
        Severity.ERROR,
        "The kernel offers no compute interface for the card",
        (f"/{KFD} is not there, but /sys/class/drm shows {amd[0].told}",),
        remedy="sudo modprobe amdgpu && sudo dmesg | grep -i -e kfd -e amdgpu | tail -20",
        link=f"{ISSUES}/1088",
    )


def _kfd_closed(error: str, place: str) -> Finding:
    container = error in {"EPERM", "ENODEV", "ENXIO"}
    remedy = (
        "docker run --device=/dev/kfd --device=/dev/dri ... IMAGE  # on the host"
        if container
        else "sudo usermod -aG render,video $USER  # then log in again"
    )
    why = {
        "EACCES": "the user is in no group that may: usually render, on older systems video",
        "EPERM": "the container's device rules forbid it although the file is there",
        "EINVAL": "the driver refuses this process: another name space or a broken module",
        "ENOMEM": "the driver refuses: it has no node for this card, or no PCIe atomics",
    }.get(error, "the driver refuses")
    return Finding(
        "kfd-closed",
        Severity.ERROR,
        f"{place} cannot be opened: no program of this user can compute on the card",
        (f"open {place} read-write: {error}", why),
        remedy=remedy,
        link=DOCKER if container else INSTALL,
    )


def _render_nodes(host: Host) -> Iterator[Finding]:
    nodes = host.glob(RENDER)
    closed = [(node, error) for node in nodes if (error := host.can_open(node)) is not None]
    if not nodes:
        yield Finding(
            "render-missing",
            Severity.ERROR,
            "There is /dev/kfd but no render device: memory cannot be allocated on the card",
            (f"/{RENDER}: none",),
            remedy="docker run --device=/dev/kfd --device=/dev/dri ... IMAGE  # on the host",
            link=DOCKER,
        )
    if closed and len(closed) == len(nodes):
        yield Finding(
            "render-closed",
            Severity.ERROR,
            "No render device can be opened by this user",
            tuple(f"open /{node} read-write: {error}" for node, error in closed),
            remedy="sudo usermod -aG render,video $USER  # then log in again",
            link=INSTALL,
        )


def _unserved(cards: Sequence[AmdGpu]) -> Finding:
    return Finding(
        "kfd-refuses-card",
        Severity.ERROR if all(not card.integrated for card in cards) else Severity.HINT,
        "The kernel drives the card for display but not for computing",
        tuple(
            f"/{card.card}: no node of KFD has its PCI address {card.pci or '(unknown)'}"
            for card in cards
        ),
        remedy="sudo dmesg | grep -i -e 'kfd' -e 'atomics'",
        link=f"{ISSUES}/910",
    )


def _served(cards: Sequence[AmdGpu]) -> Finding:
    return Finding(
        "amd-driver",
        Severity.GOOD,
        f"The kernel serves {_count(len(cards), 'AMD GPU')} for computing, and this user may",
        tuple(
            f"KFD node {card.node}: {card.told}, "
            f"{(card.vram_bytes or 0) / 1e9:.1f} GB, PCI {card.pci or 'unknown'}"
            for card in cards
        ),
    )


def _atomics(cards: Sequence[AmdGpu]) -> Iterator[Finding]:
    without = [card for card in cards if card.atomics is False]
    if without:
        yield Finding(
            "pcie-atomics",
            Severity.WARNING,
            "The slot carries no PCIe atomics: some kernels hang or are refused",
            tuple(
                f"KFD node {card.node}: flags of its io_link forbid 32 or 64 bit atomics"
                for card in without
            ),
            remedy="move the card to a slot that hangs on the processor, not on the chipset",
            link=f"{ISSUES}/1214",
        )


def _which(host: Host, cards: Sequence[AmdGpu]) -> Iterator[Finding]:
    """ROCm numbers cards in the order of KFD; an integrated one among them is a trap."""
    chosen = host.variable("HIP_VISIBLE_DEVICES") or host.variable("ROCR_VISIBLE_DEVICES")
    real = [index for index, card in enumerate(cards) if not card.integrated]
    if not real or len(real) == len(cards) or chosen is not None:
        return
    wanted = ",".join(map(str, real))
    yield Finding(
        "integrated-visible",
        Severity.WARNING,
        "An integrated GPU stands beside the card, and programs may pick it",
        (
            *(
                f"device {index}: {card.told}{', integrated' if card.integrated else ''}"
                for index, card in enumerate(cards)
            ),
            "HIP_VISIBLE_DEVICES and ROCR_VISIBLE_DEVICES are not set",
        ),
        remedy=f"export HIP_VISIBLE_DEVICES={wanted}",
        link=f"{ISSUES}/5051",
        settings=(("HIP_VISIBLE_DEVICES", wanted),),
    )


def _in_container(host: Host) -> bool:
    return host.exists(".dockerenv") or host.exists("run/.containerenv") or bool(_cgroup(host))


def _cgroup(host: Host) -> str | None:
    words = ("docker", "kubepods", "containerd", "libpod", "lxc")
    text = host.text("proc/1/cgroup") or ""
    return next((word for word in words if word in text), None)


def _container_sign(host: Host) -> str:
    for place in (".dockerenv", "run/.containerenv"):
        if host.exists(place):
            return f"/{place} is there"
    return f"/proc/1/cgroup names {_cgroup(host)}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
