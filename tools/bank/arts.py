"""Music, dance and art: instruments, intervals, keys, notes, terms, dances, movements, artists."""

from __future__ import annotations

import re
from collections.abc import Iterator

from people import _full_name
from rows import Row, Shelf, pip
from wordnet import LICENCE, SOURCE, WordNet

M21_LICENCE = "BSD-3-Clause"

FAMILIES = {
    "woodwind": "04598582", "brass": "02891788", "string": "04338517", "percussion": "03915437",
    "keyboard": "03614532",
}  # fmt: skip
"""Offsets of WordNet's families of instruments."""

INSTRUMENTS = (
    "flute piccolo oboe clarinet bassoon saxophone fife contrabassoon heckelphone|"
    "bass clarinet|trumpet trombone tuba cornet bugle|French horn|"
    "euphonium flugelhorn sousaphone helicon saxhorn violin viola cello|bass fiddle|guitar banjo "
    "mandolin harp lute lyre sitar zither ukulele balalaika koto samisen|viola da gamba|"
    "psaltery cithern kettledrum xylophone marimba vibraphone glockenspiel triangle cymbal "
    "tambourine gong castanets maraca|snare drum|bass drum|bongo tom-tom|steel drum|tabor timbrel"
)

INTERVALS = {
    "minor second": "m2", "major second": "M2", "minor third": "m3", "major third": "M3",
    "perfect fourth": "P4", "perfect fifth": "P5", "minor sixth": "m6", "major sixth": "M6",
    "minor seventh": "m7", "major seventh": "M7", "minor ninth": "m9", "major ninth": "M9",
    "minor tenth": "m10", "major tenth": "M10", "perfect eleventh": "P11",
    "perfect twelfth": "P12",
}  # fmt: skip

TERMS = {
    "largo": "slowly and broadly", "accelerando": "with increasing speed",
    "andante": "at a moderately slow tempo", "allegretto": "in a moderately quick tempo",
    "allegro": "in a quick and lively tempo", "presto": "at a very fast tempo",
    "prestissimo": "as fast as possible", "rallentando": "slowing down",
    "dolce": "gently and sweetly", "con brio": "with liveliness or spirit",
    "cantabile": "smooth and flowing", "staccato": "cut short crisply",
    "legato": "without breaks between notes", "pizzicato": "with a light plucking",
}  # fmt: skip
"""Words in a score and the part of WordNet's gloss that says what they mean."""

DANCES = {
    "mazurka": "Poland", "polka": "Bohemia", "landler": "Austria",
    "habanera": "Cuba", "rumba": "Cuba", "flamenco": "Spain", "fandango": "Spain",
    "gavotte": "France", "farandole": "France", "tarantella": "Italy", "samba": "Brazil",
    "Charleston": "the United States", "lindy hop": "the United States",
    "highland fling": "Scotland", "morris dance": "England", "square dance": "the United States",
}  # fmt: skip

STYLES = {
    "Impressionism": "France", "cubism": "France", "futurism": "Italy", "rococo": "France",
    "Bauhaus": "Germany", "constructivism": "Russia",
    "suprematism": "Russia", "luminism": "the United States", "Ashcan School": "the United States",
    "Hudson River school": "the United States",
    "Abstract Expressionism": "the United States", "Gothic architecture": "France",
    "perpendicular style": "England", "Tudor architecture": "England",
}  # fmt: skip

SAID = {
    "Poland": "Polish|Poland", "Bohemia": "Bohemia", "Germany": "German", "Austria": "Austria",
    "Cuba": "Cuba", "Spain": "Spanish|Andalusia|Spain", "France": "French|France|Provence",
    "Italy": "Ital", "Brazil": "Brazil", "the United States": "America|United States|New York",
    "Scotland": "Scot", "England": "English|England", "Russia": "Russia",
}  # fmt: skip
"""How a gloss names the country."""

NATIONS = (
    "French", "German", "Italian", "Spanish", "Dutch", "Flemish", "Austrian", "Russian", "English",
    "Scottish", "Irish", "Norwegian", "Danish", "Swedish", "Finnish", "Polish", "Czech",
    "Hungarian", "Japanese", "Swiss", "Belgian", "Chilean", "Mexican", "Portuguese",
)  # fmt: skip
ARTISTS = ("painter", "composer", "sculptor", "novelist", "poet", "dramatist", "architect")


