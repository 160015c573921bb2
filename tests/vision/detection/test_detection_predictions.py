"""Predictions on disk."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from underdog.errors import CorruptFileError, InputError, RunMismatchError
from underdog.vision.detection.detections import Detections, image_key
from underdog.vision.detection.predictions import (
    PredictConfig,
    Raw,
    predict,
    read_predictions,
)

IMAGES = [Path(f"images/{number:03d}.png") for number in range(23)]
CONFIG = PredictConfig(batch=4, limit=2)

CHILD = """
import sys, time
from pathlib import Path
from underdog.vision.detection.predictions import PredictConfig, Raw, predict
told = 0
def detector(batch):
    global told
    told += 1
    print("batch", flush=True)
    time.sleep(600 if told == 3 else 0)
    return [Raw([[1, 2, 3 + int(p.stem), 9 + len(batch)]], [0.5], [1]) for p in batch]
images = [Path(f"images/{n:03d}.png") for n in range(23)]
predict(detector, images, Path(sys.argv[1]), name="d", config=PredictConfig(batch=4, limit=2))
"""


def detector(batch: Sequence[Path]) -> list[Raw]:
    """Answers that depend on the image and, like last digits do, on the size of the batch."""
    return [Raw([[1, 2, 3 + int(p.stem), 9 + len(batch)]], [0.5], [1]) for p in batch]


def test_a_run_cut_anywhere_continues_to_the_same_bytes(tmp_path: Path) -> None:
    """For every length that a kill may leave, also inside a line and inside a batch."""
    whole = tmp_path / "whole.jsonl"
    predict(detector, IMAGES, whole, name="d", config=CONFIG)
    content = whole.read_bytes()
    header = whole.with_name("whole.jsonl.header.json").read_bytes()
    for cut in range(0, len(content), 97):
        path = tmp_path / f"{cut}.jsonl"
        path.write_bytes(content[:cut])
        path.with_name(f"{cut}.jsonl.header.json").write_bytes(header)
        done = predict(detector, IMAGES, path, name="d", config=CONFIG)
        assert path.read_bytes() == content, cut
        assert done.resumed % 4 == 0 or done.resumed == 23
    assert list(read_predictions(whole)) == [image_key(image.name) for image in IMAGES]


def test_a_killed_process_continues_to_the_same_bytes(tmp_path: Path) -> None:
    """A real SIGKILL inside the third batch; no half file is read as a whole one."""
    whole, path = tmp_path / "whole.jsonl", tmp_path / "killed.jsonl"
    predict(detector, IMAGES, whole, name="d", config=CONFIG)
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(path)], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    for _ in range(3):
        assert child.stdout.readline() == "batch\n"
    os.kill(child.pid, signal.SIGKILL)
    child.communicate()
    with pytest.raises(InputError, match="predictions for 23 images; got"):
        read_predictions(path)
    done = predict(detector, IMAGES, path, name="d", config=CONFIG)
    assert done.resumed == 8
    assert path.read_bytes() == whole.read_bytes()


def test_another_detector_or_batch_is_refused(tmp_path: Path) -> None:
    """Lines of two detectors are never mixed."""
    path = tmp_path / "p.jsonl"
    predict(detector, IMAGES, path, name="d", config=CONFIG)
    with pytest.raises(RunMismatchError, match="same detector; got detector 'd' there, 'e' here"):
        predict(detector, IMAGES, path, name="e", config=CONFIG)
    with pytest.raises(RunMismatchError, match="same batch"):
        predict(detector, IMAGES, path, name="d", config=PredictConfig(batch=5, limit=2))
    with pytest.raises(RunMismatchError, match="same images"):
        predict(detector, IMAGES[:5], path, name="d", config=CONFIG)


def test_boxes_are_rounded_sorted_cut_and_those_without_area_counted(tmp_path: Path) -> None:
    """What is kept is what a submission can hold."""
    raw = Raw(
        [[0, 0, 1.00049, 1], [5, 5, 5.0001, 9], [0, 0, 2, 2], [0, 0, 3, 3]],
        [0.1, 0.9, 0.12345678, 0.8],
        [1, 1, 2, 3],
    )
    path = tmp_path / "p.jsonl"
    done = predict(lambda batch: [raw], IMAGES[:1], path, name="d", config=CONFIG)
    assert done.dropped == 1
    found = read_predictions(path)["000"]
    assert found.to_json() == {
        "image": "000",
        "boxes": [[0, 0, 3, 3], [0, 0, 2, 2]],
        "scores": [0.8, 0.123457],
        "labels": [3, 2],
    }


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (Raw([[0, 0, float("nan"), 1]], [0.5], [1]), "000: .*not finite"),
        (Raw([[0, 0, 1, 1]], [1.5], [1]), "000: .*score of 1.5"),
        (Raw([[0, 0, 1, 1]], [0.5], [0]), "000: .*label 0"),
        (Raw([[0, 0, 1, 1]], [0.5, 0.4], [1]), "000: .*1 boxes, 2 scores, 1 labels"),
        (Raw([[0, 0, 1, 1]], [0.5], [1.5]), "whole numbers as labels"),
    ],
)
def test_unsound_numbers_stop_the_run_with_the_image(
    tmp_path: Path, raw: Raw, message: str
) -> None:
    """A sick detector is not written down."""
    with pytest.raises(InputError, match=message):
        predict(lambda batch: [raw], IMAGES[:1], tmp_path / "p.jsonl", name="d", config=CONFIG)


def test_a_line_that_is_no_prediction_is_named(tmp_path: Path) -> None:
    """With file and line."""
    path = tmp_path / "p.jsonl"
    good = '{"image": "a", "boxes": [], "scores": [], "labels": []}\n'
    path.write_text(good + '{"image": "b"}\n', encoding="utf-8")
    with pytest.raises(CorruptFileError, match=r"p\.jsonl:2: image, boxes, scores and labels"):
        read_predictions(path)
    path.write_text(good + good, encoding="utf-8")
    with pytest.raises(CorruptFileError, match=r"p\.jsonl:2: one line per image; got a again"):
        read_predictions(path)


def test_a_detector_that_leaves_images_out_is_refused(tmp_path: Path) -> None:
    """Three answers to four images cannot be told apart."""
    with pytest.raises(InputError, match="an answer for each of 4 images; got 3 answers"):
        predict(lambda b: detector(b)[1:], IMAGES, tmp_path / "p.jsonl", name="d", config=CONFIG)


def test_an_image_has_one_key_by_any_of_its_names() -> None:
    """Folder and image suffix do not matter; other dots do."""
    names = ["images/val/20200502114224047.png", "20200502114224047", "a\\20200502114224047.JPG"]
    assert {image_key(name) for name in names} == {"20200502114224047"}
    assert image_key("clip.1") == "clip.1"
    one = Detections.of("x.png", [[0, 0, 1, 1], [0, 0, 2, 2]], [0.2, 0.7], [1, 2])
    assert Detections.from_json(one.to_json()).to_json() == one.to_json()
