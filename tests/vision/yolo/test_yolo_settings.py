"""Settings refuse what cannot be trained with, and become Ultralytics' names."""

from __future__ import annotations

from pathlib import Path

import pytest

from underdog.errors import InputError
from underdog.vision.yolo.settings import (
    Augmentation,
    Precision,
    YoloConfig,
    YoloJob,
    ultralytics_arguments,
)

JOB = YoloJob(Path("set"), "yolov8n.yaml", Path("run"), YoloConfig(batch=4, nominal_batch=64))


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"epochs": 0}, "epochs of at least 1; got 0"),
        ({"batch": 0}, "batch of at least 1"),
        ({"imgsz": 100}, "a multiple of 32; got 100"),
        ({"lr0": 0.0}, "a positive learning rate"),
        ({"warmup_epochs": -1.0}, "no negative warm-up"),
    ],
)
def test_impossible_settings_are_named(fields: dict[str, float], said: str) -> None:
    """Each is refused when made, with what came."""
    with pytest.raises(InputError, match=said):
        YoloConfig(**fields)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["mosaic", "scale", "translate", "fliplr", "hsv_v"])
def test_shares_lie_between_0_and_1(name: str) -> None:
    """A share of 1.5 is refused by name."""
    with pytest.raises(InputError, match=f"{name} from 0 to 1; got 1.5"):
        Augmentation(**{name: 1.5})


@pytest.mark.parametrize(("batch", "passes"), [(4, 16), (16, 4), (48, 1), (128, 1)])
def test_passes_per_step_follow_from_the_nominal_batch(batch: int, passes: int) -> None:
    """As Ultralytics rounds them, never below one."""
    assert YoloConfig(batch=batch).accumulation == passes


@pytest.mark.parametrize(
    ("precision", "amp"),
    [(Precision.FLOAT32, False), (Precision.BFLOAT16, "bf16"), (Precision.FLOAT16, True)],
)
def test_arguments_never_leave_the_precision_to_a_check(precision: Precision, amp: object) -> None:
    """False and "bf16" skip Ultralytics' check; True meets one that is switched off."""
    arguments = ultralytics_arguments(JOB, device="cpu", precision=precision)
    assert arguments["amp"] == amp
    assert arguments["nbs"] == arguments["batch"] == 4
    assert (arguments["plots"], arguments["verbose"]) == (False, False)
