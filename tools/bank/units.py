"""Units of measurement: what they measure, their symbols, SI prefixes."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterator

from rows import Row, Shelf, pip
from wordnet import SOURCE, WordNet

GNU = "units 2.22"
PINT_LICENCE = "BSD-3-Clause"

QUANTITIES = {
    "energy": ("joule", "erg", "calorie", "electron_volt", "therm"),
    "electric current": ("ampere",),
    "electric charge": ("coulomb",),
    "capacitance": ("farad",),
    "inductance": ("henry",),
    "electrical resistance": ("ohm",),
    "electrical conductance": ("siemens", "mho"),
    "voltage": ("volt",),
    "magnetic flux": ("weber", "maxwell"),
    "magnetic flux density": ("tesla", "gauss"),
    "area": ("acre", "hectare", "barn"),
    "length": (
        "meter", "kilometer", "centimeter", "millimeter", "micron", "angstrom", "fermi", "foot",
        "inch", "mile", "yard", "furlong", "chain", "fathom", "league", "rod", "parsec",
        "light_year", "nautical_mile", "astronomical_unit", "pica", "hand"),
    "angle": ("radian", "arcminute", "arcsecond", "grade"),
    "solid angle": ("steradian",),
    "information": ("bit", "byte"),
    "pressure": ("pascal", "atmosphere", "bar", "torr", "barye", "psi"),
    "volume": (
        "liter", "gallon", "pint", "quart", "bushel", "peck", "gill", "barrel", "hogshead",
        "fluid_ounce", "cup", "board_foot", "teaspoon", "tablespoon", "milliliter", "stere"),
    "mass": (
        "gram", "kilogram", "milligram", "tonne", "ounce", "pound", "stone", "hundredweight",
        "pennyweight", "scruple", "grain", "carat", "slug", "troy_ounce", "long_ton", "short_ton",
        "dalton"),
    "luminous intensity": ("candela",),
    "luminous flux": ("lumen",),
    "illuminance": ("lux",),
    "radioactivity": ("becquerel", "curie", "rutherford"),
    "absorbed dose of radiation": ("gray",),
    "dose equivalent of radiation": ("sievert",),
    "frequency": ("hertz",),
    "temperature": ("kelvin", "degree_Celsius", "degree_Fahrenheit", "degree_Rankine"),
    "force": ("newton", "dyne", "poundal"),
    "power": ("watt", "horsepower"),
    "speed": ("knot",),
    "time": ("second", "hour", "day", "week", "fortnight", "century", "millennium"),
    "amount of substance": ("mole",),
    "dynamic viscosity": ("poise",),
    "kinematic viscosity": ("stokes",),
    "acceleration": ("galileo",),
    "catalytic activity": ("katal",),
}  # fmt: skip
"""The quantity of each unit. Every entry is held against the dimension pint computes for the unit,
and against what a second package says of it; no entry that fails either becomes a row."""

DIMENSION = {
    "energy": "joule", "electric current": "ampere", "electric charge": "ampere * second",
    "capacitance": "coulomb / volt", "inductance": "volt * second / ampere",
    "electrical resistance": "volt / ampere", "electrical conductance": "ampere / volt",
    "voltage": "joule / coulomb", "magnetic flux": "volt * second",
    "magnetic flux density": "volt * second / meter ** 2", "area": "meter ** 2",
    "length": "meter", "angle": "radian", "solid angle": "radian", "information": "bit",
    "pressure": "newton / meter ** 2", "volume": "meter ** 3", "mass": "kilogram",
    "luminous intensity": "candela", "luminous flux": "candela",
    "illuminance": "candela / meter ** 2", "radioactivity": "1 / second",
    "absorbed dose of radiation": "joule / kilogram",
    "dose equivalent of radiation": "joule / kilogram", "frequency": "1 / second",
    "temperature": "kelvin", "force": "kilogram * meter / second ** 2",
    "power": "joule / second", "speed": "meter / second", "time": "second",
    "amount of substance": "mole", "dynamic viscosity": "pascal * second",
    "kinematic viscosity": "meter ** 2 / second", "acceleration": "meter / second ** 2",
    "catalytic activity": "mole / second",
}  # fmt: skip
"""A product of units with the dimension of the quantity."""

HINTS = {
    "energy": r"\b(energy|heat|work)\b", "electric current": r"\bcurrent\b",
    "electric charge": r"\bcharge\b", "electrical resistance": r"\bresistance\b",
    "electrical conductance": r"\bconductance\b", "voltage": r"\bpotential\b",
    "magnetic flux": r"magnetic flux(?! density)", "area": r"\b(area|land)\b|square|cross section",
    "length": r"\b(length|distance|linear)\b", "angle": r"\b(angles?|angular|arc)\b",
    "information": r"\binformation|memory|bits?\b", "volume": r"\b(volume|capacity|liquid|dry)\b",
    "mass": r"\b(mass|weight|avoirdupois|grains?|pound)\b", "radioactivity": r"radioactiv",
    "absorbed dose of radiation": r"absorbed", "illuminance": r"illuminat|illuminance",
    "dose equivalent of radiation": r"radiation|dose equivalent", "speed": r"\b(speed|rate)\b",
    "dynamic viscosity": r"viscosity", "kinematic viscosity": r"viscosity",
    "time": r"\b(time|period|seconds|minutes|hours|days|years)\b",
    "amount of substance": r"substance",
}  # fmt: skip
"""Words by which WordNet's gloss or its kind of unit confirms a quantity; else its own name."""

