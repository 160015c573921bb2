"""Elements and compounds."""

from __future__ import annotations

import gzip
import re
import warnings
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from typing import Any

import periodictable
from rows import Row, Shelf, century, pip

# Discoverers as history spells them; kept only when the second source names one of the surnames.
DISCOVERERS = {
    "Hydrogen": "Henry Cavendish",
    "Helium": "Norman Lockyer",
    "Lithium": "Johan August Arfwedson",
    "Boron": "Humphry Davy",
    "Nitrogen": "Daniel Rutherford",
    "Oxygen": "Joseph Priestley",
    "Fluorine": "Henri Moissan",
    "Neon": "William Ramsay",
    "Sodium": "Humphry Davy",
    "Magnesium": "Joseph Black",
    "Aluminum": "Hans Christian Ørsted",
    "Silicon": "Jöns Jakob Berzelius",
    "Phosphorus": "Hennig Brand",
    "Chlorine": "Carl Wilhelm Scheele",
    "Argon": "William Ramsay",
    "Potassium": "Humphry Davy",
    "Calcium": "Humphry Davy",
    "Scandium": "Lars Fredrik Nilson",
    "Titanium": "William Gregor",
    "Vanadium": "Andrés Manuel del Río",
    "Chromium": "Louis-Nicolas Vauquelin",
    "Manganese": "Johan Gottlieb Gahn",
    "Cobalt": "Georg Brandt",
    "Nickel": "Axel Cronstedt",
    "Gallium": "Paul-Émile Lecoq de Boisbaudran",
    "Germanium": "Clemens Winkler",
    "Selenium": "Jöns Jakob Berzelius",
    "Bromine": "Antoine Balard",
    "Krypton": "William Ramsay",
    "Rubidium": "Robert Bunsen",
    "Strontium": "Adair Crawford",
    "Yttrium": "Johan Gadolin",
    "Zirconium": "Martin Klaproth",
    "Niobium": "Charles Hatchett",
    "Molybdenum": "Carl Wilhelm Scheele",
    "Technetium": "Emilio Segrè",
    "Ruthenium": "Karl Ernst Claus",
    "Rhodium": "William Hyde Wollaston",
    "Palladium": "William Hyde Wollaston",
    "Cadmium": "Friedrich Stromeyer",
    "Indium": "Ferdinand Reich",
    "Tellurium": "Franz-Joseph Müller von Reichenstein",
    "Iodine": "Bernard Courtois",
    "Xenon": "William Ramsay",
    "Cesium": "Robert Bunsen",
    "Barium": "Humphry Davy",
    "Lanthanum": "Carl Gustaf Mosander",
    "Cerium": "Jöns Jakob Berzelius",
    "Praseodymium": "Carl Auer von Welsbach",
    "Neodymium": "Carl Auer von Welsbach",
    "Samarium": "Paul-Émile Lecoq de Boisbaudran",
    "Europium": "Eugène-Anatole Demarçay",
    "Gadolinium": "Jean de Marignac",
    "Terbium": "Carl Gustaf Mosander",
    "Dysprosium": "Paul-Émile Lecoq de Boisbaudran",
    "Holmium": "Per Teodor Cleve",
    "Erbium": "Carl Gustaf Mosander",
    "Thulium": "Per Teodor Cleve",
    "Ytterbium": "Jean de Marignac",
    "Lutetium": "Georges Urbain",
    "Hafnium": "Dirk Coster",
    "Tantalum": "Anders Ekeberg",
    "Rhenium": "Walter Noddack",
    "Osmium": "Smithson Tennant",
    "Iridium": "Smithson Tennant",
    "Thallium": "William Crookes",
    "Polonium": "Marie Curie",
    "Radium": "Marie Curie",
    "Astatine": "Emilio Segrè",
    "Radon": "Friedrich Ernst Dorn",
    "Francium": "Marguerite Perey",
    "Actinium": "André-Louis Debierne",
    "Thorium": "Jöns Jakob Berzelius",
    "Uranium": "Martin Klaproth",
    "Neptunium": "Edwin McMillan",
    "Plutonium": "Glenn Seaborg",
}
# Names as a chemistry book gives them, with the formula in the order chemists write it.
COMPOUNDS = {
    "water": "H2O", "ammonia": "NH3", "methane": "CH4", "ethane": "C2H6", "propane": "C3H8",
    "butane": "C4H10", "pentane": "C5H12", "hexane": "C6H14", "heptane": "C7H16",
    "octane": "C8H18", "nonane": "C9H20", "decane": "C10H22", "ethylene": "C2H4",
    "acetylene": "C2H2", "benzene": "C6H6", "toluene": "C7H8", "naphthalene": "C10H8",
    "styrene": "C8H8", "methanol": "CH3OH", "ethanol": "C2H5OH", "phenol": "C6H5OH",
    "acetone": "C3H6O", "formaldehyde": "CH2O", "acetaldehyde": "CH3CHO",
    "formic acid": "HCOOH", "acetic acid": "CH3COOH", "citric acid": "C6H8O7",
    "oxalic acid": "C2H2O4", "lactic acid": "C3H6O3", "benzoic acid": "C7H6O2",
    "ascorbic acid": "C6H8O6", "glycerol": "C3H8O3", "ethylene glycol": "C2H6O2",
    "glucose": "C6H12O6", "sucrose": "C12H22O11", "urea": "CH4N2O", "caffeine": "C8H10N4O2",
    "nicotine": "C10H14N2", "aspirin": "C9H8O4", "cholesterol": "C27H46O", "chloroform": "CHCl3",
    "carbon tetrachloride": "CCl4", "carbon monoxide": "CO", "carbon dioxide": "CO2",
    "carbon disulfide": "CS2", "hydrogen cyanide": "HCN", "hydrogen peroxide": "H2O2",
    "hydrogen sulfide": "H2S", "hydrogen chloride": "HCl", "hydrogen fluoride": "HF",
    "hydrogen bromide": "HBr", "hydrogen iodide": "HI", "nitric oxide": "NO",
    "nitrous oxide": "N2O", "nitrogen dioxide": "NO2", "dinitrogen tetroxide": "N2O4",
    "sulfur dioxide": "SO2", "sulfur trioxide": "SO3", "sulfur hexafluoride": "SF6",
    "ozone": "O3", "sulfuric acid": "H2SO4", "nitric acid": "HNO3",
    "phosphoric acid": "H3PO4", "boric acid": "H3BO3", "perchloric acid": "HClO4",
    "carbonic acid": "H2CO3", "sodium chloride": "NaCl", "sodium hydroxide": "NaOH",
    "sodium bicarbonate": "NaHCO3", "sodium carbonate": "Na2CO3", "sodium nitrate": "NaNO3",
    "sodium sulfate": "Na2SO4", "sodium fluoride": "NaF", "sodium iodide": "NaI",
    "sodium hypochlorite": "NaClO", "potassium chloride": "KCl", "potassium hydroxide": "KOH",
    "potassium nitrate": "KNO3", "potassium permanganate": "KMnO4",
    "potassium iodide": "KI", "potassium bromide": "KBr", "potassium chlorate": "KClO3",
    "potassium dichromate": "K2Cr2O7", "potassium carbonate": "K2CO3",
    "calcium carbonate": "CaCO3", "calcium oxide": "CaO", "calcium hydroxide": "Ca(OH)2",
    "calcium chloride": "CaCl2", "calcium sulfate": "CaSO4", "calcium fluoride": "CaF2",
    "calcium carbide": "CaC2", "magnesium oxide": "MgO", "magnesium chloride": "MgCl2",
    "magnesium hydroxide": "Mg(OH)2", "magnesium sulfate": "MgSO4",
    "aluminum oxide": "Al2O3", "aluminum chloride": "AlCl3", "silicon dioxide": "SiO2",
    "silicon carbide": "SiC", "titanium dioxide": "TiO2", "zinc oxide": "ZnO",
    "zinc chloride": "ZnCl2", "zinc sulfide": "ZnS", "copper sulfate": "CuSO4",
    "silver nitrate": "AgNO3", "silver chloride": "AgCl", "silver bromide": "AgBr",
    "barium sulfate": "BaSO4", "ammonium nitrate": "NH4NO3", "ammonium chloride": "NH4Cl",
    "lithium hydroxide": "LiOH", "lithium carbonate": "Li2CO3", "hydrazine": "N2H4",
    "phosphine": "PH3", "silane": "SiH4", "arsine": "AsH3", "diborane": "B2H6",
    "phosgene": "COCl2", "boron trifluoride": "BF3", "phosphorus trichloride": "PCl3",
    "phosphorus pentachloride": "PCl5", "uranium hexafluoride": "UF6", "aniline": "C6H7N",
    "pyridine": "C5H5N", "camphor": "C10H16O", "menthol": "C10H20O", "vanillin": "C8H8O3",
    "morphine": "C17H19NO3", "quinine": "C20H24N2O2", "cyclohexane": "C6H12",
    "lead sulfide": "PbS", "iron disulfide": "FeS2", "mercury sulfide": "HgS",
}  # fmt: skip
SERIES = {
    "Nonmetals": "a nonmetal",
    "Noble gases": "a noble gas",
    "Alkali metals": "an alkali metal",
    "Alkaline earth metals": "an alkaline earth metal",
    "Metalloids": "a metalloid",
    "Halogens": "a halogen",
    "Poor metals": "a post-transition metal",
    "Transition metals": "a transition metal",
    "Lanthanides": "a lanthanide",
    "Actinides": "an actinide",
}
FAMILIES = {
    "Transition": ("Transition metals",),
    "Other_Metal": ("Poor metals", "Actinides"),
    "Rare_Earth": ("Lanthanides", "Actinides"),
    "Non-Metal": ("Nonmetals",),
    "Noblegas": ("Noble gases",),
    "Metalloids": ("Metalloids",),
    "Halogen": ("Halogens",),
    "Alkali_Earth": ("Alkali metals",),
    "Alkaline_Earth": ("Alkaline earth metals",),
}
BRITISH = {"Aluminum": "Aluminium", "Cesium": "Caesium", "Sulfur": "Sulphur"}


