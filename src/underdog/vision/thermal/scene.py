"""One thermal frame: a fixed view, the weather of a moment, objects far and near.

In: a view, a climate, a random generator. Out: grey values and the boxes of what can be seen.
Never: a box of something hidden, a draw that depends on other frames.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from underdog.errors import InputError
from underdog.vision.detection.detections import Floats, Ints
from underdog.vision.thermal.season import Climate
from underdog.vision.thermal.shapes import CLASSES, FORMS, Mask, Plane, parts

_HORIZON = 0.22
_PERSON_FAR, _PERSON_NEAR = 0.09, 0.4
"""Height of a person at the horizon and at the lower border, as shares of the frame's height."""
_OBJECTS_MEAN = 3.2
_TRIES = 8
_MOST_OVERLAP = 0.2
_LEAST_VISIBLE = 0.4
_LEAST_SIDE_PX = 4
_SPAN_CELSIUS = 45.0
_CENTRE_CELSIUS = 12.0
_FOLLOWS = 0.6
"""The camera shows `_SPAN_CELSIUS` around a centre that follows the scene's median by this share:
part of the seasons' drift stays in the picture, as it does with automatic gain."""


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """What a fixed camera looks at: which pixels are sky, how much sun the others take up."""

    sky: Mask
    sun_share: Plane
    texture: Plane

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.sky.shape[1], self.sky.shape[0]


class Frame(NamedTuple):
    """A picture (H, W) in grey values and its K objects."""

    grey: npt.NDArray[np.uint8]
    boxes: Floats
    """(K, 4): left, top, right, bottom in pixels, tight around what is visible."""
    classes: Ints
    """(K,): indices into CLASSES."""


class _Placed(NamedTuple):
    kind: int
    left: int
    top: int
    width: int
    height: int
    nearness: float


def make_view(width: int, height: int, random: np.random.Generator) -> View:
    """A street between buildings, with a pavement and some lawn. At least 64 x 48 pixels."""
    if width < 64 or height < 48:
        raise InputError("frames of at least 64 x 48 pixels", got=f"{width} x {height}")
    v, u = np.mgrid[0:height, 0:width] / np.array([height, width]).reshape(2, 1, 1)
    sky = v < _HORIZON
    sun_share = np.where(v < 0.5, 0.55, 0.35)  # pavement, lawn
    road = np.abs(u - 0.5 - 0.25 * (v - 0.6)) < 0.12 + 0.45 * (v - _HORIZON)
    sun_share[road] = 0.8
    for _ in range(5):
        left, wide = random.uniform(-0.1, 0.95), random.uniform(0.12, 0.3)
        roof, foot = random.uniform(0.02, 0.18), _HORIZON + random.uniform(0.0, 0.1)
        wall = (u >= left) & (u < left + wide) & (v >= roof) & (v < foot)
        windows = wall & (np.sin(u * 90) > 0.4) & (np.sin(v * 110) > 0.3)
        sky &= ~wall
        sun_share[wall] = random.uniform(0.3, 0.7)
        sun_share[windows] = -0.1
    return View(sky, sun_share, _smooth_noise(height, width, random))


def draw_frame(view: View, climate: Climate, random: np.random.Generator) -> Frame:
    """A frame at this moment; equal generators give equal frames."""
    celsius = _background(view, climate, random)
    owner = np.full(view.sky.shape, -1, dtype=np.int64)
    placed = _place(view, random)
    painted = []
    for number, each in enumerate(placed):
        painted.append(_paint(celsius, owner, number, placed=each, climate=climate, random=random))
    boxes, classes = _visible(owner, placed, painted)
    return Frame(_photograph(celsius, climate, random), boxes, classes)


def _background(view: View, climate: Climate, random: np.random.Generator) -> Plane:
    height, width = view.sky.shape
    gain = climate.ground_celsius - climate.air_celsius
    ground = climate.air_celsius + gain * view.sun_share + view.texture * (0.6 + 1.2 * climate.sun)
    ground += 0.5 * _smooth_noise(height, width, random)
    up = np.linspace(1.0, 0.0, height).reshape(-1, 1)
    sky = climate.sky_celsius + (climate.air_celsius - climate.sky_celsius) * (1 - up) ** 2
    return np.where(view.sky, sky + 1.5 * view.texture, ground)