NAMES = {
    "meter": "metre", "kilometer": "kilometre", "centimeter": "centimetre", "liter": "litre",
    "millimeter": "millimetre", "milliliter": "millilitre", "psi": "pound per square inch",
    "millimeter_Hg": "millimetre of mercury", "electron_volt": "electronvolt", "galileo": "gal",
    "foot_candle": "foot-candle", "degree_Celsius": "degree Celsius",
    "degree_Fahrenheit": "degree Fahrenheit", "degree_Rankine": "degree Rankine",
    "grade": "gradian",
}  # fmt: skip
"""Names to print where pint's own would look odd."""

LOOKED_UP = {
    "psi": "pounds per square inch", "millimeter_Hg": "millimeter of mercury", "grade": "grad",
    "galileo": "gal",
    "degree_Celsius": "degree Celsius", "degree_Fahrenheit": "degree Fahrenheit",
    "arcminute": "arcminute", "electron_volt": "electron volt",
}  # fmt: skip

NEAR = {
    "electric": "electromagnetism", "capacitance": "electromagnetism",
    "voltage": "electromagnetism",
    "inductance": "electromagnetism", "magnetic": "electromagnetism", "length": "geometry",
    "area": "geometry", "volume": "geometry", "angle": "geometry", "solid": "geometry",
    "mass": "geometry", "luminous": "light and radiation", "illuminance": "light and radiation",
    "radioactivity": "light and radiation", "absorbed": "light and radiation",
    "dose": "light and radiation", "electrical": "electromagnetism",
}  # fmt: skip

SYMBOLS = (
    "ampere", "becquerel", "candela", "coulomb", "farad", "gray", "henry", "hertz", "joule",
    "katal", "kelvin", "kilogram", "lumen", "lux", "meter", "mole", "newton", "ohm", "pascal",
    "radian", "second", "siemens", "sievert", "steradian", "tesla", "volt", "watt", "weber",
    "gram", "minute", "hour", "day", "hectare", "tonne", "electron_volt", "parsec", "curie",
    "dyne", "gauss", "maxwell", "poise", "stokes", "angstrom", "kilometer", "millimeter",
)  # fmt: skip


def rows(shelf: Shelf) -> list[Row]:
    """All rows about units."""
    wn = WordNet(shelf.share("wordnet", "data.noun"))
    return [*quantities(shelf, wn), *symbols(shelf), *prefixes(shelf)]


def quantities(shelf: Shelf, wn: WordNet) -> Iterator[Row]:
    """What a unit measures: pint's dimension, a second package's word for it."""
    import pint

    registry = pint.UnitRegistry()
    gnu = _gnu_comments(shelf)
    for quantity, units in QUANTITIES.items():
        wanted = registry.parse_units(DIMENSION[quantity].replace("1 / second", "second ** -1"))
        for unit in units:
            # Gaussian units have dimensions of their own; their SI equals in pint are contexts.
            gaussian = unit in ("gauss", "maxwell")
            if not gaussian and unit not in registry:
                shelf.dropped["unit_quantity: not in pint"] += 1
                print("unit_quantity unknown", unit)
                continue
            if not gaussian and registry.Unit(unit).dimensionality != wanted.dimensionality:
                shelf.dropped["unit_quantity: pint's dimension differs"] += 1
                print("unit_quantity dimension", unit, quantity)
                continue
            checked = _second(wn, gnu, unit, quantity)
            if not checked:
                print("unit_quantity unchecked", unit, quantity)
            source = GNU if gaussian else pip("pint")
            licence = "GPL-3.0-or-later" if gaussian else PINT_LICENCE
            name = NAMES.get(unit, unit.replace("_", " "))
            near = NEAR.get(quantity.split(" ")[0], "")
            yield Row(name, "unit_quantity", quantity, near, source, licence, checked)


