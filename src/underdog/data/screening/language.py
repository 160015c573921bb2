"""Questions in a language that was not expected.

In: the question's text alone; choices are often names. Two steps: most English is cleared by how it
begins and by its function words, in about a microsecond; the rest is put to a model (`py3langid`,
loaded on first need, about 0.6 s and 120 MB). A text is refused when next to no probability is left
for any expected language or its close kin. It is never refused for not being recognised: names,
formulas and one or two words of Latin script are let through.
Measured (py3langid 0.4.0, 2026-11-21): of 61,741 English rows of OpenTriviaQA, ARC, OpenBookQA and
GSM8K about 190 reach the model and none is refused; of 71 short questions in 29 other languages 63.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable

from underdog.data.reject import Reason, shorten
from underdog.data.screening.fault import Fault, Item
from underdog.errors import InputError, MissingExtraError

ENGLISH = "en"
HIGHEST_PROBABILITY = 0.02
"""Of all expected languages together, from which on a text is let through."""
HIGHEST_PROBABILITY_SHORT = 0.005
"""The same for texts of up to SHORT_WORDS words, which names and quotations often are ("Hasta la
vista, baby": 0.011)."""
SHORT_WORDS = 4
_NO_LANGUAGE = "zxx"
"""What the model calls code and figures (ISO 639-2)."""
_FEWEST_WORDS = 3
_FEWEST_LETTERS = 4
_LATIN_ENDS = 0x250
"""Letters from here on belong to other scripts (Latin Extended-B ends at U+024F)."""
_LATIN_EXTENDED = range(0x1E00, 0x1F00)
"""Latin Extended Additional: Vietnamese."""
_KIN = {
    "ar": ("ary", "arz"),
    "da": ("nn", "no"),
    "de": ("lb",),
    "en": ("pcm",),
    "es": ("an", "ext", "gl"),
    "fr": ("oc", "wa"),
    "hi": ("mr", "ne"),
    "id": ("jv", "ms"),
    "it": ("lij", "vec"),
    "nl": ("af", "fy"),
    "no": ("da", "nn"),
    "pt": ("gl",),
    "zh": ("wuu", "yue"),
}
"""What the model takes for what on short sentences; Nigerian Pidgin is its most common mistake for
English (79 of 245 wrong guesses on OpenTriviaQA)."""
_BEGINNINGS = (
    "what ", "which ", "who ", "how ", "the ", "this ", "in what ", "in which ", "when ", "where ",
    "whose ", "why ", "what's ", "whats ", "did ", "does ", "is the ", "name the ",
)  # fmt: skip
_FUNCTION_WORDS = frozenset(
    """
    the of and which what who whom whose how this that these those are did does has had been with
    from their its his you your following called named when where why were would could should if
    than then they there have can often most many only not was by an for be will into about after
    before between during while because but up out over under also each other another both few more
    less very first one two three all some any my we our she he him her is
    """.split()  # noqa: SIM905 - a list of 100 words in quotation marks is not read by anyone
)
_QUESTION_WORDS = frozenset(
    ("what", "which", "who", "whom", "whose", "how", "why", "when", "where", "does", "did")
)
_ENGLISH_ALONE = _QUESTION_WORDS | frozenset(
    """
    the of and this that these those has had been with from their its your following called named
    were would could should than they there have often into about after before between during while
    because under another both few first
    """.split()  # noqa: SIM905
)
"""Function words that no other Latin script language of the model has."""
_WEAK_WORDS = frozenset(
    (
        "a",
        "an",
        "are",
        "as",
        "at",
        "be",
        "by",
        "for",
        "in",
        "is",
        "it",
        "on",
        "or",
        "so",
        "to",
        "was",
    )
)
"""English words that other languages have as well: enough where nothing speaks for those."""
_FOREIGN_WORDS = frozenset(
    """
    der die das und ist ein eine wer wie welche welcher welches wo nicht mit von für dem den des le
    la les est qui que quel quelle dans une du au aux et sont où pas par el los las es un una cual
    cuál quién qué de en por con del se lo il di che è gli della chi quale quanti nel sono os um uma
    qual quem não em são het een wat welke hoe van zijn op te niet och är på vad vem hur av det er
    hvad hvem til jest jaka kto ile na czy je kdo kde kdy bir ve ne hangi kim ki hol melyik az egy
    este cine din yang apa siapa dari adalah ang mga quis quid
    """.split()  # noqa: SIM905
)
_LETTER = re.compile(r"[^\W\d_]")
_LONG_WORD = re.compile(r"[^\W\d_]{2,}")
_SHORTEST_SHOUT = 5


def find_language(item: Item, expected: tuple[str, ...]) -> Fault | None:
    """A text that is in none of the expected languages. No language expected: none is wrong."""
    if not expected or (ENGLISH in expected and _is_plain_english(item.low)):
        return None
    words = len(_words(item.text))
    outside = _letters_outside(item.text) >= _FEWEST_LETTERS
    if words < _FEWEST_WORDS and not outside:
        return None
    short = words <= SHORT_WORDS and not outside
    found, probability = _identify(item.text, expected)
    highest = HIGHEST_PROBABILITY_SHORT if short else HIGHEST_PROBABILITY
    if probability > highest or found == _NO_LANGUAGE:
        return None
    return Fault(Reason.WRONG_LANGUAGE, f"reads as {found}: {shorten(item.text, 60)!r}")


def check_languages(expected: tuple[str, ...]) -> None:
    """InputError for a language code that nobody knows. English alone asks no model."""
    for code in expected:
        if not re.fullmatch(r"[a-z]{2,3}", code):
            wanted = "languages as codes of two or three letters (ISO 639)"
            raise InputError(wanted, got=repr(code), hint='for example "en", "de"')


def _is_plain_english(low: str) -> bool:
    if low.startswith(_BEGINNINGS) or " the " in low:
        return True
    words = low.replace("?", " ").split()
    known = set(words)
    evidence = len(_FUNCTION_WORDS & known)
    if evidence * 10 >= len(words) and not _QUESTION_WORDS.isdisjoint(known):
        return True
    if evidence * 3 >= len(words):
        return True
    if not _FOREIGN_WORDS.isdisjoint(known):
        return False
    if evidence * 8 >= len(words) or not _ENGLISH_ALONE.isdisjoint(known):
        return True
    return low.isascii() and not _WEAK_WORDS.isdisjoint(known)


def _words(text: str) -> list[str]:
    """Words that a model can know: no "JAK, KBL, LCM" of a series, no numbers, no initials."""
    found = _LONG_WORD.findall(text)
    return [word for word in found if len(word) >= _SHORTEST_SHOUT or not word.isupper()]


def _letters_outside(text: str) -> int:
    """Letters of scripts other than Latin."""
    if text.isascii():
        return 0
    letters = (ord(letter) for letter in _LETTER.findall(text))
    return sum(code >= _LATIN_ENDS and code not in _LATIN_EXTENDED for code in letters)


def _identify(text: str, expected: tuple[str, ...]) -> tuple[str, float]:
    """The most probable language, and the probability of the expected ones and their kin."""
    ranked = _model()(text)
    wanted = {code for each in expected for code in (each, *_KIN.get(each, ()))}
    return ranked[0][0], sum(probability for code, probability in ranked if code in wanted)


@functools.cache
def _model() -> Callable[[str], list[tuple[str, float]]]:
    """Text to (language, probability), the most probable first."""
    try:
        from py3langid.langid import MODEL_FILE, LanguageIdentifier
    except ImportError as error:
        raise MissingExtraError.of("telling languages apart", "data") from error
    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    rank: Callable[[str], list[tuple[str, float]]] = identifier.rank
    return rank
