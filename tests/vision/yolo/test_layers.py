"""The distinct convolutions of Ultralytics' architectures."""

from __future__ import annotations

from importlib.util import find_spec

import pytest

from underdog.errors import InputError
from underdog.vision.conv.spec import Layout

needs_ultralytics = pytest.mark.skipif(
    not all(find_spec(name) for name in ("ultralytics", "torchvision")),
    reason='needs pip install "underdog[vision]"; make test-vision has it',
)


@needs_ultralytics
def test_every_convolution_of_a_training_step_is_counted() -> None:
    """YOLOv8n has 64, one of which (the decoding of boxes) no training step runs; work as known:
    8.74e9 operations per image of 640 x 640 with 80 classes, of which 4 need fewer.
    """
    from underdog.vision.yolo.layers import distinct_layers

    layers = distinct_layers("yolov8n.yaml", 320)
    assert sum(each.times for each in layers) == 63
    assert len({each._replace(times=1) for each in layers}) == len(layers)
    operations = sum(each.times * 2 * each.spec(1, Layout.CONTIGUOUS).macs for each in layers)
    assert 4 * operations == pytest.approx(8.1e9, rel=0.05)


@needs_ultralytics
@pytest.mark.parametrize(("name", "times", "depthwise"), [("yolo11n", 87, 7), ("yolo26n", 126, 14)])
def test_depthwise_convolutions_are_layers_of_their_own(
    name: str, times: int, depthwise: int
) -> None:
    """Their groups are kept, and each distinct one is there once."""
    from underdog.vision.yolo.layers import distinct_layers

    layers = distinct_layers(f"{name}.yaml", 320)
    assert sum(each.times for each in layers) == times
    found = [each for each in layers if each.groups > 1]
    assert sum(each.times for each in found) == depthwise
    assert all(f"in {each.groups} groups" in each.name for each in found)


@needs_ultralytics
def test_a_weights_file_is_no_architecture() -> None:
    """Nothing is unpickled for its shapes."""
    from underdog.vision.yolo.layers import distinct_layers

    with pytest.raises(InputError, match=r"NAME\.yaml"):
        distinct_layers("yolov8n.pt", 320)
