"""Convolution as autograd sees it."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from cases import doubles
from torch import Tensor
from torch.autograd import forward_ad
from torch.func import grad, jvp, vmap

from underdog.errors import InputError
from underdog.vision.conv.bench import counting_saved
from underdog.vision.conv.engine import NATIVE, Choice, Engine, Fixed
from underdog.vision.conv.function import conv2d, conv_transpose2d

CHOICES = (
    NATIVE,
    Choice("flat", 2_000),
    Choice("shift", 2_000),
    Choice("im2col", 2_000),
    Choice("winograd", 8_000),
)

# PyTorch's own forward-mode derivatives import what PyTorch itself deprecates.
FORWARD_MODE = pytest.mark.filterwarnings("ignore:`torch.jit.*:DeprecationWarning")


@FORWARD_MODE
@pytest.mark.parametrize("choice", CHOICES, ids=lambda choice: choice.algorithm)
@pytest.mark.parametrize("stride", [1, 2])
def test_gradients_of_any_order(choice: Choice, stride: int) -> None:
    """First and second derivatives equal finite differences."""
    engine = Engine(Fixed(choice))
    x, w, b = doubles(1, 2, 4, 6), doubles(3, 2, 3, 3, seed=1), doubles(3, seed=2)

    def call(x: Tensor, w: Tensor, b: Tensor) -> Tensor:
        if choice.algorithm == "flat":
            x = x.contiguous(memory_format=torch.channels_last)
        return conv2d(x, w, b, engine=engine, stride=stride, padding=(1, 0, 1, 1))

    assert torch.autograd.gradcheck(call, (x, w, b), check_forward_ad=True)
    assert torch.autograd.gradgradcheck(call, (x, w, b))
    assert not engine.fallbacks
    assert engine.runs.get(choice) or (choice.algorithm, stride) == ("winograd", 2)


@pytest.mark.parametrize("more", [0, 1])
def test_transposed_convolution_is_pytorchs(more: int) -> None:
    """Result and gradients, grouped, with output padding; unbatched, too."""
    engine = Engine(Fixed(Choice("grouped", 4_000)))
    rest = {"stride": 2, "padding": 1, "output_padding": more, "groups": 2, "dilation": 2}
    x, w, b = doubles(2, 4, 5, 4), doubles(4, 3, 3, 3, seed=1), doubles(6, seed=2)
    ours = conv_transpose2d(x, w, b, engine=engine, **rest)  # type: ignore[arg-type]
    theirs = F.conv_transpose2d(x, w, b, **rest)  # type: ignore[arg-type]
    torch.testing.assert_close(ours, theirs)
    for own, other in zip(
        torch.autograd.grad(ours.sin().sum(), (x, w, b)),
        torch.autograd.grad(theirs.sin().sum(), (x, w, b)),
        strict=True,
    ):
        torch.testing.assert_close(own, other)
    single = conv_transpose2d(x[0], w, b, engine=engine, **rest)  # type: ignore[arg-type]
    torch.testing.assert_close(single, theirs[0])


def test_an_output_padding_of_a_stride_is_refused() -> None:
    """PyTorch takes it with dilation; here no convolution has it as its gradient."""
    with pytest.raises(InputError, match="an output padding below the stride"):
        conv_transpose2d(
            doubles(1, 1, 4, 4),
            doubles(1, 1, 3, 3),
            engine=Engine(Fixed(NATIVE)),
            output_padding=1,
            dilation=2,
        )


@FORWARD_MODE
def test_functional_transforms() -> None:
    """Per-sample gradients and forward-mode derivatives equal PyTorch's."""
    engine = Engine(Fixed(Choice("shift")))
    x, w = doubles(3, 2, 5, 5).detach(), doubles(2, 2, 3, 3, seed=1).detach()

    def ours(w: Tensor, x: Tensor) -> Tensor:
        return conv2d(x, w, engine=engine, padding="same").square().sum()

    def theirs(w: Tensor, x: Tensor) -> Tensor:
        return F.conv2d(x, w, padding="same").square().sum()

    per_sample = [vmap(grad(each), (None, 0))(w, x) for each in (ours, theirs)]
    torch.testing.assert_close(*per_sample)
    slopes = [jvp(lambda w, each=each: each(w, x), (w,), (w,))[1] for each in (ours, theirs)]
    torch.testing.assert_close(*slopes)


@FORWARD_MODE
def test_tangents_pass_where_gradients_are_off() -> None:
    """`no_grad` leaves autograd's function out, but not forward-mode derivatives."""
    engine = Engine(Fixed(Choice("shift")))
    x, w = doubles(1, 2, 5, 5).detach(), doubles(2, 2, 3, 3, seed=1).detach()
    with torch.no_grad(), forward_ad.dual_level():
        plain = conv2d(x, w, engine=engine, padding=1)
        dual = conv2d(forward_ad.make_dual(x, x), w, engine=engine, padding=1)
        assert torch.equal(forward_ad.unpack_dual(dual).tangent, plain)
    assert plain.grad_fn is None


@pytest.mark.parametrize("name", ["gemm", "flat", "shift", "im2col", "winograd"])
def test_only_input_and_weight_are_kept(name: str) -> None:
    """Counted with saved_tensors_hooks: exactly their bytes, whatever the algorithm unfolds."""
    engine = Engine(Fixed(Choice(name, 4_000)))
    size = 1 if name == "gemm" else 3
    form = torch.channels_last if name == "flat" else torch.contiguous_format
    x = torch.randn(2, 4, 9, 9).contiguous(memory_format=form).requires_grad_()
    w = torch.randn(5, 4, size, size, requires_grad=True)
    with counting_saved() as saved:
        y = conv2d(x, w, engine=engine, padding=size // 2)
    assert saved.bytes == x.untyped_storage().nbytes() + w.untyped_storage().nbytes()
    y.sum().backward()
    assert engine.runs == {Choice(name, 4_000): 3}


def test_autocast_and_layout_follow_pytorch() -> None:
    """bfloat16 under autocast with float32 gradients; channels last in, channels last out."""
    engine = Engine(Fixed(Choice("shift")))
    x = torch.randn(2, 4, 6, 6).contiguous(memory_format=torch.channels_last).requires_grad_()
    w = torch.randn(5, 4, 3, 3, requires_grad=True)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        y = conv2d(x, w, engine=engine)
    assert y.dtype == torch.bfloat16
    assert y.is_contiguous(memory_format=torch.channels_last)
    y.float().sum().backward()
    assert w.grad is not None
    assert w.grad.dtype == torch.float32


def test_mixed_dtypes_are_refused() -> None:
    """Outside autocast both operands have one dtype."""
    with pytest.raises(InputError, match="image and weight of one dtype"):
        conv2d(torch.zeros(1, 1, 3, 3), doubles(1, 1, 3, 3), engine=Engine(Fixed(NATIVE)))