def rows(shelf: Shelf) -> list[Row]:
    """All chemistry rows."""
    return [*elements(shelf), *discoveries(shelf), *compounds(shelf)]


def _mendeleev() -> list[Any]:
    from mendeleev import get_all_elements

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return list(get_all_elements())


def _kalzium(shelf: Shelf) -> dict[str, dict[str, str]]:
    """Kalzium's element table: dictRef -> text, by symbol."""
    tree = ET.parse(shelf.share("libkdeedu", "data", "elements.xml"))
    found = {}
    for atom in tree.iter():
        if not atom.tag.endswith("atom"):
            continue
        record = {c.get("dictRef", ""): (c.text or c.get("value") or "") for c in atom}
        found[atom.get("id", "")] = record
    return found


def elements(shelf: Shelf) -> Iterator[Row]:
    """Symbol, atomic number, period and series of each element."""
    second = {e.number: e for e in periodictable.elements if e.number}
    kalzium = _kalzium(shelf)
    for element in _mendeleev():
        other = second[element.atomic_number]
        if other.symbol != element.symbol:
            shelf.dropped["element: sources disagree"] += 1
            continue
        name, near = element.name.lower(), f"period {element.period}"
        source, checked = pip("mendeleev"), pip("periodictable")
        yield Row(name, "element_symbol", element.symbol, name[0], source, "MIT", checked)
        yield Row(name, "atomic_number", str(element.atomic_number), near, source, "MIT", checked)
        record = kalzium.get(element.symbol, {})
        if record.get("bo:period") == str(element.period) and element.atomic_number < 104:
            yield Row(
                name,
                "element_period",
                str(element.period),
                "",
                source,
                "MIT",
                "kalzium-data 22.12.3",
            )
        if element.atomic_number < 104 and element.series in SERIES:
            if element.series not in FAMILIES.get(record.get("bo:family", ""), ()):
                shelf.dropped["element series: sources disagree"] += 1
                continue
            yield Row(
                name,
                "element_series",
                SERIES[element.series],
                "",
                source,
                "MIT",
                "kalzium-data 22.12.3",
            )