def _smooth_noise(height: int, width: int, random: np.random.Generator) -> Plane:
    """Standard normal values on a coarse grid, joined by straight lines: about 1 high."""
    step = 12
    coarse = random.normal(size=(height // step + 2, width // step + 2))
    y, x = np.arange(height) / step, np.arange(width) / step
    row, column = y.astype(np.int64), x.astype(np.int64)
    down, across = (y - row).reshape(-1, 1), x - column
    upper = coarse[row][:, column] * (1 - across) + coarse[row][:, column + 1] * across
    lower = coarse[row + 1][:, column] * (1 - across) + coarse[row + 1][:, column + 1] * across
    return np.asarray(upper * (1 - down) + lower * down)


def _place(view: View, random: np.random.Generator) -> list[_Placed]:
    """Objects in order of painting, far ones first; few overlap."""
    share = [form.share for form in FORMS.values()]
    found: list[_Placed] = []
    for _ in range(random.poisson(_OBJECTS_MEAN)):
        kind = int(random.choice(len(CLASSES), p=share))
        for _ in range(_TRIES):
            candidate = _candidate(view, kind, random)
            if all(_overlap(candidate, other) <= _MOST_OVERLAP for other in found):
                found.append(candidate)
                break
    return sorted(found, key=lambda each: each.nearness)


def _candidate(view: View, kind: int, random: np.random.Generator) -> _Placed:
    width_px, height_px = view.size
    form = FORMS[CLASSES[kind]]
    nearness = float(random.beta(1.3, 1.6))
    person = (_PERSON_FAR + (_PERSON_NEAR - _PERSON_FAR) * nearness) * height_px
    height = max(8, round(person * form.height * random.uniform(0.88, 1.12)))
    width = max(4, round(height * form.aspect * random.uniform(0.88, 1.12)))
    foot = (_HORIZON + 0.08 + (1.0 - _HORIZON - 0.06) * nearness) * height_px
    left = random.uniform(-0.3 * width, width_px - 0.7 * width)
    return _Placed(kind, round(left), round(foot) - height, width, height, nearness)


def _overlap(one: _Placed, other: _Placed) -> float:
    """Common area over the smaller one's."""
    across = min(one.left + one.width, other.left + other.width) - max(one.left, other.left)
    down = min(one.top + one.height, other.top + other.height) - max(one.top, other.top)
    smaller = min(one.width * one.height, other.width * other.height)
    return max(across, 0) * max(down, 0) / smaller


def _paint(
    celsius: Plane,
    owner: Ints,
    number: int,
    *,
    placed: _Placed,
    climate: Climate,
    random: np.random.Generator,
) -> int:
    """Paint one object in place; gives the pixels it would cover without border and others."""
    height_px, width_px = celsius.shape
    v = ((np.arange(placed.height) + 0.5) / placed.height).reshape(-1, 1)
    u = ((np.arange(placed.width) + 0.5) / placed.width).reshape(1, -1)
    mirrored, running = random.random() < 0.5, bool(random.random() < 0.75)
    u = 1 - u if mirrored else u
    top, left = max(placed.top, 0), max(placed.left, 0)
    bottom = min(placed.top + placed.height, height_px)
    right = min(placed.left + placed.width, width_px)
    inner = np.s_[top - placed.top : bottom - placed.top, left - placed.left : right - placed.left]
    patch, owned = celsius[top:bottom, left:right], owner[top:bottom, left:right]
    veil = climate.haze * (1 - 0.7 * placed.nearness)
    offset = float(random.normal(0.0, 0.8))
    whole = np.zeros((placed.height, placed.width), dtype=np.bool_)
    for part in parts(CLASSES[placed.kind], u, v, climate=climate, running=running):
        whole |= part.mask
        mask = part.mask[inner]
        patch[mask] = veil * patch[mask] + (1 - veil) * (part.celsius + offset)
        owned[mask] = number
    return int(whole.sum())


def _visible(owner: Ints, placed: list[_Placed], painted: list[int]) -> tuple[Floats, Ints]:
    boxes, classes = [], []
    for number, (each, whole) in enumerate(zip(placed, painted, strict=True)):
        rows, columns = np.nonzero(owner == number)
        if len(rows) < _LEAST_VISIBLE * whole:
            continue
        box = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
        if min(box[2] - box[0], box[3] - box[1]) >= _LEAST_SIDE_PX:
            boxes.append(box)
            classes.append(each.kind)
    return np.array(boxes, dtype=np.float64).reshape(-1, 4), np.array(classes, dtype=np.int64)


def _photograph(
    celsius: Plane, climate: Climate, random: np.random.Generator
) -> npt.NDArray[np.uint8]:
    """Blur of the lens, noise of the sensor (pixels and columns), grey values."""
    seen = _blurred(_blurred(celsius.T).T)
    seen = seen + random.normal(0.0, climate.noise_celsius, size=seen.shape)
    seen += random.normal(0.0, 0.3 * climate.noise_celsius, size=(1, seen.shape[1]))
    centre = _CENTRE_CELSIUS + _FOLLOWS * (float(np.median(seen)) - _CENTRE_CELSIUS)
    grey = 255 * ((seen - centre) / _SPAN_CELSIUS + 0.5)
    return np.asarray(np.clip(np.rint(grey), 0, 255).astype(np.uint8))


def _blurred(plane: Plane) -> Plane:
    """The kernel 1 2 1 down the first axis; the border repeats."""
    padded = np.concatenate([plane[:1], plane, plane[-1:]])
    return np.asarray((padded[:-2] + 2 * padded[1:-1] + padded[2:]) / 4)
