"""Every candidate against the float64 reference, within its budget, from its own memory only."""

from __future__ import annotations

import pytest
import torch
from cases import CPU, poisoned, specs
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.utils._python_dispatch import TorchDispatchMode

from underdog.vision.conv.algorithms.registry import ALGORITHMS, compute, form
from underdog.vision.conv.algorithms.workspace import OverBudgetError, Workspace
from underdog.vision.conv.bounds import judge
from underdog.vision.conv.spec import ConvSpec, Layout, Part
from underdog.vision.conv.tune import operands

BUDGET_BYTES = 1 << 24
CHUNKS_BYTES = (1, 2_000, 20_000, BUDGET_BYTES)


@settings(max_examples=150)
@given(specs(), st.sampled_from(CHUNKS_BYTES), st.integers(1, 3))
def test_every_candidate_is_within_its_bound(spec: ConvSpec, chunk_bytes: int, cores: int) -> None:
    """Forward, input and weight gradient, in any dtype and layout, whatever the pieces, and
    however many cores share out the images.

    The temporaries come from memory full of NaN, so nothing is read that was not written.
    """
    for part in Part:
        a, b = operands(spec, part, CPU, seed=1)
        for algorithm in ALGORITHMS.values():
            if algorithm.refusal(spec, part):
                continue
            works = poisoned(
                min(cores, spec.batch), budget_bytes=BUDGET_BYTES, chunk_bytes=chunk_bytes
            )
            found = compute(algorithm, spec, part, a, b, works)
            verdict = judge(spec, part, a, b, found, roundings=algorithm.roundings)
            assert verdict.holds, (algorithm.name, part, verdict)
            assert found.is_contiguous(memory_format=form(spec, part))


@given(specs())
def test_every_convolution_has_a_candidate(spec: ConvSpec) -> None:
    """No drawn convolution is left to PyTorch's own kernels for want of an algorithm."""
    for part in Part:
        assert any(not algorithm.refusal(spec, part) for algorithm in ALGORITHMS.values())


def test_a_wrong_result_is_out_of_bounds() -> None:
    """One number off by a thousandth of the largest is seen, and NaN is."""
    spec = ConvSpec.of((1, 8, 6, 6), (8, 8, 3, 3), padding=1)
    a, b = operands(spec, Part.FORWARD, CPU, seed=1)
    work = Workspace(CPU, budget_bytes=BUDGET_BYTES)
    found = compute(ALGORITHMS["im2col"], spec, Part.FORWARD, a, b, [work])
    for wrong in (found[0, 0, 0, 0] + 0.1, torch.tensor(float("nan"))):
        spoilt = found.clone()
        spoilt[0, 0, 0, 0] = wrong
        assert not judge(spec, Part.FORWARD, a, b, spoilt, roundings=2.0).holds


class AllocationProbe(TorchDispatchMode):
    """The most bytes of new storages that were alive at one time."""

    def __init__(self, known: tuple[torch.Tensor, ...]) -> None:
        super().__init__()
        self.known = {each.untyped_storage()._cdata for each in known}
        self.alive: dict[int, torch.multiprocessing.reductions.StorageWeakRef] = {}
        self.sizes: dict[int, int] = {}
        self.peak_bytes = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
        result = func(*args, **(kwargs or {}))
        for each in result if isinstance(result, list | tuple) else (result,):
            if isinstance(each, torch.Tensor):
                self._note(each.untyped_storage())
        return result

    def _note(self, storage: torch.UntypedStorage) -> None:
        from torch.multiprocessing.reductions import StorageWeakRef

        gone = [key for key, ref in self.alive.items() if ref.expired()]
        for key in gone:
            del self.alive[key], self.sizes[key]
        if storage._cdata not in self.known and storage._cdata not in self.alive:
            self.alive[storage._cdata] = StorageWeakRef(storage)
            self.sizes[storage._cdata] = storage.nbytes()
        self.peak_bytes = max(self.peak_bytes, sum(self.sizes.values()))


BIG = {
    "gemm": ((4, 32, 40, 40), (32, 32, 1, 1), {}),
    "shift": ((4, 16, 40, 40), (32, 16, 3, 3), {"padding": 1, "stride": 2}),
    "im2col": ((4, 16, 40, 40), (32, 16, 3, 3), {"padding": 2, "dilation": 2, "stride": 2}),
    "winograd": ((4, 16, 40, 40), (32, 16, 3, 3), {"padding": 1}),
    "winograd-1d": ((4, 16, 40, 40), (32, 16, 3, 3), {"padding": 1}),
    "winograd-4x4": ((4, 48, 20, 20), (16, 48, 3, 3), {"padding": 1}),
    "grouped": ((4, 16, 40, 40), (32, 8, 3, 3), {"padding": 1, "groups": 2}),
    "depthwise": ((4, 16, 40, 40), (16, 1, 3, 3), {"padding": 1, "groups": 16}),
}


@pytest.mark.parametrize("part", list(Part))
@pytest.mark.parametrize("name", sorted(BIG))
def test_no_more_is_allocated_than_the_budget_says(name: str, part: Part) -> None:
    """Measured at the allocations: temporaries stay in the budget, and so do hidden copies."""
    x_shape, w_shape, rest = BIG[name]
    spec = ConvSpec.of(x_shape, w_shape, layout=Layout.CHANNELS_LAST, **rest)  # type: ignore[arg-type]
    a, b = operands(spec, part, CPU, seed=1)
    budget_bytes = 600_000
    work = Workspace(CPU, budget_bytes=budget_bytes, chunk_bytes=200_000)
    with AllocationProbe((a, b)) as probe:
        found = compute(ALGORITHMS[name], spec, part, a, b, [work])
    assert probe.peak_bytes - found.untyped_storage().nbytes() <= budget_bytes
    assert work.most_taken() <= budget_bytes


@pytest.mark.parametrize("name", sorted(set(BIG) - {"gemm"}))
def test_too_small_a_budget_is_refused(name: str) -> None:
    """A ceiling that not even one row fits under raises before anything is allocated."""
    x_shape, w_shape, rest = BIG[name]
    spec = ConvSpec.of(x_shape, w_shape, **rest)  # type: ignore[arg-type]
    a, b = operands(spec, Part.FORWARD, CPU, seed=1)
    with pytest.raises(OverBudgetError, match="at most 100 bytes of workspace"):
        compute(ALGORITHMS[name], spec, Part.FORWARD, a, b, [Workspace(CPU, budget_bytes=100)])