def rows(shelf: Shelf) -> list[Row]:
    """All rows about the arts."""
    wn = WordNet(shelf.share("wordnet", "data.noun"))
    return [
        *instruments(shelf, wn), *intervals(), *keys(shelf), *notes(wn), *ensembles(wn),
        *terms(shelf), *origins(shelf, wn), *artists(wn),
    ]  # fmt: skip


def instruments(shelf: Shelf, wn: WordNet) -> Iterator[Row]:
    """Family of an instrument: WordNet's hypernyms, checked by music21's classes."""
    from music21 import instrument as m21

    classes = {"woodwind": m21.WoodwindInstrument, "brass": m21.BrassInstrument,
               "string": m21.StringInstrument, "percussion": m21.Percussion}  # fmt: skip
    names = [n for part in INSTRUMENTS.split("|")
             for n in ([part] if part in WHOLE else part.split(" ")) if n]  # fmt: skip
    for name in names:
        found = {f for s in wn.by_word.get(name, []) for f, o in FAMILIES.items()
                 if o in wn.above(s)}  # fmt: skip
        if len(found) != 1 or found == {"keyboard"}:
            shelf.dropped["instrument_family: no single family"] += 1
            print("instrument", name, found)
            continue
        family = found.pop()
        try:
            second = m21.fromString({"bass fiddle": "contrabass", "kettledrum": "timpani"}
                                    .get(name, name))  # fmt: skip
        except m21.InstrumentException:
            second = None
        if second is not None and not isinstance(second, classes[family]):
            shelf.dropped["instrument_family: sources disagree"] += 1
            print("instrument", name, family, second)
            continue
        printed = {"bass fiddle": "double bass", "cithern": "cittern"}.get(name, name)
        yield Row(printed, "instrument_family", family, "", SOURCE, LICENCE,
                  pip("music21") if second is not None else "WordNet hypernyms")  # fmt: skip


WHOLE = frozenset(
    ("bass clarinet", "French horn", "bass fiddle", "viola da gamba",
     "snare drum", "bass drum", "steel drum")
)  # fmt: skip


def intervals() -> Iterator[Row]:
    """Size of an interval in semitones: music21, checked by mingus within the octave."""
    import mingus.core.intervals as second
    from music21 import interval

    for name, short in INTERVALS.items():
        size = int(interval.Interval(short).semitones)
        within = {"ninth": "second", "tenth": "third", "eleventh": "fourth", "twelfth": "fifth"}
        kind, _, step = name.partition(" ")
        note = getattr(second, f"{kind}_{within.get(step, step)}")("C")
        if second.measure("C", note) == size % 12:
            yield Row(name, "interval_semitones", str(size), "", pip("music21"), M21_LICENCE,
                      pip("mingus"))  # fmt: skip


def keys(shelf: Shelf) -> Iterator[Row]:
    """Key signatures: music21, checked by mingus."""
    import mingus.core.keys as second
    from music21 import key
    from num2words import num2words

    for sharps in range(-7, 8):
        major = key.KeySignature(sharps).asKey("major")
        minor = major.relative
        for one in (major, minor):
            tonic = one.tonic.name.replace("-", "b")
            mingus_name = tonic if one.mode == "major" else tonic[0].lower() + tonic[1:]
            if second.get_key_signature(mingus_name) != sharps:
                shelf.dropped["key_signature: sources disagree"] += 1
                continue
            sign = "sharp" if sharps > 0 else "flat"
            many = "" if abs(sharps) == 1 else "s"
            text = f"{num2words(abs(sharps))} {sign}{many}" if sharps else "no sharps or flats"
            yield Row(_key(one), "key_signature", text, sign if sharps else "", pip("music21"),
                      M21_LICENCE, pip("mingus"))  # fmt: skip


def _key(key: object) -> str:
    """'E flat major'."""
    name = str(key.tonic.name)  # type: ignore[attr-defined]
    return f"{name.replace('-', ' flat').replace('#', ' sharp')} {key.mode}"  # type: ignore[attr-defined]


