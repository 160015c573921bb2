"""Six layers of YOLOv8n, forward and backward: the engine against the vendor's library and others.

In: a batch size, a device, an `Engine`. Out: for every layer and contender the times and the bytes
kept for backward. Contenders take turns, so that a disturbance meets all of them, and the fastest
round counts, since other work on the machine only ever adds time.

The layers are those of the hackathon project's own benchmark (conv2d at 640 pixels; first, second,
a CSP block's, a bottleneck's, a 1x1 of the neck, the head's): 20 % of YOLOv8n's convolutions by
work, so their sum is no estimate of a training step.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any, NamedTuple, TypeVar

import torch
import torch.nn.functional as F  # noqa: N812 - as everywhere in PyTorch
from torch import Tensor

from underdog.runs.progress import SILENT, Progress
from underdog.vision.conv.algorithms.native import vendor_libraries
from underdog.vision.conv.engine import NATIVE, Engine, Fixed
from underdog.vision.conv.function import conv2d
from underdog.vision.conv.spec import ConvSpec, Layout, Part


class Layer(NamedTuple):
    """A square convolution with padding kernel // 2 on square images of `size_px`, which a model
    has `times` times.
    """

    name: str
    channels: int
    out_channels: int
    kernel: int
    stride: int
    size_px: int
    groups: int = 1
    times: int = 1

    def spec(self, batch: int, layout: Layout) -> ConvSpec:
        """In float32."""
        return ConvSpec.of(
            (batch, self.channels, self.size_px, self.size_px),
            (self.out_channels, self.channels // self.groups, self.kernel, self.kernel),
            stride=self.stride,
            padding=self.kernel // 2,
            groups=self.groups,
            layout=layout,
        )


LAYERS = (
    Layer("first", 3, 16, 3, 2, 640),
    Layer("second", 16, 32, 3, 2, 320),
    Layer("csp", 32, 32, 3, 1, 160),
    Layer("bottleneck", 64, 64, 3, 1, 80),
    Layer("neck", 128, 128, 1, 1, 40),
    Layer("head", 256, 256, 3, 1, 20),
)

Item = TypeVar("Item")
Convolve = Callable[[Tensor, Tensor, ConvSpec], Tensor]


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds of the fastest round and of the median one; bytes kept from forward to backward; of
    one layer, which the model has `times` times.
    """

    layer: str
    contender: str
    forward_s: float
    backward_s: float
    median_s: float
    saved_bytes: int
    times: int = 1

    @property
    def total_s(self) -> float:
        """Forward and backward, each in its fastest round."""
        return self.forward_s + self.backward_s

    def to_json(self) -> dict[str, Any]:
        """As a plain JSON object."""
        return asdict(self) | {"total_s": self.total_s}


class Contender(NamedTuple):
    """A way to convolve, the layout it is given, and whether the vendor's library is on for it."""

    name: str
    layout: Layout
    convolve: Convolve
    vendor: bool


def contenders(engine: Engine, layout: Layout = Layout.CHANNELS_LAST) -> tuple[Contender, ...]:
    """The engine in one layout, the vendor's library in both, and two ways without it."""
    own = Engine(Fixed(NATIVE))
    last, first = Layout.CHANNELS_LAST, Layout.CONTIGUOUS
    return (
        Contender("ours", layout, _by_engine(engine), False),
        Contender("vendor", first, plain, True),
        Contender("vendor, channels last", last, plain, True),
        Contender("native", first, _by_engine(own), False),
        Contender("unfold + matmul", first, unfold_and_multiply, False),
    )


def run(
    contenders: Sequence[Contender],
    *,
    batch: int = 4,
    rounds: int = 5,
    device: torch.device | None = None,
    layers: Sequence[Layer] = LAYERS,
    progress: Progress = SILENT,
    clock: Callable[[], float] = time.perf_counter,
) -> list[Timing]:
    """Every contender on every layer, in turns; a first round warms up and is not counted.

    What one contender leaves in caches and in the allocator meets the next, so the order changes
    from round to round.
    """
    where = torch.device("cpu") if device is None else device
    timings = []
    progress.begin("timing layers", len(layers))
    for layer in layers:
        cases = [_Case(layer, each, batch, where, clock) for each in contenders]
        for number in range(rounds + 1):
            for case in balanced(cases, number):
                case.turn(counted=number > 0)
        timings += [case.timing() for case in cases]
        progress.advance(note=layer.name)
    progress.end()
    return timings


