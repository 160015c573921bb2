"""Stars, constellations, moons and Messier objects."""

from __future__ import annotations

import configparser
import re
from collections.abc import Iterator

import ephem
from ephem import stars
from rows import Row, Shelf, pip, plain

PLANETS = {3: "Earth", 4: "Mars", 5: "Jupiter", 6: "Saturn", 7: "Uranus", 8: "Neptune"}
KINDS = ("Galaxy", "Globular Cluster", "Open Cluster")


def rows(shelf: Shelf) -> list[Row]:
    """All astronomy rows."""
    return [*star_homes(shelf), *abbreviations(shelf), *moons(shelf), *messier(shelf)]


def _constellations() -> dict[str, str]:
    from skyfield.api import load_constellation_names

    return {
        short: "Boötes" if name == "Bootes" else name for short, name in load_constellation_names()
    }


def star_homes(shelf: Shelf) -> Iterator[Row]:
    """Constellation of a named star: its position by PyEphem, checked by Stellarium's list."""
    names = _constellations()
    listed = _stellarium_stars(shelf)
    for name in sorted(stars.stars):
        star = ephem.star(name)
        star.compute("2000/1/1", epoch="2000")
        short, _ = ephem.constellation(star)
        if plain(name) not in listed:
            shelf.dropped["star: not in the second source"] += 1
            continue
        if listed[plain(name)] != short:
            shelf.dropped["star: sources disagree"] += 1
            continue
        yield Row(
            name,
            "star_constellation",
            names[short],
            name[0],
            pip("ephem"),
            "MIT",
            "stellarium-data 0.22.2",
        )


def _stellarium_stars(shelf: Shelf) -> dict[str, str]:
    path = shelf.share("stellarium", "skycultures", "western", "star_names.fab")
    found: dict[str, str] = {}
    short = ""
    for line in path.read_text(encoding="utf-8").splitlines():
        if head := re.match(r"#.*\((\w{3})\)", line):
            short = head[1]
        elif name := re.match(r"\s*\d+\|_\(\"(.+?)\"\)", line):
            found.setdefault(plain(name[1]), short)
    return found


def abbreviations(shelf: Shelf) -> Iterator[Row]:
    """Three-letter abbreviation of a constellation: skyfield, checked by Stellarium."""
    path = shelf.share("stellarium", "skycultures", "western", "constellation_names.eng.fab")
    second = dict(re.findall(r'^(\w{3})\s+"(.+?)"', path.read_text(encoding="utf-8"), re.MULTILINE))
    for short, name in _constellations().items():
        if plain(second.get(short, "")) != plain(name):
            print("constellation?", short, name, second.get(short))
            shelf.dropped["constellation: sources disagree"] += 1
            continue
        yield Row(
            name,
            "constellation_code",
            short,
            name[0],
            pip("skyfield"),
            "MIT",
            "stellarium-data 0.22.2",
        )


def moons(shelf: Shelf) -> Iterator[Row]:
    """Planet of a moon: NAIF numbering in spiceypy, checked by Stellarium's solar system."""
    import spiceypy

    parent = _parents(shelf)
    for planet, home in PLANETS.items():
        for number in range(100 * planet + 1, 100 * planet + 99):
            try:
                name = spiceypy.bodc2n(number).capitalize()
            except spiceypy.NotFoundError:
                continue
            if re.search(r"\d|_|Barycenter", name) or name == "Moon":
                continue
            second = parent.get(name.lower(), "")
            if second and second != home.lower():
                shelf.dropped["moon: sources disagree"] += 1
                continue
            if not second:
                shelf.dropped["moon: not in the second source"] += 1
                continue
            yield Row(
                name, "moon_planet", home, "", pip("spiceypy"), "MIT", "stellarium-data 0.22.2"
            )


def _parents(shelf: Shelf) -> dict[str, str]:
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.read(shelf.share("stellarium", "data", "ssystem_major.ini"), encoding="utf-8")
    sections = (parser[name] for name in parser.sections())
    return {s.get("name", "").lower(): s.get("parent", "").lower() for s in sections}


def messier(shelf: Shelf) -> Iterator[Row]:
    """Constellation of a Messier object: OpenNGC, checked by its position in PyEphem."""
    from pyongc import ongc

    names = _constellations()
    for number in range(1, 111):
        try:
            entry = ongc.Dso(f"M{number}")
        except Exception:  # noqa: BLE001  the package raises its own error for gaps
            continue
        place = ephem.FixedBody()
        (h, m, s), (d, am, asec) = entry.coords
        sign = "-" if d < 0 or str(d).startswith("-") else ""
        place._ra, place._dec = f"{h:.0f}:{m:.0f}:{s}", f"{sign}{abs(d):.0f}:{am:.0f}:{asec}"
        place._epoch = "2000"
        place.compute("2000/1/1", epoch="2000")
        short = entry.constellation.replace("Se1", "Ser").replace("Se2", "Ser")
        if ephem.constellation(place)[0] != short:
            shelf.dropped["Messier object: position outside the constellation"] += 1
            continue
        near = entry.type if entry.type in KINDS else "other"
        yield Row(
            f"Messier {number}",
            "messier_constellation",
            names[short],
            near,
            pip("pyongc"),
            "CC-BY-SA-4.0",
            pip("ephem"),
        )
