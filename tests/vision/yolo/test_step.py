"""Whole training steps, measured; the arithmetic of what they would take."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest
from yolo_set import make_set

WITH = all(find_spec(name) for name in ("ultralytics", "torchvision"))
needs_ultralytics = pytest.mark.skipif(
    not WITH, reason='needs pip install "underdog[vision]"; make test-vision has it'
)


def test_a_projection_is_step_and_loader_in_turn() -> None:
    """0.4 s for 4 images and 10 images/s to load: 5 images/s, 1,000 images in 200 s."""
    from underdog.vision.yolo.step import project

    found = project(0.4, 4, 10.0, images=1000, epochs=432)
    assert found == pytest.approx((5.0, 200.0, 1.0))


@needs_ultralytics
def test_contenders_take_the_same_step(tmp_path: Path) -> None:
    """Equal first losses; nothing of ours reaches a vendor; unfolding keeps more."""
    from underdog.vision.conv.engine import Choice, Engine, Fixed
    from underdog.vision.yolo.seclusion import secluded
    from underdog.vision.yolo.step import StepConfig, contenders, headline, time_steps

    config = StepConfig(imgsz=64, batch=2)
    with secluded(tmp_path):
        timings = time_steps(config, contenders(Engine(Fixed(Choice("shift")))), rounds=1)
    found = headline(timings)
    assert found["loss_gap"] < 1e-3
    assert found["vendor_operations_left"] == 0
    assert found["conv_saved_ratio"] > 1.2
    assert next(each for each in timings if each.contender == "vendor").vendor_operations > 0
    assert timings[0].contender == "ours"


@needs_ultralytics
def test_the_loader_is_timed_on_the_users_images_without_a_trace(tmp_path: Path) -> None:
    """The rate is positive, the epoch is the set's, and no cache is left beside the labels."""
    from underdog.vision.yolo.seclusion import secluded
    from underdog.vision.yolo.step import loader_rate

    data = make_set(tmp_path / "set", train=5, val=2)
    before = sorted(path for path in data.rglob("*"))
    with secluded(tmp_path / "private"):
        rate = loader_rate(64, 2, data=data)
    assert rate.images == 5
    assert rate.images_per_s > 0
    assert sorted(path for path in data.rglob("*")) == before
