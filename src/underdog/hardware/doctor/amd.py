"""AMD's cards as the kernel knows them: amdgpu's folders in /sys and the topology of KFD.

Out: AmdGpu values in the order in which ROCm numbers them. The chip's name comes from the topology,
which HSA_OVERRIDE_GFX_VERSION does not reach. Never: a guess where the kernel says nothing.

Link flags: drivers/gpu/drm/amd/amdkfd/kfd_crat.h (CRAT_IOLINK_TYPE_PCIEXPRESS,
CRAT_IOLINK_FLAGS_NO_ATOMICS_32_BIT and _64_BIT), set by kfd_topology.c where PCIe has no atomics.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from underdog.hardware.chips import Chip, gfx_name, known_chips
from underdog.hardware.doctor.host import Host

AMD_VENDOR = "0x1002"
LINK_PCIE = 2
NO_ATOMICS = (1 << 2) | (1 << 3)
NODES = "sys/class/kfd/kfd/topology/nodes"


@dataclass(frozen=True, slots=True)
class AmdGpu:
    """`card` is the folder below /sys/class/drm, None where this process sees none; `node` is the
    node of KFD, None where KFD does not serve the card; `atomics` is None where nothing says.
    """

    pci: str | None
    card: str | None
    node: int | None
    gfx: str | None
    vram_bytes: int | None
    gtt_bytes: int | None
    name: str | None
    atomics: bool | None

    @property
    def chip(self) -> Chip | None:
        """The row of the table, where it has one."""
        return known_chips().get(self.gfx or "")

    @property
    def integrated(self) -> bool:
        """Whether it shares the processor's memory."""
        return self.chip is not None and self.chip.integrated

    @property
    def told(self) -> str:
        """How a sentence calls it."""
        name = self.name or (self.chip.cards if self.chip else None) or "an AMD GPU"
        return f"{name} ({self.gfx})" if self.gfx else name


def read_amd(host: Host) -> tuple[AmdGpu, ...]:
    """KFD's GPUs first, in its order, then cards that KFD does not serve."""
    cards = _cards(host)
    found = []
    for node in _nodes(host):
        card = cards.pop(node.pci, None) if node.pci else None
        found.append(node if card is None else _joined(node, card))
    return (*found, *cards.values())


def _cards(host: Host) -> dict[str | None, AmdGpu]:
    found: dict[str | None, AmdGpu] = {}
    for place in host.glob("sys/class/drm/card[0-9]*/device/vendor"):
        folder = place.removesuffix("/vendor")
        if host.text(place) != AMD_VENDOR:
            continue
        event = dict(
            line.split("=", 1)
            for line in (host.text(f"{folder}/uevent") or "").splitlines()
            if "=" in line
        )
        pci = event.get("PCI_SLOT_NAME")
        found[pci or folder] = AmdGpu(
            pci=pci,
            card=folder,
            node=None,
            gfx=None,
            vram_bytes=host.number(f"{folder}/mem_info_vram_total"),
            gtt_bytes=host.number(f"{folder}/mem_info_gtt_total"),
            name=host.text(f"{folder}/product_name") or None,
            atomics=None,
        )
    return found


def _nodes(host: Host) -> list[AmdGpu]:
    found = []
    for place in host.glob(f"{NODES}/*/properties"):
        fields = _fields(host.text(place))
        gfx = gfx_name(fields.get("gfx_target_version", 0))
        if gfx is None:
            continue
        node = int(place.split("/")[-2])
        found.append(
            AmdGpu(
                pci=_pci(fields),
                card=None,
                node=node,
                gfx=gfx,
                vram_bytes=fields.get("local_mem_size") or None,
                gtt_bytes=None,
                name=None,
                atomics=_atomics(host, node),
            )
        )
    return found


def _joined(node: AmdGpu, card: AmdGpu) -> AmdGpu:
    vram = card.vram_bytes or node.vram_bytes
    return replace(card, node=node.node, gfx=node.gfx, vram_bytes=vram, atomics=node.atomics)


def _fields(text: str | None) -> dict[str, int]:
    """``name number`` per line, as KFD writes its properties."""
    pairs = (line.split() for line in (text or "").splitlines())
    return {
        pair[0]: int(pair[1]) for pair in pairs if len(pair) == 2 and pair[1].lstrip("-").isdigit()
    }


def _pci(fields: dict[str, int]) -> str | None:
    """KFD's location_id holds bus (8 bit), device (5) and function (3), as PCI numbers them."""
    if "location_id" not in fields:
        return None
    place = fields["location_id"]
    return (
        f"{fields.get('domain', 0):04x}:{place >> 8 & 0xFF:02x}:{place >> 3 & 0x1F:02x}.{place & 7}"
    )


def _atomics(host: Host, node: int) -> bool | None:
    """Whether the card's way to the processor carries atomics; None without a PCIe link."""
    for place in host.glob(f"{NODES}/{node}/io_links/*/properties"):
        link = _fields(host.text(place))
        if link.get("type") == LINK_PCIE and "flags" in link:
            return not link["flags"] & NO_ATOMICS
    return None
