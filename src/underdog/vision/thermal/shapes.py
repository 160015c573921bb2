"""How the four classes look to a thermal camera: parts with a form and a temperature.

In: a class, a climate, a patch of coordinates. Out: which pixels it covers and how warm they are,
degrees Celsius. Never: a border that depends on the background.

Coordinates of a patch: u from 0 (left) to 1, v from 0 (top) to 1.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from underdog.vision.thermal.season import Climate

Plane = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


class Form(NamedTuple):
    """Width over height, height relative to a person's, and how often it is met."""

    aspect: float
    height: float
    share: float


FORMS = {
    "person": Form(0.38, 1.0, 0.45),
    "bicycle": Form(0.95, 1.05, 0.2),
    "motorcycle": Form(1.15, 0.95, 0.12),
    "vehicle": Form(1.9, 1.0, 0.23),
}
CLASSES = tuple(FORMS)
"""In the challenge's order: label 1 is a person (RTIOD@WACV2026, the kit's categories)."""


class Part(NamedTuple):
    """Pixels of a patch and their temperature."""

    mask: Mask
    celsius: float


def parts(name: str, u: Plane, v: Plane, *, climate: Climate, running: bool) -> list[Part]:
    """The parts of an object, to be painted in order; `running` engines are hot."""
    return _PAINTERS[name](u, v, climate, running)


def _person(u: Plane, v: Plane, climate: Climate, running: bool) -> list[Part]:
    del running
    air = climate.air_celsius
    arms = _box(u, v, 0.04, 0.22, 0.96, 0.5)
    legs = _box(u, v, 0.16, 0.5, 0.46, 1.0) | _box(u, v, 0.54, 0.5, 0.84, 1.0)
    torso = _box(u, v, 0.14, 0.17, 0.86, 0.58)
    return [
        Part(arms, climate.clothes_celsius - 1.0),
        Part(legs, air + 0.8 * (climate.clothes_celsius - air)),
        Part(torso, climate.clothes_celsius),
        Part(_ellipse(u, v, 0.5, 0.09, 0.26, 0.09), _skin(air)),
    ]


def _bicycle(u: Plane, v: Plane, climate: Climate, running: bool) -> list[Part]:
    del running
    # Thin metal under the open sky: colder than the ground at night, warmer in the sun.
    frame = climate.ground_celsius - 4.0 + 10.0 * climate.sun
    wheels = _ring(u, v, 0.22, 0.78, 0.22, 0.06) | _ring(u, v, 0.78, 0.78, 0.22, 0.06)
    bars = _box(u, v, 0.22, 0.55, 0.78, 0.6) | _box(u, v, 0.45, 0.55, 0.52, 0.8)
    return [Part(wheels, frame), Part(bars, frame), *_rider(u, v, climate, 0.45)]


def _motorcycle(u: Plane, v: Plane, climate: Climate, running: bool) -> list[Part]:
    air = climate.air_celsius
    wheels = _ellipse(u, v, 0.2, 0.79, 0.19, 0.21) | _ellipse(u, v, 0.8, 0.79, 0.19, 0.21)
    body = _ellipse(u, v, 0.5, 0.62, 0.36, 0.16)
    engine = _ellipse(u, v, 0.52, 0.76, 0.14, 0.12)
    return [
        Part(wheels, air + (7.0 if running else -1.0)),
        Part(body, air + (10.0 if running else 1.0) + 6.0 * climate.sun),
        Part(engine, air + (32.0 if running else 3.0)),
        *_rider(u, v, climate, 0.42),
    ]


def _vehicle(u: Plane, v: Plane, climate: Climate, running: bool) -> list[Part]:
    air = climate.air_celsius
    metal = climate.ground_celsius - 1.5
    cabin = _box(u, v, 0.2, 0.02, 0.8, 0.45)
    glass = _box(u, v, 0.25, 0.08, 0.47, 0.38) | _box(u, v, 0.53, 0.08, 0.75, 0.38)
    wheels = _ellipse(u, v, 0.2, 0.84, 0.1, 0.16) | _ellipse(u, v, 0.8, 0.84, 0.1, 0.16)
    return [
        Part(_box(u, v, 0.0, 0.4, 1.0, 0.88) | cabin, metal),
        Part(glass, 0.6 * air + 0.4 * climate.sky_celsius),
        Part(_box(u, v, 0.76, 0.42, 1.0, 0.8), metal + (12.0 if running else 0.0)),
        Part(wheels, air + (9.0 if running else 0.0)),
    ]


def _rider(u: Plane, v: Plane, climate: Climate, middle: float) -> list[Part]:
    clothes = climate.clothes_celsius
    leg = _box(u, v, middle - 0.03, 0.48, middle + 0.1, 0.78)
    return [
        Part(leg, clothes - 1.0),
        Part(_ellipse(u, v, middle + 0.02, 0.36, 0.15, 0.2), clothes),
        Part(_ellipse(u, v, middle + 0.08, 0.09, 0.09, 0.09), _skin(climate.air_celsius) - 2.0),
    ]


def _skin(air_celsius: float) -> float:
    return air_celsius + 0.72 * (34.0 - air_celsius)


def _box(u: Plane, v: Plane, *corners: float) -> Mask:
    left, top, right, bottom = corners
    return (u >= left) & (u <= right) & (v >= top) & (v <= bottom)


def _ellipse(u: Plane, v: Plane, *form: float) -> Mask:
    x, y, across, down = form
    return ((u - x) / across) ** 2 + ((v - y) / down) ** 2 <= 1


def _ring(u: Plane, v: Plane, *form: float) -> Mask:
    x, y, radius, width = form
    return _ellipse(u, v, x, y, radius, radius) & ~_ellipse(
        u, v, x, y, radius - width, radius - width
    )


_PAINTERS: dict[str, Callable[[Plane, Plane, Climate, bool], list[Part]]] = {
    "person": _person,
    "bicycle": _bicycle,
    "motorcycle": _motorcycle,
    "vehicle": _vehicle,
}
