"""The patch: what it changes, that it trains the same, and that it leaves no trace."""

from __future__ import annotations

import io

import pytest
import torch
from torch import Tensor, nn

from underdog.errors import InputError
from underdog.vision.conv.algorithms.native import vendor_flags
from underdog.vision.conv.engine import NATIVE, Choice, Engine, Fixed
from underdog.vision.conv.patch import Patch, patched
from underdog.vision.conv.witness import witnessed


def small_net() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, stride=2, padding=1, bias=False),
        nn.BatchNorm2d(8),
        nn.SiLU(),
        nn.Conv2d(8, 8, 3, padding="same", padding_mode="reflect"),
        nn.Conv2d(8, 8, 3, padding=1, groups=8),
        nn.ConvTranspose2d(8, 4, 2, stride=2),
        nn.Conv2d(4, 2, 1),
    )


def batch() -> Tensor:
    return torch.randn(2, 3, 16, 16, generator=torch.Generator().manual_seed(1))


def curve(model: nn.Module) -> list[float]:
    """Losses of ten steps towards a fixed target."""
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    losses = []
    for _ in range(10):
        optimizer.zero_grad()
        loss = (model(batch()) - 1).square().mean()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


@pytest.mark.parametrize("name", ["native", "shift", "im2col", "winograd"])
def test_training_is_the_same_with_and_without(name: str) -> None:
    """Ten steps: equal losses to 1e-4 of them, which is float32 noise grown over ten steps."""
    plain = curve(small_net())
    with patched(Engine(Fixed(Choice(name)))) as patch:
        ours = curve(small_net())
    assert ours == pytest.approx(plain, rel=1e-4)
    assert plain[-1] < plain[0] / 2
    assert patch.calls == {"Conv2d": 40, "ConvTranspose2d": 10}
    assert not patch.engine.fallbacks


def test_nothing_reaches_the_vendor_while_it_is_on() -> None:
    """Before: oneDNN computes convolutions; patched: none, forward or backward, norms included."""
    model = small_net()
    assert any(each.vendor for each in witnessed(model, batch()))
    for choice in (NATIVE, Choice("shift")):
        with patched(Engine(Fixed(choice))):
            seen = witnessed(model, batch())
        assert not [each for each in seen if each.vendor]
        assert any("batch_norm" in each.operation for each in seen)


def test_everything_is_put_back_after_an_exception() -> None:
    """Methods are the same objects, flags as they were, and the list of changes is empty."""
    methods = (nn.Conv2d._conv_forward, nn.ConvTranspose2d.forward)
    flags = vendor_flags()
    engine = Engine(Fixed(NATIVE))
    changed: list[str] = []

    def fail_inside() -> None:
        with patched(engine) as patch:
            assert vendor_flags() == (False, False)
            assert nn.Conv2d._conv_forward is not methods[0]
            changed.extend(patch.changed)
            raise KeyError

    with pytest.raises(KeyError):
        fail_inside()
    assert len(changed) == 4
    assert (nn.Conv2d._conv_forward, nn.ConvTranspose2d.forward) == methods
    assert vendor_flags() == flags


def test_a_switch_refuses_to_be_thrown_twice() -> None:
    """A second `on` would take the patched methods for the originals."""
    patch = Patch(Engine(Fixed(NATIVE)))
    patch.on()
    try:
        with pytest.raises(InputError, match="a patch that is off"):
            patch.on()
    finally:
        patch.off()


def test_checkpoints_stay_clean() -> None:
    """A whole model saved while patched holds nothing of ours and loads without us."""
    stream = io.BytesIO()
    with patched(Engine(Fixed(NATIVE))):
        torch.save(small_net(), stream)
    assert b"underdog" not in stream.getvalue()
    stream.seek(0)
    loaded = torch.load(stream, weights_only=False)
    torch.testing.assert_close(loaded(batch()), small_net()(batch()))


class OwnConv(nn.Conv2d):
    def _conv_forward(self, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:  # type: ignore[override]
        return nn.functional.conv2d(x, weight, bias)


def test_layers_are_listed_with_their_fate() -> None:
    """A subclass with its own method is not reached; it is named, and still off the vendor."""
    model = nn.Sequential(nn.Conv2d(3, 4, 3), OwnConv(4, 4, 3))
    with patched(Engine(Fixed(NATIVE))) as patch:
        fates = patch.listed(model)
        seen = witnessed(model, batch())
    assert fates == {"0": "engine", "1": "own _conv_forward: PyTorch's kernels"}
    assert not [each for each in seen if each.vendor]


def test_odd_dtypes_and_paddings_are_left_to_pytorch() -> None:
    """Complex numbers, and an output padding that has no convolution, work as without the patch."""
    conv = nn.Conv2d(1, 1, 3, dtype=torch.complex64)
    up = nn.ConvTranspose2d(1, 1, 3, dilation=2, output_padding=1)
    with patched(Engine(Fixed(NATIVE))) as patch:
        assert conv(torch.zeros(1, 1, 4, 4, dtype=torch.complex64)).shape == (1, 1, 2, 2)
        assert up(torch.zeros(1, 1, 4, 4)).shape == (1, 1, 9, 9)
    assert patch.calls["Conv2d left to PyTorch"] == 1