def _second(wn: WordNet, gnu: dict[str, str], unit: str, quantity: str) -> str:
    hint = HINTS.get(quantity, re.escape(quantity))
    units = {s.offset for s in wn.by_word["unit of measurement"] + wn.by_word["time unit"]}
    names = {LOOKED_UP.get(unit, unit).replace("_", " "), unit.replace("_", "-")}
    for synset in (s for name in names for s in wn.by_word.get(name, [])):
        above = wn.above(synset)
        kinds = " ".join(wn.by_offset[o].name for o in synset.to("@"))
        if above & units and re.search(hint, f"{kinds} {synset.gloss}"):
            return SOURCE
    if re.search(hint, gnu.get(unit, "")):
        return GNU
    return _astropy(unit, quantity)


def _astropy(unit: str, quantity: str) -> str:
    """What astropy says: its word for what the unit measures."""
    from astropy import units as u

    own = {"degree_Celsius": "deg_C", "electron_volt": "electronvolt"}.get(unit, unit)
    found = getattr(u, own, None) or getattr(u.cgs, own, None) or getattr(u.imperial, own, None)
    said = str(getattr(found, "physical_type", ""))
    last = quantity.removeprefix("electric ").removeprefix("electrical ")
    return pip("astropy") if last in said.replace("electrical ", "") else ""


def _gnu_comments(shelf: Shelf) -> dict[str, str]:
    """Unit -> the comment behind its definition in GNU units."""
    text = shelf.share("units", "definitions.units").read_text(encoding="utf-8")
    return dict(re.findall(r"^([a-z]+)\s+[^#\n]+# (.*)$", text, re.MULTILINE))


def symbols(shelf: Shelf) -> Iterator[Row]:
    """Symbol of a unit: pint's, checked against astropy's."""
    import pint
    from astropy import units as u

    registry = pint.UnitRegistry()
    for unit in SYMBOLS:
        prefix, base = next(
            ((p, unit.removeprefix(n)) for n, p in (("kilo", "k"), ("milli", "m"))
             if unit.startswith(n)), ("", unit))  # fmt: skip
        symbol = prefix + registry.get_symbol(base)
        symbol = unicodedata.normalize("NFC", symbol)
        own = {"electron_volt": "electronvolt", "gauss": "Gauss", "dyne": "dyn", "kelvin": "K",
               "stokes": "St", "tonne": "tonne"}.get(unit, unit)  # fmt: skip
        found = getattr(u, own, None) or getattr(u.cgs, own, None)
        second = {unicodedata.normalize("NFC", str(n)) for n in getattr(found, "names", ())}
        second |= {str(found.to_string("unicode"))} if found is not None else set()
        if symbol not in second:
            shelf.dropped["unit_symbol: not confirmed by astropy"] += 1
            print("unit_symbol", unit, symbol, second)
            continue
        name = NAMES.get(unit, unit)
        yield Row(name, "unit_symbol", symbol, "", pip("pint"), PINT_LICENCE, pip("astropy"))


PREFIXES = (
    "quetta", "ronna", "yotta", "zetta", "exa", "peta", "tera", "giga", "mega", "kilo",
    "hecto", "deka", "deci", "centi", "milli", "micro", "nano", "pico", "femto",
    "atto", "zepto", "yocto", "ronto", "quecto",
)  # fmt: skip
"""The prefixes as scipy.constants spells them."""


def prefixes(shelf: Shelf) -> Iterator[Row]:
    """SI prefix -> number word and symbol: scipy.constants and pint, spelled by num2words."""
    import pint
    from num2words import num2words
    from scipy import constants

    registry = pint.UnitRegistry()
    source, licence, second = pip("scipy"), "BSD-3-Clause", f"{pip('pint')}; {pip('num2words')}"
    for prefix in PREFIXES:
        power = round(math.log10(getattr(constants, prefix)))
        entry = registry._prefixes["deca" if prefix == "deka" else prefix]
        if round(math.log10(float(entry.converter.scale))) != power:
            shelf.dropped["prefix_factor: sources disagree"] += 1
            continue
        word = num2words(10 ** abs(power)).removeprefix("one ")
        factor = "ten" if power == 1 else f"a {word}"
        if power < 0:
            factor = f"a {word}th"
        factor = factor.replace("a octi", "an octi")
        printed = "deca" if prefix == "deka" else prefix
        near = "large" if power > 0 else "small"
        yield Row(printed, "prefix_factor", factor, near, source, licence, second)
        if prefix != "micro":
            symbol = entry.defined_symbol
            yield Row(printed, "prefix_symbol", symbol, near, pip("pint"), PINT_LICENCE,
                      _astropy_prefix(prefix, symbol))  # fmt: skip


def _astropy_prefix(prefix: str, symbol: str) -> str:
    from astropy.units.core import si_prefixes

    known = {name: shorts[0] for shorts, names, _ in si_prefixes for name in names}
    return pip("astropy") if known.get("deca" if prefix == "deka" else prefix) == symbol else ""
