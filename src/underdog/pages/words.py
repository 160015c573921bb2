"""Numbers into the words and figures a reader sees. Pure; knows neither files nor HTML.

A narrow no-break space (U+202F) stands before units and between thousands, so that a number and its
unit never part at the end of a line.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

THIN = "\u202f"
_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_MINUTE_S, _HOUR_S = 60, 3600


def percent(share: float, digits: int = 1) -> str:
    """A share from 0 to 1, such as 0.8142, as ``81.4 %``."""
    return f"{100 * share:.{digits}f}{THIN}%"


def bounds(interval: Mapping[str, Any]) -> str:
    """The ends of an interval of shares, in per cent: ``[77.7, 84.6]``."""
    return f"[{100 * interval['low']:.1f}, {100 * interval['high']:.1f}]"


def points(interval: Mapping[str, Any]) -> str:
    """A difference of shares in percentage points: ``+35.2``."""
    return _signed(100 * interval["value"])


def points_range(interval: Mapping[str, Any]) -> str:
    """The ends of a difference of shares in percentage points: ``[+31.0, +39.4]``."""
    return f"[{_signed(100 * interval['low'])}, {_signed(100 * interval['high'])}]"


def _signed(value: float) -> str:
    text = f"{value:+.1f}".replace("-", "\u2212")
    return text if float(f"{value:.1f}") else "0.0"


def p_value(p: float) -> str:
    """``= 0.034``, ``= 3.1 × 10⁻²⁰`` or, where the number underflowed, ``< 10⁻³⁰⁰``."""
    if p <= 0.0:
        return f"< 10{'-300'.translate(_SUPERSCRIPT)}"
    if p >= 0.001:
        return f"= {p:.3f}" if p < 0.9995 else "= 1"
    mantissa, _, exponent = f"{p:.1e}".partition("e")
    return f"= {mantissa}{THIN}×{THIN}10{str(int(exponent)).translate(_SUPERSCRIPT)}"


def count(number: int) -> str:
    """A whole number with its thousands set apart: ``54 012``."""
    return f"{number:,}".replace(",", THIN)


def counted(number: int, noun: str, plural: str = "") -> str:
    """``1 question``, ``54 012 questions``."""
    return f"{count(number)} {noun if number == 1 else plural or noun + 's'}"


def duration(seconds: float) -> str:
    """``850 µs``, ``11.3 ms``, ``4.2 s``, ``3 min 07 s`` or ``2 h 05 min``."""
    for limit, factor, unit in ((0.001, 1e6, "µs"), (1.0, 1e3, "ms")):
        if 0 < seconds < limit:
            return f"{three_digits(seconds * factor)}{THIN}{unit}"
    if seconds < _MINUTE_S:
        return f"{seconds:.1f}{THIN}s"
    whole = round(seconds)
    if whole < _HOUR_S:
        return f"{whole // _MINUTE_S}{THIN}min {whole % _MINUTE_S:02d}{THIN}s"
    minutes = round(seconds / _MINUTE_S)
    return f"{minutes // 60}{THIN}h {minutes % 60:02d}{THIN}min"


def size(number: float) -> str:
    """Bytes in decimal units: ``1.5 GB``."""
    for unit in ("B", "kB", "MB", "GB"):
        if number < 1000:
            return f"{number:.3g}{THIN}{unit}"
        number /= 1000
    return f"{number:.3g}{THIN}TB"


def three_digits(number: float) -> str:
    """Three significant digits, without an exponent where that stays short: ``0.0312``, ``412``."""
    if number == 0 or not math.isfinite(number):
        return "0" if number == 0 else str(number)
    if abs(number) >= 1000:
        return count(round(number))
    if abs(number) >= 0.001:
        return f"{number:#.3g}".rstrip(".")
    return scientific(number)


def scientific(number: float) -> str:
    """``2 × 10⁻⁵``: two significant digits, a trailing zero left out."""
    mantissa, _, exponent = f"{number:.1e}".partition("e")
    short = mantissa.removesuffix(".0")
    return f"{short}{THIN}×{THIN}10{str(int(exponent)).translate(_SUPERSCRIPT)}"


def plain(value: Any) -> str:
    """A JSON value as one short text, for tables of settings."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, (list, tuple)):
        return ", ".join(plain(item) for item in value) or "none"
    return str(value) if value != "" else "none"


def settings(table: Mapping[str, Any], at: str = "") -> list[tuple[str, str]]:
    """A nested table as dotted names and texts, in the order of the file."""
    found: list[tuple[str, str]] = []
    for key, value in table.items():
        name = f"{at}.{key}" if at else str(key)
        if isinstance(value, Mapping) and value:
            found.extend(settings(value, name))
        else:
            found.append((name, plain(value) if not isinstance(value, Mapping) else "none"))
    return found
