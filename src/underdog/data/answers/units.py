"""Units of measure: from what stands behind a number to an exact factor in a base unit.

In: the text behind a number. Out: a `Unit`, or None where the text names none. All factors are
exact by definition (SI Brochure, 9th edition; the international yard and pound of 1959; US
customary volumes by NIST Handbook 44). Never: a float, or a unit inside a longer text.
"""

from __future__ import annotations

import re
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from underdog.data.answers.wordlist import word_set


class Unit(NamedTuple):
    """`amount * factor + offset` is the value in `base`; only temperatures have an offset.

    `other` is a second reading that cannot be told apart by the text: a pound is also money, a
    gigabyte also 2^30 bytes, a year also 365 days.
    """

    base: str
    factor: Fraction
    offset: Fraction = Fraction(0)
    other: tuple[str, Fraction] | None = None


_LENGTH = """
m 1 meter meters metre metres | km 1000 kilometer kilometers kilometre kilometres kms
cm 1/100 centimeter centimeters centimetre centimetres cms | dm 1/10 decimeter decimeters
mm 1/1000 millimeter millimeters millimetre millimetres | nm 1/1000000000 nanometer nanometers
µm 1/1000000 micrometer micrometers micron microns μm um
in 254/10000 inch inches " '' | ft 3048/10000 foot feet ' | yd 9144/10000 yard yards yds
mi 1609344/1000 mile miles | nmi 1852 nautical_mile nautical_miles
fathom 18288/10000 fathoms | furlong 201168/1000 furlongs
au 149597870700 astronomical_unit astronomical_units AU
light-year 9460730472580800 light-years light_year light_years lightyear lightyears ly
"""
_MASS = """
kg 1 kilogram kilograms kilogramme kilogrammes kilo kilos kgs | g 1/1000 gram grams gramme grammes
mg 1/1000000 milligram milligrams | µg 1/1000000000 microgram micrograms
tonne 1000 tonnes metric_ton metric_tons metric_tonnes | ton 1000 tons
lb 45359237/100000000 lbs pound pounds | oz 45359237/1600000000 ounce ounces
stone 635029318/100000000 stones | carat 1/5000 carats ct | grain 6479891/100000000000 grains
"""
_TIME = """
s 1 second seconds sec secs | ms 1/1000 millisecond milliseconds
µs 1/1000000 microsecond microseconds | ns 1/1000000000 nanosecond nanoseconds
min 60 minute minutes mins | h 3600 hour hours hr hrs | day 86400 days | week 604800 weeks wks
fortnight 1209600 fortnights
"""
_MONTHS = """
month 1 months | year 12 years yr yrs | decade 120 decades | century 1200 centuries
millennium 12000 millennia millenniums
"""
_VOLUME = """
l 1 liter liters litre litres L | ml 1/1000 milliliter milliliters millilitre millilitres mL
cl 1/100 centiliter centiliters | gallon 3785411784/1000000000 gallons gal
quart 946352946/1000000000 quarts qt | pint 473176473/1000000000 pints pt
cup 2365882365/10000000000 cups | fl_oz 295735295625/10000000000000 fluid_ounce fluid_ounces
tablespoon 1478676478125/100000000000000 tablespoons tbsp
teaspoon 492892159375/100000000000000 teaspoons tsp
cc 1/1000 | cubic_decimeter 1 dm3
"""
_AREA = """
acre 40468564224/10000000 acres | hectare 10000 hectares ha
"""
_OTHERS = """
J: J 1 joule joules | kJ 1000 kilojoule kilojoules | cal 4184/1000 calorie calories
J: kcal 4184 kilocalorie kilocalories | kWh 3600000 kilowatt_hour kilowatt_hours kilowatt-hours
J: MJ 1000000 megajoule megajoules
eV: eV 1 electronvolt electronvolts | keV 1000 | MeV 1000000 | GeV 1000000000
W: W 1 watt watts | kW 1000 kilowatt kilowatts | MW 1000000 megawatt megawatts
W: GW 1000000000 gigawatt gigawatts | mW 1/1000 milliwatt milliwatts
hp: hp 1 horsepower bhp
Pa: Pa 1 pascal pascals | kPa 1000 kilopascal kilopascals | bar 100000 bars
Pa: atm 101325 atmosphere atmospheres | mbar 100 millibar millibars hPa
psi: psi 1
mmHg: mmHg 1
Hz: Hz 1 hertz | kHz 1000 kilohertz | MHz 1000000 megahertz | GHz 1000000000 gigahertz
V: V 1 volt volts | kV 1000 kilovolt kilovolts | mV 1/1000 millivolt millivolts
A: A 1 amp amps ampere amperes | mA 1/1000 milliamp milliamps milliampere milliamperes
ohm: ohm 1 ohms Ω | kΩ 1000 kilohm kilohms
N: N 1 newton newtons | kN 1000 kilonewton kilonewtons
mol: mol 1 mole moles
dB: dB 1 decibel decibels
T: tesla 1 teslas
bit: bit 1 bits
degree: degree 1 degrees ° deg
revolution: rpm 1 revolution revolutions
m/s: mph 44704/100000 | km/h 1000/3600 kph kmh kmph | knot 1852/3600 knots kt kts
K: K 1 kelvin kelvins
"""
_TEMPERATURES = (
    ("C", Fraction(1), Fraction(27315, 100), "celsius centigrade °c degrees_c degrees_celsius"),
    ("C", Fraction(1), Fraction(27315, 100), "degree_celsius degrees_centigrade"),
    ("F", Fraction(5, 9), Fraction(45967, 180), "fahrenheit °f degrees_f degrees_fahrenheit"),
    ("F", Fraction(5, 9), Fraction(45967, 180), "degree_fahrenheit"),
)
_BYTES = (
    ("byte bytes B", 0),
    ("kb KB kilobyte kilobytes", 1),
    ("mb MB megabyte megabytes", 2),
    ("gb GB gigabyte gigabytes", 3),
    ("tb TB terabyte terabytes", 4),
)
DAYS = Fraction(86400)
_POUND = ("GBP", Fraction(1))
_TRAILING = re.compile(
    r"\s+(?:tall|long|wide|high|deep|thick|old|away|apart|each|ago|of age|in \w+|or so|per person)$"
)
_SQUARE = re.compile(
    r"^(?:(square|sq\.?|cubic|cu\.?)\s+(\S+)|(\S+?)\s?\^?([23²³])|(\S+)\s+(squared|cubed))$"
)
_PER = re.compile(r"^(.+?)(?:\s*/\s*|\s+per\s+|\s+an?\s+)(.+)$")
_SYMBOLS = word_set("m g s h l L J W V A N K C F B")
"""Symbols that are only taken in exactly this case."""


