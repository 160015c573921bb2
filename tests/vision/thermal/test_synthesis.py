"""The built-in thermal set."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from underdog.errors import InputError
from underdog.vision.challenge.submission import read_template
from underdog.vision.detection.folder import image_files, read_truth, seen_months
from underdog.vision.thermal.season import climate
from underdog.vision.thermal.synthesis import (
    CHALLENGE_MONTHS,
    ThermalConfig,
    draw_split,
    synthesise,
)

SMALL = ThermalConfig(train=8, val=16, width=96, height=72)


def contents(folder: Path) -> dict[str, bytes]:
    """Every file by its place."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def test_equal_settings_give_equal_bytes_and_other_seeds_do_not(tmp_path: Path) -> None:
    """A second call leaves a finished folder alone; other settings are refused there."""
    one, other = synthesise(tmp_path / "a", SMALL), synthesise(tmp_path / "b", SMALL)
    assert contents(one) == contents(other)
    assert synthesise(one, SMALL) == one
    with pytest.raises(InputError, match="made with the same settings"):
        synthesise(one, ThermalConfig(train=8, val=16, width=96, height=72, seed=1))
    first = next(draw_split("val", SMALL)).frame.grey
    assert (
        first != next(draw_split("val", ThermalConfig(seed=1, width=96, height=72))).frame.grey
    ).any()


def test_the_folder_is_what_detectors_train_on(tmp_path: Path) -> None:
    """17-digit names, months by name, boxes inside their image, a template of the validation."""
    folder = synthesise(tmp_path / "set", SMALL)
    truth = read_truth(folder)
    assert len(truth.images) == 16
    assert {len(key) for key in truth.images} == {17}
    assert {truth.months[key].replace("-", "") == key[:6] for key in truth.images} == {True}
    assert sorted({truth.months[key] for key in truth.images}) == sorted(CHALLENGE_MONTHS)
    assert seen_months(folder) == {"2020-05", "2020-07", "2021-01", "2021-03"}
    assert set(read_template(folder / "template.json")) == set(truth.images)
    assert truth.sizes.tolist() == [[96, 72]] * 16
    assert (truth.boxes >= -1e-4).all()
    assert (truth.boxes <= np.array([96, 72, 96, 72]) + 1e-4).all()
    assert ((truth.boxes[:, 2:] - truth.boxes[:, :2]) >= 4 - 1e-4).all()
    train = {path.stem for path in image_files(folder, "train")}
    assert len(train) == 8
    assert not train & set(truth.images)


def test_all_four_classes_are_drawn_and_empty_frames_happen() -> None:
    """In a hundred frames, with the shares that `FORMS` states within five standard errors."""
    frames = [shot.frame for shot in draw_split("val", ThermalConfig(val=104, width=96, height=72))]
    classes = np.concatenate([frame.classes for frame in frames])
    shares = np.bincount(classes, minlength=4) / len(classes)
    assert np.abs(shares - [0.45, 0.2, 0.12, 0.23]).max() < 5 * np.sqrt(0.25 / len(classes))
    assert any(len(frame.classes) == 0 for frame in frames)


def test_months_look_different() -> None:
    """A person stands out more from a winter's ground than from a summer's: drift is there."""
    contrast = {}
    for month in ("2020-07", "2021-01"):
        random = np.random.default_rng(0)
        moments = [climate(month, hour, random) for hour in range(24) for _ in range(4)]
        contrast[month] = np.mean([at.clothes_celsius - at.ground_celsius for at in moments])
    assert contrast["2021-01"] > 2 * contrast["2020-07"] > 0


def test_a_larger_set_begins_like_a_smaller_one() -> None:
    """A frame depends on its seed, split, month and place only."""
    small = list(draw_split("val", ThermalConfig(val=8, width=96, height=72)))
    large = list(draw_split("val", ThermalConfig(val=16, width=96, height=72)))
    by_id = {shot.identifier: shot.frame.grey for shot in large}
    for shot in small:
        np.testing.assert_array_equal(by_id[shot.identifier], shot.frame.grey)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"val": 3}, "8 to 28800 val frames"),
        ({"train": 100_000}, "4 to 14400 train frames"),
        ({"val_months": ("2020-13",)}, "a month such as 2020-05; got '2020-13'"),
        ({"train_months": ("2020-05", "2020-05")}, "different train months"),
    ],
)
def test_impossible_settings_are_refused(changes: dict[str, object], message: str) -> None:
    """Before anything is drawn."""
    with pytest.raises(InputError, match=message):
        ThermalConfig(**changes)  # type: ignore[arg-type]
