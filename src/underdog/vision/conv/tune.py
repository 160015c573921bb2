"""Chooses the fastest algorithm that is right, per device, torch version, dtype and shape.

In: a spec and a part. Out: a `Choice`, from the cache or from trials. Every candidate that serves
is timed beside PyTorch's own kernels, in turns; then, from the fastest on, it is held against the
float64 reference until one is within its bound. None is chosen that is not faster than PyTorch's
own by more than `margin`, and none that was not verified. Choices by measured time per shape are
what cuDNN and MIOpen call "find" (arXiv 1410.0759, section 3).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.resources import files
from typing import Any

import torch
from torch import Tensor

from underdog.hardware.machine import read_machine
from underdog.runs.files import digest_bytes, digest_value
from underdog.vision.conv import algorithms
from underdog.vision.conv.algorithms.registry import ALGORITHMS
from underdog.vision.conv.algorithms.workspace import Arena
from underdog.vision.conv.bounds import judge
from underdog.vision.conv.cache import ChoiceCache
from underdog.vision.conv.engine import (
    BUDGET_BYTES,
    MIB,
    NATIVE,
    Choice,
    compute_by,
)
from underdog.vision.conv.spec import ConvSpec, Layout, Part

VERIFIED_MACS = 500_000_000
"""A part with more multiplications is verified on as many whole images as stay below (at least
one): on two slow cores float64 takes seconds for more."""


@dataclass(frozen=True, slots=True)
class TuneConfig:
    """How choices are made."""

    budget_bytes: int = BUDGET_BYTES
    """Ceiling of a part's temporaries; what needs more is not a candidate."""
    chunks_bytes: tuple[int, ...] = (4 * MIB, 16 * MIB)
    """Sizes of pieces tried on a CPU; elsewhere the whole budget is the only one."""
    rounds: int = 3
    """Times each candidate is timed that two timed calls have left; the fastest counts."""
    lost: float = 10.0
    """A candidate this many times slower than the best at its first timed call is not timed again.
    It is no less, because a process's first operations may take as long, as if its threads shared
    a core: 86 ms for a part that takes 10, in one start of many (2026-11-22)."""
    hopeless: float = 2.5
    """A candidate this many times slower than the best at two calls is not timed further."""
    close: float = 0.3
    """A candidate that takes up to this share longer than the best is a finalist."""
    final_rounds: int = 4
    """Further times that finalists are timed, where there are two or more: a disturbance of the
    first rounds had cost a part in the benchmark 10 of 13 ms (2026-11-21)."""
    cold_bytes: int = 64 * MIB
    """On a CPU so much other memory is written before each timing, twice the L3 of the processor we
    measured on: a network comes back to a layer with its tensors gone from the caches. Choices made
    on warm caches took 5 % longer over the benchmark's six layers (2026-11-22)."""
    margin: float = 0.05
    """Share by which a candidate must beat PyTorch's own; meant to be above the noise of the
    fastest of a few calls on a quiet machine. On a busy one raise `rounds`."""
    seed: int = 0
    """Draws the operands."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of one candidate. `time_s`, `error` and `bound` are None where not measured.

    `error` and `bound` are shares of the largest sum of absolute products (`bounds.py`).
    """

    choice: Choice
    time_s: float | None = None
    error: float | None = None
    bound: float | None = None
    refusal: str = ""

    @property
    def verified(self) -> bool:
        """Whether the result was compared and is within its bound."""
        return self.error is not None and self.bound is not None and self.error <= self.bound

    def to_json(self) -> dict[str, Any]:
        """As a plain JSON object."""
        return {
            "algorithm": self.choice.algorithm,
            "chunk_bytes": self.choice.chunk_bytes,
            "by_image": self.choice.by_image,
            "time_s": self.time_s,
            # NaN and infinity, which a broken kernel may give, have no place in JSON.
            "error": None if self.error is None or not self.error < 1e300 else self.error,
            "bound": self.bound,
            "refusal": self.refusal,
        }

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Trial:
        """What `to_json` wrote."""
        rest = {key: value[key] for key in ("time_s", "error", "bound", "refusal")}
        choice = Choice(value["algorithm"], value["chunk_bytes"], by_image=value["by_image"])
        return cls(choice, **rest)