def _parse(table: str, base: str = "") -> dict[str, Unit]:
    """Entries "symbol factor names ..."; a line may state its own base before ": "."""
    units: dict[str, Unit] = {}
    for line in table.strip().splitlines():
        own, _, rest = line.partition(": ") if ": " in line else (base, "", line)
        for entry in rest.split("|"):
            symbol, factor, *names = entry.split()
            for name in (symbol, *names):
                units[name.replace("_", " ")] = Unit(own, Fraction(factor))
    return units


def _table() -> dict[str, Unit]:
    units = {
        **_parse(_LENGTH, "m"),
        **_parse(_MASS, "kg"),
        **_parse(_TIME, "s"),
        **_parse(_VOLUME, "l"),
        **_parse(_AREA, "m^2"),
        **_parse(_OTHERS),
    }
    for name, unit in _parse(_MONTHS, "month").items():
        days = unit.factor // 12 * 365 + unit.factor % 12 * 30
        units[name] = unit._replace(other=("s", days * DAYS))
    for name in ("lb", "pound", "pounds"):
        units[name] = units[name]._replace(other=_POUND)
    for symbol, factor, offset, names in _TEMPERATURES:
        for name in (symbol, *names.split()):
            units[name.replace("_", " ")] = Unit("K", factor, offset)
    for names, power in _BYTES:
        for name in names.split():
            other = ("bit", Fraction(8 * 1024**power))
            units[name] = Unit("bit", Fraction(8 * 1000**power), other=other)
    return units


UNITS = _table()
"""Exact spellings; names are in lower case, symbols as they are written."""


@lru_cache(maxsize=1 << 12)
def read_unit(text: str) -> Unit | None:
    """The unit that `text` names as a whole, with a trailing "tall", "old", "away" left out."""
    bare = " ".join(text.split()).removesuffix(".") if len(text) <= 60 else ""
    if not bare:
        return None
    bare = _TRAILING.sub("", bare)
    return _lookup(bare) or _square(bare) or _rate(bare)


def _lookup(name: str) -> Unit | None:
    unit = UNITS.get(name)
    if unit is None and name not in _SYMBOLS and len(name) > 1:
        unit = UNITS.get(name.lower().removesuffix("."))
    return unit


def _square(name: str) -> Unit | None:
    found = _SQUARE.match(name)
    if found is None:
        return None
    side = _lookup(found[2] or found[3] or found[5])
    cubic = (found[1] or found[4] or found[6])[0] in "c3³"
    if side is not None and side.base == "s" and not cubic:
        return Unit("s^2", side.factor**2)
    if side is None or side.base != "m":
        return None
    if cubic:
        # A cubic metre is 1000 litres, exactly.
        return Unit("l", side.factor**3 * 1000)
    return Unit("m^2", side.factor**2)


def _rate(name: str) -> Unit | None:
    found = _PER.match(name)
    if found is None:
        return None
    above = _lookup(found[1]) or _square(found[1])
    below = _lookup(found[2]) or _square(found[2])
    if above is None or below is None or above.offset or below.offset:
        return None
    return Unit(f"{above.base}/{below.base}", above.factor / below.factor)
