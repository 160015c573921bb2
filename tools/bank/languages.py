"""Number words, weekdays, months, country names and language names in other languages."""

from __future__ import annotations

import gettext
from collections import defaultdict
from collections.abc import Iterator

import icu
from babel import Locale
from countries import bare, names
from num2words import num2words
from rows import Row, Shelf, fame, pip, plain

SPOKEN = {
    "es": "Spanish", "fr": "French", "de": "German", "it": "Italian", "pt": "Portuguese",
    "nl": "Dutch", "sv": "Swedish", "da": "Danish", "fi": "Finnish", "pl": "Polish",
    "tr": "Turkish", "id": "Indonesian", "ro": "Romanian", "hu": "Hungarian",
}  # fmt: skip
NUMBERS = {
    1: "one",
    2: "two",
    3: "three",
    4: "four",
    5: "five",
    6: "six",
    7: "seven",
    8: "eight",
    9: "nine",
    10: "ten",
    12: "twelve",
    20: "twenty",
    100: "one hundred",
}
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
GLIBC = {
    "es": "es_ES",
    "fr": "fr_FR",
    "de": "de_DE",
    "it": "it_IT",
    "pt": "pt_BR",
    "nl": "nl_NL",
    "sv": "sv_SE",
    "da": "da_DK",
    "fi": "fi_FI",
    "pl": "pl_PL",
    "tr": "tr_TR",
    "id": "id_ID",
    "ro": "ro_RO",
    "hu": "hu_HU",
}


def rows(shelf: Shelf) -> list[Row]:
    """All language rows."""
    return [*numbers(shelf), *calendar_words(shelf), *exonyms(shelf), *endonyms(shelf)]


def numbers(shelf: Shelf) -> Iterator[Row]:
    """A number word in another language: ICU's spell-out rules, checked by num2words."""
    for code, language in SPOKEN.items():
        rules = icu.RuleBasedNumberFormat(icu.URBNFRuleSetTag.SPELLOUT, icu.Locale(code))
        for value, english in NUMBERS.items():
            try:
                second = num2words(value, lang=code)
            except NotImplementedError:
                shelf.dropped["number word: language missing"] += 1
                continue
            word = rules.format(value).replace("\u00ad", "")
            if plain(word) != plain(second):
                shelf.dropped["number word: sources disagree"] += 1
                continue
            yield Row(
                f"{english} in {language}",
                "number_word",
                word.strip(),
                language,
                f"ICU via {pip('pyicu')}",
                "Unicode-3.0",
                pip("num2words"),
            )


def calendar_words(shelf: Shelf) -> Iterator[Row]:
    """Weekday and month names: CLDR through Babel, checked by the GNU C library's locales."""
    kinds = (("weekday_word", "day", DAYS, "days"), ("month_word", "mon", MONTHS, "months"))
    for code, language in SPOKEN.items():
        locale = Locale(code)
        for relation, key, english, table in kinds:
            second = _glibc(shelf, GLIBC[code], key)
            second = second[1:] + second[:1] if key == "day" else second
            mine = getattr(locale, table)["stand-alone"]["wide"]
            words = [mine[i] for i in sorted(mine)]
            for name, word, other in zip(english, words, second, strict=True):
                if plain(word) != plain(other):
                    shelf.dropped[f"{relation}: sources disagree"] += 1
                    continue
                if plain(word) == plain(name):
                    continue
                yield Row(
                    f"{name} in {language}",
                    relation,
                    word,
                    language,
                    pip("babel"),
                    "Unicode-3.0",
                    "glibc locales 2.36",
                )


def _glibc(shelf: Shelf, locale: str, key: str) -> list[str]:
    """The quoted words of one keyword in a glibc locale source ('day', 'mon')."""
    import re

    text = shelf.share("i18n", "locales", locale).read_text(encoding="utf-8")
    if not (found := re.search(rf"^{key}\s+((?:\"[^\"]*\"[;/\s]*)+)", text, re.MULTILINE)):
        copied = re.search(r'^LC_TIME\ncopy "(\w+)"', text, re.MULTILINE)
        return _glibc(shelf, copied[1], key) if copied else []
    words = re.findall(r'"([^"]*)"', found[1])
    return [re.sub(r"<U([0-9A-F]{4})>", lambda m: chr(int(m[1], 16)), w) for w in words]


def exonyms(shelf: Shelf) -> Iterator[Row]:
    """A country's name in another language: CLDR, checked by the iso-codes translations."""
    english = names(shelf)
    formal = _iso_names(shelf)
    for code in ("es", "fr", "de", "it", "pl", "hu"):
        locale = Locale(code)
        path = shelf.share("locale", code, "LC_MESSAGES", "iso_3166-1.mo")
        with path.open("rb") as file:
            second = gettext.GNUTranslations(file)
        for country, title in english.items():
            mine = locale.territories.get(country, "")
            known = {plain(second.gettext(n)) for n in formal[country]}
            if fame(bare(title)) < 3.2:
                continue  # small states' foreign names are nobody's general knowledge
            if plain(mine) not in known:
                shelf.dropped["country name abroad: sources disagree"] += 1
                continue
            if plain(mine)[:5] == plain(bare(title))[:5] or len(mine.split(" ")) > 3:
                continue  # the same word with another ending is no knowledge
            yield Row(
                f"{title} in {SPOKEN[code]}",
                "country_abroad",
                mine,
                SPOKEN[code],
                pip("babel"),
                "Unicode-3.0",
                "iso-codes 4.15.0",
            )


def _iso_names(shelf: Shelf) -> dict[str, list[str]]:
    import json

    path = shelf.share("iso-codes", "json", "iso_3166-1.json")
    records = json.loads(path.read_text(encoding="utf-8"))["3166-1"]
    return {r["alpha_2"]: [r["name"], r.get("common_name", r["name"])] for r in records}


def endonyms(shelf: Shelf) -> Iterator[Row]:
    """What a language calls itself: CLDR, checked by the npm package iso-639-1."""
    import json
    import re

    text = (shelf.npm / "iso-639-1" / "build" / "index.js").read_text(encoding="utf-8")
    second = defaultdict(str)
    for code, native in re.findall(
        r"(\w\w): ?\{\s*name: ?['\"].*?['\"],\s*nativeName: ?['\"](.*?)['\"]", text, re.DOTALL
    ):
        second[code] = json.loads(f'"{native}"')
    cldr = Locale("en").languages
    for code, native in sorted(second.items()):
        title = cldr.get(code, "")
        try:
            mine = Locale(code).languages.get(code, "")
        except Exception:  # noqa: BLE001  Babel has no data for this language
            continue
        if not mine or plain(mine) != plain(native):
            shelf.dropped["endonym: sources disagree"] += 1
            continue
        if not mine.isascii() and not all(ord(c) < 0x250 for c in mine):
            continue  # other scripts are out of reach of a small tokenizer
        if plain(mine)[:5] == plain(title)[:5] or " " in title:
            continue
        yield Row(
            title,
            "language_endonym",
            mine,
            title[0],
            pip("babel"),
            "Unicode-3.0",
            "iso-639-1 3.1.6",
        )
