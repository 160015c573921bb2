"""The smallest Triton kernel: a sum. Imported only where a GPU and Triton are there."""

# mypy: ignore-errors
# Triton kernels are a language of their own that no type checker reads.

import triton
import triton.language as tl

BLOCK = 256


@triton.jit
def _add(a, b, out, size, block: tl.constexpr):
    place = tl.program_id(0) * block + tl.arange(0, block)
    inside = place < size
    total = tl.load(a + place, mask=inside) + tl.load(b + place, mask=inside)
    tl.store(out + place, total, mask=inside)


def add(a, b):
    """The sum of two tensors of one shape. `out` begins as minus one: a kernel that writes nothing
    is seen.
    """
    out = a.new_full(a.shape, -1.0)
    _add[(triton.cdiv(a.numel(), BLOCK),)](a, b, out, a.numel(), BLOCK)
    return out