def balanced(items: Sequence[Item], number: int) -> list[Item]:
    """The same things in another order for every number: over as many numbers as things, or twice
    as many where these are odd, each comes behind each other one equally often.

    Williams' design (Australian Journal of Scientific Research A 2, 1949, 149-168). Rotated, each
    would come behind the same one but for the first: ours behind unfold + matmul.
    """
    count = len(items)
    places = [(step + 1) // 2 * (1 if step % 2 else -1) for step in range(count)]
    if count % 2 and number // count % 2:
        places.reverse()
    return [items[(place + number) % count] for place in places]


def totals_s(timings: Sequence[Timing]) -> dict[str, float]:
    """Seconds over all layers of the model, by contender."""
    totals: dict[str, float] = {}
    for each in timings:
        totals[each.contender] = totals.get(each.contender, 0.0) + each.times * each.total_s
    return totals


def headline(timings: Sequence[Timing]) -> dict[str, float]:
    """Ours / vendor in its faster layout; unfold + matmul / ours; PyTorch's own / ours."""
    totals = totals_s(timings)
    vendor = min(totals["vendor"], totals["vendor, channels last"])
    return {
        "vendor_ratio": totals["ours"] / vendor,
        "unfold_speedup": totals["unfold + matmul"] / totals["ours"],
        "tier0_speedup": totals["native"] / totals["ours"],
    }


class _Case:
    def __init__(
        self,
        layer: Layer,
        contender: Contender,
        batch: int,
        device: torch.device,
        clock: Callable[[], float],
    ) -> None:
        self.layer, self.contender, self.clock, self.device = layer, contender, clock, device
        self.spec = layer.spec(batch, contender.layout)
        generator = torch.Generator().manual_seed(0)
        last = contender.layout is Layout.CHANNELS_LAST
        form = torch.channels_last if last else torch.contiguous_format

        def draw(shape: tuple[int, ...]) -> Tensor:
            drawn = torch.randn(shape, generator=generator)
            return drawn.to(device).contiguous(memory_format=form)

        self.x, self.g = draw(self.spec.x_shape).requires_grad_(), draw(self.spec.y_shape)
        scale = (layer.channels // layer.groups * layer.kernel**2) ** -0.5
        self.w = (draw(self.spec.w_shape) * scale).requires_grad_()
        self.forward_s: list[float] = []
        self.backward_s: list[float] = []
        self.saved_bytes = 0

    def turn(self, *, counted: bool) -> None:
        self.x.grad = self.w.grad = None
        with vendor_libraries(enabled=self.contender.vendor):
            start = self._now()
            if counted:
                y = self.contender.convolve(self.x, self.w, self.spec)
            else:
                with counting_saved() as saved:
                    y = self.contender.convolve(self.x, self.w, self.spec)
                self.saved_bytes = saved.bytes
            between = self._now()
            y.backward(self.g)  # type: ignore[no-untyped-call]
            end = self._now()
        if counted:
            self.forward_s.append(between - start)
            self.backward_s.append(end - between)

    def _now(self) -> float:
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)
        return self.clock()

    def timing(self) -> Timing:
        both = [f + b for f, b in zip(self.forward_s, self.backward_s, strict=True)]
        return Timing(
            self.layer.name,
            self.contender.name,
            min(self.forward_s),
            min(self.backward_s),
            median(both),
            self.saved_bytes,
            self.layer.times,
        )


class Saved:
    """Bytes of the distinct storages that autograd was given to keep."""

    def __init__(self) -> None:
        self._storages: dict[int, int] = {}
        # Storages are held so that no address is given out twice.
        self._held: list[Tensor] = []

    @property
    def bytes(self) -> int:
        """Each storage once, in full."""
        return sum(self._storages.values())

    def pack(self, tensor: Tensor) -> Tensor:
        """The hook: note, change nothing."""
        storage = tensor.untyped_storage()
        self._storages[storage.data_ptr()] = storage.nbytes()
        self._held.append(tensor)
        return tensor


@contextmanager
def counting_saved() -> Iterator[Saved]:
    """Count what is kept for backward by all that runs in the block."""
    saved = Saved()
    with torch.autograd.graph.saved_tensors_hooks(saved.pack, lambda tensor: tensor):
        yield saved


def plain(x: Tensor, w: Tensor, spec: ConvSpec) -> Tensor:
    """`conv2d` as a user calls it, under the flags of the moment."""
    return F.conv2d(
        x,
        w,
        stride=spec.stride,
        padding=(spec.pads.top, spec.pads.left),
        dilation=spec.dilation,
        groups=spec.groups,
    )


def unfold_and_multiply(x: Tensor, w: Tensor, spec: ConvSpec) -> Tensor:
    """The usual fallback: all columns of the batch, one product, gradients left to autograd."""
    columns = F.unfold(
        x,
        spec.kernel,
        dilation=spec.dilation,
        padding=(spec.pads.top, spec.pads.left),
        stride=spec.stride,
    )
    if spec.groups == 1:
        return torch.matmul(w.flatten(1), columns).view(spec.y_shape)
    by_group = columns.view(columns.shape[0], spec.groups, -1, columns.shape[2])
    return torch.matmul(w.view(spec.groups, -1, by_group.shape[2]), by_group).view(spec.y_shape)


def _by_engine(engine: Engine) -> Convolve:
    def convolve(x: Tensor, w: Tensor, spec: ConvSpec) -> Tensor:
        pads = tuple(spec.pads)
        return conv2d(x, w, engine=engine, stride=spec.stride, padding=pads, groups=spec.groups)

    return convolve


def parts(
    batch: int, layout: Layout, layers: Sequence[Layer] = LAYERS
) -> list[tuple[str, ConvSpec, Part]]:
    """Everything a tuner is asked during `run`: layer name, spec, part."""
    return [(each.name, each.spec(batch, layout), part) for each in layers for part in Part]
