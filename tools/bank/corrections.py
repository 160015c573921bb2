"""What a reader of the whole bank took out or renamed, and why. Applied after every check."""

from __future__ import annotations

from rows import Row, Shelf, plain

OUT_DATED = {
    ("airport_city", "TXL"), ("demonym", "Tajikistan"), ("demonym", "Suriname"),
    ("demonym", "the Maldives"), ("landmark_country", "Mount Communism"),
    ("region_country", "Abkhaz"), ("acronym", "URI"),
}  # fmt: skip
"""The package is behind the times, or spells against present use."""

UNCLEAR = {
    *(("us_city_state", name) for name in (
        "Vancouver", "Ontario", "Odessa", "Toledo", "St. Petersburg", "Durham", "Van Nuys",
        "Santa Ana", "Worcester", "Victoria", "Portland")),
    *(("landmark_country", name) for name in (
        "Lake Constance", "Nauru Island", "Timor", "the Arabian Desert", "the Kyzyl Kum",
        "the Madeira River", "the Purus River", "the Outaouais River", "the Urals",
        "the Turkestan Desert", "Saint Vincent", "Antigua", "Barbuda", "Redonda",
        "the New River", "the Zhu Jiang River", "the Sayan Mountains", "the Orange River",
        "the Cascade Range", "the Sierra Nevada", "the Namib Desert", "the Yucatan Peninsula",
        "Lower California", "Fuego", "Saint Lucia", "the Tunguska River", "the Avon River",
        "the Ouse River", "the Colima")),
    *(("battle_year", f"the Battle of {name}") for name in (
        "the Marne", "Iwo", "Tannenberg", "Fort Ticonderoga", "Wake", "Yalu River", "Santiago")),
    *(("battle_war", f"the Battle of {name}") for name in (
        "St Mihiel", "Spotsylvania Courthouse", "Soissons-Reims", "Yalu River", "Tannenberg")),
    *(("deity_mythology", name) for name in ("Apollo", "Pluto", "Mithras", "Mara", "Titan")),
    *(("city_country", name) for name in ("Ulan Bator", "Sevastopol", "Srinagar", "Surrey")),
    *(("element_discovery_year", name) for name in ("helium", "vanadium", "magnesium", "radon")),
    *(("acronym", name) for name in (
        "BAD", "BRS", "BSI", "IIT", "ITU", "NTSC", "TLS", "TLA", "SEA")),
    ("birth_year", "Oliver Wendell Holmes"),
    ("roman_counterpart", "Pluto"), ("airport_city", "YXU"), ("acronym", "US"),
    *(("region_country", name) for name in ("Indonesian Borneo", "Centre", "Victoria")),
    *(("profession", name) for name in (
        "First Baron Kelvin", "Bishop Berkeley", "Bob Woodward", "Mark Hopkins",
        "William Augustus", "Henry Russell", "William Henry", "William Le Baron Jenny",
        "Frank Sinatra", "Bing Crosby", "Alexander Bell", "Edward Young")),
}  # fmt: skip
"""True of more than one thing of that name, shared between two countries, or open to dispute."""

NAMES = {
    "Abruzzi": "Abruzzo", "Bourgogne": "Burgundy", "Bretagne": "Brittany", "Corse": "Corsica",
    "Orissa": "Odisha", "Latium": "Lazio", "Valle D'Aosta": "Aosta Valley",
    "the Battle of Boyne": "the Battle of the Boyne", "the Punic War": "the Punic Wars",
    "the Chang Jiang River": "the Yangtze River", "the Huang He River": "the Yellow River",
    "the Celebes": "Celebes", "the Galeras": "Galeras", "the Nefud": "the Nefud Desert",
    "Dame Ellen Terry": "Ellen Terry", "Rio De Janeiro": "Rio de Janeiro",
    "Frankfurt am Main": "Frankfurt", "Hannover": "Hanover",
    "Montréal": "Montreal", "Amen-Ra": "Amun-Ra", "Siva": "Shiva",
    "the Thames River": "the River Thames", "the Tyne River": "the River Tyne",
    "the Trent River": "the River Trent", "the Severn River": "the River Severn",
    "the Clyde River": "the River Clyde", "the Forth River": "the River Forth",
    "the Cam River": "the River Cam", "the Aire River": "the River Aire",
    "the Battle of the Ardennes Bulge": "the Battle of the Bulge",
}  # fmt: skip
"""The usual English name, where a package has a rarer one."""


def corrected(rows: list[Row], shelf: Shelf) -> list[Row]:
    """The rows without the ones listed above, the others under their usual names."""
    kept = []
    for row in rows:
        if (row.relation, row.subject) in OUT_DATED | UNCLEAR:
            shelf.dropped[f"{row.relation}: taken out by a reader"] += 1
        elif plain(row.subject.removeprefix("the ")) in plain(row.object):
            shelf.dropped[f"{row.relation}: the answer spells the question"] += 1
        else:
            kept.append(
                row._replace(
                    subject=NAMES.get(row.subject, row.subject),
                    object=NAMES.get(row.object, row.object),
                )
            )
    return kept