class Tuner:
    """A `Chooser` that measures what it has not seen and remembers it in `cache`."""

    def __init__(
        self,
        cache: ChoiceCache | None = None,
        config: TuneConfig | None = None,
        *,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.cache = ChoiceCache() if cache is None else cache
        self.config = TuneConfig() if config is None else config
        self._clock = clock
        self._chosen: dict[tuple[ConvSpec, Part, torch.device], Choice] = {}
        self._arena: Arena | None = None
        self._other = torch.empty(0)

    def choose(self, spec: ConvSpec, part: Part, device: torch.device) -> Choice:
        """The fastest verified choice; `NATIVE` where nothing beats PyTorch's own."""
        key = (spec, part, device)
        if key not in self._chosen:
            kept = self.cache.get(self._key(spec, part, device))
            trials = _trials_of(kept)
            self._chosen[key] = winner(
                self.explain(spec, part, device) if trials is None else trials, self.config.margin
            )
        return self._chosen[key]

    def explain(self, spec: ConvSpec, part: Part, device: torch.device) -> list[Trial]:
        """The trials behind the choice, fastest first; from the cache where they are known."""
        key = self._key(spec, part, device)
        trials = _trials_of(self.cache.get(key))
        if trials is None:
            trials = self._try_all(spec, part, device)
            entry = {"spec": spec.to_json(), "part": part.value, "on": identity(device)}
            self.cache.put(key, entry | {"trials": [trial.to_json() for trial in trials]})
        return trials

    def _key(self, spec: ConvSpec, part: Part, device: torch.device) -> str:
        limits = [self.config.budget_bytes, *self.config.chunks_bytes, self.config.cold_bytes]
        return digest_value(
            [spec.to_json(), part.value, identity(device), limits, algorithm_digests()]
        )

    def _try_all(self, spec: ConvSpec, part: Part, device: torch.device) -> list[Trial]:
        a, b = operands(spec, part, device, seed=self.config.seed)
        on_cpu = device.type == "cpu"
        self._arena = Arena(device) if on_cpu else None
        self._other = torch.zeros(self.config.cold_bytes // 4 if on_cpu else 0)
        trials = [
            trial if trial.refusal else self._first(trial, spec, part, (a, b))
            for trial in self._candidates(spec, part, device)
        ]
        for rounds, within in (
            (1, self.config.lost),
            (self.config.rounds, self.config.hopeless),
            (self.config.final_rounds, 1 + self.config.close),
        ):
            trials = self._in_turns(trials, (spec, part, (a, b)), rounds=rounds, within=within)
        trials.sort(key=lambda trial: (trial.time_s is None, trial.time_s))
        self._arena, self._other = None, torch.empty(0)
        return self._verify(trials, spec, part, (a, b))

    def _in_turns(
        self,
        trials: list[Trial],
        case: tuple[ConvSpec, Part, tuple[Tensor, Tensor]],
        *,
        rounds: int,
        within: float,
    ) -> list[Trial]:
        """Time again whatever took up to `within` times the best, unless only one is left."""
        best_s = min((trial.time_s for trial in trials if trial.time_s is not None), default=0.0)
        left = {
            trial.choice
            for trial in trials
            if trial.time_s is not None and trial.time_s <= within * best_s
        }
        for _ in range(rounds if len(left) > 1 else 0):
            trials = [
                self._again(trial, *case) if trial.choice in left else trial for trial in trials
            ]
        return trials

    def _candidates(self, spec: ConvSpec, part: Part, device: torch.device) -> Iterator[Trial]:
        yield Trial(NATIVE)
        on_cpu = device.type == "cpu"
        chunks = self.config.chunks_bytes if on_cpu else (None,)
        several = on_cpu and spec.batch > 1 and torch.get_num_threads() > 1
        for name, algorithm in ALGORITHMS.items():
            refusal = algorithm.refusal(spec, part)
            # A single product has no pieces.
            sizes = (None,) if refusal or name == "gemm" else chunks
            for size in sizes:
                yield Trial(Choice(name, size), refusal=refusal)
            if several and not refusal:
                yield Trial(Choice(name, sizes[0], by_image=True))

    def _first(
        self, trial: Trial, spec: ConvSpec, part: Part, pair: tuple[Tensor, Tensor]
    ) -> Trial:
        """An untimed call, for what happens only once, and a timed one."""
        try:
            self._time(trial.choice, spec, part, pair)
            return replace(trial, time_s=self._time(trial.choice, spec, part, pair))
        # A candidate that cannot run here is no candidate, whatever the reason.
        except Exception as error:  # noqa: BLE001
            return replace(trial, refusal=f"failed: {error}")

    def _again(
        self, trial: Trial, spec: ConvSpec, part: Part, pair: tuple[Tensor, Tensor]
    ) -> Trial:
        assert trial.time_s is not None
        return replace(trial, time_s=min(trial.time_s, self._time(trial.choice, spec, part, pair)))

    def _time(
        self, choice: Choice, spec: ConvSpec, part: Part, pair: tuple[Tensor, Tensor]
    ) -> float:
        self._other.add_(1.0)
        _wait(pair[0].device)
        start = self._clock()
        budget_bytes = self.config.budget_bytes
        compute_by(choice, spec, part, *pair, budget_bytes=budget_bytes, arena=self._arena)
        _wait(pair[0].device)
        return self._clock() - start

    def _verify(
        self, trials: list[Trial], spec: ConvSpec, part: Part, pair: tuple[Tensor, Tensor]
    ) -> list[Trial]:
        """From the fastest on, until one holds that could be chosen."""
        native_s = next((each.time_s for each in trials if each.choice == NATIVE), None)
        checked = list(trials)
        for number, trial in enumerate(trials):
            if trial.choice == NATIVE or trial.time_s is None:
                continue
            if native_s is not None and trial.time_s > native_s:
                break
            checked[number] = verify(trial, spec, part, pair, self.config.budget_bytes)
            if checked[number].verified:
                break
        return checked


def verify(
    trial: Trial, spec: ConvSpec, part: Part, pair: tuple[Tensor, Tensor], budget_bytes: int
) -> Trial:
    """The trial with its error against the float64 reference."""
    images = max(1, min(spec.batch, VERIFIED_MACS * spec.batch // spec.macs))
    small = replace(spec, batch=images)
    a, b = pair[0][:images], pair[1][:images] if part is Part.WEIGHT else pair[1]
    found = compute_by(trial.choice, small, part, a, b, budget_bytes=budget_bytes)
    roundings = ALGORITHMS[trial.choice.algorithm].roundings
    verdict = judge(small, part, a, b, found, roundings=roundings)
    refusal = "" if verdict.holds else "further from float64 than its bound"
    return replace(trial, error=verdict.error, bound=verdict.bound, refusal=refusal)


def winner(trials: list[Trial], margin: float) -> Choice:
    """The fastest verified trial if it beats PyTorch's own by `margin`, else `NATIVE`."""
    own = next((each.time_s for each in trials if each.choice == NATIVE), None)
    limit_s = float("inf") if own is None else own * (1 - margin)
    for trial in sorted(trials, key=lambda each: (each.time_s is None, each.time_s)):
        if trial.verified and trial.time_s is not None and trial.time_s <= limit_s:
            return trial.choice
    return NATIVE


def operands(
    spec: ConvSpec, part: Part, device: torch.device, *, seed: int
) -> tuple[Tensor, Tensor]:
    """Standard normal operands of a part, in the spec's dtype and layout."""
    generator = torch.Generator().manual_seed(seed)
    dtype: torch.dtype = getattr(torch, spec.dtype)
    last = spec.layout is Layout.CHANNELS_LAST
    form = torch.channels_last if last else torch.contiguous_format

    def draw(shape: tuple[int, ...]) -> Tensor:
        drawn = torch.randn(shape, generator=generator).to(device, dtype)
        return drawn if shape == spec.w_shape else drawn.contiguous(memory_format=form)

    x, w, y = spec.x_shape, spec.w_shape, spec.y_shape
    left, right = {Part.FORWARD: (x, w), Part.INPUT: (y, w), Part.WEIGHT: (x, y)}[part]
    return draw(left), draw(right)


@lru_cache(maxsize=1)
def algorithm_digests() -> dict[str, str]:
    """SHA-256 of each module of the algorithms, by name: a choice holds for the code it timed."""
    modules = (each for each in files(algorithms.__name__).iterdir() if each.name.endswith(".py"))
    return {each.name: digest_bytes(each.read_bytes()) for each in modules}


def identity(device: torch.device) -> dict[str, Any]:
    """What a timing holds for: the chip, the torch build, and on a CPU the number of threads."""
    common = {"torch": torch.__version__, "device": device.type}
    if device.type == "cuda":
        properties = torch.cuda.get_device_properties(device)
        chip = getattr(properties, "gcnArchName", "")
        return common | {"chip": f"{properties.name} {chip}".strip()}
    if device.type == "cpu":
        return common | {"chip": read_machine().cpu, "threads": torch.get_num_threads()}
    return common


def _trials_of(entry: dict[str, Any] | None) -> list[Trial] | None:
    return None if entry is None else [Trial.from_json(each) for each in entry["trials"]]


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
