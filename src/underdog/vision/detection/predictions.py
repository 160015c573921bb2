"""Predictions on disk: one JSON line per image, written batch by batch, continued after a kill.

    {"image": "20200514114224046", "boxes": [[l, t, r, b], ...], "scores": [...], "labels": [...]}

In: images, any callable that detects. Out: a file that is equal to the byte whether the run was
killed or not. Never: a half line, a batch cut at another place, lines of another detector.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from underdog.errors import CorruptFileError, InputError, RunMismatchError
from underdog.runs.files import digest_value, read_json, write_bytes, write_json
from underdog.runs.log import LogWriter, read_log
from underdog.runs.progress import SILENT, Progress
from underdog.vision.detection.detections import Detections, as_arrays, image_key

BOX_DIGITS, SCORE_DIGITS = 3, 6
"""Decimals kept: a thousandth of a pixel, a millionth of a score."""
_HEADER_END = ".header.json"


class Raw(NamedTuple):
    """What a detector says of one image; arrays, tensors on the CPU or lists."""

    boxes: Any
    """(N, 4): left, top, right, bottom in pixels."""
    scores: Any
    """(N,), 0 to 1."""
    labels: Any
    """(N,), 1 for the first class."""


Detector = Callable[[Sequence[Path]], Iterable[Raw]]
"""From image files to one `Raw` each, in the same order."""


@dataclass(frozen=True, slots=True)
class PredictConfig:
    """How images are fed to a detector."""

    batch: int = 16
    """Images per call. A detector's last digits may depend on it, so a run cannot change it."""
    limit: int = 300
    """Best boxes kept per image; COCO and the challenge read 100."""

    def __post_init__(self) -> None:
        if self.batch < 1 or self.limit < 1:
            raise InputError("a batch and a limit of at least 1", got=f"{self.batch}, {self.limit}")


class Predicted(NamedTuple):
    """What a run did."""

    images: int
    resumed: int
    """Images that an earlier run had done."""
    dropped: int
    """Boxes without area, found in this run and left out."""


def predict(
    detector: Detector,
    images: Sequence[Path],
    path: Path,
    *,
    name: str,
    config: PredictConfig = PredictConfig(),
    progress: Progress = SILENT,
) -> Predicted:
    """Detect in all images, in their order, into `path`; the same call continues a killed run.

    `name` says which detector this is (for example its digest) and is kept beside the file.
    Raises RunMismatchError when `path` was begun with another detector, other images or another
    batch size, and InputError for detections with unsound numbers, naming the image.
    """
    keys = [image_key(image.name) for image in images]
    _begin(path, keys, name, config)
    done = _whole_batches(path, keys, config.batch)
    dropped = 0
    progress.begin("detecting", len(images))
    try:
        progress.advance(done)
        with LogWriter(path) as log:
            for start in range(done, len(images), config.batch):
                batch = images[start : start + config.batch]
                found = list(detector(batch))
                if len(found) != len(batch):
                    raise InputError(
                        f"an answer for each of {len(batch)} images", got=f"{len(found)} answers"
                    )
                for key, raw in zip(keys[start:], found, strict=False):
                    detections, left = cleaned(key, raw, config.limit)
                    dropped += left
                    log.append(detections.to_json(), durable=key == keys[start + len(batch) - 1])
                progress.advance(len(batch))
    finally:
        progress.end()
    return Predicted(len(images), done, dropped)


def cleaned(image: str, raw: Raw, limit: int) -> tuple[Detections, int]:
    """Rounded, sorted, cut to `limit`, and how many boxes without area were left out."""
    boxes, scores, labels = as_arrays(*raw)
    boxes, scores = boxes.round(BOX_DIGITS), scores.round(SCORE_DIGITS)
    # A box that is not finite stays in, to be refused with its image.
    flat = np.isfinite(boxes).all(axis=1) & (boxes[:, 2:] <= boxes[:, :2]).any(axis=1)
    if not len(boxes) == len(scores) == len(labels):
        sizes = f"{len(boxes)} boxes, {len(scores)} scores, {len(labels)} labels"
        raise InputError("a box, a score and a label per object", got=sizes, where=image)
    kept = Detections.of(image, boxes[~flat], scores[~flat], labels[~flat])
    return kept.best(limit), int(flat.sum())


def read_predictions(path: Path) -> dict[str, Detections]:
    """Detections by image key, in the order of the file.

    Raises InputError for a file that is missing or unfinished, CorruptFileError for a line that is
    no prediction, with its number.
    """
    if not path.is_file():
        raise InputError("a predictions file, one JSON line per image", got="none", where=path)
    found: dict[str, Detections] = {}
    for number, entry in enumerate(read_log(path), start=1):
        try:
            detections = Detections.from_json(entry)
        except (KeyError, TypeError, ValueError) as error:
            raise CorruptFileError(
                "image, boxes, scores and labels", got=str(error), where=f"{path}:{number}"
            ) from error
        if detections.image in found:
            raise CorruptFileError(
                "one line per image", got=f"{detections.image} again", where=f"{path}:{number}"
            )
        found[detections.image] = detections
    header = _header(path)
    if header.is_file() and len(found) < read_json(header)["images"]:
        raise InputError(
            f"predictions for {read_json(header)['images']} images",
            got=str(len(found)),
            where=path,
            hint="repeat the command that made the file; it continues",
        )
    return found


def _header(path: Path) -> Path:
    return path.with_name(path.name + _HEADER_END)


def _begin(path: Path, keys: Sequence[str], name: str, config: PredictConfig) -> None:
    """Write the header of a new run, or compare with an old one's."""
    if len(set(keys)) != len(keys):
        twice = next(key for key in keys if keys.count(key) > 1)
        raise InputError("images with names of their own", got=f"{twice} twice")
    header = {
        "detector": name,
        "images": len(keys),
        "images_digest": digest_value(list(keys)),
        "batch": config.batch,
        "limit": config.limit,
    }
    if not _header(path).is_file():
        if path.exists():
            raise RunMismatchError(
                "a new file, or one begun here", got="one without a header", where=path
            )
        write_json(_header(path), header)
        return
    old = read_json(_header(path))
    differing = [key for key in header if old.get(key) != header[key]]
    if differing:
        first = differing[0]
        raise RunMismatchError(
            f"a run with the same {', '.join(differing)}",
            got=f"{first} {old.get(first)!r} there, {header[first]!r} here",
            where=path,
            hint="another file, or remove this one and its header",
        )


def _whole_batches(path: Path, keys: Sequence[str], batch: int) -> int:
    """Images whose whole batch is on disk; anything behind them is cut off.

    Batches are done whole again because a detector's last digits may depend on what else is in one.
    """
    if not path.exists():
        return 0
    content = path.read_bytes()
    lines = content.split(b"\n")[:-1]
    done = len(lines) if len(lines) == len(keys) else len(lines) - len(lines) % batch
    kept = lines[:done]
    for number, (key, entry) in enumerate(zip(keys, read_log(path), strict=False), start=1):
        if entry.get("image") != key:
            where = f"{path}:{number}"
            raise RunMismatchError(f"the line of {key}", got=repr(entry.get("image")), where=where)
    whole = b"".join(line + b"\n" for line in kept)
    if whole != content:
        write_bytes(path, whole)
    return done