def notes(wn: WordNet) -> Iterator[Row]:
    """British name of a note value: the two words of one meaning in WordNet."""
    for part in ("whole", "half", "quarter", "eighth", "sixteenth", "thirty-second",
                 "sixty-fourth"):  # fmt: skip
        (meaning,) = wn.by_word[f"{part} note"]
        yield Row(meaning.words[0], "british_note", meaning.words[1], "", SOURCE, LICENCE, "")


ENSEMBLES = ("duet", "trio", "quartet", "quintet", "sextet", "septet", "octet")


def ensembles(wn: WordNet) -> Iterator[Row]:
    """Number of players in a duet ... octet: the gloss of both meanings of the word."""
    from num2words import num2words

    for size, word in enumerate(ENSEMBLES, start=2):
        said = [s for s in wn.by_word[word] if f"{num2words(size)} performers" in s.gloss]
        if len(said) > 1:
            yield Row(word, "ensemble_size", str(size), "", SOURCE, LICENCE, "WordNet gloss")


def terms(shelf: Shelf) -> Iterator[Row]:
    """What a word in a score means: a part of its gloss among WordNet's adverbs, adjectives."""
    files = [shelf.share("wordnet", f"data.{part}") for part in ("adv", "adj")]
    lines = [line for file in files for line in file.read_text("latin-1").splitlines()]
    for term, meaning in TERMS.items():
        word = term.replace(" ", "_")
        if any(f" {word} " in line.partition("|")[0] and meaning in line for line in lines):
            shown = {"with a light plucking": "by plucking the strings"}.get(meaning, meaning)
            yield Row(term, "score_term", shown, "", SOURCE, LICENCE, "WordNet gloss")
        elif any(f" {word} " in line and meaning in line for line in lines):
            print("score_term", term)


def origins(shelf: Shelf, wn: WordNet) -> Iterator[Row]:
    """Country of a dance or an art movement, where WordNet's gloss names it."""
    for relation, table in (("dance_country", DANCES), ("art_style_country", STYLES)):
        for name, country in table.items():
            glosses = [s.gloss for s in wn.by_word.get(name, [])]
            if any(re.search(rf"\b({SAID[country]})", gloss) for gloss in glosses):
                yield Row(
                    name.replace("landler", "ländler"), relation, country, "", SOURCE, LICENCE, ""
                )
            else:
                shelf.dropped[f"{relation}: not in the gloss"] += 1
                print(relation, name, glosses)


WELL_KNOWN = frozenset(
    (
        "William Shakespeare", "John Constable", "Claude Monet", "Edgar Degas", "Victor Hugo",
        "Emile Zola", "Henri Matisse", "Auguste Rodin", "Ludwig van Beethoven", "Richard Wagner",
        "Johannes Brahms", "Robert Schumann", "Franz Schubert", "Gustav Klimt", "Anton Bruckner",
        "Antonio Vivaldi", "Giuseppe Verdi", "Leonardo da Vinci", "Giacomo Puccini",
        "Antonin Dvorak", "Bedrich Smetana", "Carl Nielsen", "Jean Sibelius", "Alvar Aalto",
        "Franz Liszt", "Edvard Grieg", "Edvard Munch", "Katsushika Hokusai", "Pablo Neruda",
        "Rene Magritte", "Joan Miro", "William Butler Yeats", "Alexander Pushkin",
        "Modest Mussorgsky", "August Strindberg",
    )
)  # fmt: skip
"""Artists every reader can verify: no second package gives nationalities, so no others are kept."""


def artists(wn: WordNet) -> Iterator[Row]:
    """Nationality of an artist: the word that opens the gloss, unless born elsewhere."""
    kinds = {s.offset for s in wn.by_offset.values() if s.name in ARTISTS}
    for synset in wn.by_offset.values():
        opening = re.match(rf"(?:the )?({'|'.join(NATIONS)}) ([a-z ]+)", synset.gloss)
        name = _full_name(synset)
        abroad = re.search(r"born in|lived|emigrat|settled|moved|worked in|exile", synset.gloss)
        if kinds & set(synset.to("@i")) and opening and name in WELL_KNOWN and not abroad:
            arts = re.search("|".join(ARTISTS), synset.gloss)
            if arts and re.search(r"1[0-9]\d\d\)", synset.gloss):
                near = arts[0]
                yield Row(name, "artist_nationality", opening[1], near, SOURCE, LICENCE, "")