def discoveries(shelf: Shelf) -> Iterator[Row]:
    """Year of discovery and discoverer: mendeleev, checked by Kalzium and dict-elements."""
    kalzium, book = _kalzium(shelf), _elements_book(shelf)
    for element in _mendeleev():
        name, year = element.name, element.discovery_year
        years = {kalzium.get(element.symbol, {}).get("bo:discoveryDate", "")}
        text = book.get(name.lower(), book.get(BRITISH.get(name, "").lower(), ""))
        years |= set(re.findall(r"\b1[5-9]\d\d\b|\b20\d\d\b", text))
        if year is not None and str(year) in years:
            yield Row(
                name.lower(),
                "element_discovery_year",
                str(year),
                century(year),
                pip("mendeleev"),
                "MIT",
                "kalzium-data 22.12.3; dict-elements 20001107",
            )
        elif year is not None:
            shelf.dropped["element discovery year: sources disagree"] += 1
        who = DISCOVERERS.get(name)
        if who is None:
            continue
        surname = who.split(" ")[-1]
        if not (_named(surname, text) and _named(surname, element.discoverers or "")):
            shelf.dropped["element discoverer: sources disagree"] += 1
            continue
        near = century(year) if year else ""
        yield Row(
            name.lower(),
            "element_discoverer",
            who,
            near,
            pip("mendeleev"),
            "MIT",
            "dict-elements 20001107",
        )


def _named(surname: str, text: str) -> bool:
    stem = surname.replace("Ramsay", "Rams").replace("Ø", "O")[:4].lower()
    return stem in text.lower() or (surname == "Ørsted" and "rsted" in text)


def _elements_book(shelf: Shelf) -> dict[str, str]:
    """Entries of the Debian package dict-elements, by English name."""
    with gzip.open(shelf.share("dictd", "elements.dict.dz"), "rt", encoding="latin-1") as file:
        chunks = re.split(r"\n\n(?=\S+\nSymbol:)", file.read())
    return {c.strip().split("\n")[0].strip().lower(): " ".join(c.split()) for c in chunks}


def compounds(shelf: Shelf) -> Iterator[Row]:
    """Formula of a compound: chemicals' composition, its mass checked by periodictable."""
    from chemicals import search_chemical

    for name, formula in COMPOUNDS.items():
        try:
            found = search_chemical(name)
        except ValueError:
            shelf.dropped["compound: not in chemicals"] += 1
            continue
        weight = periodictable.formula(formula).mass
        same = periodictable.formula(found.formula).atoms == periodictable.formula(formula).atoms
        if not same or abs(weight - found.MW) > 0.05:
            print("compound?", name, formula, found.formula)
            shelf.dropped["compound: composition disagrees"] += 1
            continue
        near = "carbon" if re.search(r"C(?![a-z])", formula) else "no carbon"
        yield Row(
            name, "compound_formula", formula, near, pip("chemicals"), "MIT", pip("periodictable")
        )
