"""Nouns that ask for things of one sort: a song is a single, a town is no river.

In: a noun that a question asks for. Out: the name of its family, "" where it has none or may ask
for many sorts of things ("name", "thing"). Written by hand over the nouns of trivia questions.
"""

from __future__ import annotations

_FAMILIES = (
    # works
    "movie film flick picture documentary sequel prequel thriller blockbuster western",
    "song hit single tune track ballad anthem hymn carol lullaby",
    "album lp ep cd soundtrack",
    "show series sitcom program programme miniseries soap",
    "book novel story tale fable fairytale bestseller autobiography biography memoir trilogy saga",
    "magazine newspaper journal publication",
    "musical opera operetta ballet play",
    "symphony concerto sonata overture suite requiem",
    "painting portrait sculpture fresco mural artwork masterpiece",
    "game videogame",
    "poem ode sonnet rhyme",
    # places
    "country nation republic kingdom empire homeland monarchy",
    "state province",
    "city town village capital municipality metropolis hometown birthplace",
    "county district borough",
    "region area territory zone",
    "river stream creek canal",
    "lake lagoon sea ocean bay gulf strait",
    "island isle archipelago peninsula",
    "continent",
    "mountain mount peak volcano hill range",
    "building skyscraper tower castle palace fort fortress mansion house residence hotel",
    "church cathedral temple mosque monastery abbey shrine",
    "statue memorial monument landmark wonder",
    "stadium arena ballpark venue racetrack racecourse theater theatre",
    "planet moon constellation galaxy",
    "street avenue road highway bridge tunnel",
    "university college school academy institute institution",
    # groups
    "band group duo trio quartet boyband girlband ensemble act",
    "company corporation firm manufacturer maker automaker carmaker brand business retailer store",
    "restaurant chain",
    "studio label network",
    "team club franchise squad side",
    "party government army navy agency organization organisation court department committee",
    "family clan dynasty tribe",
    # persons
    "actor actress star comedian comedienne celebrity director filmmaker host",
    "singer vocalist musician guitarist drummer bassist pianist rapper diva songwriter performer",
    "composer conductor",
    "author writer novelist poet playwright journalist essayist",
    "painter sculptor architect designer photographer",
    (
        "player pitcher quarterback wrestler boxer golfer driver baseman athlete footballer coach "
        "batsman cricketer goalkeeper hitter slugger jockey racer swimmer skater"
    ),
    "president senator politician governor congressman minister premier chancellor candidate",
    "king emperor monarch ruler pharaoh tsar czar sultan queen empress prince princess duke",
    "general admiral commander colonel captain soldier",
    "scientist physicist chemist biologist mathematician astronomer inventor explorer",
    "philosopher thinker economist psychologist",
    "character villain hero heroine protagonist superhero superheroine sidekick detective",
    "god goddess deity titan demigod",
    "saint pope bishop archbishop prophet apostle disciple",
    # things
    "animal mammal creature species reptile amphibian dinosaur",
    "bird",
    "fish",
    "insect",
    "dog cat breed horse",
    "plant flower tree herb",
    "fruit vegetable",
    "food dish dessert sandwich soup meat cheese cereal candy snack",
    "drink beverage cocktail beer wine",
    "ingredient spice sauce",
    "color colour",
    "disease disorder illness condition infection virus bacteria phobia",
    "organ bone muscle gland",
    "occupation profession job career",
    "word term phrase expression idiom",
    "nickname pseudonym alias",
    "line slogan motto quote proverb saying lyric",
    "sport",
    "instrument",
    "weapon gun sword",
    "device machine tool",
    "car automobile truck motorcycle vehicle",
    "ship boat",
    "aircraft airplane plane spacecraft rocket satellite",
    "element metal gas",
    "mineral rock gem gemstone stone material substance",
    "chemical compound acid vitamin hormone enzyme protein",
    "drug medicine",
    "language",
    "religion faith belief",
    "holiday",
    "award prize medal trophy",
    "war battle revolution",
    "unit",
    "dance",
    "nationality ethnicity",
    "day",
    "month",
    "season",
    "crime charge",
    "way method technique process",
    "reason cause purpose",
    "meaning definition translation",
    "clothing garment dress hat shoe",
    "fabric",
    "currency coin",
)


def _table() -> dict[str, str]:
    table: dict[str, str] = {}
    for family in _FAMILIES:
        nouns = family.split()
        for noun in nouns:
            assert noun not in table, noun
            table[noun] = nouns[0]
    return table


_FAMILY = _table()


def family_of(focus: str) -> str:
    """The first noun of the family stands for it."""
    return _FAMILY.get(focus, "")
