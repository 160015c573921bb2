"""A YOLO folder of a few small grey images with bright rectangles: two classes, wide and tall."""

from __future__ import annotations

from pathlib import Path

import numpy as np


def make_set(root: Path, *, train: int = 8, val: int = 4, size: int = 64) -> Path:
    """Write images, labels and data.yaml; the same bytes every time."""
    from PIL import Image

    random = np.random.default_rng(0)
    for split, count in (("train", train), ("val", val)):
        images, labels = root / "images" / split, root / "labels" / split
        images.mkdir(parents=True)
        labels.mkdir(parents=True)
        for number in range(count):
            pixels = random.integers(20, 60, (size, size), dtype=np.uint8)
            kind = number % 2
            width, height = ((24, 10), (10, 24))[kind]
            left, top = random.integers(0, size - 24, 2)
            pixels[top : top + height, left : left + width] = 220
            Image.fromarray(pixels).convert("RGB").save(images / f"{number:03d}.png")
            box = (
                (left + width / 2) / size,
                (top + height / 2) / size,
                width / size,
                height / size,
            )
            line = " ".join([str(kind), *(f"{value:.6f}" for value in box)])
            (labels / f"{number:03d}.txt").write_text(line + "\n", encoding="utf-8")
    (root / "data.yaml").write_text(
        "path: .\ntrain: images/train\nval: images/val\nnames:\n  0: wide\n  1: tall\n",
        encoding="utf-8",
    )
    return root
