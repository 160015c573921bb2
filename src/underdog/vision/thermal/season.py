"""What the weather does to a thermal camera: temperatures, noise and haze by month and hour.

In: a month, an hour, a random generator. Out: a `Climate` in degrees Celsius. Never: a clock.

The monthly means are those of a harbour town in the north of Denmark, where the public thermal set
LTD was filmed (Nikolov et al., "Seasons in Drift", NeurIPS 2021 data sets track), rounded: coldest
in January and February near 1 C, warmest in July and August near 17 C.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from underdog.errors import InputError

_MEAN_CELSIUS = (1.0, 0.8, 2.6, 6.8, 11.4, 14.9, 17.2, 16.9, 13.6, 9.4, 5.1, 2.2)
_DAY_SWING_CELSIUS = (2.0, 2.5, 4.0, 5.5, 6.0, 6.0, 6.0, 6.0, 5.0, 3.5, 2.0, 1.5)
_SUN_GAIN_CELSIUS = (3.0, 5.0, 9.0, 13.0, 16.0, 18.0, 18.0, 15.0, 11.0, 6.0, 3.0, 2.0)
"""How much warmer asphalt and car bodies are than the air at noon under a clear sky."""
_NOON_H = 13.0


@dataclass(frozen=True, slots=True)
class Climate:
    """One moment's weather as the camera sees it. Temperatures in degrees Celsius."""

    air_celsius: float
    sun: float
    """How much of the month's sunshine falls now: 0 at night or under clouds, at most 1."""
    ground_celsius: float
    sky_celsius: float
    clothes_celsius: float
    """Surface of a dressed person: warmer than the air, less so in thick winter clothes."""
    noise_celsius: float
    """Standard deviation of the sensor's noise per pixel."""
    haze: float
    """0 to 1: the share of an object's contrast that air between it and the camera takes away."""


def climate(month: str, hour: float, random: np.random.Generator) -> Climate:
    """The weather of a moment; `month` as ``2020-05``, `hour` from 0 to 24."""
    index = month_index(month)
    clouds = float(random.beta(1.2, 1.2))
    phase = math.cos((hour - _NOON_H - 1.5) / 24 * 2 * math.pi)
    spread = float(random.normal(0.0, 2.0))
    air = _MEAN_CELSIUS[index] + 0.5 * _DAY_SWING_CELSIUS[index] * phase + spread
    sun = max(0.0, _height_of_sun(index, hour)) * (1 - 0.85 * clouds)
    gain = _SUN_GAIN_CELSIUS[index] * sun
    # A clear night sky cools the ground below the air; clouds keep it near.
    cooling = 2.5 * (1 - clouds) * (1 - sun)
    sky = air - 12.0 - 18.0 * (1 - clouds)
    haze = float(np.clip(random.beta(1.5, 6.0) + (0.15 if index in (0, 1, 10, 11) else 0.0), 0, 1))
    return Climate(
        air_celsius=air,
        sun=sun,
        ground_celsius=air + gain - cooling,
        sky_celsius=sky,
        clothes_celsius=air + 0.42 * (33.0 - air) + 0.2 * gain,
        noise_celsius=0.35 + 0.5 * haze + float(random.uniform(0.0, 0.25)),
        haze=0.7 * haze,
    )


def month_index(month: str) -> int:
    """0 for January. InputError for anything but ``YYYY-MM``."""
    year, _, number = month.partition("-")
    if not (len(month) == 7 and year.isdecimal() and number.isdecimal() and 1 <= int(number) <= 12):
        raise InputError("a month such as 2020-05", got=repr(month))
    return int(number) - 1


def _height_of_sun(index: int, hour: float) -> float:
    """About the sun's height at 57 degrees north as a share of noon's; at most 0 at night."""
    half_day_h = 6.1 + 2.9 * math.cos((index - 5.2) / 12 * 2 * math.pi)
    away = min(abs(hour - _NOON_H) / half_day_h, 2.0)
    return math.cos(away * math.pi / 2)
