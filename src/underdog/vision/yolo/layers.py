"""The distinct convolutions of one of Ultralytics' models, for measuring them one by one.

In: an architecture's name and an image size. Out: `Layer`s with how often the model has each. The
model is run once on one empty image, without gradients; nothing is downloaded.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import torch
from torch import nn

from underdog.errors import InputError
from underdog.vision.conv.bench import Layer
from underdog.vision.yolo.seclusion import secluded
from underdog.vision.yolo.train import check_model


def distinct_layers(name: str, imgsz: int) -> tuple[Layer, ...]:
    """In the order in which they are first met; those of odd shape are refused.

    `name` is an architecture that Ultralytics brings, such as yolov8n.yaml, or a file.
    """
    with tempfile.TemporaryDirectory() as private, secluded(Path(private)):
        if Path(name).suffix == ".pt":
            raise InputError("an architecture as NAME.yaml", got=name)
        check_model(name)
        return _met(_model(name), imgsz)


def _model(name: str) -> nn.Module:
    from ultralytics.nn.tasks import DetectionModel

    model: nn.Module = DetectionModel(name, nc=4, verbose=False)
    return model


def _met(model: nn.Module, imgsz: int) -> tuple[Layer, ...]:
    """What the convolutions of a training step are given, counted."""
    met: Counter[Layer] = Counter()

    def note(module: nn.Module, inputs: tuple[Any, ...]) -> None:
        assert isinstance(module, nn.Conv2d)
        met[_layer(module, inputs[0].shape)] += 1

    hooks = [
        module.register_forward_pre_hook(note)
        for module in model.modules()
        if isinstance(module, nn.Conv2d)
    ]
    with torch.no_grad():
        model.train()(torch.zeros(1, 3, imgsz, imgsz))
    for hook in hooks:
        hook.remove()
    return tuple(layer._replace(times=times) for layer, times in met.items())


def _layer(module: nn.Conv2d, shape: torch.Size) -> Layer:
    kernel, stride = module.kernel_size[0], module.stride[0]
    plain = (
        module.kernel_size == (kernel, kernel)
        and module.stride == (stride, stride)
        and module.padding == (kernel // 2, kernel // 2)
        and module.dilation == (1, 1)
        and shape[2] == shape[3]
    )
    if not plain:
        raise InputError("square convolutions of square images", got=f"{module} of {tuple(shape)}")
    groups = f" in {module.groups} groups" if module.groups > 1 else ""
    name = (
        f"{module.in_channels} -> {module.out_channels}{groups}, {kernel}x{kernel} "
        f"s{stride}, {shape[2]} px"
    )
    return Layer(
        name,
        module.in_channels,
        module.out_channels,
        kernel,
        stride,
        shape[2],
        module.groups,
    )
