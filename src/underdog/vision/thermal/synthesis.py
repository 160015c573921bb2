"""The built-in thermal set: frames drawn by code, in the folder layout that detectors train on.

In: a `ThermalConfig`. Out: a folder, whole or absent, equal to the byte for equal settings. Never:
a frame in both splits, a download.

Training sees some months only; validation holds all months of the challenge, so that a score per
month tells how a detector bears weather it has not met.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from underdog.errors import InputError
from underdog.runs.files import json_text, replacing_folder
from underdog.runs.progress import SILENT, Progress
from underdog.vision.detection.folder import label_text, shares, write_description, write_months
from underdog.vision.thermal.scene import Frame, View, draw_frame, make_view
from underdog.vision.thermal.season import climate, month_index
from underdog.vision.thermal.shapes import CLASSES

CHALLENGE_MONTHS = (
    "2020-05",
    "2020-06",
    "2020-07",
    "2020-08",
    "2021-01",
    "2021-02",
    "2021-03",
    "2021-04",
)
"""The months of the challenge's test frames (RTIOD@WACV2026, challenge_evaluator.py)."""
TEMPLATE_NAME = "template.json"
SETTINGS_NAME = "synthesis.json"
_SPLITS = ("train", "val")
_FIRST_DAYS = {"train": 1, "val": 21}
_DAYS = {"train": 20, "val": 8}
"""Training frames are of days 1 to 20 of a month, validation frames of days 21 to 28."""
_MOST_PER_MONTH = 3600
_VIEW_STREAM = 2
"""First word of the view's own random stream; the splits are 0 and 1."""


@dataclass(frozen=True, slots=True)
class ThermalConfig:
    """What to draw."""

    train: int = 320
    """Frames for training, spread evenly over `train_months`."""
    val: int = 160
    """Frames for validation, spread evenly over `val_months`."""
    width: int = 192
    """Pixels; the challenge's frames are 384 x 288."""
    height: int = 144
    """Pixels."""
    seed: int = 0
    """Equal seeds give equal folders."""
    train_months: tuple[str, ...] = ("2020-05", "2020-07", "2021-01", "2021-03")
    """Months seen in training, ``YYYY-MM``."""
    val_months: tuple[str, ...] = CHALLENGE_MONTHS
    """Months to be judged on."""

    def __post_init__(self) -> None:
        for split in _SPLITS:
            months, wanted = self.months(split), self.frames(split)
            for month in months:
                month_index(month)
            if not months or len(set(months)) != len(months):
                raise InputError(f"different {split} months", got=str(months))
            if not len(months) <= wanted <= _MOST_PER_MONTH * len(months):
                raise InputError(
                    f"{len(months)} to {_MOST_PER_MONTH * len(months)} {split} frames, "
                    f"at least one per month",
                    got=str(wanted),
                )

    def months(self, split: str) -> tuple[str, ...]:
        """The months of ``train`` or ``val``."""
        return self.train_months if split == "train" else self.val_months

    def frames(self, split: str) -> int:
        """How many frames ``train`` or ``val`` has."""
        return self.train if split == "train" else self.val


class Shot(NamedTuple):
    """One frame of the set, with its 17-digit identifier and its month."""

    identifier: str
    month: str
    frame: Frame


def synthesise(folder: Path, config: ThermalConfig, *, progress: Progress = SILENT) -> Path:
    """Write the set and give its folder; one with the same settings is left as it is.

    Besides images, labels, data.yaml and months.csv: ``template.json``, the keys that a submission
    for the validation frames must have. Raises InputError when something else stands at `folder`,
    MissingExtraError without pillow.
    """
    settings = json_text(asdict(config) | {"classes": CLASSES}, indent=2) + "\n"
    if folder.exists():
        return _kept(folder, settings)
    progress.begin("drawing frames", config.train + config.val)
    try:
        with replacing_folder(folder, many_files=True) as partial:
            rows = [
                row for split in _SPLITS for row in _write_split(partial, split, config, progress)
            ]
            write_description(partial, CLASSES)
            write_months(partial, [(f"{shot}.png", month) for _, shot, month in rows])
            empty: dict[str, list[object]] = {"boxes": [], "scores": [], "labels": []}
            template = {shot: empty for split, shot, _ in rows if split == "val"}
            (partial / TEMPLATE_NAME).write_text(json.dumps(template), encoding="utf-8")
            (partial / SETTINGS_NAME).write_text(settings, encoding="utf-8")
    finally:
        progress.end()
    return folder


def draw_split(split: str, config: ThermalConfig) -> Iterator[Shot]:
    """The frames of ``train`` or ``val`` one after the other. A frame depends on its own place
    only, so that a larger set begins like a smaller one, month by month.
    """
    view = make_view(
        config.width, config.height, np.random.default_rng([config.seed, _VIEW_STREAM])
    )
    months = config.months(split)
    for place, month in enumerate(months):
        count = (config.frames(split) - place + len(months) - 1) // len(months)
        for index in range(count):
            yield _shoot(view, split, month, index=index, seed=config.seed)


def _shoot(view: View, split: str, month: str, *, index: int, seed: int) -> Shot:
    words = [seed, _SPLITS.index(split), int(month.replace("-", "")), index]
    random = np.random.default_rng(words)
    day = _FIRST_DAYS[split] + int(random.integers(_DAYS[split]))
    hour, millisecond = int(random.integers(24)), int(random.integers(1000))
    minute, second = divmod(index, 60)
    stamp = f"{month.replace('-', '')}{day:02d}{hour:02d}{minute:02d}{second:02d}{millisecond:03d}"
    return Shot(stamp, month, draw_frame(view, climate(month, hour + minute / 60, random), random))


def _write_split(
    folder: Path, split: str, config: ThermalConfig, progress: Progress
) -> Iterator[tuple[str, str, str]]:
    from PIL import Image

    images, labels = folder / "images" / split, folder / "labels" / split
    images.mkdir(parents=True)
    labels.mkdir(parents=True)
    for shot in draw_split(split, config):
        frame = shot.frame
        Image.fromarray(frame.grey).save(images / f"{shot.identifier}.png")
        size = np.array([frame.grey.shape[1], frame.grey.shape[0]])
        text = label_text(frame.classes, shares(frame.boxes, size))
        (labels / f"{shot.identifier}.txt").write_text(text, encoding="utf-8")
        progress.advance(1, shot.month)
        yield split, shot.identifier, shot.month


def _kept(folder: Path, settings: str) -> Path:
    path = folder / SETTINGS_NAME
    if path.is_file() and path.read_text(encoding="utf-8") == settings:
        return folder
    raise InputError(
        "a new folder, or one made with the same settings",
        got="something else",
        where=folder,
        hint="another folder, or remove this one",
    )
